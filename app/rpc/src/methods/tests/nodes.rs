//! Nodes and their operators, over real use cases.

use std::sync::Arc;

use domain::{
    access::{Role, Scope},
    client::{Client, Protocol},
    event::EventKind,
};
use ports::driving::ErrorCode;
use serde_json::{Value, json};

use crate::testing::{NODE, World, client, node};

fn invoke(command: &str, params: &Value) -> Value {
    json!({ "nodeId": NODE, "command": command, "params": params, "idempotencyKey": "k" })
}

/// Has the node answer the one command it was given, `answer` besides its name.
async fn answer(world: &World, node: &Arc<Client>, answer: Value) -> Value {
    let request = world.told(EventKind::NodeInvokeRequest).pop().unwrap();
    let mut result = json!({ "id": request["id"], "nodeId": NODE });
    result.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
    world.call_as(node, "node.invoke.result", result).await.unwrap()
}

fn details(error: &ports::driving::RpcError) -> Value {
    serde_json::from_str(error.details.as_ref().unwrap().as_str()).unwrap()
}

#[tokio::test]
async fn an_operator_asks_and_a_node_answers() {
    let (world, node) = (World::new(), node(7));
    world.services.nodes.arrived(&node);
    let list = world.call("node.list", json!({})).await.unwrap();
    assert_eq!(list["nodes"][0]["connected"], true);
    let commands = ["execApprovals.get", "execApprovals.set", "run", "which"];
    let commands = commands.map(|command| format!("system.{command}"));
    assert_eq!(list["nodes"][0]["commands"], json!(commands));
    let row = world.call("node.describe", json!({ "nodeId": NODE })).await.unwrap();
    assert_eq!((&row["nodeId"], &row["approvalState"]), (&json!(NODE), &json!("approved")));
    assert_eq!(world.refusal("node.describe", json!({ "nodeId": "nope" })).await, "unknown nodeId");

    let asked = world.call("node.invoke", invoke("system.which", &json!({ "bins": ["ls"] })));
    let text = r#"{"bins":{"ls":"/bin/ls"}}"#;
    let said = json!({ "ok": true, "payloadJSON": text, "error": null });
    let (invoked, received) = tokio::join!(asked, answer(&world, &node, said));
    assert_eq!(received, json!({ "ok": true }));
    let expected = json!({
        "ok": true, "nodeId": NODE, "command": "system.which",
        "payload": { "bins": { "ls": "/bin/ls" } }, "payloadJSON": text,
    });
    assert_eq!(invoked.unwrap(), expected);
    let late = answer(&world, &node, json!({ "ok": true })).await;
    assert_eq!(late, json!({ "ok": true, "ignored": true }));
}

#[tokio::test]
async fn answers_are_read_leniently() {
    let (world, node) = (World::new(), node(7));
    world.services.nodes.arrived(&node);
    #[rustfmt::skip]
    let table = [
        (json!({ "payload": { "a": 1 } }),                        json!({ "a": 1 }), Value::Null),
        (json!({ "payload": { "a": 1 }, "payloadJSON": null }),   json!({ "a": 1 }), Value::Null),
        (json!({ "payloadJSON": { "a": 1 } }),                    json!({ "a": 1 }), Value::Null),
        (json!({ "payloadJSON": "2", "payload": 1 }),             json!(2),          json!("2")),
        (json!({ "payloadJSON": "no json" }), json!({ "payloadJSON": "no json" }),   json!("no json")),
        (json!({}),                                               Value::Null,       Value::Null),
    ];
    for (mut said, payload, text) in table {
        said["ok"] = true.into();
        let asked = world.call("node.invoke", invoke("system.which", &json!({})));
        let (invoked, _) = tokio::join!(asked, answer(&world, &node, said.clone()));
        let invoked = invoked.unwrap();
        assert_eq!((&invoked["payload"], &invoked["payloadJSON"]), (&payload, &text), "{said}");
    }
}

