//! What a service says when it does not answer, and what that means.

use domain::agent::FailureKind;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest text that is passed on, in characters.
const LONGEST: usize = 300;

/// What a service says when it does not answer.
///
/// Services imitate each other and hide behind gateways that mix their
/// spellings, so there is one reading of all of them:
/// `{"error":{"message","type","code"}}`, the same without `error` around it,
/// `{"error":"text"}`, and `{"detail":"text"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// A status the service gives in its own words, if it gives one.
    pub status: Option<u16>,
    /// What programs are told, in lower case: `type` and `code`.
    codes: Vec<String>,
    /// What people are told.
    message: String,
}

impl Complaint {
    /// The complaint in `body`; an empty one if there is none to be found.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).map(Self::from_value).unwrap_or_default()
    }

    fn from_value(value: Value) -> Self {
        let mut complaint = Self::default();
        match value {
            Value::String(message) => complaint.message = message,
            Value::Object(mut object) => {
                if let Some(inner @ (Value::Object(_) | Value::String(_))) = object.remove("error")
                {
                    return Self::from_value(inner);
                }
                for key in ["type", "code", "status"] {
                    match object.get(key) {
                        Some(Value::String(code)) => complaint.codes.push(code.to_lowercase()),
                        Some(Value::Number(number)) => {
                            let status = number.as_u64().and_then(|status| status.try_into().ok());
                            complaint.status = complaint.status.or(status);
                        }
                        _ => (),
                    }
                }
                let text = ["message", "detail"].iter().find_map(|key| object.get(*key));
                complaint.message = match text {
                    Some(Value::String(message)) => message.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
            }
            _ => (),
        }
        complaint
    }

    /// What is meant, given the status of the answer that held it, if any.
    pub fn kind(&self, status: Option<u16>) -> FailureKind {
        let status = status.filter(|status| *status != 200).or(self.status);
        self.kind_by_words(status).unwrap_or(match status {
            Some(401 | 403) => FailureKind::Auth,
            Some(402) => FailureKind::Billing,
            Some(404) => FailureKind::UnknownModel,
            Some(408) => FailureKind::Timeout,
            Some(413) => FailureKind::ContextLength,
            Some(429) => FailureKind::RateLimit,
            // Nothing is what one hears of in the middle of an answer.
            Some(500..) | None => FailureKind::Overloaded,
            Some(_) => FailureKind::Format,
        })
    }

    /// Words count for more than the status, except that what limits requests
    /// also speaks of tokens.
    fn kind_by_words(&self, status: Option<u16>) -> Option<FailureKind> {
        let message = self.message.to_lowercase();
        let code = |known: &[&str]| self.codes.iter().any(|code| known.contains(&code.as_str()));
        let says = |known: &[&str]| known.iter().any(|words| message.contains(words));

        if code(BILLING_CODES) || says(BILLING_WORDS) {
            return Some(FailureKind::Billing);
        }
        if matches!(status, Some(401..=403 | 408 | 429)) {
            return None;
        }
        if code(&["rate_limit_error", "rate_limit_exceeded", "too_many_requests"]) {
            return Some(FailureKind::RateLimit);
        }
        if code(CONTEXT_CODES) || says(CONTEXT_WORDS) {
            return Some(FailureKind::ContextLength);
        }
        if code(&["authentication_error", "permission_error", "invalid_api_key"]) {
            return Some(FailureKind::Auth);
        }
        if code(&["model_not_found", "not_found_error"])
            || (message.contains("model") && says(UNKNOWN_WORDS))
        {
            return Some(FailureKind::UnknownModel);
        }
        if code(&["overloaded_error", "api_error", "server_error", "internal_server_error"]) {
            return Some(FailureKind::Overloaded);
        }
        if code(&["timeout_error"]) {
            return Some(FailureKind::Timeout);
        }
        // Only in the middle of an answer, where there is no status to say so.
        let refused = status.is_none() && code(&["invalid_request_error"]);
        refused.then_some(FailureKind::Format)
    }

    /// What people are told: one line, not too long.
    pub(crate) fn message(&self) -> String {
        let visible = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
        let line: String = self.message.chars().take(4 * LONGEST).map(visible).collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

impl<'de> Deserialize<'de> for Complaint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from_value)
    }
}

