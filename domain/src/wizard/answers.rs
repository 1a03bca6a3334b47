//! What was answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Value, id};

/// What was answered, by the names of the questions. Shows no values, which may
/// be secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Value>);

impl Answers {
    /// Notes an answer.
    pub fn set(&mut self, id: &str, value: Value) {
        self.0.insert(id.to_owned(), value);
    }

    /// Forgets an answer.
    pub fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// The answer to `id`.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.0.get(id)
    }

    /// The text answered to `id`; an empty one is none.
    pub fn text(&self, id: &str) -> Option<&str> {
        match self.0.get(id)? {
            Value::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Value::Flag(_) => None,
        }
    }

    /// Whether what there is is thrown away.
    pub(super) fn resets(&self) -> bool {
        self.text(id::EXISTING) == Some("reset") || self.0.contains_key(id::RESET)
    }

    /// What may be kept: without secrets, which are asked for again.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let secret = [id::REMOTE_TOKEN, id::PROVIDER_KEY, id::TOKEN, id::PASSWORD];
        let kept = self.0.iter().filter(|(id, _)| !secret.contains(&id.as_str()));
        Self(kept.map(|(id, value)| (id.clone(), value.clone())).collect())
    }

    /// The same with those of `others` to questions not answered here.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (id, value) in &others.0 {
            self.0.entry(id.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The names of the questions that were answered.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
