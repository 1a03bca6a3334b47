//! What clients ask.

use std::{borrow::Cow, fmt};

use domain::trace::TraceContext;
use serde::{Deserialize, Deserializer, de::Visitor};
use serde_json::{error::Category, value::RawValue};

/// The longest id a request may have, in characters. Ids come back in answers,
/// so their length is not left to the client.
const MAX_ID: usize = 256;

/// Which words a connection uses for its frames. Fixed by its first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `req`, `res`, `event`: protocols 3 and 4.
    Real,
    /// `request`, `response`, `broadcast`: the dialect of the brief.
    Brief,
}

impl Dialect {
    /// The `type` of a request.
    const fn request(self) -> &'static str {
        match self {
            Self::Real => "req",
            Self::Brief => "request",
        }
    }

    fn of(kind: &str) -> Option<Self> {
        [Self::Real, Self::Brief].into_iter().find(|dialect| dialect.request() == kind)
    }
}

/// One request, borrowed from the text it came in.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How it is spelled.
    pub dialect: Dialect,
    /// Comes back with every answer.
    pub id: Cow<'a, str>,
    /// What is called.
    pub method: Cow<'a, str>,
    /// With what; absent when `null`.
    pub params: Option<&'a RawValue>,
    /// Which trace it belongs to, not read yet.
    traceparent: Option<&'a RawValue>,
}

/// Why a text is not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid request frame: {reason}")]
pub struct BadRequest {
    /// The id of the frame, if it has one that can be sent back.
    pub id: Option<String>,
    /// What is wrong. Holds nothing of what the client sent.
    pub reason: String,
}

impl<'a> Request<'a> {
    /// The request that `text` holds. `dialect` is the one of the connection,
    /// once its first frame has fixed it. Unknown members are ignored.
    pub fn decode(
        text: &'a str,
        dialect: Option<Dialect>,
        max_depth: usize,
    ) -> Result<Self, BadRequest> {
        if nests_deeper_than(text, max_depth) {
            let reason = format!("must NOT be nested deeper than {max_depth} levels");
            return Err(BadRequest { id: None, reason });
        }
        let Ok(Frame {
            kind: Some(Text(kind)),
            id: Some(Text(id)),
            method: Some(Text(method)),
            params,
            traceparent,
        }) = serde_json::from_str(text)
        else {
            return Err(explain(text, dialect));
        };
        // The parser takes a list for an object without names.
        if !is_object(text) {
            return Err(explain(text, dialect));
        }
        let spoken = Dialect::of(&kind).filter(|spoken| dialect.is_none_or(|it| it == *spoken));
        match spoken {
            Some(dialect) if id_fault(&id).is_none() && !method.is_empty() => {
                Ok(Self { dialect, id, method, params, traceparent })
            }
            _ => Err(explain(text, dialect)),
        }
    }

    /// Which trace it belongs to, if it says so in a way that is understood.
    pub fn trace(&self) -> Option<TraceContext> {
        let text = self.traceparent?.get();
        TraceContext::read(text.strip_prefix('"')?.strip_suffix('"')?, None)
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    method: Option<Text<'a>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    traceparent: Option<&'a RawValue>,
}

/// The same without any opinion about its members.
#[derive(Deserialize)]
struct LooseFrame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow, rename = "params")]
    _params: Option<&'a RawValue>,
    #[serde(borrow, rename = "traceparent")]
    _traceparent: Option<&'a RawValue>,
}

