//! The route as clients see it: over real sockets, with tools that say what they
//! are told to say.

mod house;

use domain::access::{Access, Denied, Scope};
use ports::driving::{ToolInvocation, ToolOrigin, ToolRefusal};
use serde_json::{Value, json};

use self::house::House;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_call_reaches_the_tools_as_it_was_meant() {
    let house = House::open().await;
    let body = json!({
        "tool": "ignored", "name": " Web_Fetch", "action": "a", "args": { "url": "x" },
        "sessionKey": "notes", "agentId": "work", "idempotencyKey": "k", "dryRun": true, "more": [],
    });
    let headers = "x-openclaw-message-channel: slack\r\nx-moltbot-account-id: a1\r\n\
                   x-openclaw-message-to:  \r\nx-clawdbot-message-to: ada\r\n\
                   x-openclaw-thread-id: t\r\nx-openclaw-sender-is-owner: true\r\n";
    for path in ["/tools/invoke", "/.openclaw/tools/invoke"] {
        let answer = house.post(path, "all", headers, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(parsed(&answer.body), json!({ "ok": true, "result": { "said": 1 } }));
        assert!(answer.head.contains("content-type: application/json; charset=utf-8"));
        let text = |text: &str| Some(text.to_owned());
        let expected = ToolInvocation {
            tool: " Web_Fetch".to_owned(),
            action: text("a"),
            arguments: Some(ports::Json::of(&json!({ "url": "x" }))),
            session: text("notes"),
            agent: text("work"),
            idempotency_key: text("k"),
            origin: ToolOrigin {
                channel: text("slack"),
                account: text("a1"),
                to: text("ada"),
                thread: text("t"),
            },
        };
        assert_eq!(house.asked(), Some(expected));
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_before_any_tool_hears_of_it() {
    let house = House::open().await;
    let missing = "tools.invoke requires body.tool";
    #[rustfmt::skip]
    let table = [
        ("",                                 missing),
        ("{}",                               missing),
        (r#"{"tool":" "}"#,                  missing),
        (r#"{"tool":null}"#,                 missing),
        ("[]",                               "the body must be a JSON object"),
        (r#""tool""#,                        "the body must be a JSON object"),
        (r#"{"tool":1}"#,                    "Invalid JSON: invalid type: integer `1`, expected a string at line 1 column 9"),
        (r#"{"tool":"a","tool":"b"}"#,       "Invalid JSON: duplicate field `tool` at line 1 column 18"),
        (r#"{"tool":"a","dryRun":"x"}"#,     "Invalid JSON: invalid type: string \"x\", expected a boolean at line 1 column 24"),
        (r#"{"tool":"a""#,                   "Invalid JSON: EOF while parsing an object at line 1 column 11"),
    ];
    for (body, message) in table {
        let answer = house.post("/tools/invoke", "all", "", body).await;
        let expected = json!({
            "ok": false, "error": { "type": "invalid_request", "message": message },
        });
        assert_eq!((answer.status, parsed(&answer.body)), (400, expected), "{body}");
    }
    assert_eq!(house.asked(), None);
}

#[tokio::test]
async fn only_who_may_read_comes_here() {
    let house = House::open().await;
    let stranger = json!({ "error": { "message": "Unauthorized", "type": "unauthorized" } });
    let envelope =
        |kind, message| json!({ "ok": false, "error": { "type": kind, "message": message } });
    #[rustfmt::skip]
    let table = [
        ("wrong",       401, stranger.clone()),
        ("",            401, stranger),
        ("nothing",     403, envelope("forbidden", "missing scope: operator.read")),
        ("locked out",  429, envelope("rate_limited", "too many failed attempts")),
        ("starting",    503, envelope("unavailable", "not yet")),
        ("read",        200, json!({ "ok": true, "result": { "said": 1 } })),
    ];
    for (secret, status, body) in table {
        let answer = house.post("/tools/invoke", secret, "", r#"{"tool":"a"}"#).await;
        assert_eq!((answer.status, parsed(&answer.body)), (status, body), "{secret}");
        assert_eq!(answer.head.contains("www-authenticate: Bearer"), status == 401);
        assert_eq!(answer.head.contains("retry-after: 5"), status == 429, "{}", answer.head);
    }
}

#[tokio::test]
async fn each_refusal_has_its_status() {
    let house = House::open().await;
    let denied: Denied = Access::Operator(Scope::Admin).check(&house::reader()).unwrap_err();
    let text = |text: &str| text.to_owned();
    #[rustfmt::skip]
    let table = [
        (ToolRefusal::Invalid(text("no")),              400, "invalid_request", "no"),
        (ToolRefusal::NotAvailable(text("nope")),       404, "not_found",       "Tool not available: nope"),
        (ToolRefusal::Denied(denied),                   403, "forbidden",       "missing scope: operator.admin"),
        (ToolRefusal::Conflict,                         409, "conflict",        "idempotencyKey was used for another call"),
        (ToolRefusal::Tool(text("url required")),       400, "tool_error",      "url required"),
        (ToolRefusal::TooLong(house::PATIENCE),         500, "tool_error",      "the tool took longer than 20 s"),
        (ToolRefusal::Unavailable(text("later")),       503, "unavailable",     "later"),
        (ToolRefusal::Internal,                         500, "tool_error",      "tool execution failed"),
    ];
    for (refusal, status, kind, message) in table {
        house.refuses(refusal.clone());
        let answer = house.post("/tools/invoke", "all", "", r#"{"tool":"a"}"#).await;
        let expected = json!({ "ok": false, "error": { "type": kind, "message": message } });
        assert_eq!((answer.status, parsed(&answer.body)), (status, expected), "{refusal:?}");
    }
}

#[tokio::test]
async fn bodies_have_limits() {
    let house = House::open().await;
    let long = format!("Content-Length: {}\r\n", 2 * 1024 * 1024 + 1);
    #[rustfmt::skip]
    let table = [
        (long.as_str(),                                        413, "Payload too large"),
        ("Content-Length: 10\r\n",                             408, "Request body timeout"),
        ("Content-Length: 2\r\nContent-Encoding: gzip\r\n",    415, "Unsupported Content-Encoding"),
    ];
    for (headers, status, message) in table {
        let answer = house.send("/tools/invoke", "all", headers, "").await;
        let expected = json!({
            "ok": false, "error": { "type": "invalid_request", "message": message },
        });
        assert_eq!((answer.status, parsed(&answer.body)), (status, expected), "{headers}");
    }
    assert_eq!(house.asked(), None);
}

#[tokio::test]
async fn a_client_that_leaves_gives_up_the_call() {
    let house = House::open().await;
    let given_up = house.hangs();
    let stream = house.begin("/tools/invoke", r#"{"tool":"a"}"#).await;
    house.wait_until_asked().await;
    drop(stream);
    tokio::time::timeout(house::PATIENCE, given_up).await.unwrap().unwrap_err();
}