#[tokio::test]
async fn a_failure_is_told_in_the_words_of_the_protocol() {
    let (world, node) = (World::new(), node(7));
    world.services.nodes.arrived(&node);
    let caller = |protocol| {
        let caller = (*client(Role::Operator, &[Scope::Write])).clone();
        Arc::new(Client { protocol, ..caller })
    };
    let failed = json!({ "ok": false, "error": { "code": "E_TEST", "message": "refused" } });
    for (protocol, text) in [(Protocol::V3, "refused"), (Protocol::V4, "E_TEST: refused")] {
        let caller = caller(protocol);
        let asked = world.call_as(&caller, "node.invoke", invoke("system.which", &json!({})));
        let (invoked, _) = tokio::join!(asked, answer(&world, &node, failed.clone()));
        let error = invoked.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (ErrorCode::Unavailable, text));
        let expected = json!({
            "nodeError": { "code": "E_TEST", "message": "refused" }, "nodeCommandDispatched": true,
        });
        assert_eq!(details(&error), expected);
    }
    let asked = world.call("node.invoke", invoke("system.which", &json!({})));
    let (invoked, _) = tokio::join!(asked, answer(&world, &node, json!({ "ok": false })));
    assert_eq!(invoked.unwrap_err().message, "node invoke failed");
}

/// RPC-064, RPC-065, RPC-066, RPC-069.
#[tokio::test]
async fn commands_that_do_not_reach_the_node() {
    let (world, node) = (World::new(), node(7));
    let refused = |params: Value| {
        let world = &world;
        async move {
            let writer = client(Role::Operator, &[Scope::Write]);
            world.call_as(&writer, "node.invoke", params).await.unwrap_err()
        }
    };
    let error = refused(invoke("system.which", &json!({}))).await;
    assert_eq!(
        (error.code, error.message.as_str()),
        (ErrorCode::Unavailable, "node not connected")
    );
    assert_eq!(details(&error), json!({ "code": "NOT_CONNECTED" }));

    world.services.nodes.arrived(&node);
    let file = json!({ "file": { "version": 1, "defaults": { "security": "full" } } });
    let error = refused(invoke("system.execApprovals.set", &file)).await;
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert_eq!(error.message, "node command not allowed");
    let error = refused(invoke("bogus.cmd", &json!({}))).await;
    assert_eq!(error.message, "node command not allowed");
    let expected = json!({ "reason": "command not allowlisted", "command": "bogus.cmd" });
    assert_eq!(details(&error), expected);

    let forged = json!({
        "command": ["/bin/sh", "-c", "id"], "approved": true, "approvalDecision": "allow-always",
    });
    let error = refused(invoke("system.run", &forged)).await;
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.message.contains("approval"), "{}", error.message);

    let mut hurried = invoke("system.which", &json!({}));
    hurried["timeoutMs"] = 0.into();
    let error = refused(hurried).await;
    assert_eq!(error.message, "TIMEOUT: node invoke timed out");
    assert_eq!(details(&error)["nodeCommandDispatched"], false);
    let error = refused(json!({ "nodeId": NODE, "command": "system.which" })).await;
    let expected = "invalid node.invoke params: must have required property 'idempotencyKey'";
    assert_eq!(error.message, expected);
    assert_eq!(world.told(EventKind::NodeInvokeRequest), [] as [Value; 0]);
    assert_eq!(world.services.nodes.pending(), 0);
}

/// RPC-068.
#[tokio::test]
async fn a_node_speaks_for_itself_only() {
    let (world, node) = (World::new(), node(7));
    let result = json!({ "id": "i", "nodeId": "another", "ok": true, "payload": {} });
    let progress = json!({ "invokeId": "i", "nodeId": "another", "seq": 0, "chunk": "" });
    for (method, params) in [("node.invoke.result", result), ("node.invoke.progress", progress)] {
        let error = world.call_as(&node, method, params.clone()).await.unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (ErrorCode::InvalidRequest, "nodeId mismatch")
        );
        let error = world.call(method, params).await.unwrap_err();
        assert_eq!(error.message, "unauthorized role: operator");
    }
    let progress = json!({ "invokeId": "i", "nodeId": NODE, "seq": 0, "chunk": "" });
    let received = world.call_as(&node, "node.invoke.progress", progress).await.unwrap();
    assert_eq!(received, json!({ "ok": true, "ignored": true }));
}

