//! The tools of a gateway, by way of its methods.

use domain::{
    access::{Role, Scope},
    event::EventKind,
};
use ports::config::Config;
use serde_json::{Value, json};

use crate::testing::{NODE, World, client, node};

/// A gateway that is configured so.
fn world(config: Value) -> World {
    World::configured(serde_json::from_value::<Config>(config).unwrap())
}

/// A gateway whose clients may use everything.
fn open_world() -> World {
    world(json!({ "gateway": { "tools": { "allow": ["gateway", "nodes", "sessions_send"] } } }))
}

/// What comes of a tool: its details, or the code and the words of a refusal.
async fn used(world: &World, scopes: &[Scope], name: &str, args: Value) -> Result<Value, String> {
    let params = json!({ "name": name, "args": args });
    let caller = client(Role::Operator, scopes);
    let answer = world.call_as(&caller, "tools.invoke", params).await;
    let answer = answer.map_err(|error| error.message)?;
    if answer["ok"] == true {
        let output = &answer["output"];
        let text = output["content"][0]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), output["details"]);
        return Ok(output["details"].clone());
    }
    let error = &answer["error"];
    Err(format!("{}: {}", error["code"].as_str().unwrap(), error["message"].as_str().unwrap()))
}

/// The tools that may be used for a session.
async fn effective(world: &World, session: &str) -> Vec<String> {
    let answer = world.call("tools.effective", json!({ "sessionKey": session })).await.unwrap();
    let groups = answer["groups"].as_array().unwrap();
    let tools = groups.iter().flat_map(|group| group["tools"].as_array().unwrap());
    tools.map(|tool| tool["id"].as_str().unwrap().to_owned()).collect()
}

const HARMLESS: [&str; 5] =
    ["sessions_list", "sessions_history", "session_status", "web_fetch", "agents_list"];

