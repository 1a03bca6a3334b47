//! Placeholders of secrets, put back.
//!
//! Clients are shown the file without its secrets, and send back what they were
//! shown. Where a placeholder stands at the place of a secret, it means that
//! secret, however the file spells it: as a text, a `${VARIABLE}` or a reference.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;

use crate::{
    alias::MOVED,
    edit::{get, spell_path},
    read::Document,
    redact::{REDACTED, Redaction, is_secret},
};

/// A placeholder, and the secret it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Where the placeholder stands in what was sent.
    pub(crate) sent: Vec<String>,
    /// Where the secret stands.
    pub(crate) secret: Vec<String>,
}

/// Finds the secrets the placeholders in `sent` mean, which is to stand at `at`
/// of what is `source` now; or the first place where there is none.
pub(crate) fn placeholders(
    sent: &Value,
    at: &[String],
    source: &Value,
    redaction: &Redaction,
) -> Result<Vec<Kept>, String> {
    let mut search = Search { source, redaction, kept: Vec::new() };
    search.visit(sent, &mut at.to_vec(), Some(at.to_vec()))?;
    Ok(search.kept)
}

/// The comments of `sent` that are shown comments of `source`, and which: by how
/// they are shown, and by their order if there are as many of them.
pub(crate) fn comments(
    sent: &Document,
    source: &Document,
    redaction: &Redaction,
) -> Vec<(Range<usize>, Range<usize>)> {
    let mut shown: BTreeMap<String, [Vec<Range<usize>>; 2]> = BTreeMap::new();
    for range in &source.comments {
        let text = redaction.comment(&source.text[range.clone()]);
        if text.contains(REDACTED) {
            shown.entry(text).or_default()[0].push(range.clone());
        }
    }
    for range in &sent.comments {
        if let Some(alike) = shown.get_mut(&sent.text[range.clone()]) {
            alike[1].push(range.clone());
        }
    }
    let as_many = shown.into_values().filter(|[source, sent]| source.len() == sent.len());
    as_many.flat_map(|[source, sent]| sent.into_iter().zip(source)).collect()
}

struct Search<'a> {
    source: &'a Value,
    redaction: &'a Redaction,
    kept: Vec<Kept>,
}

