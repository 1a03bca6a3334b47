//! Sections `media`, `audio` and `attachments`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// Files people send.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaConfig {
    /// Whether they keep their names. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_filenames: Option<bool>,
}

/// Sound people send. Newer versions have `tools.media.audio`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AudioConfig {
    /// A program that writes down what is said.
    #[serde(skip_serializing_if = "is_default")]
    pub transcription: TranscriptionConfig,
}

/// A program that writes down what is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TranscriptionConfig {
    /// The program and its arguments; `{{MediaPath}}` is the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

/// Files that are kept for conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentsConfig {
    /// How long, in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_hours: Option<u64>,
}
