//! Section `browser`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// The browser agents use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BrowserConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Whether agents may run scripts in its pages.
    pub evaluate_enabled: bool,
    /// Whether what the user's own browser knows may be taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_system_profile_import: Option<bool>,
    /// Where a browser that runs already listens, as in
    /// `http://127.0.0.1:9222`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdp_url: Option<String>,
    /// How long one elsewhere may take to answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_cdp_timeout_ms: Option<u64>,
    /// How long its WebSocket may take to open, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_cdp_handshake_timeout_ms: Option<u64>,
    /// The colour of its frame, in hex, as in `#FF4500`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The program. Default: the first browser that is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable_path: Option<String>,
    /// Whether it has no window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headless: Option<bool>,
    /// Whether it runs without its sandbox. Needed as root and in some
    /// containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_sandbox: Option<bool>,
    /// Whether none is started, only one that runs is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_only: Option<bool>,
    /// The profile used when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<String>,
    /// How pages are shown to models.
    #[serde(skip_serializing_if = "is_default")]
    pub snapshot_defaults: SnapshotDefaultsConfig,
    /// Profiles by name (`a` to `z`, digits and `-`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, BrowserProfileConfig>,
    /// Which addresses its pages may come from.
    #[serde(skip_serializing_if = "is_default")]
    pub ssrf_policy: SsrfPolicyConfig,
    /// Arguments it is started with, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
    /// Closing tabs nobody uses any more.
    #[serde(skip_serializing_if = "is_default")]
    pub tab_cleanup: BrowserSwitchConfig,
    /// The way to a browser with the extension.
    #[serde(skip_serializing_if = "is_default")]
    pub extension_relay: ExtensionRelayConfig,
}

impl Default for BrowserConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            evaluate_enabled: true,
            allow_system_profile_import: None,
            cdp_url: None,
            remote_cdp_timeout_ms: None,
            remote_cdp_handshake_timeout_ms: None,
            color: None,
            executable_path: None,
            headless: None,
            no_sandbox: None,
            attach_only: None,
            default_profile: None,
            snapshot_defaults: SnapshotDefaultsConfig::default(),
            profiles: BTreeMap::new(),
            ssrf_policy: SsrfPolicyConfig::default(),
            extra_args: Vec::new(),
            tab_cleanup: BrowserSwitchConfig::default(),
            extension_relay: ExtensionRelayConfig::default(),
        }
    }
}

/// How pages are shown to models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SnapshotDefaultsConfig {
    /// How much of a page is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SnapshotMode>,
}

/// How much of a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotMode {
    /// What matters, in few tokens.
    Efficient,
}

/// A profile of the browser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BrowserProfileConfig {
    /// The port its browser listens on. Either this or `cdpUrl` is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdp_port: Option<u64>,
    /// Where its browser listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdp_url: Option<String>,
    /// Whose browser it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<BrowserDriver>,
    /// The colour of its frame, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Where the browser keeps what it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_data_dir: Option<String>,
    /// The program of the MCP server that drives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_command: Option<String>,
    /// The arguments of that program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcp_args: Vec<String>,
    /// Whether it has no window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headless: Option<bool>,
    /// The program, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable_path: Option<String>,
    /// Whether none is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_only: Option<bool>,
}

/// Whose browser a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrowserDriver {
    /// One the gateway starts.
    Openclaw,
    /// The same, as older versions spell it.
    Clawd,
    /// The user's, by an extension.
    Extension,
    /// The user's, as it runs.
    ExistingSession,
}

/// Which addresses may be asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SsrfPolicyConfig {
    /// Whether those of this machine and its networks may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerously_allow_private_network: Option<bool>,
    /// Whether `198.18.0.0/15` may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_rfc2544_benchmark_range: Option<bool>,
    /// Whether `fc00::/7` may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_ipv6_unique_local_range: Option<bool>,
    /// Names that may whatever their address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_hostnames: Vec<String>,
    /// Names that never may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_hostnames: Vec<String>,
}

/// Something that is done or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BrowserSwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The way to a browser with the extension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ExtensionRelayConfig {
    /// Whether older extensions may log in as they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_legacy_auth: Option<bool>,
}
