//! The key to a service.

use std::{fmt, str::FromStr};

use http::HeaderValue;

/// The key to a service: something that fits into a header and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Box<str>);

/// A text that cannot be a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is one line of visible characters")]
pub struct ParseKeyError;

impl ApiKey {
    /// As in `Authorization: Bearer …`, with what comes before the key.
    pub fn header(&self, before: &str) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("{before}{}", self.0))
            .unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// The key itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ParseKeyError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// `text` without `secrets`, also where only their beginning is quoted, as in
/// `sk-pro****wxyz`. What is shorter than eight characters is not a secret but a
/// placeholder, as local servers like them.
pub(crate) fn scrub(text: &str, secrets: &[Box<str>]) -> String {
    const SHORTEST: usize = 8;
    const BEGINNING: usize = 6;

    let mut scrubbed = text.to_owned();
    for secret in secrets.iter().filter(|secret| SHORTEST <= secret.len()) {
        scrubbed = scrubbed.replace(&**secret, "***");
        let Some(beginning) = secret.get(..BEGINNING) else { continue };
        while let Some(start) = scrubbed.find(beginning) {
            let rest = &scrubbed[start..];
            let end = rest.find(|c: char| c.is_whitespace() || "\"',;()".contains(c));
            let end = start + end.unwrap_or(rest.len());
            scrubbed.replace_range(start..end, "***");
        }
    }
    scrubbed
}

#[test]
fn keys_are_trimmed_and_not_shown() {
    let key: ApiKey = " sk-test-123456\n".parse().unwrap();
    assert_eq!(key.header("Bearer ").to_str().unwrap(), "Bearer sk-test-123456");
    assert!(!format!("{key:?} {:?}", key.header("")).contains("sk-test"));
    for bad in ["", " ", "a b", "a\nb", "schlüssel"] {
        assert_eq!(bad.parse::<ApiKey>(), Err(ParseKeyError), "{bad:?}");
    }
}

#[test]
fn keys_are_taken_out_of_what_services_say() {
    let secrets = ["sk-proj-abcdefgh".into(), "ollama".into()];
    #[rustfmt::skip]
    let table = [
        ("wrong key: sk-proj-abcdefgh.",         "wrong key: ***."),
        ("wrong key sk-proj-a***efgh, try",      "wrong key ***, try"),
        ("\"sk-proj-abcdefgh\" \"sk-proj-x\"",   "\"***\" \"***\""),
        ("try ollama pull",                      "try ollama pull"),
    ];
    for (said, scrubbed) in table {
        assert_eq!(scrub(said, &secrets), scrubbed);
    }
}
