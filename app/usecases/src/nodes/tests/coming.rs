//! Nodes come, leave, and want more than they had.

use domain::{
    access::Scope,
    node::{NodeRequests, NotAllowed},
};
use ports::{config::Config, driven::Drawer};
use serde_json::json;

use super::{super::*, house::*};

#[test]
fn a_node_that_comes_back_with_what_was_approved_asks_for_nothing() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    assert_eq!(house.told(EventKind::NodePairRequested), []);
    let row = house.row(LAPTOP);
    assert_eq!((row.connected, row.approval_state), (true, "approved"));
    assert_eq!(row.commands, ["system.run", "system.which"]);
    let (to, presence) = &house.told(EventKind::NodePresence)[0];
    assert_eq!(
        (to, &presence["connected"], &presence["reason"]),
        (&None, &json!(true), &json!("connect"))
    );
}

/// V-07, CON-035.
#[tokio::test]
async fn v_07_another_platform_on_reconnect_widens_nothing() {
    let house = house();
    house.world.approve(LAPTOP, "linux", &[], &["system.which"]);
    let claims = ["system.which", "canvas.present", "location.get"];
    house.nodes.arrived(&node(1, LAPTOP, "ios", &claims));
    let row = house.row(LAPTOP);
    assert_eq!(
        (row.about.platform.as_deref(), row.commands),
        (Some("linux"), vec!["system.which".to_owned()])
    );
    assert_eq!(row.approval_state, "pending-reapproval");
    let admin = operator(&[Scope::Admin]);
    let refused = house.nodes.invoke(&admin, ask("canvas.present", "{}")).await;
    assert_eq!(refused, Err(InvokeError::NotAllowed(NotAllowed::NotAllowlisted)));

    let (_, request) = &house.told(EventKind::NodePairRequested)[0];
    assert_eq!(
        (&request["platform"], &request["commands"]),
        (&json!("ios"), &json!(["canvas.present", "location.get"]))
    );
}

