//! Who may call.

use std::time::Duration;

use domain::hooks::WakeMode;
use ports::driving::{HookAnswer, HookEntry, HookKnock, HookRefusal, Hooks};
use serde_json::json;

use super::house::{GATEWAY, House, PLACE, TOKEN, knock, sealed};

fn signed() -> serde_json::Value {
    json!({ "mappings": [
        { "match": { "path": "plain" }, "messageTemplate": "m" },
        { "match": { "path": "signed" }, "messageTemplate": "{{n}}",
          "hmac": { "scheme": "github", "secret": "s" } },
        { "match": { "path": "blind" }, "messageTemplate": "m", "hmac": { "scheme": "github" } },
    ] })
}

#[tokio::test]
async fn strangers_are_turned_away_before_anything_is_read() {
    use HookRefusal::{NotFound, TokenInQuery, Unauthorized, WrongMethod};

    let house = House::open(&signed());
    let base = knock("/hooks/wake");
    let entry = |path: &str, is_known| {
        Ok(HookEntry { path: path.into(), place: PLACE, is_known, body_limit: 262_144 })
    };
    #[rustfmt::skip]
    let table = [
        (base,                                                        entry("wake", true)),
        (HookKnock { path: "/.openclaw/hooks/agent", ..base },        entry("agent", true)),
        (HookKnock { path: "/hooks/any/thing", ..base },              entry("any/thing", true)),
        (HookKnock { path: "/elsewhere", ..base },                    Err(NotFound)),
        (HookKnock { path: "/hooks", ..base },                        Err(NotFound)),
        (HookKnock { path: "/hooks/", ..base },                       Err(NotFound)),
        (HookKnock { path: "/hooks//wake", ..base },                  Err(NotFound)),
        (HookKnock { path: "/hooks/", token: None, ..base },          Err(Unauthorized)),
        (HookKnock { token: None, ..base },                           Err(Unauthorized)),
        (HookKnock { token: Some("x"), ..base },                      Err(Unauthorized)),
        (HookKnock { token: Some(GATEWAY), ..base },                  Err(Unauthorized)),
        (HookKnock { is_post: false, token: Some("x"), ..base },      Err(WrongMethod)),
        (HookKnock { has_query_token: true, ..base },                 Err(TokenInQuery)),
        (HookKnock { path: "/hooks/signed", token: None, ..base },    entry("signed", false)),
        (HookKnock { path: "/hooks/plain", token: None, ..base },     Err(Unauthorized)),
    ];
    for (knock, expected) in table {
        assert_eq!(house.webhooks.knock(&knock), expected, "{knock:?}");
    }
    assert!(house.webhooks.holds("/hooks/x") && !house.webhooks.holds("/v1/models"));
}

/// V-95, V-78: twenty wrong tokens end it, and what was no attempt does not count.
#[tokio::test(start_paused = true)]
async fn guessing_ends_soon() {
    let house = House::open(&json!({}));
    let good = knock("/hooks/wake");
    for _ in 0..30 {
        let get = HookKnock { is_post: false, token: Some("x"), ..good };
        assert_eq!(house.webhooks.knock(&get), Err(HookRefusal::WrongMethod));
        let none = HookKnock { token: None, ..good };
        assert_eq!(house.webhooks.knock(&none), Err(HookRefusal::Unauthorized));
    }
    for _ in 0..20 {
        let wrong = HookKnock { token: Some("x"), ..good };
        assert_eq!(house.webhooks.knock(&wrong), Err(HookRefusal::Unauthorized));
    }
    let retry_after = Duration::from_mins(1);
    assert_eq!(house.webhooks.knock(&good), Err(HookRefusal::TooMany { retry_after }));
    let elsewhere = HookKnock { place: "198.51.100.1".parse().unwrap(), ..good };
    assert!(house.webhooks.knock(&elsewhere).is_ok());
    tokio::time::advance(Duration::from_mins(1)).await;
    assert!(house.webhooks.knock(&good).is_ok());
}

#[tokio::test]
async fn what_is_not_configured_is_not_there() {
    #[rustfmt::skip]
    let table = [
        (json!({ "enabled": false }),   false, false),
        (json!({ "token": "  " }),      false, false),
        (json!({ "path": "/" }),        false, false),
        (json!({ "path": "/in" }),      false, false),
        // The token of the gateway opens no hook: it would open everything else.
        (json!({ "token": GATEWAY }),   true,  false),
        (json!({}),                     true,  true),
    ];
    for (hooks, holds, opens) in table {
        let house = House::open(&hooks);
        let token = Some(hooks["token"].as_str().unwrap_or(TOKEN));
        assert_eq!(house.webhooks.holds("/hooks/wake"), holds, "{hooks}");
        let knocked = house.webhooks.knock(&HookKnock { token, ..knock("/hooks/wake") });
        assert_eq!(knocked.is_ok(), opens, "{hooks} {knocked:?}");
    }
}

/// V-97: a signature is looked for whoever calls, from wherever.
#[tokio::test]
async fn whoever_signs_needs_no_token_and_nothing_else_helps() {
    let house = House::open(&signed());
    let body = r#"{"n":"seven"}"#;
    let good = format!("sha256={}", sealed("s", "", body));
    let other = format!("sha256={}", sealed("t", "", body));
    let header = "x-hub-signature-256";

    let call = async |token, path, headers: &[(&str, &str)], body| {
        house.call_as(token, path, headers, body).await
    };
    let unauthorized = Err(HookRefusal::Unauthorized);
    assert_eq!(call(None, "signed", &[], body).await, unauthorized);
    assert_eq!(call(None, "signed", &[(header, &other)], body).await, unauthorized);
    assert_eq!(call(None, "signed", &[(header, &good)], r#"{"n":"six"}"#).await, unauthorized);
    assert_eq!(call(Some(TOKEN), "signed", &[], body).await, unauthorized);
    let empty = format!("sha256={}", sealed("", "", body));
    assert_eq!(call(None, "blind", &[(header, &empty)], body).await, unauthorized);
    assert_eq!(house.asked(), []);
    assert!(call(None, "signed", &[(header, &good)], body).await.is_ok());
    assert!(call(Some(TOKEN), "plain", &[], body).await.is_ok());
    house.told().await;
    assert_eq!(house.asked().len(), 2);

    let guess = async || call(None, "signed", &[(header, &other)], body).await;
    let mut refused = guess().await;
    for _ in 0..20 {
        refused = guess().await;
    }
    assert!(matches!(refused, Err(HookRefusal::TooMany { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_gateway_that_stops_takes_nothing() {
    let house = House::open(&json!({}));
    assert_eq!(house.call("wake", r#"{"text":"x"}"#).await, Ok(HookAnswer::Woken(WakeMode::Now)));
    house.chat.drain(Duration::ZERO).await;
    let refused = house.call("agent", r#"{"message":"m"}"#).await;
    assert!(matches!(refused, Err(HookRefusal::Unavailable { .. })), "{refused:?}");
    house.stop.cancel();
    let refused = house.call("wake", r#"{"text":"x"}"#).await;
    assert!(matches!(refused, Err(HookRefusal::Unavailable { .. })), "{refused:?}");
}
