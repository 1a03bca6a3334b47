//! What Slack would send, and the checks that are about webhooks.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::{Map, Value, json};

use super::{expect::Mismatch, invariant::Aftermath, operator};

/// What Slack signs with for gateways that listen to it.
pub(super) const SIGNING_SECRET: &str = "5l4ck-b8GtR2wQ9zXv4NmK7pLc1HsJ6yEd";

/// What somebody sends who would be taken for Slack.
pub(super) struct Crafted {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What Slack would send, except for what `craft` says.
pub(super) fn slack(craft: &Map<String, Value>) -> Result<Crafted, String> {
    const KNOWN: [&str; 6] =
        ["timestamp", "version", "upper", "flip_body_byte", "body_bytes", "signature"];
    if let Some(other) = craft.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("runner does not know how to craft {other} for Slack"));
    }
    let number = |name: &str| craft.get(name).and_then(Value::as_u64);
    let mut body = match number("body_bytes") {
        Some(bytes) => vec![b'a'; usize::try_from(bytes).map_err(|error| error.to_string())?],
        None => json!({
            "type": "event_callback",
            "event_id": "Ev1",
            "event": { "type": "message", "channel": "D1", "user": "U1", "text": "hi", "ts": "1.0" },
        })
        .to_string()
        .into_bytes(),
    };
    let time = match craft.get("timestamp") {
        None => Some(seconds("{{now_s}}")?),
        Some(Value::String(text)) => Some(seconds(text)?),
        Some(_) => None,
    };
    let signed = signature(craft, time.unwrap_or_default(), &body);
    if let Some(place) = number("flip_body_byte").and_then(|place| usize::try_from(place).ok()) {
        *body.get_mut(place).ok_or("a body without that byte")? ^= 1;
    }
    let time = time.map(|time| ("X-Slack-Request-Timestamp", time.to_string()));
    let signed =
        (craft.get("signature") != Some(&Value::Null)).then_some(("X-Slack-Signature", signed));
    let kind = ("Content-Type", "application/json".to_owned());
    let headers = [Some(kind), time, signed].into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Crafted { headers, body })
}

fn signature(craft: &Map<String, Value>, time: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_SECRET.as_bytes());
    let version = craft.get("version").and_then(Value::as_str).unwrap_or("v0");
    let tag = hmac::sign(&key, &[format!("v0:{time}:").as_bytes(), body].concat());
    let hex: String =
        tag.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let hex = if craft.get("upper") == Some(&Value::Bool(true)) { hex.to_uppercase() } else { hex };
    format!("{version}={hex}")
}

/// The time `{{now_s-301}}` stands for.
fn seconds(text: &str) -> Result<u64, String> {
    let unknown = || format!("runner does not know the time {text}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    let inner = text.strip_prefix("{{now_s").and_then(|rest| rest.strip_suffix("}}"));
    let change: i64 = match inner.ok_or_else(unknown)? {
        "" => 0,
        change => change.parse().map_err(|_| unknown())?,
    };
    now.as_secs().checked_add_signed(change).ok_or_else(unknown)
}

/// A check with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hooked {
    Fenced,
    OneRun,
    NothingSaid,
}

impl Hooked {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "prompt wraps the content as untrusted" => Self::Fenced,
            "exactly one run" => Self::OneRun,
            "no session message created" => Self::NothingSaid,
            _ => return None,
        })
    }

    pub(super) async fn check(self, after: &Aftermath<'_>) -> Result<(), Mismatch> {
        let operator = operator::login(&after.gateway.site, &Value::Null).await?;
        let mut asked = Vec::new();
        for key in operator.sessions().await? {
            let history = operator.history(&key).await?;
            asked.extend(history.into_iter().filter(|said| said.role == "user"));
        }
        match (self, asked.as_slice()) {
            (Self::NothingSaid, []) => Ok(()),
            (Self::OneRun | Self::Fenced, [one]) => {
                let lines: Vec<&str> = one.text.lines().collect();
                let marks = |mark: &str| lines.iter().filter(|line| line.starts_with(mark)).count();
                let is_fenced = (marks("<<<OUTSIDE "), marks("<<<END ")) == (1, 1)
                    && one.text.contains("not to be trusted");
                if is_fenced { Ok(()) } else { Err(format!("a fence; {one:?}")) }
            }
            _ => Err(format!("{self:?}; {asked:?}")),
        }
    }
}

#[test]
fn what_slack_would_send() {
    let craft = |value: Value| slack(value.as_object().unwrap());
    let Crafted { headers, body } = craft(json!({})).unwrap();
    assert_eq!(headers.len(), 3);
    assert!(headers[2].1.starts_with("v0=") && body.starts_with(b"{"));
    let Crafted { headers, body } = craft(json!({ "timestamp": null, "body_bytes": 5 })).unwrap();
    assert!(body == b"aaaaa" && headers[1].0 == "X-Slack-Signature");
    assert_eq!(craft(json!({ "signature": null })).unwrap().headers.len(), 2);
    assert!(craft(json!({ "smell": 1 })).is_err());
    let now = seconds("{{now_s}}").unwrap();
    assert!(seconds("{{now_s-301}}").unwrap() + 301 <= now + 1);
    assert!(seconds("{{now_s+301}}").unwrap() >= now + 301);
}