/// V-15, CON-034.
#[tokio::test]
async fn v_15_more_commands_on_reconnect_take_another_approval() {
    let house = house();
    house.world.approve(LAPTOP, "linux", &[], &["system.which"]);
    house.nodes.arrived(&laptop(1));
    let admin = operator(&[Scope::Admin]);
    let run = || ask("system.run", r#"{"command":["id"]}"#);
    let refused = house.nodes.invoke(&admin, run()).await;
    assert_eq!(refused, Err(InvokeError::NotAllowed(NotAllowed::NotApproved)));
    assert_eq!(house.row(LAPTOP).commands, ["system.which"]);

    let (waiting, _) = house.nodes.pairing();
    assert_eq!(waiting[0].required_approve_scopes, ["operator.admin", "operator.pairing"]);
    house.nodes.approve(&admin, &waiting[0].request_id).await.unwrap();
    assert_eq!(house.row(LAPTOP).commands, ["system.run", "system.which"]);
    let invoke = house.nodes.invoke(&admin, Ask { timeout: Duration::ZERO, ..run() }).await;
    assert_eq!(
        invoke,
        Err(InvokeError::TimedOut { dispatched: false }),
        "allowed, only not waited for"
    );
}

#[test]
fn what_could_never_be_given_is_not_asked_for() {
    let house = house();
    let claims = ["system.run", "bogus.cmd", "camera.snap", "canvas.present"];
    house.nodes.arrived(&node(1, LAPTOP, "Linux 6.9", &claims));
    assert_eq!(house.told(EventKind::NodePairRequested), []);
}

#[test]
fn a_node_asks_once_however_often_it_comes() {
    let house = house();
    let claims: [&[&str]; 3] =
        [&["system.notify"], &["system.notify", "browser.proxy"], &["browser.proxy"]];
    for (id, commands) in (1..).zip(claims) {
        house.nodes.arrived(&node(id, LAPTOP, "linux", commands));
    }
    let requests = house.told(EventKind::NodePairRequested);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].1["commands"], json!(["system.notify"]), "what it asked for first");
    assert_eq!(house.world.names(Drawer::NodeRequests).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_gone_after_five_minutes() {
    let house = house();
    house.nodes.arrived(&node(1, LAPTOP, "linux", &["system.notify"]));
    let (waiting, _) = house.nodes.pairing();
    tokio::time::advance(NodeRequests::MAX_AGE).await;
    let admin = operator(&[Scope::Admin]);
    let late = house.nodes.approve(&admin, &waiting[0].request_id).await.unwrap_err();
    assert_eq!(late.to_string(), "unknown requestId");
    assert_eq!(house.nodes.pairing().0, []);
    assert_eq!(house.row(LAPTOP).approval_state, "approved");
}

/// 1.10, node-registry unregister; DEV-027.
#[tokio::test]
async fn dev_027_leaving_on_the_old_connection_keeps_the_new_one() {
    let house = house();
    let (old, new) = (laptop(1), laptop(2));
    house.nodes.arrived(&old);
    house.nodes.arrived(&new);
    house.nodes.left(&old);
    assert!(house.row(LAPTOP).connected);
    let asked = which(&house);
    let answer = async {
        let (to, request) = house.told(EventKind::NodeInvokeRequest).remove(0);
        assert_eq!(to, Some(2), "over the new connection");
        assert!(house.nodes.answered(&new, request["id"].as_str().unwrap(), done("1")));
    };
    let (answered, ()) = tokio::join!(asked, answer);
    assert_eq!(answered.unwrap().payload.as_str(), "1");

    house.nodes.left(&new);
    assert!(!house.row(LAPTOP).connected);
    let gone = which(&house).await;
    assert_eq!(gone, Err(InvokeError::NotConnected));
    // The old one leaving was not worth telling: the node was there all the time.
    let told = house.told(EventKind::NodePresence);
    let connected: Vec<_> = told.iter().map(|(_, presence)| &presence["connected"]).collect();
    assert_eq!(connected, [true, true, false]);
}

#[test]
fn who_is_no_node_is_none() {
    let house = house();
    let mut client = (*laptop(1)).clone();
    client.principal.role = domain::access::Role::Operator;
    house.nodes.arrived(&Arc::new(client));
    assert!(!house.row(LAPTOP).connected);
    let mut client = (*laptop(1)).clone();
    client.principal.device = None;
    house.nodes.arrived(&Arc::new(client.clone()));
    house.nodes.left(&client);
    assert_eq!(house.told.count(), 0);
}

/// V-50, RPC-107.
#[tokio::test]
async fn v_50_what_waits_for_a_node_does_not_outlive_its_device() {
    let house = house();
    let device: DeviceId = LAPTOP.parse().unwrap();
    house.nodes.arrived(&node(1, LAPTOP, "linux", &["system.run", "system.notify"]));
    house.nodes.rename(LAPTOP, "desk").await.unwrap();
    let (kind, high) = (domain::node::WorkKind::Status, domain::node::WorkPriority::High);
    house.nodes.enqueue(LAPTOP, kind, high, None).await.unwrap();
    let admin = operator(&[Scope::Admin]);
    let run = house.nodes.invoke(&admin, ask("system.run", r#"{"command":["id"]}"#));
    let forget = async {
        house.world.devices.lock().unwrap().remove(&device);
        house.nodes.forget(&device).await.unwrap();
    };
    let (refused, ()) = tokio::join!(run, forget);
    assert_eq!(refused, Err(InvokeError::PairingChanged));
    let closed = house.world.closed.lock().unwrap().clone();
    assert_eq!(closed, [(domain::client::ClientId(1), 4001, "device removed".to_owned())]);
    let (_, presence) = house.told(EventKind::NodePresence).pop().unwrap();
    assert_eq!((&presence["connected"], &presence["reason"]), (&json!(false), &json!("removed")));

    for drawer in [Drawer::Nodes, Drawer::NodeRequests, Drawer::NodeWork] {
        assert_eq!(house.world.names(drawer), [].into(), "{drawer:?}");
    }
    assert_eq!(house.nodes.list(Sight::Full).len(), 1, "the phone");
    // It comes back, on disk and in memory it starts from nothing.
    house.world.approve(LAPTOP, "linux", &[], &["system.which"]);
    let again = enter(Arc::clone(&house.world), Config::default());
    again.nodes.recover().await.unwrap();
    for nodes in [&house.nodes, &again.nodes] {
        let back = laptop(2);
        nodes.arrived(&back);
        assert_eq!(nodes.work(&back), []);
        assert_eq!(nodes.describe(LAPTOP, Sight::Full).unwrap().commands, ["system.which"]);
    }
}

#[tokio::test]
async fn what_is_forgotten_stays_forgotten_even_if_the_disk_is_full() {
    let house = house();
    let device: DeviceId = LAPTOP.parse().unwrap();
    let client = laptop(1);
    house.nodes.arrived(&client);
    let (kind, high) = (domain::node::WorkKind::Status, domain::node::WorkPriority::High);
    house.nodes.enqueue(LAPTOP, kind, high, None).await.unwrap();
    house.world.full.store(true, Relaxed);
    house.nodes.forget(&device).await.unwrap_err();
    assert_eq!(house.nodes.work(&client), []);
    assert!(!house.row(LAPTOP).connected);
}

#[test]
fn rows_show_addresses_only_to_those_who_may_pair_and_the_connected_first() {
    let house = house();
    let mut phone = (*node(7, PHONE, "ios", &["canvas.present"])).clone();
    phone.remote_address = Some("198.51.100.7".into());
    phone.offer.as_mut().unwrap().path_env = Some("/home/me/bin".into());
    house.nodes.arrived(&Arc::new(phone));
    let plain = house.nodes.list(Sight::Plain);
    let ids: Vec<_> = plain.iter().map(|row| row.node_id.as_str()).collect();
    assert_eq!(ids, [PHONE, LAPTOP]);
    assert_eq!((&plain[0].about.remote_ip, &plain[0].path_env), (&None, &None));
    let full = house.row(PHONE);
    assert_eq!(full.about.remote_ip.as_deref(), Some("198.51.100.7"));
    assert_eq!(full.path_env.as_deref(), Some("/home/me/bin"));
    assert_eq!(house.nodes.describe("nope", Sight::Full), None);
}
