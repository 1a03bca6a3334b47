//! A call that comes twice is carried out once (V-98).

use std::sync::atomic::Ordering::Relaxed;

use ports::driving::{HookAnswer, HookRefusal};
use serde_json::json;

use super::house::{House, TOKEN, sealed};

const BODY: &str = r#"{"message":"m"}"#;

async fn with_key(house: &House, key: &str, body: &str) -> Result<HookAnswer, HookRefusal> {
    house.call_as(Some(TOKEN), "agent", &[("idempotency-key", key)], body).await
}

#[tokio::test]
async fn a_key_is_good_for_one_run() {
    let house = House::open(&json!({}));
    let first = with_key(&house, "k", BODY).await;
    assert_eq!(with_key(&house, "k", BODY).await, first);
    let in_body = r#"{"message":"m","idempotencyKey":"other"}"#;
    assert_ne!(house.call("agent", in_body).await, first);
    assert_eq!(with_key(&house, "k", r#"{"message":"n"}"#).await, Err(HookRefusal::Conflict));
    let elsewhere = [("x-openclaw-idempotency-key", "k")];
    let woken = house.call_as(Some(TOKEN), "wake", &elsewhere, r#"{"text":"t"}"#).await;
    assert!(matches!(woken, Ok(HookAnswer::Woken(_))), "{woken:?}");
    assert_eq!(house.call_as(Some(TOKEN), "wake", &elsewhere, r#"{"text":"t"}"#).await, woken);
    let told = house.told().await;
    assert_eq!(told.iter().filter(|line| line.contains("not to be trusted")).count(), 1);
    assert_eq!(house.disk.runs(), 2);
}

#[tokio::test]
async fn calls_at_the_same_time_are_one() {
    let house = House::open(&json!({}));
    let (first, second, third) = tokio::join!(
        with_key(&house, "k", BODY),
        with_key(&house, "k", BODY),
        with_key(&house, "k", BODY)
    );
    assert!(first.is_ok() && first == second && second == third);
    assert_eq!(house.disk.runs(), 1);
}

/// Whether the gateway died after the answer was written down or before.
#[tokio::test]
async fn a_gateway_that_died_remembers() {
    let house = House::open(&json!({}));
    let first = with_key(&house, "k", BODY).await;
    assert!(first.is_ok());
    let second = house.reopen(&json!({}));
    assert_eq!(with_key(&second, "k", BODY).await, first);
    assert_eq!(second.asked(), []);

    second.disk.forget_ends();
    let third = second.reopen(&json!({}));
    assert_eq!(with_key(&third, "k", BODY).await, first, "its runs have its name");
    assert_eq!(third.asked(), []);
    assert_eq!(third.disk.runs(), 1);
}

#[tokio::test]
async fn what_is_too_old_is_kept_no_longer() {
    let house = House::open(&json!({}));
    let old = json!({ "at": 1, "keys": ["key agent old"], "digest": "d" });
    let newer = json!({ "at": 90_000_000, "keys": ["key agent newer"], "digest": "d" });
    for (name, entry) in [("r1", &old), ("r2", &newer)] {
        house.disk.entries.lock().unwrap().insert(name.into(), ports::Json::of(entry));
    }
    assert!(with_key(&house, "k", BODY).await.is_ok());
    let names: Vec<_> = house.disk.entries.lock().unwrap().keys().cloned().collect();
    assert_eq!(names, ["r2".into(), "u0".into()]);
}

#[tokio::test]
async fn what_came_to_nothing_may_come_again() {
    let house = House::open(&json!({}));
    assert!(matches!(with_key(&house, "k", "{}").await, Err(HookRefusal::Invalid(_))));
    assert_eq!(house.disk.kept(), 0);
    assert!(with_key(&house, "k", BODY).await.is_ok());

    house.disk.is_full.store(true, Relaxed);
    let full = with_key(&house, "l", BODY).await;
    assert!(matches!(full, Err(HookRefusal::Unavailable { .. })), "{full:?}");
    house.disk.is_full.store(false, Relaxed);
    assert!(with_key(&house, "l", BODY).await.is_ok());
    assert_eq!((house.disk.runs(), house.disk.kept()), (2, 2));
    assert!(with_key(&house.reopen(&json!({})), "l", BODY).await.is_ok());
    assert_eq!(house.disk.runs(), 2);
}

#[tokio::test]
async fn what_was_signed_counts_once_whatever_it_is_called() {
    let house = House::open(&json!({ "mappings": [
        { "match": { "path": "gh" }, "messageTemplate": "{{n}}",
          "hmac": { "scheme": "github", "secret": "s" } },
        { "match": { "path": "st" }, "messageTemplate": "{{n}}",
          "hmac": { "scheme": "stripe", "secret": "s" } },
        { "match": { "path": "own" }, "messageTemplate": "{{n}}",
          "hmac": { "secret": "s", "header": "X-Mac", "deliveryHeader": "X-Id" } },
    ] }));
    let github = async |name, body: &str| {
        let seal = format!("sha256={}", sealed("s", "", body));
        let headers = [("x-hub-signature-256", &*seal), ("x-github-delivery", name)];
        house.call_as(None, "gh", &headers, body).await.unwrap()
    };
    let first = github("d1", r#"{"n":1}"#).await;
    assert_eq!(github("d1", r#"{"n":1}"#).await, first, "sent again");
    assert_eq!(github("d2", r#"{"n":1}"#).await, first, "recorded, and sent under another name");
    assert_ne!(github("d3", r#"{"n":2}"#).await, first);

    // The clock of the house stands near 1000 seconds.
    let stripe = async |time: &str, body: &str| {
        let seal = format!("t={time},v1={}", sealed("s", &format!("{time}."), body));
        house.call_as(None, "st", &[("stripe-signature", &seal)], body).await
    };
    let event = r#"{"id":"evt_1","n":3}"#;
    let first = stripe("1000", event).await;
    assert!(first.is_ok());
    assert_eq!(stripe("1060", event).await, first, "sent again a minute later");
    assert_eq!(stripe("600", event).await, Err(HookRefusal::Unauthorized));

    let own = async |name, body: &str| {
        let seal = sealed("s", "", body);
        house.call_as(None, "own", &[("x-mac", &seal), ("x-id", name)], body).await.unwrap()
    };
    let first = own("a", r#"{"n":4}"#).await;
    assert_eq!(own("a", r#"{"n":5}"#).await, first, "the sender says that it is the same");
    assert_eq!(house.disk.runs(), 4);
}