/// A text, borrowed unless it holds escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// What is wrong with a text that did not make a request. Not in a hurry.
fn explain(text: &str, dialect: Option<Dialect>) -> BadRequest {
    let frame = match serde_json::from_str::<LooseFrame<'_>>(text) {
        Ok(frame) if is_object(text) => frame,
        Ok(_) => return BadRequest { id: None, reason: "must be object".to_owned() },
        Err(error) => {
            let words = error.to_string();
            let reason = match error.classify() {
                Category::Data if words.starts_with("duplicate field") => words,
                Category::Data => "must be object".to_owned(),
                Category::Syntax | Category::Eof | Category::Io => "must be JSON".to_owned(),
            };
            return BadRequest { id: None, reason };
        }
    };
    let read = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    let mut faults = Vec::new();

    let known = |kind: &String| {
        Dialect::of(kind).is_some_and(|spoken| dialect.is_none_or(|dialect| dialect == spoken))
    };
    match frame.kind.map(read) {
        None => faults.push("must have required property 'type'".to_owned()),
        Some(kind) if !kind.as_ref().is_some_and(known) => {
            let wanted = dialect.unwrap_or(Dialect::Real).request();
            faults.push(format!("at /type: must be equal to \"{wanted}\""));
        }
        Some(_) => (),
    }
    let id = frame.id.and_then(read);
    match (&frame.id, &id) {
        (None, _) => faults.push("must have required property 'id'".to_owned()),
        (Some(_), None) => faults.push("at /id: must be string".to_owned()),
        (Some(_), Some(id)) => faults.extend(id_fault(id).map(|fault| format!("at /id: {fault}"))),
    }
    match frame.method.map(read) {
        None => faults.push("must have required property 'method'".to_owned()),
        Some(None) => faults.push("at /method: must be string".to_owned()),
        Some(Some(method)) if method.is_empty() => {
            faults.push("at /method: must NOT have fewer than 1 characters".to_owned());
        }
        Some(Some(_)) => (),
    }
    BadRequest { id: id.filter(|id| id_fault(id).is_none()), reason: faults.join("; ") }
}

fn is_object(json: &str) -> bool {
    json.trim_ascii_start().starts_with('{')
}

fn id_fault(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("must NOT have fewer than 1 characters".to_owned());
    }
    let too_long = MAX_ID < id.len() && MAX_ID < id.chars().count();
    too_long.then(|| format!("must NOT have more than {MAX_ID} characters"))
}

