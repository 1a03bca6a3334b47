//! Agents and the models that answer for them.

mod avatar;
mod fallback;
mod tokens;

pub use avatar::{Avatar, LARGEST_AVATAR, NoPicture};
pub use fallback::{Cooldowns, FailureKind};
pub use tokens::{BYTES_PER_TOKEN, TOKENS_PER_PICTURE, estimate_tokens};

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Names a model: `provider/model`, where the model's own name may contain
/// slashes, as in `openrouter/meta-llama/llama-3`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef {
    provider: Arc<str>,
    model: Arc<str>,
}

/// A text that is not `provider/model`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a model is named provider/model, as in openai/gpt-5.2")]
pub struct ParseModelRefError;

impl ModelRef {
    /// The model `model` of `provider`.
    pub fn new(provider: &str, model: &str) -> Result<Self, ParseModelRefError> {
        let (provider, model) = (provider.trim(), model.trim());
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        if !plain(provider) || !plain(model) || provider.contains('/') || 256 < model.len() {
            return Err(ParseModelRefError);
        }
        Ok(Self { provider: provider.to_lowercase().into(), model: model.into() })
    }

    /// Who offers it.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// What its provider calls it.
    pub fn model(&self) -> &str {
        &self.model
    }
}

impl FromStr for ModelRef {
    type Err = ParseModelRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, model) = text.split_once('/').ok_or(ParseModelRefError)?;
        Self::new(provider, model)
    }
}

impl TryFrom<String> for ModelRef {
    type Error = ParseModelRefError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ModelRef> for String {
    fn from(model: ModelRef) -> Self {
        model.to_string()
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

#[test]
fn models_are_named_with_their_provider() {
    let model: ModelRef = "OpenRouter/meta-llama/Llama-3".parse().unwrap();
    assert_eq!((model.provider(), model.model()), ("openrouter", "meta-llama/Llama-3"));
    for bad in ["", "gpt", "/gpt", "openai/", "open ai/\n"] {
        assert_eq!(bad.parse::<ModelRef>(), Err(ParseModelRefError), "{bad:?}");
    }
}
