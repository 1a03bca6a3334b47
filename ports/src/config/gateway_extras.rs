//! Section `gateway`, what this gateway reads for OpenClaw's sake.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Secret, is_default};

/// Something that is done or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewaySwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Pages of agents under names of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PortalsConfig {
    /// How they are reached.
    #[serde(skip_serializing_if = "is_default")]
    pub ingress: PortalIngressConfig,
}

/// How pages of agents are reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PortalIngressConfig {
    /// The domain of their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
}

/// Waking phones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PushConfig {
    /// Those of Apple.
    #[serde(skip_serializing_if = "is_default")]
    pub apns: ApnsConfig,
}

/// Waking phones of Apple.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApnsConfig {
    /// Who passes it on.
    #[serde(skip_serializing_if = "is_default")]
    pub relay: PushRelayConfig,
}

/// Who passes on what wakes phones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PushRelayConfig {
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// How long it may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What people may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RolesConfig {
    /// The role of whoever has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The roles by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, RoleConfig>,
}

/// What people with a role may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleConfig {
    /// In conversations.
    #[serde(skip_serializing_if = "is_default")]
    pub sessions: RoleSessionsConfig,
    /// Whether agents they ask are shut in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<RoleSandbox>,
    /// Which agents they may ask: a list, or `*` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Anything>,
    /// What they may do besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The plugin that decides the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_policy_plugin: Option<String>,
}

/// What people may do in conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleSessionsConfig {
    /// In those of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<OthersSessions>,
}

/// What people may do in conversations of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OthersSessions {
    /// Nothing.
    None,
    /// Read.
    View,
    /// Propose something.
    Suggest,
    /// Write.
    Write,
}

/// Whether agents are shut in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleSandbox {
    /// As they are.
    Inherit,
    /// They are.
    Required,
}

/// Which tools may be used over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpToolsConfig {
    /// These, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// A terminal in the dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TerminalConfig {
    /// Whether there is one. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The program in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// How long it stays when nobody looks, in seconds.
    pub detached_session_timeout_seconds: u64,
}

impl Default for TerminalConfig {
    fn default() -> Self {
        Self { enabled: None, shell: None, detached_session_timeout_seconds: 300 }
    }
}

/// How a gateway elsewhere is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemoteTransport {
    /// By SSH.
    Ssh,
    /// At its address.
    Direct,
}

/// Which machines are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SshHostKeyPolicy {
    /// Only known ones.
    Strict,
    /// As OpenSSH is set up.
    Openssh,
}

/// `POST /v1/responses`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ResponsesEndpointConfig {
    /// Whether it is served. Default: only on a gateway that listens on
    /// loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The longest body, in bytes. Default: 20971520, or twice what a picture or
    /// a file may have if that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// How many parts of a request may be addresses. Default: 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_url_parts: Option<u64>,
    /// Files in requests.
    #[serde(skip_serializing_if = "is_default")]
    pub files: HttpFilesConfig,
    /// Pictures in requests.
    #[serde(skip_serializing_if = "is_default")]
    pub images: HttpFilesConfig,
}

/// Files in requests over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpFilesConfig {
    /// Whether they may be addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_url: Option<bool>,
    /// Hosts these may have. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url_allowlist: Vec<String>,
    /// Kinds of files that are taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_mimes: Vec<String>,
    /// How large one may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// How often an address may lead to another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_redirects: Option<u64>,
    /// How long it may take to fetch one, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How many letters of one are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// Files in PDF.
    #[serde(skip_serializing_if = "is_default")]
    pub pdf: PdfConfig,
}

/// Files in PDF.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PdfConfig {
    /// How many pages are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u64>,
    /// How large a page may be as a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pixels: Option<u64>,
    /// With fewer letters than this, its pages are read as pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_text_chars: Option<u64>,
}

/// A label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UiEnvironmentConfig {
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// What the dashboard shows from GitHub.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UiGithubConfig {
    /// The token for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

/// What pages may do that agents show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbedSandbox {
    /// Nothing.
    Strict,
    /// Run scripts.
    Scripts,
    /// Everything the dashboard may.
    Trusted,
}

/// What is tried out in the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UiExperimentsConfig {
    /// Plugins of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_plugins: Option<bool>,
}

/// Pairing devices without being asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DeviceAutoApproveConfig {
    /// Whether that is done. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What they may do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// Which node's browser agents use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodesBrowserConfig {
    /// How it is chosen. Default: `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<NodesBrowserMode>,
    /// The node, of `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// How a node's browser is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodesBrowserMode {
    /// The only one there is.
    Auto,
    /// By its name.
    Manual,
    /// None is.
    Off,
}

/// Nodes that are taken without being asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodesPairingConfig {
    /// Those on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_approve_local: Option<bool>,
    /// Those in these networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auto_approve_cidrs: Vec<String>,
    /// Those that SSH vouches for: yes, or how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_verify: Option<Anything>,
}

/// Tools of plugins that run on nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodesPluginToolsConfig {
    /// Whether they may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
