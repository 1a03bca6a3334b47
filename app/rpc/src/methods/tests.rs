//! The handlers over real use cases.

mod canvas;
mod config;
mod nodes;

use domain::access::Scope;
use serde_json::{Value, json};

use crate::testing::World;

const MAIN: &str = "agent:main:main";

async fn said(world: &World, session: &str, message: &str, run: &str) {
    let send = json!({ "sessionKey": session, "message": message, "idempotencyKey": run });
    let ack = world.call("chat.send", send).await.unwrap();
    assert_eq!(ack, json!({ "runId": run, "status": "started" }));
    let wait = json!({ "runId": run, "timeoutMs": 5000 });
    assert_eq!(world.call("agent.wait", wait).await.unwrap()["status"], "ok");
}

fn texts(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"][0]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_said_stands_in_the_history_with_its_name_and_place() {
    let world = World::new();
    for n in 0..3 {
        said(&world, "main", &format!("q{n}"), &format!("r{n}")).await;
    }
    let all = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
    assert_eq!(all["sessionKey"], "main", "as the caller spelled it");
    assert_eq!(texts(&all), ["q0", "echo: q0", "q1", "echo: q1", "q2", "echo: q2"]);
    assert_eq!((&all["hasMore"], &all["totalMessages"]), (&json!(false), &json!(6)));
    let seqs: Vec<_> = all["messages"].as_array().unwrap().iter().map(seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);

    let last = json!({ "sessionKey": MAIN, "limit": 2 });
    let last = world.call("chat.history", last).await.unwrap();
    assert_eq!((texts(&last), &last["nextOffset"]), (vec!["q2", "echo: q2"], &json!(2)));
    let older = json!({ "sessionKey": MAIN, "limit": 3, "offset": 2 });
    let older = world.call("chat.history", older).await.unwrap();
    assert_eq!(texts(&older), ["echo: q0", "q1", "echo: q1"]);
    assert_eq!((&older["nextOffset"], &older["totalMessages"]), (&json!(5), &json!(6)));

    let id = &all["messages"][5]["__openclaw"]["id"];
    let one = json!({ "sessionKey": "main", "messageId": id });
    let one = world.call("chat.message.get", one).await.unwrap();
    assert_eq!((&one["ok"], &one["message"]), (&json!(true), &all["messages"][5]));
    let none = json!({ "sessionKey": "main", "messageId": "nope" });
    let none = world.call("chat.message.get", none).await.unwrap();
    assert_eq!(none, json!({ "ok": false, "unavailableReason": "not_found" }));
}

