//! Where clients find the canvas.

use domain::{
    access::{Role, Scope},
    client::ClientId,
};
use ports::{config::Config, driving::Canvas};
use serde_json::json;

use crate::testing::{World, client, node};

const NODE: &str = "node.pluginSurface.refresh";
const OPERATOR: &str = "plugin.surface.refresh";

#[tokio::test]
async fn a_client_gets_an_address_with_a_pass() {
    let world = World::new();
    let reader = client(Role::Operator, &[Scope::Read]);
    for (caller, method) in [(node(7), NODE), (reader, OPERATOR)] {
        let canvas = &world.services.canvas;
        canvas.arrived(caller.id, "http://house:1".to_owned());
        let reply = world.call_as(&caller, method, json!({ "surface": "canvas" })).await.unwrap();
        assert_eq!(reply["surface"], "canvas");
        assert!(reply["expiresAtMs"].is_u64(), "{reply}");
        let url = reply["pluginSurfaceUrls"]["canvas"].as_str().unwrap();
        let pass = url.strip_prefix("http://house:1/__openclaw__/cap/").unwrap();
        assert!(canvas.is_good(pass));

        let outdated = format!("{url}0");
        let observed = json!({ "surface": "canvas", "observedUrl": outdated });
        let again = world.call_as(&caller, method, observed).await.unwrap();
        let known = json!({ "surface": "canvas", "pluginSurfaceUrls": { "canvas": url } });
        assert_eq!(again, known, "it had not heard of it yet");
        canvas.left(caller.id);
        assert!(!canvas.is_good(pass));
    }
}

#[tokio::test]
async fn what_cannot_be_seen_has_no_address() {
    let mut off = Config::default();
    off.canvas_host.enabled = Some(false);
    for (world, surface) in [(World::configured(off), "canvas"), (World::new(), "terminal")] {
        let node = node(7);
        world.services.canvas.arrived(node.id, "http://house:1".to_owned());
        let asked = world.call_as(&node, NODE, json!({ "surface": surface })).await;
        assert_eq!(asked.unwrap_err().message, format!("{surface} plugin surface unavailable"));
    }
    let (world, stranger) = (World::new(), node(8));
    assert_ne!(stranger.id, ClientId(7));
    let asked = world.call_as(&stranger, NODE, json!({ "surface": "canvas" })).await;
    assert_eq!(asked.unwrap_err().message, "canvas plugin surface unavailable");
}