/// Whether `text` is nested deeper than `limit`. The parser skips what it is
/// not asked about without counting, so this is counted here; nearly always the
/// number of brackets alone gives the answer.
fn nests_deeper_than(text: &str, limit: usize) -> bool {
    let opening = |byte: &&u8| matches!(byte, b'{' | b'[');
    if text.as_bytes().iter().filter(opening).count() <= limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_text => drop(bytes.next()),
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => (),
        }
        if limit < depth {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &str) -> Result<Request<'_>, BadRequest> {
        Request::decode(text, None, 128)
    }

    #[test]
    fn a_request_is_borrowed_from_its_text() {
        let text =
            r#"{"type":"req","id":"1","method":"health","params":{"a":[1]},"traceparent":"x"}"#;
        let request = decode(text).unwrap();
        assert_eq!(
            (request.dialect, &*request.id, &*request.method),
            (Dialect::Real, "1", "health")
        );
        assert_eq!(request.params.unwrap().get(), r#"{"a":[1]}"#);
        assert!(matches!(request.id, Cow::Borrowed(_)));

        let request =
            decode(r#"{"type":"request","id":"\u0031","method":"m","params":null}"#).unwrap();
        assert_eq!((request.dialect, &*request.id), (Dialect::Brief, "1"));
        assert!(request.params.is_none());
    }

    #[test]
    fn a_trace_that_is_not_understood_is_none() {
        const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let named = |traceparent: &str| {
            let text =
                format!(r#"{{"type":"req","id":"1","method":"m","traceparent":{traceparent}}}"#);
            decode(&text).unwrap().trace().map(|trace| trace.parent.to_string())
        };
        assert_eq!(named(&format!("{PARENT:?}")).as_deref(), Some(PARENT));
        let long = format!("\"01{}-{}\"", &PARENT[2..], "x".repeat(100));
        for none in ["null", "7", "{}", "[\"\"]", "\"\"", "\"00-00-00-00\"", "\"\\ud800\"", &long] {
            assert_eq!(named(none), None, "{none}");
        }
        assert_eq!(named(&format!("\" {PARENT}\"")), None);
        assert_eq!(named(&format!("{:?}", PARENT.to_uppercase())), None);
    }

    #[test]
    fn what_is_wrong_is_said_and_the_id_comes_back() {
        let long = "i".repeat(257);
        let long = format!(r#"{{"type":"req","id":"{long}","method":"m"}}"#);
        #[rustfmt::skip]
        let table = [
            ("not json",                                   None,       "must be JSON"),
            ("\u{feff}{}",                                 None,       "must be JSON"),
            ("\"x\"",                                      None,       "must be object"),
            ("null",                                       None,       "must be object"),
            ("[]",                                         None,       "must be object"),
            (r#"["req","1","m",{}]"#,                      None,       "must be object"),
            (r#"{"type":"res","id":"r1","ok":true}"#,      Some("r1"), "at /type: must be equal to \"req\"; must have required property 'method'"),
            (r#"{"type":"req","id":"","method":"m"}"#,     None,       "at /id: must NOT have fewer than 1 characters"),
            (r#"{"type":"req","id":7,"method":"m"}"#,      None,       "at /id: must be string"),
            (r#"{"type":"req","id":"a","method":""}"#,     Some("a"),  "at /method: must NOT have fewer than 1 characters"),
            (r#"{"type":"req","id":"a","method":null}"#,   Some("a"),  "must have required property 'method'"),
            (r#"{"type":"req","id":"\ud800","method":"m"}"#, None,     "at /id: must be string"),
            (&long,                                        None,       "at /id: must NOT have more than 256 characters"),
        ];
        for (text, id, reason) in table {
            let bad = decode(text).unwrap_err();
            assert_eq!((bad.id.as_deref(), bad.reason.as_str()), (id, reason), "{text}");
        }
        let twice = decode(r#"{"type":"req","id":"1","method":"a","method":"b"}"#).unwrap_err();
        assert!(twice.to_string().starts_with("invalid request frame: duplicate"), "{twice}");
    }

    #[test]
    fn a_connection_keeps_its_dialect() {
        let brief = r#"{"type":"request","id":"1","method":"m"}"#;
        let bad = Request::decode(brief, Some(Dialect::Real), 128).unwrap_err();
        assert_eq!(bad.reason, "at /type: must be equal to \"req\"");
        assert_eq!(bad.id.as_deref(), Some("1"));
        assert!(Request::decode(brief, Some(Dialect::Brief), 128).is_ok());
    }

    #[test]
    fn nesting_is_counted_where_the_parser_only_skips() {
        let nested = |levels: usize, key: &str| {
            let value = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            format!(r#"{{"type":"req","id":"1","method":"m","{key}":{value}}}"#)
        };
        for key in ["params", "ignored"] {
            assert!(decode(&nested(127, key)).is_ok(), "{key}");
            let bad = decode(&nested(128, key)).unwrap_err();
            assert_eq!(bad.reason, "must NOT be nested deeper than 128 levels", "{key}");
        }
        assert!(decode(&"[".repeat(100_000)).is_err());
        let text =
            format!(r#"{{"type":"req","id":"1","method":"m","params":"{}"}}"#, "[\\\"".repeat(500));
        assert!(decode(&text).is_ok(), "brackets in a text do not count");
    }

    proptest! {
        /// Nothing a client can send makes the decoder fall over, and what it
        /// complains about is never empty.
        #[test]
        fn any_text_is_decoded_or_refused(text in any::<String>()) {
            if let Err(bad) = decode(&text) {
                prop_assert!(!bad.reason.is_empty());
            }
        }

        /// The same for texts that nearly are requests.
        #[test]
        fn near_requests_too(
            kind in "\"(req|request|res)\"|null|1",
            id in "\"[a-z\\\\u]{0,6}\"|null|\\[\\]",
            method in "\"[a-z.]{0,8}\"|\\{\\}",
            rest in "(,\"params\":(null|\\{\\}|\\[1\\]))?(,\"id\":\"2\")?",
        ) {
            let text = format!(r#"{{"type":{kind},"id":{id},"method":{method}{rest}}}"#);
            match decode(&text) {
                Ok(request) => prop_assert!(!request.id.is_empty() && !request.method.is_empty()),
                Err(bad) => prop_assert!(!bad.reason.is_empty()),
            }
        }
    }
}
