//! Changing the configuration, and starting anew.

use ports::config::{Config, ReloadMode};
use serde_json::json;

use crate::testing::World;

fn in_mode(mode: ReloadMode) -> World {
    let mut config = Config::default();
    config.gateway.reload.mode = mode;
    World::configured(config)
}

#[tokio::test]
async fn a_change_says_what_becomes_of_it() {
    let world = in_mode(ReloadMode::Hybrid);
    let params = json!({ "raw": "gateway.port", "baseHash": "now", "note": "done" });
    let outcome = world.call("config.patch", params).await.unwrap();
    assert_eq!((&outcome["ok"], &outcome["hash"]), (&json!(true), &json!("next")));
    assert_eq!(outcome["changed"], json!(["gateway.port"]));
    let effect = outcome["effects"][0].as_str().unwrap();
    assert!(effect.starts_with("gateway.port: in force at once"), "{effect}");
    assert_eq!(outcome.get("restart"), None);
    assert_eq!(world.services.system.waiting(), ["done"]);
}

#[tokio::test]
async fn a_change_that_needs_a_restart_says_when() {
    let world = in_mode(ReloadMode::Restart);
    let params = json!({ "raw": "gateway.port", "baseHash": "now", "restartDelayMs": 120_000 });
    let mut dry = params.clone();
    dry["dryRun"] = true.into();
    let outcome = world.call("config.patch", dry).await.unwrap();
    assert_eq!((&outcome["dryRun"], outcome.get("restart")), (&json!(true), None));

    let outcome = world.call("config.patch", params).await.unwrap();
    let restart = &outcome["restart"];
    assert_eq!((&restart["ok"], &restart["mode"]), (&json!(true), &json!("emit")));
    assert!(restart["delayMs"].as_u64().unwrap() <= 60_000, "{restart}");
    assert_eq!(restart["coalesced"], false);
}

#[tokio::test]
async fn a_mistake_comes_with_its_place() {
    let world = World::new();
    let params = json!({ "raw": "bad", "baseHash": "now" });
    let error = world.call("config.patch", params).await.unwrap_err();
    let details: serde_json::Value = serde_json::from_str(error.details.unwrap().as_str()).unwrap();
    let issue = json!({ "path": "gateway.port", "message": "has to be a number", "line": 1 });
    assert_eq!(details["issues"], json!([issue]));
}

#[tokio::test]
async fn a_restart_is_asked_for_once_and_says_what_it_waits_for() {
    let world = World::new();
    let preflight = world.call("gateway.restart.preflight", json!({})).await.unwrap();
    assert_eq!((&preflight["safe"], &preflight["blockers"]), (&json!(true), &json!([])));
    let params = json!({ "reason": " an update ", "safe": true });
    let first = world.call("gateway.restart.request", params.clone()).await.unwrap();
    assert_eq!(
        (&first["status"], &first["restart"]["reason"]),
        (&json!("scheduled"), &json!("an update"))
    );
    let second = world.call("gateway.restart.request", params).await.unwrap();
    assert_eq!(second["status"], "coalesced");
    assert_eq!(&*world.services.restarts.due().await.because, "an update");
}