impl Search<'_> {
    /// Visits `sent`, which stands at `path` and corresponds to what is at
    /// `secret` of the source.
    fn visit(
        &mut self,
        sent: &Value,
        path: &mut Vec<String>,
        secret: Option<Vec<String>>,
    ) -> Result<(), String> {
        match sent {
            Value::String(text) if text.contains(REDACTED) => {
                let old = MOVED.iter().find(|(_, to)| path.iter().eq(to.iter()));
                let old = old.map(|(from, _)| from.iter().map(|&step| step.to_owned()).collect());
                let found = [secret, old].into_iter().flatten().find(|it| self.means(text, it));
                let secret = found.ok_or_else(|| spell_path(path))?;
                self.kept.push(Kept { sent: path.clone(), secret });
                Ok(())
            }
            Value::Array(values) => values.iter().enumerate().try_for_each(|(index, value)| {
                let secret = secret.as_ref().and_then(|it| self.twin(values, index, it));
                self.below(value, format!("[{index}]"), path, secret)
            }),
            Value::Object(map) => map.iter().try_for_each(|(name, value)| {
                let mut secret = secret.clone();
                if let Some(path) = &mut secret {
                    path.push(name.clone());
                }
                self.below(value, name.clone(), path, secret)
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn below(
        &mut self,
        value: &Value,
        step: String,
        path: &mut Vec<String>,
        secret: Option<Vec<String>>,
    ) -> Result<(), String> {
        path.push(step);
        let visited = self.visit(value, path, secret);
        path.pop();
        visited
    }

    /// Whether `text` is how the secret at `path` is shown.
    fn means(&self, text: &str, path: &[String]) -> bool {
        let Some(value) = get(self.source, path) else { return false };
        let something = match value {
            Value::String(secret) => !secret.is_empty(),
            Value::Number(_) | Value::Object(_) => true,
            Value::Null | Value::Bool(_) | Value::Array(_) => false,
        };
        let whole = text == REDACTED && is_secret(path) && something;
        whole || self.redaction.value_at(value, path) == *text
    }

    /// Where in the list at `list` of the source the entry is that `sent[index]`
    /// was: the one of the same `id`; without an `id`, the one in the same place,
    /// if none came or went.
    fn twin(&self, sent: &[Value], index: usize, list: &[String]) -> Option<Vec<String>> {
        let entries = get(self.source, list)?.as_array()?;
        let id = sent[index].get("id").filter(|id| id.is_string());
        let index = match id {
            Some(id) => entries.iter().position(|entry| entry.get("id") == Some(id))?,
            None => (entries.len() == sent.len()).then_some(index)?,
        };
        Some(list.iter().cloned().chain([format!("[{index}]")]).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source() -> Value {
        json!({
            "gateway": { "token": "canary-old", "port": 1, "auth": { "password": "${PASSWORD}" } },
            "models": { "providers": { "x": {
                "apiKey": { "source": "env", "id": "X" },
                "baseUrl": "https://me:canary@x.test/",
            } } },
            "agents": { "list": [
                { "id": "a", "token": "canary-a" }, { "id": "b", "token": "canary-b" },
            ] },
            "tokens": ["canary-1", "canary-2"],
            "empty": { "token": "" },
        })
    }

    fn found(sent: &Value) -> Result<Vec<(String, String)>, String> {
        let source = source();
        let mut redaction = Redaction::default();
        redaction.learn(&source);
        let kept = placeholders(sent, &[], &source, &redaction)?;
        Ok(kept.iter().map(|it| (spell_path(&it.sent), spell_path(&it.secret))).collect())
    }

    #[test]
    fn a_placeholder_means_the_secret_of_its_place() {
        let url = format!("https://{REDACTED}@x.test/");
        #[rustfmt::skip]
        let table = [
            (json!({ "gateway": { "token": REDACTED } }), Ok(("gateway.token", "gateway.token"))),
            (json!({ "gateway": { "auth": { "token": REDACTED } } }), Ok(("gateway.auth.token", "gateway.token"))),
            (json!({ "gateway": { "auth": { "password": REDACTED } } }), Ok(("gateway.auth.password", "gateway.auth.password"))),
            (json!({ "models": { "providers": { "x": { "apiKey": REDACTED } } } }), Ok(("models.providers.x.apiKey", "models.providers.x.apiKey"))),
            (json!({ "models": { "providers": { "x": { "baseUrl": url } } } }), Ok(("models.providers.x.baseUrl", "models.providers.x.baseUrl"))),
            (json!({ "agents": { "list": [{ "id": "b", "token": REDACTED }] } }), Ok(("agents.list[0].token", "agents.list[1].token"))),
            (json!({ "agents": { "list": [{ "token": REDACTED }] } }), Err("agents.list[0].token")),
            (json!({ "agents": { "list": [{ "id": "c", "token": REDACTED }] } }), Err("agents.list[0].token")),
            (json!({ "gateway": { "port": REDACTED } }), Err("gateway.port")),
            (json!({ "empty": { "token": REDACTED } }), Err("empty.token")),
            (json!({ "models": { "providers": { "y": { "apiKey": REDACTED } } } }), Err("models.providers.y.apiKey")),
            (json!({ "note": format!("see {REDACTED}") }), Err("note")),
        ];
        for (sent, expected) in table {
            let expected = expected
                .map(|(sent, secret)| vec![(sent.to_owned(), secret.to_owned())])
                .map_err(str::to_owned);
            assert_eq!(found(&sent), expected, "{sent}");
        }
    }
}
