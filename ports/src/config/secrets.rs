//! Section `secrets`: where secrets are kept that the file only names.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Command, Secret, is_default};

/// Where secrets are kept that the file only names, as in `{ source: \"file\",
/// provider: \"mine\", id: \"/telegram\" }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretsConfig {
    /// Places by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, SecretProviderConfig>,
    /// The place that is meant when none is named.
    #[serde(skip_serializing_if = "is_default")]
    pub defaults: SecretDefaultsConfig,
    /// A proxy that puts secrets into requests.
    #[serde(skip_serializing_if = "is_default")]
    pub egress_proxy: EgressProxyConfig,
}

/// A place where secrets are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretProviderConfig {
    /// What kind of place it is.
    pub source: SecretSource,
    /// Of `env`: only these variables. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowlist: Vec<String>,
    /// Of `file`: the file. Nobody else should be able to read it (mode 0600).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of `file`: what is in it. Default: `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SecretFileMode>,
    /// Of `file`: how long it may be, in bytes. Default: 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Of `exec`: the program, or the program and its arguments. No shell is
    /// involved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Of `exec`: its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Of `exec`: its environment, besides `passEnv`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
    /// Of `exec`: the variables that are passed on, besides `PATH` and `HOME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pass_env: Vec<String>,
    /// How long it may take, in milliseconds, at most 5000. Default: 5000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Read for OpenClaw's sake; `timeoutMs` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_output_timeout_ms: Option<u64>,
    /// Of `exec`: how much it may write, in bytes, at most 65536. Default:
    /// 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_bytes: Option<u64>,
    /// Of `exec`: whether its output has to be JSON. Default: whatever it is,
    /// it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_only: Option<bool>,
    /// Of `exec`: only programs in these directories. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_dirs: Vec<String>,
    /// Whether it is no matter who else can read or change the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_insecure_path: Option<bool>,
    /// Of `exec`: whether the program may be a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_symlink_command: Option<bool>,
}

impl Default for SecretProviderConfig {
    fn default() -> Self {
        Self {
            source: SecretSource::Env,
            allowlist: Vec::new(),
            path: None,
            mode: None,
            max_bytes: None,
            command: None,
            args: Vec::new(),
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            timeout_ms: None,
            no_output_timeout_ms: None,
            max_output_bytes: None,
            json_only: None,
            trusted_dirs: Vec::new(),
            allow_insecure_path: None,
            allow_symlink_command: None,
        }
    }
}

/// What kind of place secrets are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// Variables of the environment.
    Env,
    /// A file.
    File,
    /// What a program says.
    Exec,
    /// The store of the gateway.
    Store,
}

/// What is in a file with secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SecretFileMode {
    /// JSON, in which `id` is a pointer as in `/telegram/token`.
    #[serde(rename = "json")]
    Json,
    /// One secret.
    #[serde(rename = "singleValue")]
    SingleValue,
    /// The same, in other letters.
    #[serde(rename = "single-value")]
    SingleValueDashed,
}

/// The place that is meant when none is named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretDefaultsConfig {
    /// Of `env`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Of `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Of `exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<String>,
    /// Of `store`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
}

/// A proxy that puts secrets into requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EgressProxyConfig {
    /// Whether it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The hosts that are sent secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_hosts: Vec<String>,
    /// The hosts that are asked without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bypass_hosts: Vec<String>,
}
