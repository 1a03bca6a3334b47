//! What clients are answered.

use domain::client::Protocol;
use ports::{
    Json,
    driving::{ErrorCode, RpcError},
};

use crate::json::Object;

/// Writes the answer to the request `id`.
pub fn push_response(
    out: &mut Vec<u8>,
    protocol: Protocol,
    id: &str,
    answer: Result<&Json, &RpcError>,
) {
    let kind = match protocol {
        Protocol::V3 | Protocol::V4 => "res",
        Protocol::Brief => "response",
    };
    Object::write(out, |frame| {
        frame.text("type", kind).text("id", id);
        match answer {
            Ok(payload) => {
                frame.raw("ok", "true").raw("payload", payload.as_str());
            }
            Err(error) => {
                frame.raw("ok", "false");
                if let Some(payload) = error.payload.as_ref().filter(|it| it.as_str() != "null") {
                    frame.raw("payload", payload.as_str());
                }
                frame.object("error", |it| push_error(it, protocol, error));
            }
        }
    });
}

fn push_error(it: &mut Object<'_>, protocol: Protocol, error: &RpcError) {
    // Protocol 3 knows neither the code nor its details.
    let unspoken = protocol == Protocol::V3 && error.code == ErrorCode::Forbidden;
    let code = if unspoken { ErrorCode::InvalidRequest } else { error.code };
    it.text("code", code.as_str()).text("message", &error.message);
    if let Some(details) = error.details.as_ref().filter(|it| !unspoken && it.as_str() != "null") {
        it.raw("details", details.as_str());
    }
    if let Some(pause) = error.retry_after {
        let pause = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        it.raw("retryable", "true").number("retryAfterMs", pause);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::access::{Denied, Scope};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn written(protocol: Protocol, answer: Result<&Json, &RpcError>) -> String {
        let mut out = Vec::new();
        push_response(&mut out, protocol, "a\"1", answer);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_answer_in_every_spelling() {
        let payload = Json::of(&[1, 2]);
        let res = r#"{"type":"res","id":"a\"1","ok":true,"payload":[1,2]}"#;
        assert_eq!(written(Protocol::V3, Ok(&payload)), res);
        assert_eq!(written(Protocol::V4, Ok(&payload)), res);
        let response = r#"{"type":"response","id":"a\"1","ok":true,"payload":[1,2]}"#;
        assert_eq!(written(Protocol::Brief, Ok(&payload)), response);
        let nothing = r#"{"type":"res","id":"a\"1","ok":true,"payload":null}"#;
        assert_eq!(written(Protocol::V3, Ok(&Json::null())), nothing);
    }

    #[test]
    fn a_missing_scope_is_spelled_as_each_protocol_knows_it() {
        let error = RpcError::from(Denied::Scope(Scope::Admin));
        let v3 = r#"{"type":"res","id":"a\"1","ok":false,"error":{"code":"INVALID_REQUEST","message":"missing scope: operator.admin"}}"#;
        assert_eq!(written(Protocol::V3, Err(&error)), v3);
        for protocol in [Protocol::V4, Protocol::Brief] {
            let text = written(protocol, Err(&error));
            assert!(text.contains(r#""code":"FORBIDDEN""#), "{text}");
            assert!(text.contains(r#""missingScope":"operator.admin""#), "{text}");
        }
    }

    #[test]
    fn only_what_may_be_retried_says_so() {
        let error = RpcError::unavailable("busy").retry_after(Duration::from_millis(500));
        let text = written(Protocol::V3, Err(&error));
        assert!(
            text.ends_with(r#""message":"busy","retryable":true,"retryAfterMs":500}}"#),
            "{text}"
        );
        assert!(!written(Protocol::V3, Err(&RpcError::unavailable("busy"))).contains("retry"));
    }

    /// The keys each object of a response may have in protocol 3.
    fn is_closed(frame: &Value) -> bool {
        let only = |value: &Value, keys: &[&str]| {
            value.as_object().is_some_and(|it| it.keys().all(|key| keys.contains(&key.as_str())))
        };
        let error = &frame["error"];
        only(frame, &["type", "id", "ok", "payload", "error"])
            && frame.as_object().unwrap().values().all(|value| !value.is_null())
            && only(error, &["code", "message", "details", "retryable", "retryAfterMs"])
            && error.as_object().unwrap().values().all(|value| !value.is_null())
    }

    proptest! {
        /// No error whatsoever leads to a frame that a client of protocol 3
        /// would throw away.
        #[test]
        fn every_error_fits_the_closed_schema(
            code in 0usize..4,
            message in any::<String>(),
            details in prop::option::of(prop::sample::select(vec!["null", "{}", "7", r#"{"a":null}"#])),
            pause in prop::option::of(0u64..u64::MAX),
            payload in prop::option::of(prop::sample::select(vec!["null", r#"{"status":"error"}"#])),
            id in any::<String>(),
        ) {
            let code = [
                ErrorCode::InvalidRequest,
                ErrorCode::Forbidden,
                ErrorCode::NotPaired,
                ErrorCode::Unavailable,
            ][code];
            let json = |text: &str| Json::parse(text.to_owned()).unwrap();
            let mut error = RpcError::new(code, message.clone());
            error.details = details.map(json);
            error.payload = payload.map(json);
            error.retry_after = pause.map(Duration::from_millis);
            let mut out = Vec::new();
            push_response(&mut out, Protocol::V3, &id, Err(&error));
            let frame: Value = serde_json::from_slice(&out).unwrap();
            prop_assert!(is_closed(&frame), "{frame}");
            prop_assert_eq!(frame["id"].as_str(), Some(id.as_str()));
            prop_assert_eq!(frame["error"]["message"].as_str(), Some(message.as_str()));
        }
    }
}