const BILLING_CODES: &[&str] = &[
    "insufficient_quota",
    "billing_error",
    "billing_not_active",
    "billing_hard_limit_reached",
    "insufficient_credits",
];
const BILLING_WORDS: &[&str] =
    &["credit balance is too low", "insufficient credits", "insufficient balance"];
const CONTEXT_CODES: &[&str] =
    &["context_length_exceeded", "exceed_context_size_error", "request_too_large"];
const CONTEXT_WORDS: &[&str] = &[
    "context length",
    "context window",
    "context size",
    "context limit",
    "maximum context",
    "prompt is too long",
    "input is too long",
    "reduce the length",
];
const UNKNOWN_WORDS: &[&str] = &["not found", "does not exist", "not a valid model"];

/// Characters that change how the rest of a line is shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[test]
fn what_services_mean() {
    use FailureKind::{
        Auth, Billing, ContextLength, Format, Overloaded, RateLimit, Timeout, UnknownModel,
    };

    #[rustfmt::skip]
    let table = [
        // status     body                                                                      meaning
        (Some(401), r#"{"error":{"message":"bad key","code":"invalid_api_key"}}"#,             Auth),
        (Some(403), r"<html>",                                                                 Auth),
        (Some(402), r"{}",                                                                     Billing),
        (Some(429), r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#,  Billing),
        (Some(400), r#"{"error":{"message":"Your credit balance is too low to use this"}}"#,   Billing),
        (Some(429), r#"{"error":{"message":"too many tokens for your context window"}}"#,      RateLimit),
        (Some(400), r#"{"error":{"code":"context_length_exceeded","message":"x"}}"#,           ContextLength),
        (Some(400), r#"{"object":"error","message":"maximum context length is 8"}"#,           ContextLength),
        (Some(400), r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#, ContextLength),
        (Some(413), r"",                                                                       ContextLength),
        (Some(400), r#"{"error":{"message":"temperature too high"}}"#,                         Format),
        (Some(422), r#"{"detail":[{"loc":["body"]}]}"#,                                        Format),
        (Some(302), r"",                                                                       Format),
        (Some(404), r#"{"error":"model 'x' not found"}"#,                                      UnknownModel),
        (Some(400), r#"{"error":{"message":"x is not a valid model ID"}}"#,                    UnknownModel),
        (Some(408), r"",                                                                       Timeout),
        (Some(500), r"",                                                                       Overloaded),
        (Some(502), r"<html>",                                                                 Overloaded),
        (Some(504), r"",                                                                       Overloaded),
        (Some(529), r#"{"error":{"type":"overloaded_error"}}"#,                                Overloaded),
        (None,      r#"{"error":{"code":429,"message":"slow down"}}"#,                         RateLimit),
        (None,      r#"{"error":{"type":"overloaded_error"}}"#,                                Overloaded),
        (None,      r#"{"error":{"type":"rate_limit_error"}}"#,                                RateLimit),
        (None,      r#"{"error":{"type":"invalid_request_error","message":"no"}}"#,            Format),
        (None,      r#"{"error":{"message":"it broke"}}"#,                                     Overloaded),
    ];
    for (status, body, meaning) in table {
        assert_eq!(Complaint::read(body.as_bytes()).kind(status), meaning, "{status:?} {body}");
    }
}

#[test]
fn a_complaint_is_one_short_line() {
    let message = |body: &str| Complaint::read(body.as_bytes()).message();
    assert_eq!(message(r#"{"error":"a\u001b[31m\n\tb \u202ec"}"#), "a [31m b c");
    let long = message(&format!(r#"{{"error":"{}"}}"#, "ü".repeat(5000)));
    assert_eq!(long.chars().count(), LONGEST + 1);
    assert_eq!(message("<html>"), "");
}