fn seq(message: &Value) -> u64 {
    message["__openclaw"]["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn a_session_nobody_heard_of_has_no_messages() {
    let world = World::new();
    let history = world.call("chat.history", json!({ "sessionKey": "nowhere" })).await.unwrap();
    assert_eq!(history["messages"], json!([]));
    assert_eq!(history.get("sessionId"), None);
    assert_eq!(history["thinkingLevel"], "off");
}

#[tokio::test]
async fn the_same_key_twice_is_one_message() {
    let world = World::new();
    said(&world, "main", "once", "r").await;
    let again = json!({ "sessionKey": "main", "message": "twice", "idempotencyKey": "r" });
    let again = world.call("chat.send", again).await.unwrap();
    assert_eq!(again, json!({ "runId": "r", "status": "ok" }));
    let history = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
    assert_eq!(texts(&history), ["once", "echo: once"]);
}

#[tokio::test]
async fn an_agent_answers_twice_and_a_repetition_once() {
    let world = World::new();
    let params = json!({ "message": "hello", "sessionKey": "main", "idempotencyKey": "a" });
    let reply = world.reply(&[Scope::Write], "agent", &params).await.unwrap();
    let first: Value = serde_json::from_str(reply.payload.as_str()).unwrap();
    assert_eq!((&first["runId"], &first["status"]), (&json!("a"), &json!("accepted")));
    assert!(first["acceptedAt"].is_u64());
    let second = reply.later.unwrap().await.unwrap();
    let second: Value = serde_json::from_str(second.as_str()).unwrap();
    assert_eq!((&second["status"], &second["summary"]), (&json!("ok"), &json!("completed")));
    assert_eq!(second["result"]["payloads"][0]["text"], "echo: hello");
    assert_eq!(second["result"]["meta"]["agentMeta"]["model"], "echo");

    let again = world.reply(&[Scope::Write], "agent", &params).await.unwrap();
    assert!(again.later.is_none());
    let again: Value = serde_json::from_str(again.payload.as_str()).unwrap();
    assert_eq!(again, second);
}

#[tokio::test]
async fn an_agent_starts_nothing_over_for_those_who_may_only_write() {
    let world = World::new();
    said(&world, "main", "hello", "r").await;
    let before = world.call("sessions.describe", json!({ "key": "main" })).await.unwrap();
    for message in ["/reset", "/new", " /RESET now"] {
        let params = json!({ "message": message, "idempotencyKey": message });
        let refused = world.reply(&[Scope::Write], "agent", &params).await.unwrap_err();
        assert_eq!(refused.message, "missing scope: operator.admin", "{message}");
    }
    let after = world.call("sessions.describe", json!({ "key": "main" })).await.unwrap();
    assert_eq!(before["session"]["sessionId"], after["session"]["sessionId"]);
}

#[tokio::test]
async fn what_an_agent_is_asked_wrongly_is_refused_in_known_words() {
    let world = World::new();
    #[rustfmt::skip]
    let table = [
        (json!({ "message": "x", "idempotencyKey": "k", "agentId": "nobody" }),
            "unknown agent id \"nobody\""),
        (json!({ "message": "x", "idempotencyKey": "k", "channel": "nochannel" }),
            "invalid agent params: unknown channel: nochannel"),
        (json!({ "message": "x", "idempotencyKey": "k", "agentId": "main", "sessionKey": "agent:b:x" }),
            "agent \"main\" does not match session key agent \"b\""),
        (json!({ "message": "x", "idempotencyKey": "k", "workspaceDir": "/" }),
            "invalid agent params: at root: unexpected property 'workspaceDir'"),
        (json!({}),
            "invalid agent params: must have required property 'message'; must have required property 'idempotencyKey'"),
    ];
    for (params, expected) in table {
        assert_eq!(world.refusal("agent", params).await, expected);
    }
}

#[tokio::test]
async fn sessions_live_and_die() {
    let world = World::new();
    let created = json!({ "key": "work", "label": "the work" });
    let created = world.call("sessions.create", created).await.unwrap();
    assert_eq!(
        (&created["key"], &created["runStarted"]),
        (&json!("agent:main:work"), &json!(false))
    );

    let patch =
        json!({ "key": "work", "label": "other", "thinkingLevel": "Ultra", "verboseLevel": "on" });
    let patched = world.call("sessions.patch", patch).await.unwrap();
    let entry = &patched["entry"];
    assert_eq!((&entry["label"], &entry["thinkingLevel"]), (&json!("other"), &json!("high")));
    assert_eq!(entry["sessionId"], created["sessionId"]);
    let clear = json!({ "key": "work", "verboseLevel": null });
    let cleared = world.call("sessions.patch", clear).await.unwrap();
    assert_eq!(cleared["entry"].get("verboseLevel"), None);
    assert_eq!(cleared["entry"]["label"], "other");

    for by in [
        json!({ "key": "work" }),
        json!({ "label": "other" }),
        json!({ "sessionId": created["sessionId"] }),
    ] {
        let found = world.call("sessions.resolve", by).await.unwrap();
        let expected = json!({ "ok": true, "key": "agent:main:work", "agentId": "main" });
        assert_eq!(found, expected);
    }
    let taken = json!({ "key": "rest", "label": "other" });
    assert_eq!(world.refusal("sessions.patch", taken).await, "label already in use: other");

    let listed =
        world.call("sessions.list", json!({ "includeDerivedTitles": true })).await.unwrap();
    assert_eq!((&listed["count"], &listed["path"]), (&json!(1), &json!("memory")));
    assert_eq!(
        listed["defaults"],
        json!({ "modelProvider": "fake", "model": "echo", "contextTokens": 1000 })
    );

    let deleted = world.call("sessions.delete", json!({ "key": "work" })).await.unwrap();
    assert_eq!((&deleted["deleted"], &deleted["archived"]), (&json!(true), &json!([])));
    let gone = world.call("sessions.describe", json!({ "key": "work" })).await.unwrap();
    assert_eq!(gone["session"], Value::Null);
}

#[tokio::test]
async fn wrong_requests_are_refused_in_known_words() {
    let world = World::new();
    let long = "s".repeat(100_000);
    let label = "x".repeat(65);
    let pictures = vec![json!({ "type": "image", "content": "AAAA" }); 1000];
    let send = |key: &str| json!({ "sessionKey": key, "message": "x", "idempotencyKey": "k" });
    #[rustfmt::skip]
    let table = [
        ("sessions.resolve",  json!({}),                                   "Either key, sessionId, or label is required"),
        ("sessions.resolve",  json!({ "key": "main", "label": "x" }),      "Provide either key, sessionId, or label (not multiple)"),
        ("sessions.resolve",  json!({ "key": "missing-key" }),             "No session found: missing-key"),
        ("sessions.patch",    json!({ "key": "main", "thinkingLevel": "galactic" }), "invalid thinkingLevel (use off|minimal|low|medium|high|xhigh)"),
        ("sessions.patch",    json!({ "key": "main", "label": label }),    "invalid sessions.patch params: at /label: must NOT have more than 64 characters"),
        ("sessions.patch",    json!({ "key": "main", "__proto__": {} }),   "invalid sessions.patch params: at root: unexpected property '__proto__'"),
        ("sessions.delete",   json!({ "key": "main" }),                    "Cannot delete the main session (agent:main:main)."),
        ("sessions.delete",   json!({}),                                   "invalid sessions.delete params: must have required property 'key'"),
        ("sessions.compact",  json!({ "key": "main", "maxLines": 0 }),     "invalid sessions.compact params: at /maxLines: must be >= 1"),
        ("sessions.preview",  json!({ "keys": [] }),                       "invalid sessions.preview params: at /keys: must NOT have fewer than 1 items"),
        ("logs.tail",         json!({ "cursor": -1 }),                     "invalid logs.tail params: at /cursor: must be >= 0"),
        ("logs.tail",         json!({ "limit": 5001 }),                    "invalid logs.tail params: at /limit: must be <= 5000"),
        ("logs.tail",         json!({}),                                   "log read failed: no log"),
        ("config.schema.lookup", json!({ "path": "gateway.prot" }),            "config schema path not found"),
        ("config.set",        json!({ "raw": "{}" }),                      "config base hash required; re-run config.get and retry"),
        ("config.set",        json!({ "raw": "" , "baseHash": "now" }),    "invalid config.set params: at /raw: must NOT have fewer than 1 characters"),
        ("config.patch",      json!({ "raw": "{}", "baseHash": "old" }),   "config changed since last load; re-run config.get and retry"),
        ("config.patch",      json!({ "raw": "bad", "baseHash": "now" }),  "invalid config"),
        ("config.apply",      json!({ "raw": "{}", "restartDelayMs": -1 }), "invalid config.apply params: at /restartDelayMs: must be >= 0"),
        ("wake",              json!({ "mode": "later", "text": "x" }),     "invalid wake params: at /mode: must be equal to one of the allowed values"),
        ("models.list",       json!("x"),                                  "invalid models.list params: must be object"),
        ("agents.list",       json!({ "x": 1 }),                           "invalid agents.list params: at root: unexpected property 'x'"),
        ("system-event",      json!({}),                                   "text required"),
        ("set-heartbeats",    json!({}),                                   "invalid set-heartbeats params: enabled (boolean) required"),
        ("chat.history",      json!({ "sessionKey": "main", "limit": 5000 }), "invalid chat.history params: at /limit: must be <= 1000"),
        ("chat.inject",       json!({ "sessionKey": "main", "message": "x" }), "session not found"),
        ("chat.send",         send(&long),                                 "invalid chat.send params: at /sessionKey: must NOT have more than 512 characters"),
        ("chat.send",         send("agent:main:a\u{0}b"),                  "session key must not contain control characters"),
        ("chat.send",         send("agent:../../x:main"),                  "session key names an invalid agent"),
        ("chat.send",         json!({ "sessionKey": "main", "message": " ", "idempotencyKey": "k" }), "message or attachment required"),
        ("chat.send",         json!({ "sessionKey": "main", "message": "x", "idempotencyKey": "k", "attachments": pictures }), "invalid chat.send params: at /attachments: must NOT have more than 32 items"),
        ("chat.send",         json!({ "sessionKey": "main", "message": "x", "idempotencyKey": "k", "attachments": [{ "fileName": "b.png", "content": "%%%" }] }), "attachment b.png: invalid base64 content"),
    ];
    for (method, params, expected) in table {
        let shown = params.to_string().chars().take(80).collect::<String>();
        assert_eq!(world.refusal(method, params).await, expected, "{method} {shown}");
    }
}

#[tokio::test]
async fn what_later_clients_send_is_no_mistake() {
    let world = World::new();
    said(&world, "main", "hello", "r").await;
    #[rustfmt::skip]
    let table = [
        ("chat.send",         json!({ "sessionKey": "main", "message": "x", "idempotencyKey": "k2", "queueMode": "steer", "fastMode": "auto", "sessionId": "s", "agentId": "main", "deliver": false, "thinking": "off" })),
        ("chat.startup",      json!({ "sessionKey": "agent:main:main", "limit": 80, "maxBytes": 262_144, "cursor": "abc" })),
        ("chat.metadata",     json!({})),
        ("models.list",       json!({ "view": "configured", "sessionKey": "agent:main:main", "agentId": "main" })),
        ("sessions.list",     json!({ "agentId": "main", "configuredAgentsOnly": true, "includeDerivedTitles": true, "includeGlobal": true, "includeLastMessage": true, "includeUnknown": true, "limit": 10_000, "ownerFirst": true, "archived": "all", "hasBoard": false, "sortBy": "activity", "excludeSubagents": true, "includeActivitySummary": true, "includePeople": true, "activeMinutes": 10_080 })),
        ("sessions.subscribe", json!({ "limit": 60, "ownerFirst": true })),
        ("sessions.messages.subscribe", json!({ "key": "main", "includeApprovals": true })),
        ("sessions.messages.unsubscribe", json!({ "key": "main" })),
        ("commands.list",     json!({})),
        ("system.info",       json!({})),
        ("gateway.identity.get", json!({})),
        ("config.schema",     json!({})),
        ("config.get",        json!({})),
        ("config.schema.lookup", json!({ "path": "gateway.port" })),
        ("gateway.restart.preflight", json!({})),
        ("status",            json!({})),
        ("last-heartbeat",    json!({})),
        ("sessions.preview",  json!({ "keys": ["main", "nope"], "limit": 5, "maxChars": 100 })),
    ];
    for (method, params) in table {
        let answer = world.call(method, params).await;
        assert!(answer.is_ok(), "{method}: {answer:?}");
    }
    assert_eq!(
        world.call("sessions.subscribe", json!({})).await.unwrap(),
        json!({ "subscribed": true })
    );
}

#[tokio::test]
async fn health_is_handed_out_as_it_was_written() {
    let world = World::new();
    let stop = tokio_util::sync::CancellationToken::new();
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(world.services.health.clone().run(stop.clone()));
    let health = world.call("health", json!({ "bogus": 1 })).await.unwrap();
    assert_eq!((&health["ok"], &health["defaultAgentId"]), (&json!(false), &json!("main")));
    assert_eq!(health["problems"], json!({ "log": "cannot be read" }));
    let reply = world.reply(&[Scope::Read], "health", &json!({})).await.unwrap();
    let written = world.services.health.snapshot().unwrap();
    assert_eq!(reply.payload.as_str().as_ptr(), written.as_str().as_ptr(), "not even copied");
    stop.cancel();
}

#[tokio::test]
async fn an_update_nobody_can_run_says_what_a_person_can_do() {
    let world = World::new();
    let status = world.call("update.status", json!({})).await.unwrap();
    assert_eq!((&status["mode"], &status["commands"]), (&json!("nix"), &json!([])));
    assert_eq!((&status["sentinel"], &status["checkOnStart"]), (&Value::Null, &json!(false)));
    let wish = json!({ "sessionKey": MAIN, "note": " please ", "timeoutMs": 1 });
    let answer = world.call("update.run", wish).await.unwrap();
    assert_eq!((&answer["ok"], &answer["result"]["status"]), (&json!(true), &json!("skipped")));
    assert_eq!(answer["result"]["reason"], status["reason"]);
    assert_eq!((&answer["restart"], &answer["sentinel"]), (&Value::Null, &Value::Null));
    let last = world.call("update.status", json!({})).await.unwrap()["sentinel"].take();
    assert_eq!((&last["sessionKey"], &last["message"]), (&json!(MAIN), &json!("please")));
    let refused = world.call("update.run", json!({ "timeoutMs": 0 })).await.unwrap_err();
    assert!(refused.message.contains("timeoutMs"), "{}", refused.message);
}
