//! Section `mcp`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Handle, Secret, is_default};

/// Servers that bring tools by the Model Context Protocol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpConfig {
    /// The servers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, McpServerConfig>,
    /// Pages servers show in a conversation.
    #[serde(skip_serializing_if = "is_default")]
    pub apps: McpAppsConfig,
    /// How long a connection stays that nobody uses, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_idle_ttl_ms: Option<u64>,
}

/// Pages servers show in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpAppsConfig {
    /// Whether they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The origin the pages are put under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_origin: Option<String>,
    /// The port they are served on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_port: Option<u64>,
}

/// A server: a program that is started, or an address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct McpServerConfig {
    /// Whether it is used. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Its environment, besides what is passed on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Handle>,
    /// The directory it is started in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it is spoken to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<McpTransport>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Handle>,
    /// How long it may take to be there, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_timeout_ms: Option<u64>,
    /// How long it may take to answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout_ms: Option<u64>,
    /// Whether it can do several things at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports_parallel_tool_calls: Option<bool>,
    /// What it lets in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<McpAuth>,
    /// How OAuth goes with it.
    #[serde(skip_serializing_if = "is_default")]
    pub oauth: McpOauthConfig,
    /// Whether its certificate is checked. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_verify: Option<bool>,
    /// The file of the certificate shown to it, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<String>,
    /// The file of its private key, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<Secret>,
    /// Which of its tools are used.
    #[serde(skip_serializing_if = "is_default")]
    pub tool_filter: ToolFilterConfig,
    /// What Codex is told about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub codex: BTreeMap<String, Anything>,
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum McpTransport {
    /// Over its input and output.
    Stdio,
    /// Over HTTP with server-sent events.
    Sse,
    /// Over HTTP.
    StreamableHttp,
}

/// What a server lets in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum McpAuth {
    /// OAuth.
    Oauth,
}

/// How OAuth goes with a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpOauthConfig {
    /// Whose account is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<OauthIdentity>,
    /// The account, by its name in `auth.profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_profile_id: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where the person comes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// Where the server finds out who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_metadata_url: Option<String>,
}

/// Whose account is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OauthIdentity {
    /// One for all.
    Shared,
    /// That of whoever asks.
    PerRequester,
}

/// Which tools are used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolFilterConfig {
    /// Only these. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Not these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}
