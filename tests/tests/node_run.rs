//! A command on a node, with the consent of a person: the whole way from the
//! question to what the node prints.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use domain::client::Protocol;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{ADMIN, Client, TOKEN, TestGateway, bad_inputs::binary};
use tokio::time;

/// How long the node may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

struct Node(Child);

impl Node {
    /// A node that asks about everything that is not listed.
    fn start(home: &TempDir, gateway: &TestGateway) -> Self {
        let state = home.path().join(".openclaw");
        fs::create_dir_all(&state).expect("there is room");
        let policy = json!({
            "version": 1,
            "defaults": { "security": "allowlist", "ask": "on-miss", "askFallback": "deny" },
        });
        fs::write(state.join("exec-approvals.json"), policy.to_string()).expect("there is room");
        let child = Command::new(binary().expect("openclaw was built"))
            .args(["node", "run", "--host", "127.0.0.1"])
            .args(["--port", &gateway.address().port().to_string()])
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("the binary runs"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The id of the node, once it is there.
async fn connected(admin: &mut Client) -> String {
    let there = async {
        loop {
            let nodes = admin.call("node.list", json!({})).await.expect("a list");
            let mut nodes = nodes["nodes"].as_array().into_iter().flatten();
            if let Some(node) = nodes.find(|node| node["connected"] == true) {
                return node["nodeId"].as_str().expect("a name").to_owned();
            }
            // No event says so to operators in every protocol.
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(PATIENCE, there).await.expect("the node comes in time")
}

fn run(node: &str, key: &str, params: &Value) -> Value {
    json!({ "nodeId": node, "command": "system.run", "params": params, "idempotencyKey": key })
}

#[tokio::test]
async fn a_node_runs_what_a_person_consented_to_once_and_nothing_else() {
    let gateway = TestGateway::start().await;
    let home = TempDir::new().unwrap();
    let _node = Node::start(&home, &gateway);
    let mut admin = gateway.connect_as(Protocol::V4, ADMIN).await;
    let node = connected(&mut admin).await;
    let argv = ["sh", "-c", "echo consented"];

    // Nobody was asked; saying that somebody was does not help.
    let plain = json!({ "command": argv });
    let refused = admin.call("node.invoke", run(&node, "k1", &plain)).await.unwrap_err();
    assert!(refused.to_string().contains("SYSTEM_RUN_DENIED"), "{refused}");
    let forged = json!({ "command": argv, "approved": true, "approvalDecision": "allow-always" });
    let refused = admin.call("node.invoke", run(&node, "k2", &forged)).await.unwrap_err();
    assert!(refused.to_string().contains("no approval for this command"), "{refused}");

    // Somebody is, and says yes.
    let question = json!({ "id": "ask-1", "host": "node", "nodeId": node, "commandArgv": argv });
    let call = admin.begin("exec.approval.request", question).await;
    let asked = admin.event_named("exec.approval.requested").await;
    assert_eq!(asked["id"], "ask-1");
    let allow = json!({ "id": "ask-1", "decision": "allow-once" });
    let mut person = gateway.connect_as(Protocol::V4, &["operator.approvals"]).await;
    person.call("exec.approval.resolve", allow).await.unwrap();
    assert_eq!(admin.answer(&call).await.unwrap()["decision"], "allow-once");

    // To these words, not to others.
    let other = json!({ "command": ["sh", "-c", "echo else"], "runId": "ask-1", "approved": true });
    admin.call("node.invoke", run(&node, "k3", &other)).await.unwrap_err();
    let consented = json!({ "command": argv, "runId": "ask-1", "approved": true });
    let ran = admin.call("node.invoke", run(&node, "k4", &consented)).await.unwrap();
    assert!(ran.to_string().contains("consented\\n"), "{ran}");
    let again = admin.call("node.invoke", run(&node, "k5", &consented)).await.unwrap_err();
    assert!(again.to_string().contains("no approval for this command"), "{again}");
    gateway.shutdown().await;
}
