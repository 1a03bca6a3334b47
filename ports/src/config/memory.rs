//! Section `memory`, and `memorySearch` of agents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Secret, is_default};

/// What agents remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryConfig {
    /// Whether they say where they know something from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<MemoryCitations>,
    /// How they look something up.
    #[serde(skip_serializing_if = "is_default")]
    pub search: MemorySearchConfig,
}

/// Whether agents say where they know something from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemoryCitations {
    /// Where it helps.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How agents look something up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemorySearchConfig {
    /// Whether they can. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether what one conversation knows is known in the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember_across_conversations: Option<bool>,
    /// Where they look. Default: `memory`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<MemorySource>,
    /// Files and directories where they look, too: paths, or `{path,
    /// pattern}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_paths: Vec<Anything>,
    /// Pictures and sound.
    #[serde(skip_serializing_if = "is_default")]
    pub multimodal: MultimodalConfig,
    /// What is tried out.
    #[serde(skip_serializing_if = "is_default")]
    pub experimental: MemoryExperimentsConfig,
    /// Who turns texts into numbers: `openai`, `gemini`, `local` or a plugin.
    /// Default: the first that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Where that provider is.
    #[serde(skip_serializing_if = "is_default")]
    pub remote: MemoryRemoteConfig,
    /// Who does it when that one cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The model for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What such a model is told about texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_type: Option<String>,
    /// What it is told about questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_input_type: Option<String>,
    /// What it is told about what is searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_input_type: Option<String>,
    /// How many numbers a text becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_dimensionality: Option<u64>,
    /// A model that runs here.
    #[serde(skip_serializing_if = "is_default")]
    pub local: MemoryLocalConfig,
    /// Where the numbers are kept.
    #[serde(skip_serializing_if = "is_default")]
    pub store: MemoryStoreConfig,
    /// How texts are cut.
    #[serde(skip_serializing_if = "is_default")]
    pub chunking: MemoryChunkingConfig,
    /// When changes are noticed.
    #[serde(skip_serializing_if = "is_default")]
    pub sync: MemorySyncConfig,
    /// What is found.
    #[serde(skip_serializing_if = "is_default")]
    pub query: MemoryQueryConfig,
    /// Remembering numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: MemoryCacheConfig,
}

/// Where agents look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemorySource {
    /// In what they wrote down.
    Memory,
    /// In former conversations.
    Sessions,
}

/// Pictures and sound in the memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MultimodalConfig {
    /// Whether they are in it. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Which: `image`, `audio`, `all`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
    /// How large a file may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
}

/// What is tried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryExperimentsConfig {
    /// Looking in former conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_memory: Option<bool>,
}

/// Where a provider is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryRemoteConfig {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// Asking for many texts at once.
    #[serde(skip_serializing_if = "is_default")]
    pub batch: MemoryBatchConfig,
}

/// Asking for many texts at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryBatchConfig {
    /// Whether that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the result is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<bool>,
    /// How many at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// How often the result is asked for, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_interval_ms: Option<u64>,
    /// How long it may take, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u64>,
}

/// A model that runs here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryLocalConfig {
    /// Its file, or where to get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_path: Option<String>,
    /// Where models are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_cache_dir: Option<String>,
}

/// Where the numbers are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryStoreConfig {
    /// In what. Default: `sqlite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<MemoryDriver>,
    /// The file. Default: `memory/<agent>.sqlite` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Searching for words.
    #[serde(skip_serializing_if = "is_default")]
    pub fts: MemoryFtsConfig,
    /// Searching for likeness.
    #[serde(skip_serializing_if = "is_default")]
    pub vector: MemoryVectorConfig,
}

/// What the numbers are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemoryDriver {
    /// SQLite.
    Sqlite,
}

/// Searching for words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryFtsConfig {
    /// What a word is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<MemoryTokenizer>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemoryTokenizer {
    /// What letters surround.
    Unicode61,
    /// Any three letters.
    Trigram,
}

/// Searching for likeness.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryVectorConfig {
    /// Whether the database does it. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The file of the extension it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_path: Option<String>,
}

/// How texts are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryChunkingConfig {
    /// How long the pieces are, in tokens.
    pub tokens: u64,
    /// How much of a piece is in the next one, in tokens.
    pub overlap: u64,
}

impl Default for MemoryChunkingConfig {
    fn default() -> Self {
        Self { tokens: 400, overlap: 80 }
    }
}

/// When changes are noticed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemorySyncConfig {
    /// When a conversation begins. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_session_start: Option<bool>,
    /// When something is looked up. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_search: Option<bool>,
    /// At once. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<bool>,
    /// How long a file has to be quiet before it is read, in milliseconds.
    /// Default: 1500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_debounce_ms: Option<u64>,
    /// Every so many minutes; 0 is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_minutes: Option<u64>,
    /// When conversations are read again.
    #[serde(skip_serializing_if = "is_default")]
    pub sessions: MemorySessionsConfig,
}

/// When conversations are read again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemorySessionsConfig {
    /// After so many new bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_bytes: Option<u64>,
    /// After so many new messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_messages: Option<u64>,
}

/// What is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryQueryConfig {
    /// How much.
    pub max_results: u64,
    /// How like it has to be, from 0 to 1.
    pub min_score: f64,
    /// Searching for words and likeness at once.
    #[serde(skip_serializing_if = "is_default")]
    pub hybrid: MemoryHybridConfig,
}

impl Default for MemoryQueryConfig {
    fn default() -> Self {
        Self { max_results: 6, min_score: 0.35, hybrid: MemoryHybridConfig::default() }
    }
}

/// Searching for words and likeness at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryHybridConfig {
    /// Whether that is done.
    pub enabled: bool,
    /// How much likeness counts.
    pub vector_weight: f64,
    /// How much words count.
    pub text_weight: f64,
    /// How many times more is looked at than found.
    pub candidate_multiplier: u64,
}

impl Default for MemoryHybridConfig {
    fn default() -> Self {
        Self { enabled: true, vector_weight: 0.7, text_weight: 0.3, candidate_multiplier: 4 }
    }
}

/// Remembering numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryCacheConfig {
    /// Whether they are. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// For how many texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_entries: Option<u64>,
}
