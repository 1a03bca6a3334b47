//! The file without its secrets.

use std::{collections::BTreeSet, ops::Range};

use ports::config::holds_secret;
use serde_json::Value;

use crate::{read::Document, substitute::is_reference};

/// What stands in the place of a secret. Clients of OpenClaw know this text.
pub const REDACTED: &str = "__OPENCLAW_REDACTED__";

/// How long a secret has to be to be looked for inside of other texts.
const LONG_ENOUGH: usize = 6;

/// Knows the secrets of a file by their keys, and by what they are wherever
/// they turn up again.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    secrets: BTreeSet<String>,
}

impl Redaction {
    /// Remembers every secret of `tree`.
    pub(crate) fn learn(&mut self, tree: &Value) {
        self.visit(tree, &mut Vec::new());
    }

    /// Remembers `secret`.
    pub(crate) fn learn_one(&mut self, secret: &str) {
        if LONG_ENOUGH <= secret.len() && !is_reference(secret) {
            self.secrets.insert(secret.to_owned());
        }
    }

    fn visit(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::String(text) if is_secret(path) => self.learn_one(text),
            Value::Number(number) if is_secret(path) => self.learn_one(&number.to_string()),
            Value::Array(values) => values.iter().for_each(|value| {
                path.push("[]".into());
                self.visit(value, path);
                path.pop();
            }),
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                path.push(name.clone());
                self.visit(value, path);
                path.pop();
            }),
            _ => (),
        }
    }

    /// `value` with its secrets replaced.
    pub(crate) fn value(&self, value: &Value) -> Value {
        self.value_at(value, &[])
    }

    /// The same for a `value` that stands at `path`.
    pub(crate) fn value_at(&self, value: &Value, path: &[String]) -> Value {
        let mut value = value.clone();
        self.replace(&mut value, &mut path.to_vec());
        value
    }

    fn replace(&self, value: &mut Value, path: &mut Vec<String>) {
        match value {
            Value::String(text) if is_secret(path) => {
                if !text.is_empty() && !is_reference(text) {
                    *text = REDACTED.into();
                }
            }
            Value::String(text) => *text = self.inside(text),
            Value::Number(_) if is_secret(path) => *value = REDACTED.into(),
            Value::Array(values) => values.iter_mut().for_each(|value| {
                path.push("[]".into());
                self.replace(value, path);
                path.pop();
            }),
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| {
                path.push(name.clone());
                self.replace(value, path);
                path.pop();
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => (),
        }
    }

    /// The text of `document` with its secrets replaced, those in its comments
    /// included.
    pub(crate) fn text(&self, document: &Document) -> String {
        let quoted = format!("\"{REDACTED}\"");
        let secret = |(path, range): &(Vec<String>, Range<usize>)| {
            let literal = &document.text[range.clone()];
            let harmless = is_reference(literal.trim_matches(['"', '\'']))
                || literal.trim_matches(['"', '\'']).is_empty();
            (is_secret(path) && !harmless).then(|| (range.clone(), quoted.clone()))
        };
        let comment = |range: &Range<usize>| {
            let text = &document.text[range.clone()];
            mentions_secret(text).then(|| (range.clone(), self.comment(text)))
        };
        let mut replaced: Vec<_> = document
            .literals
            .iter()
            .filter_map(secret)
            .chain(document.comments.iter().filter_map(comment))
            .collect();
        replaced.sort_by_key(|(range, _)| range.start);
        let (mut text, mut done) = (String::new(), 0);
        for (range, by) in replaced {
            text.push_str(&self.inside(&document.text[done..range.start]));
            text.push_str(&by);
            done = range.end;
        }
        text.push_str(&self.inside(&document.text[done..]));
        text
    }

    /// A comment with its secrets replaced.
    pub(crate) fn comment(&self, text: &str) -> String {
        match (mentions_secret(text), text.starts_with("//")) {
            (false, _) => self.inside(text),
            (true, true) => format!("// {REDACTED}"),
            (true, false) => format!("/* {REDACTED} */"),
        }
    }

    /// `text` without the secrets that are known and without a user in a URL.
    fn inside(&self, text: &str) -> String {
        let known = self.secrets.iter().rev().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret, REDACTED) } else { text }
        });
        without_users(&known)
    }
}

