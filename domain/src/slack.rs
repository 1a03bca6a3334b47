//! What Slack sends, and how one knows that it was Slack.

use std::time::Duration;

use crate::{
    hooks::{SignatureError, Signed, Tree},
    time::Timestamp,
};

/// How far the time of a request may be from ours, in both directions.
pub const TOLERANCE: Duration = Duration::from_mins(5);
/// The version of Slack's signatures.
const VERSION: &str = "v0";

/// What a request of Slack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlackRequest {
    /// Slack makes sure that somebody is there, who repeats this.
    Challenge(String),
    /// Slack looks at the certificate.
    CertificateCheck,
    /// Something happened. The name is the same when it is sent again.
    Event {
        /// Its name, if it has one.
        name: Option<Box<str>>,
    },
}

/// Reads the headers `X-Slack-Request-Timestamp` and `X-Slack-Signature`.
pub fn signed(
    time: Option<&str>,
    signature: Option<&str>,
    now: Timestamp,
) -> Result<Signed, SignatureError> {
    let time = time.ok_or(SignatureError::Missing)?;
    let signature = signature.ok_or(SignatureError::Missing)?;
    crate::hooks::timely(time, now, TOLERANCE)?;
    let tag = signature.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('='));
    let tag = tag.and_then(crate::hooks::lower_hex).ok_or(SignatureError::Malformed)?;
    Ok(Signed { before: format!("{VERSION}:{time}:"), tags: vec![tag] })
}

impl SlackRequest {
    /// What a body of JSON is.
    pub fn of_json(body: &Tree) -> Self {
        let text = |name: &str| body.get(name).and_then(Tree::as_text);
        match text("type") {
            Some("url_verification") => {
                Self::Challenge(text("challenge").unwrap_or_default().to_owned())
            }
            _ => Self::Event { name: text("event_id").map(Into::into) },
        }
    }

    /// What a form is: a command somebody typed, or a button somebody pressed.
    pub fn of_form(fields: &[(String, String)]) -> Self {
        let field = |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        if field("ssl_check").is_some_and(|value| value == "1") {
            return Self::CertificateCheck;
        }
        Self::Event { name: field("trigger_id").map(|name| name.as_str().into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    #[test]
    fn what_slack_signs() {
        use SignatureError::{Malformed, Missing, Untimely};

        let hex = "ab".repeat(32);
        let good = format!("v0={hex}");
        let read = |time: Option<&str>, signature: &str| {
            let signature = (!signature.is_empty()).then_some(signature);
            signed(time, signature, NOW).map(|signed| {
                assert_eq!(signed.tags, [[0xab; 32]]);
                signed.before
            })
        };
        let fine = |time: &str| Ok(format!("v0:{time}:"));
        let (upper, version, long) = (good.to_uppercase(), format!("v1={hex}"), format!("{good}0"));
        let upper_hex = format!("v0={}", hex.to_uppercase());
        #[rustfmt::skip]
        let table = [
            (Some("1700000000"),  &good[..],     fine("1700000000")),
            (Some("1699999700"),  &good[..],     fine("1699999700")),
            (Some("1700000300"),  &good[..],     fine("1700000300")),
            (Some("1699999699"),  &good[..],     Err(Untimely)),
            (Some("1700000301"),  &good[..],     Err(Untimely)),
            (None,                &good[..],     Err(Missing)),
            (Some("1700000000"),  "",            Err(Missing)),
            (Some("17e8"),        &good[..],     Err(Malformed)),
            (Some("-1700000000"), &good[..],     Err(Malformed)),
            (Some(""),            &good[..],     Err(Malformed)),
            (Some("1700000000"),  &version[..],  Err(Malformed)),
            (Some("1700000000"),  &upper[..],    Err(Malformed)),
            (Some("1700000000"),  &upper_hex[..], Err(Malformed)),
            (Some("1700000000"),  &long[..],     Err(Malformed)),
            (Some("1700000000"),  &hex[..],      Err(Malformed)),
        ];
        for (time, signature, expected) in table {
            assert_eq!(read(time, signature), expected, "{time:?} {signature}");
        }
    }

    #[test]
    fn what_a_request_is() {
        let json = |text: &str| SlackRequest::of_json(&serde_json::from_str(text).unwrap());
        let event = |name: Option<&str>| SlackRequest::Event { name: name.map(Into::into) };
        let challenge = r#"{"type":"url_verification","challenge":"c","token":"t"}"#;
        assert_eq!(json(challenge), SlackRequest::Challenge("c".into()));
        let told = r#"{"type":"event_callback","event_id":"Ev1","event":{}}"#;
        assert_eq!(json(told), event(Some("Ev1")));
        assert_eq!(json("[]"), event(None));

        let form = |fields: &[(&str, &str)]| {
            let fields: Vec<_> =
                fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            SlackRequest::of_form(&fields)
        };
        assert_eq!(form(&[("ssl_check", "1"), ("token", "t")]), SlackRequest::CertificateCheck);
        let command = form(&[("command", "/ask"), ("trigger_id", "7")]);
        assert_eq!(command, event(Some("7")));
    }
}
