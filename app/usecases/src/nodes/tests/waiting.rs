//! Work waits for nodes.

use domain::node::{
    WorkKind::{Location, Status},
    WorkPriority::{High, Normal},
};
use ports::{config::Config, driven::Drawer};

use super::{super::*, house::*};

fn kinds(items: &[domain::node::WorkItem]) -> Vec<&'static str> {
    items.iter().map(|item| item.kind.as_str()).collect()
}

#[tokio::test]
async fn work_waits_until_the_node_says_it_did_it() {
    let house = house();
    let client = laptop(1);
    let first = house.nodes.enqueue(LAPTOP, Status, Normal, None).await.unwrap();
    let again = house.nodes.enqueue(LAPTOP, Status, Normal, None).await.unwrap();
    assert_eq!((again.deduped, &again.item), (true, &first.item));
    house.nodes.enqueue(LAPTOP, Location, High, None).await.unwrap();
    assert_eq!(house.world.names(Drawer::NodeWork).len(), 2);

    let restarted = enter(Arc::clone(&house.world), Config::default());
    restarted.nodes.recover().await.unwrap();
    let work = restarted.nodes.work(&client);
    assert_eq!(kinds(&work), ["location.request", "status.request"]);
    assert_eq!(restarted.nodes.work(&client), work, "pulling takes nothing away");
    let ids = [first.item.id.to_string(), "unknown".into()];
    let (done, left) = restarted.nodes.worked(&client, &ids).await.unwrap();
    assert_eq!((kinds(&done), left), (vec!["status.request"], 1));
    assert_eq!(restarted.world.names(Drawer::NodeWork).len(), 1);
    let other = node(2, PHONE, "ios", &[]);
    let foreign = [work[0].id.to_string()];
    assert_eq!(restarted.nodes.worked(&other, &foreign).await.unwrap(), (vec![], 0));

    let (drained, left) = restarted.nodes.drain_work(&client, 5).await.unwrap();
    assert_eq!((kinds(&drained), left), (vec!["location.request"], 0));
    assert_eq!(restarted.world.names(Drawer::NodeWork), [].into());
}

#[tokio::test]
async fn draining_hands_out_the_urgent_first_and_no_more_than_asked_for() {
    let house = house();
    house.nodes.enqueue(LAPTOP, Status, Normal, None).await.unwrap();
    house.nodes.enqueue(LAPTOP, Location, High, None).await.unwrap();
    let (drained, left) = house.nodes.drain_work(&laptop(1), 1).await.unwrap();
    assert_eq!((kinds(&drained), left), (vec!["location.request"], 1));
}

#[tokio::test(start_paused = true)]
async fn work_that_waited_too_long_is_not_handed_out() {
    let house = house();
    let second = Some(Duration::from_secs(1));
    house.nodes.enqueue(LAPTOP, Status, Normal, second).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(house.nodes.work(&laptop(1)), []);
}

#[tokio::test]
async fn work_that_cannot_be_kept_is_refused() {
    let house = house();
    let waits = house.nodes.enqueue(LAPTOP, Status, Normal, None).await.unwrap();
    house.world.full.store(true, Relaxed);
    house.nodes.enqueue(LAPTOP, Location, Normal, None).await.unwrap_err();
    house.nodes.enqueue(LAPTOP, Status, High, None).await.unwrap_err();
    let ids = [waits.item.id.to_string()];
    house.nodes.worked(&laptop(1), &ids).await.unwrap_err();
    assert_eq!(house.nodes.work(&laptop(1)), [waits.item], "as before");
    let unknown = house.nodes.enqueue("nobody", Status, High, None).await.unwrap_err();
    assert_eq!(unknown.to_string(), "unknown nodeId");
}