#[tokio::test]
async fn the_catalog_has_every_tool_in_its_group() {
    let world = World::new();
    let catalog = world.call("tools.catalog", json!({})).await.unwrap();
    assert_eq!(catalog["agentId"], "main");
    assert_eq!(catalog["profiles"][0], json!({ "id": "minimal", "label": "Minimal" }));
    let groups = catalog["groups"].as_array().unwrap();
    let names: Vec<_> = groups.iter().map(|group| group["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["sessions", "web", "automation", "nodes", "agents"]);
    assert_eq!(
        groups[1],
        json!({ "id": "web", "label": "Web", "source": "core", "tools": [{
            "id": "web_fetch", "label": "Web Fetch", "source": "core", "risk": "medium",
            "description": "Gets a page of the open internet and reads it as text.",
            "defaultProfiles": ["full"],
        }] })
    );
    let nobody = world.refusal("tools.catalog", json!({ "agentId": "nobody" })).await;
    assert_eq!(nobody, "unknown agent id \"nobody\"");
}

#[tokio::test]
async fn the_configuration_narrows_what_may_be_used() {
    let nothing: [&str; 0] = [];
    let group = json!({ "channels": { "telegram": { "groups": {
        "*": { "tools": { "deny": ["web_*"] } }, "-42": { "tools": { "allow": ["web_fetch"] } },
    } } } });
    #[rustfmt::skip]
    let table = [
        (json!({}),                                                        "main",                      &HARMLESS[..]),
        (json!({ "tools": { "profile": "minimal" } }),                     "main",                      &["session_status"]),
        (json!({ "tools": { "profile": "minimal", "alsoAllow": ["agents_list"] } }), "main",            &["session_status", "agents_list"]),
        (json!({ "tools": { "allow": ["group:web"] } }),                   "main",                      &["web_fetch"]),
        (json!({ "tools": { "deny": ["*"] } }),                            "main",                      &nothing),
        (json!({ "tools": { "byProvider": { "fake": { "allow": ["web_fetch"] } } } }), "main",          &["web_fetch"]),
        (json!({ "tools": { "byProvider": { "fake/echo": { "deny": ["group:sessions"] } } } }), "main", &["web_fetch", "agents_list"]),
        (json!({ "tools": { "byProvider": { "other": { "deny": ["*"] } } } }), "main",                  &HARMLESS),
        (json!({ "tools": { "web": { "fetch": { "enabled": false } } } }), "main",                      &["sessions_list", "sessions_history", "session_status", "agents_list"]),
        (json!({ "agents": { "list": [{ "id": "main", "tools": { "allow": ["agents_list"] } }] } }), "main", &["agents_list"]),
        (json!({ "gateway": { "tools": { "deny": ["group:sessions", "web_fetch"] } } }), "main",        &["agents_list"]),
        (json!({}),                                                        "agent:main:subagent:1",     &["web_fetch"]),
        (group.clone(),                                                    "agent:main:telegram:group:-42", &["web_fetch"]),
        (group.clone(),                                                    "agent:main:telegram:group:7", &["sessions_list", "sessions_history", "session_status", "agents_list"]),
        (group,                                                            "main",                      &HARMLESS),
    ];
    for (config, session, tools) in table {
        let world = world(config.clone());
        assert_eq!(effective(&world, session).await, tools, "{config} {session}");
        for tool in HARMLESS.iter().filter(|tool| !tools.contains(tool)) {
            let params = json!({ "name": tool, "sessionKey": session });
            let answer = world.call("tools.invoke", params).await.unwrap();
            let message = format!("Tool not available: {tool}");
            assert_eq!(answer["error"], json!({ "code": "not_found", "message": message }));
        }
    }
}

#[tokio::test]
async fn what_governs_or_speaks_for_others_is_not_there_by_default() {
    let world = World::new();
    for tool in ["gateway", "nodes", "sessions_send", "exec", "bash", "cron", "nope"] {
        let expected = Err(format!("not_found: Tool not available: {tool}"));
        assert_eq!(used(&world, &[Scope::Admin], tool, json!({})).await, expected);
    }
    let world = open_world();
    let look = json!({ "action": "config.get" });
    assert!(used(&world, &[Scope::Admin], "GateWay", look.clone()).await.is_ok());
    for (tool, args) in [("gateway", look), ("nodes", json!({ "action": "status" }))] {
        let refused = used(&world, &[Scope::Write], tool, args).await;
        assert_eq!(refused, Err("missing scope: operator.admin".to_owned()), "{tool}");
    }
}

#[tokio::test]
async fn sessions_are_listed_read_and_spoken_in() {
    let world = open_world();
    let admin = [Scope::Admin];
    let none = used(&world, &admin, "session_status", json!({})).await.unwrap();
    assert_eq!((&none["sessionKey"], &none["session"]), (&json!("agent:main:main"), &Value::Null));
    assert_eq!(none["model"], "fake/echo");

    let message = json!({ "sessionKey": "notes", "message": "hello" });
    let said = used(&world, &admin, "sessions_send", message).await.unwrap();
    assert_eq!((&said["status"], &said["sessionKey"]), (&json!("ok"), &json!("agent:main:notes")));
    assert!(said["reply"].as_str().unwrap().contains("hello"), "{said}");

    let listed = used(&world, &admin, "sessions_list", json!({ "search": "notes" })).await.unwrap();
    assert_eq!((&listed["count"], &listed["sessions"][0]["key"]), (&json!(1), &said["sessionKey"]));
    let history = json!({ "sessionKey": "notes", "limit": 2 });
    let history = used(&world, &admin, "sessions_history", history).await.unwrap();
    let roles = history["messages"].as_array().unwrap().iter().map(|it| &it["role"]);
    assert_eq!(roles.collect::<Vec<_>>(), ["user", "assistant"]);

    let reader = used(&world, &[Scope::Read], "sessions_list", json!({})).await;
    assert_eq!(reader, Err("missing scope: operator.write".to_owned()), "that is the method's");
}

#[tokio::test]
async fn nobody_waits_for_an_answer_that_is_not_wanted() {
    let world = open_world();
    let message = json!({ "sessionKey": "notes", "message": "hello", "timeoutSeconds": 0 });
    let said = used(&world, &[Scope::Admin], "sessions_send", message).await.unwrap();
    assert_eq!((&said["status"], said.get("reply")), (&json!("accepted"), None));
}

#[tokio::test]
async fn the_configuration_is_shown_and_explained() {
    let world = open_world();
    let shown = used(&world, &[Scope::Admin], "gateway", json!({ "action": "config.get" })).await;
    assert_eq!(shown.unwrap()["ok"], true);
    let look = json!({ "action": "config.schema.lookup", "path": "gateway.port" });
    let port = used(&world, &[Scope::Admin], "gateway", look).await.unwrap();
    assert_eq!(port["result"]["path"], "gateway.port");
    let look = json!({ "action": "config.schema.lookup", "path": "gateway.prot" });
    let nothing = used(&world, &[Scope::Admin], "gateway", look).await;
    assert_eq!(nothing, Err("tool_error: config schema path not found".to_owned()));
}

/// What a caller says about consent counts for as much as in `node.invoke`:
/// nothing.
#[tokio::test]
async fn a_node_is_asked_as_node_invoke_asks_it() {
    let world = open_world();
    world.services.nodes.arrived(&node(7));
    let admin = [Scope::Admin];
    let listed = used(&world, &admin, "nodes", json!({ "action": "status" })).await.unwrap();
    assert_eq!(listed["nodes"][0]["nodeId"], NODE);
    let one = used(&world, &admin, "nodes", json!({ "action": "describe", "node": NODE })).await;
    assert_eq!(one.unwrap()["connected"], true);

    let invoke = |command: &str, params: &Value| {
        json!({
            "action": "invoke", "node": NODE, "invokeCommand": command,
            "invokeParamsJson": params.to_string(), "invokeTimeoutMs": 1,
        })
    };
    let forged = json!({ "command": ["rm", "-rf", "/"], "approved": true });
    let refused = used(&world, &admin, "nodes", invoke("system.run", &forged)).await;
    assert!(refused.unwrap_err().starts_with("tool_error: system.run: no approval"));
    let other = used(&world, &admin, "nodes", invoke("camera.snap", &json!({}))).await;
    assert!(other.unwrap_err().starts_with("tool_error: node command not allowed"));
    assert!(world.told(EventKind::NodeInvokeRequest).is_empty(), "the node heard nothing");

    let late = used(&world, &admin, "nodes", invoke("system.which", &json!({}))).await;
    assert_eq!(late, Err("tool_error: node invoke timed out".to_owned()));
    assert_eq!(world.told(EventKind::NodeInvokeRequest)[0]["command"], "system.which");

    #[rustfmt::skip]
    let table = [
        (json!({ "action": "invoke", "node": "nobody" }),                       "unknown node"),
        (json!({ "action": "invoke" }),                                         "node required"),
        (json!({ "action": "invoke", "node": NODE }),                           "invokeCommand required"),
        (json!({ "action": "invoke", "node": NODE, "invokeCommand": "system.which", "invokeParamsJson": "{" }), "invokeParamsJson must be JSON"),
        (json!({ "action": "run" }),                                            "action must be one of status, describe, invoke"),
    ];
    for (args, message) in table {
        let refused = used(&world, &admin, "nodes", args).await;
        assert_eq!(refused, Err(format!("tool_error: {message}")));
    }
}

/// The page is fetched once: what was read is remembered.
#[tokio::test]
async fn a_page_of_the_web_is_read_as_text() {
    let world = World::new();
    let write = [Scope::Write];
    let url = "https://pages.example/cat";
    let page = used(&world, &write, "web_fetch", json!({ "url": url })).await.unwrap();
    let shown = |key: &str| page[key].clone();
    assert_eq!(shown("text"), "# Cats\n\nA [cat](https://pages.example/) & more.");
    assert_eq!((shown("title"), shown("contentType")), (json!("About cats"), json!("text/html")));
    assert_eq!((shown("extractMode"), shown("truncated")), (json!("markdown"), json!(false)));
    assert_eq!(shown("externalContent")["untrusted"], true);
    assert_eq!(page.get("cached"), None);
    let again = used(&world, &write, "web_fetch", json!({ "url": url })).await.unwrap();
    assert_eq!((&again["cached"], &again["text"]), (&json!(true), &page["text"]));

    let text = json!({ "url": url, "extractMode": "text" });
    let text = used(&world, &write, "web_fetch", text).await.unwrap();
    assert_eq!(text["text"], "Cats\n\nA cat & more.");
    let long = json!({ "url": "https://pages.example/long", "maxChars": 100 });
    let long = used(&world, &write, "web_fetch", long).await.unwrap();
    assert_eq!((&long["length"], &long["rawLength"]), (&json!(100), &json!(3000)));
    assert_eq!((&long["truncated"], &long["extractor"]), (&json!(true), &json!("raw")));

    #[rustfmt::skip]
    let table = [
        ("https://pages.example/picture",  "what is there is no text (image/png)"),
        ("https://pages.example/inside",   "the address is private or reserved"),
        ("https://pages.example/gone",     "the server answered with status 404"),
    ];
    for (url, message) in table {
        let refused = used(&world, &write, "web_fetch", json!({ "url": url })).await;
        assert_eq!(refused, Err(format!("tool_error: {message}")), "{url}");
    }
}

#[tokio::test]
async fn a_call_that_is_wrong_is_an_error() {
    let config = json!({ "agents": { "list": [{ "id": "main" }, { "id": "work" }] } });
    let world = world(config);
    #[rustfmt::skip]
    let table = [
        (json!({ "name": "agents_list", "sessionKey": "agent:main:" }),                       "session key must not have empty segments"),
        (json!({ "name": "agents_list", "agentId": "nobody" }),                               "unknown agent id \"nobody\""),
        (json!({ "name": "agents_list", "agentId": "work", "sessionKey": "agent:main:x" }),   "agent \"work\" does not match session key agent \"main\""),
    ];
    for (params, message) in table {
        assert_eq!(world.refusal("tools.invoke", params).await, message);
    }
    let work = json!({ "name": "agents_list", "agentId": "work", "sessionKey": "main" });
    let work = world.call("tools.invoke", work).await.unwrap();
    assert_eq!(work["output"]["details"]["requester"], "work");
}

#[tokio::test]
async fn the_same_call_under_the_same_key_is_made_once() {
    let world = open_world();
    let send = |message: &str| {
        let args = json!({ "sessionKey": "notes", "message": message });
        json!({ "name": "sessions_send", "args": args, "idempotencyKey": "k" })
    };
    let first = world.call("tools.invoke", send("hello")).await.unwrap();
    let again = world.call("tools.invoke", send("hello")).await.unwrap();
    assert_eq!(first["output"]["details"]["runId"], again["output"]["details"]["runId"]);
    let other = world.refusal("tools.invoke", send("something else")).await;
    assert_eq!(other, "idempotencyKey was used for another call");
}