/// Whether the value at `path` is a secret: by its own name, or because
/// everything there is treated as one.
pub(crate) fn is_secret(path: &[String]) -> bool {
    let named = path.iter().rev().find(|step| !step.starts_with('['));
    let everything_below = match path {
        [first, name, ..] if first == "env" => name != "shellEnv",
        [_, above @ .., _] => above.iter().any(|step| step == "env") || is_in(path, "headers"),
        _ => is_in(path, "headers"),
    };
    // Names that only mean a secret where they are.
    let here = match path {
        [first, .., name] if first == "channels" => name == "code",
        [.., name] => name == "identityData",
        [] => false,
    };
    everything_below
        || here
        || is_in(path, "edgeAuth")
        || named.is_some_and(|name| holds_secret(name))
}

fn is_in(path: &[String], name: &str) -> bool {
    path.iter().any(|step| step == name)
}

/// Whether a comment may hold a secret: `token: …`, `API_KEY=…`.
fn mentions_secret(comment: &str) -> bool {
    let mut before = "";
    for piece in comment.split_inclusive([':', '=']) {
        let name = before.trim_end_matches([':', '=', ' ', '"', '\'', '\t']);
        let name = name.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next();
        let follows = piece.chars().any(char::is_alphanumeric);
        if follows && name.is_some_and(holds_secret) {
            return true;
        }
        before = piece;
    }
    false
}

/// `https://user:password@host` without the user and the password.
fn without_users(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        cleaned.push_str(before);
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#' | ',');
        let host = &after[..after.find(ends).unwrap_or(after.len())];
        rest = match host.rfind('@') {
            Some(at) => {
                cleaned.push_str(REDACTED);
                &after[at..]
            }
            None => after,
        };
    }
    cleaned.push_str(rest);
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    /// Every secret in it contains the word canary; nothing else does.
    const FILE: &str = r#"{
      // token: canary-in-a-comment-1
      /* OPENAI_API_KEY=canary-in-a-comment-2 */
      // a harmless note about tokens
      gateway: { port: 18789, auth: { token: 'canary-token', password: "canary-password" } },
      models: { providers: { openai: {
        apiKey: 'canary-key',
        baseUrl: 'https://me:canary-user@api.test/v1?k=canary-key',
        headers: { Authorization: 'Bearer canary-header', 'x-any': "canary-any" },
      } } },
      env: { OPENROUTER_API_KEY: 'canary-env', vars: { PLAIN: 'canary-vars' } },
      channels: { telegram: { botToken: "canary-bot", tokens: ['x'] },
                  slack: { signingSecret: 'canary\u002dsecret' } },
      note: 'the key is canary-key',
      session: { mainKey: 'main' },
      empty: { token: '', apiKey: '${OPENAI_API_KEY}', pin: { password: 123456 } },
    }"#;

    #[test]
    fn no_secret_survives_and_nothing_else_is_lost() {
        let document = read(FILE).unwrap();
        let mut redaction = Redaction::default();
        redaction.learn(&document.value);

        let (text, value) = (redaction.text(&document), redaction.value(&document.value));
        for shown in [&text, &value.to_string()] {
            assert!(!shown.contains("canary"), "{shown}");
            assert!(!shown.contains("123456"), "{shown}");
            for kept in ["18789", "api.test/v1", "main", "${OPENAI_API_KEY}", "the key is"] {
                assert!(shown.contains(kept), "{kept}: {shown}");
            }
        }
        assert!(text.contains("// a harmless note about tokens"));
        assert_eq!(read(&text).unwrap().value, value, "what is shown says the same");
        assert_eq!(value["gateway"]["auth"]["token"], REDACTED);
        assert_eq!(value["empty"]["token"], "");
    }

    #[test]
    fn comments_that_may_hold_a_secret() {
        let table = [
            ("// token: abc", true),
            ("// \"apiKey\": \"abc\",", true),
            ("/* PASSWORD=abc */", true),
            ("// port: 1", false),
            ("// the token is in the state directory", false),
            ("// token:", false),
            ("// mainKey: x", false),
        ];
        for (comment, expected) in table {
            assert_eq!(mentions_secret(comment), expected, "{comment}");
        }
    }
}
