//! Section `tts`: answers that are spoken.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Secret, is_default};

/// Answers that are spoken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct TtsConfig {
    /// Which answers are spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<TtsAuto>,
    /// Whether any is, in the spelling before `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Which parts of an answer are. Default: `final`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<TtsMode>,
    /// Who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The voice, by its name in `personas`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Voices by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub personas: BTreeMap<String, TtsPersonaConfig>,
    /// The model that shortens what is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_model: Option<String>,
    /// What models may decide about their voice.
    #[serde(skip_serializing_if = "is_default")]
    pub model_overrides: TtsOverridesConfig,
    /// Who can speak, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, TtsProviderConfig>,
    /// ElevenLabs, as older versions have it.
    #[serde(skip_serializing_if = "is_default")]
    pub elevenlabs: TtsProviderConfig,
    /// OpenAI, as older versions have it.
    #[serde(skip_serializing_if = "is_default")]
    pub openai: TtsProviderConfig,
    /// Edge, as older versions have it.
    #[serde(skip_serializing_if = "is_default")]
    pub edge: TtsProviderConfig,
    /// The file with what people like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefs_path: Option<String>,
    /// How long an answer may be to be spoken, in letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_text_length: Option<u64>,
    /// How long it may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// Which answers are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TtsAuto {
    /// None.
    Off,
    /// All.
    Always,
    /// Those to what was spoken.
    Inbound,
    /// Those the model marks.
    Tagged,
}

/// Which parts of an answer are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TtsMode {
    /// Its end.
    Final,
    /// All of them.
    All,
}

/// A voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TtsPersonaConfig {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What happens when that one cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_policy: Option<TtsFallback>,
    /// What it means to each of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, TtsProviderConfig>,
}

/// What happens when somebody cannot speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TtsFallback {
    /// Nothing is spoken.
    Fail,
    /// Another speaks with the same voice.
    PreservePersona,
    /// Another speaks with its own voice.
    ProviderDefaults,
}

/// Somebody who can speak.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct TtsProviderConfig {
    /// The key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
}

/// What models may decide about their voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TtsOverridesConfig {
    /// Whether they may decide anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_text: Option<bool>,
    /// Who speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_provider: Option<bool>,
    /// With which voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_voice: Option<bool>,
    /// With which model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_model_id: Option<bool>,
    /// How the voice is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_voice_settings: Option<bool>,
    /// Whether numbers are spoken as words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_normalization: Option<bool>,
    /// The seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_seed: Option<bool>,
}