#[tokio::test]
async fn events_are_handled_or_said_not_to_be() {
    let (world, node) = (World::new(), node(7));
    world.services.nodes.arrived(&node);
    #[rustfmt::skip]
    let table = [
        ("chat.subscribe",   json!({ "payloadJSON": r#"{"sessionKey":"main"}"# }), None),
        ("chat.unsubscribe", json!({ "payload": { "sessionKey": "main" } }), None),
        ("node.presence.alive", json!({ "payloadJSON": null }), None),
        ("node.host.stats",  json!({ "payload": { "load": 1 } }), None),
        ("voice.transcript", json!({ "payloadJSON": r#"{"text":"hello"}"#, "payload": null }), None),
        ("unknown.event",    json!({ "payload": { "a": 1 } }), Some("unsupported_event")),
        ("voice.transcript", json!({ "payloadJSON": null }), Some("invalid_payload")),
        ("voice.transcript", json!({ "payloadJSON": "[" }), Some("invalid_payload")),
        ("voice.transcript", json!({ "payload": ["hello"] }), Some("invalid_payload")),
        ("voice.transcript", json!({ "payload": { "text": " " } }), Some("invalid_text")),
        ("chat.subscribe",   json!({ "payload": { "sessionKey": "" } }), Some("invalid_session_key")),
        ("exec.finished",    json!({ "payload": { "runId": "forged" } }), Some("unknown_run")),
    ];
    for (event, mut params, reason) in table {
        params["event"] = event.into();
        let result = world.call_as(&node, "node.event", params.clone()).await.unwrap();
        let expected = match reason {
            None => json!({ "ok": true }),
            Some(reason) => {
                json!({ "ok": true, "event": event, "handled": false, "reason": reason })
            }
        };
        assert_eq!(result, expected, "{params}");
    }
    let heard = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
    assert_eq!(heard["messages"][0]["content"][0]["text"], "hello");
}

#[tokio::test]
async fn what_a_node_consents_to_is_an_administrators_business() {
    let (world, node) = (World::new(), node(7));
    world.services.nodes.arrived(&node);
    let set = json!({ "nodeId": NODE, "file": { "version": 1 }, "baseHash": "h" });
    let writer = client(Role::Operator, &[Scope::Write, Scope::Approvals]);
    for (method, params) in [
        ("exec.approvals.node.get", json!({ "nodeId": NODE })),
        ("exec.approvals.node.set", set.clone()),
    ] {
        let refused = world.call_as(&writer, method, params).await.unwrap_err();
        assert_eq!(refused.message, "missing scope: operator.admin");
    }
    let asked = world.call("exec.approvals.node.set", set);
    let said = json!({ "ok": true, "payloadJSON": r#"{"exists":true}"# });
    let (file, _) = tokio::join!(asked, answer(&world, &node, said));
    assert_eq!(file.unwrap(), json!({ "exists": true }));
    let request = world.told(EventKind::NodeInvokeRequest).pop().unwrap();
    assert_eq!(request["command"], "system.execApprovals.set");
    assert_eq!(request["paramsJSON"], r#"{"file":{"version":1},"baseHash":"h"}"#);
}

#[tokio::test]
async fn pairing_a_node_that_is_no_device() {
    let world = World::new();
    let ask = json!({
        "nodeId": "legacy", "displayName": "Legacy", "platform": "linux",
        "caps": ["camera"], "commands": ["camera.snap"], "silent": true,
    });
    let asked = world.call("node.pair.request", ask).await.unwrap();
    assert_eq!((&asked["status"], &asked["created"]), (&json!("pending"), &json!(true)));
    let request = &asked["request"];
    assert_eq!(request["requiredApproveScopes"], json!(["operator.admin", "operator.pairing"]));
    assert_eq!(world.told(EventKind::NodePairRequested), std::slice::from_ref(request));
    let list = world.call("node.pair.list", json!({})).await.unwrap();
    assert_eq!(list["pending"], json!([request]));

    let decide = json!({ "requestId": request["requestId"] });
    let pairing = client(Role::Operator, &[Scope::Pairing]);
    let refused = world.call_as(&pairing, "node.pair.approve", decide.clone()).await.unwrap_err();
    assert_eq!(refused.message, "missing scope: operator.admin");
    let approved = world.call("node.pair.approve", decide.clone()).await.unwrap();
    let token = &approved["node"]["token"];
    let verify = |token: &Value| json!({ "nodeId": "legacy", "token": token });
    let verified = world.call("node.pair.verify", verify(token)).await.unwrap();
    assert_eq!(
        (&verified["ok"], &verified["node"]["displayName"]),
        (&json!(true), &json!("Legacy"))
    );
    let wrong = world.call("node.pair.verify", verify(&json!("bad"))).await.unwrap();
    assert_eq!(wrong, json!({ "ok": false }));
    let list = world.call("node.pair.list", json!({})).await.unwrap();
    assert!(!list.to_string().contains("token"), "{list}");

    for method in ["node.pair.approve", "node.pair.reject"] {
        assert_eq!(world.refusal(method, decide.clone()).await, "unknown requestId");
    }
    let removed = world.call("node.pair.remove", json!({ "nodeId": "legacy" })).await.unwrap();
    assert_eq!(removed, json!({ "nodeId": "legacy" }));
    let verified = world.call("node.pair.verify", verify(token)).await.unwrap();
    assert_eq!(verified, json!({ "ok": false }));
}

/// RPC-071.
#[tokio::test]
async fn nodes_are_called_something() {
    let world = World::new();
    let rename = |node: &str, name: &str| json!({ "nodeId": node, "displayName": name });
    assert_eq!(world.refusal("node.rename", rename("n", "   ")).await, "displayName required");
    assert_eq!(world.refusal("node.rename", rename("n", "x")).await, "unknown nodeId");
    let renamed = world.call("node.rename", rename(NODE, " desk ")).await.unwrap();
    assert_eq!(renamed, json!({ "nodeId": NODE, "displayName": "desk" }));
    let row = world.call("node.describe", json!({ "nodeId": NODE })).await.unwrap();
    assert_eq!(row["displayName"], "desk");
}

#[tokio::test]
async fn work_waits_for_a_node() {
    let (world, node) = (World::new(), node(7));
    let ask = json!({ "nodeId": NODE, "type": "status.request", "priority": "high", "wake": true });
    let queued = world.call("node.pending.enqueue", ask).await.unwrap();
    assert_eq!((&queued["deduped"], &queued["wakeTriggered"]), (&json!(false), &json!(false)));
    let item = &queued["queued"];
    let pulled = world.call_as(&node, "node.pending.pull", json!({})).await.unwrap();
    assert_eq!(pulled, json!({ "nodeId": NODE, "items": [item], "actions": [] }));
    let acked = world.call_as(&node, "node.pending.ack", json!({ "ids": [item["id"]] })).await;
    let expected = json!({ "nodeId": NODE, "ackedIds": [item["id"]], "remainingCount": 0 });
    assert_eq!(acked.unwrap(), expected);
    let drained = world.call_as(&node, "node.pending.drain", json!({ "maxItems": 1 })).await;
    assert_eq!(drained.unwrap(), json!({ "nodeId": NODE, "items": [], "hasMore": false }));

    let location = json!({ "nodeId": NODE, "type": "location.request" });
    world.call("node.pending.enqueue", location).await.unwrap();
    let drained = world.call_as(&node, "node.pending.drain", json!({})).await.unwrap();
    assert_eq!(drained["items"][0]["type"], "location.request");
    let command = json!({ "nodeId": NODE, "type": "system.run" });
    let refused = world.refusal("node.pending.enqueue", command).await;
    assert!(refused.starts_with("invalid node.pending.enqueue params"), "{refused}");
    let bins = world.call_as(&node, "skills.bins", json!({})).await.unwrap();
    assert_eq!(bins, json!({ "bins": [] }));
}
