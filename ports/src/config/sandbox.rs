//! Key `sandbox` of agents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Secret, is_default};

/// Where agents are shut in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SandboxConfig {
    /// Who is. Default: `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SandboxMode>,
    /// What in: `docker`, `ssh`, or a plugin. Default: `docker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// What of the workspace is in it. Default: `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_access: Option<WorkspaceAccess>,
    /// Which conversations are seen from it. Default: `spawned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_tools_visibility: Option<SandboxVisibility>,
    /// What shares one. Default: `agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<SandboxScope>,
    /// Whether every conversation has its own, as older versions spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_session: Option<bool>,
    /// Where workspaces in it are. Default: `sandboxes` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_root: Option<String>,
    /// The container.
    #[serde(skip_serializing_if = "is_default")]
    pub docker: SandboxDockerConfig,
    /// The machine it is on.
    #[serde(skip_serializing_if = "is_default")]
    pub ssh: SandboxSshConfig,
    /// Its browser.
    #[serde(skip_serializing_if = "is_default")]
    pub browser: SandboxBrowserConfig,
    /// When it is taken away.
    #[serde(skip_serializing_if = "is_default")]
    pub prune: SandboxPruneConfig,
}

/// Who is shut in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// Nobody.
    Off,
    /// All but the main conversation.
    NonMain,
    /// Everybody.
    All,
}

/// What of the workspace is in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceAccess {
    /// Nothing.
    None,
    /// All of it, to read.
    Ro,
    /// All of it.
    Rw,
}

/// Which conversations are seen from a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SandboxVisibility {
    /// Those it started.
    Spawned,
    /// All.
    All,
}

/// What shares a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SandboxScope {
    /// One conversation.
    Session,
    /// Conversations of an agent.
    Agent,
    /// Everything.
    Shared,
}

/// The container of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SandboxDockerConfig {
    /// Its image. Default: `openclaw-sandbox:bookworm-slim`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What its name begins with. Default: `openclaw-sbx-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_prefix: Option<String>,
    /// The workspace in it. Default: `/workspace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Whether the rest cannot be written. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_root: Option<bool>,
    /// Directories in memory. Default: `/tmp`, `/var/tmp`, `/run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<String>,
    /// Its network. Default: `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Who it runs as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it may not do. Default: `ALL`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// Its environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
    /// The command that prepares it, or a list of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_command: Option<Anything>,
    /// How many processes it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<u64>,
    /// How much memory, as in `1g`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Anything>,
    /// How much memory with what is on the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<Anything>,
    /// How many processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Which graphics processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<String>,
    /// Other limits, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ulimits: BTreeMap<String, Anything>,
    /// The file with what it may ask the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<String>,
    /// The profile of AppArmor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparmor_profile: Option<String>,
    /// Who it asks for names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// Names it knows, as in `host:address`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<String>,
    /// Directories of the machine in it, as in `/here:/there:ro`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<String>,
    /// Whether these may hide what it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerously_allow_reserved_container_targets: Option<bool>,
    /// Whether these may be anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerously_allow_external_bind_sources: Option<bool>,
    /// Whether it may see what another container sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerously_allow_container_namespace_join: Option<bool>,
}

/// The machine a sandbox is on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SandboxSshConfig {
    /// The machine, as in `me@host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The program. Default: `ssh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Where workspaces are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_root: Option<String>,
    /// Whether only known machines are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_host_key_checking: Option<bool>,
    /// Whether new keys of it are remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_host_keys: Option<bool>,
    /// The file with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_file: Option<String>,
    /// The file with the certificate of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<String>,
    /// The file with the machines that are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_hosts_file: Option<String>,
    /// The key itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_data: Option<Secret>,
    /// The certificate itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_data: Option<Secret>,
    /// The machines themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_hosts_data: Option<Secret>,
}

/// The browser of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SandboxBrowserConfig {
    /// Whether there is one. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Its image. Default: `openclaw-sandbox-browser:bookworm-slim`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What the name of its container begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_prefix: Option<String>,
    /// Its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The port it listens on. Default: 9222.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdp_port: Option<u64>,
    /// The network that may connect there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdp_source_range: Option<String>,
    /// The port of its screen. Default: 5900.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vnc_port: Option<u64>,
    /// The port of the page with its screen. Default: 6080.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_vnc_port: Option<u64>,
    /// Whether it has no window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headless: Option<bool>,
    /// Whether there is a page with its screen, as older versions spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_no_vnc: Option<bool>,
    /// Whether there is a page with its screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_vnc_enabled: Option<bool>,
    /// Whether the machine's own browser may be used. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_host_control: Option<bool>,
    /// The addresses of other browsers that may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_control_urls: Vec<String>,
    /// The hosts of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_control_hosts: Vec<String>,
    /// Their ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_control_ports: Vec<u64>,
    /// Whether it is started when it is needed. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_start: Option<bool>,
    /// How long that may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_start_timeout_ms: Option<u64>,
    /// Directories of the machine in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<String>,
}

/// When a sandbox is taken away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SandboxPruneConfig {
    /// After so many hours of silence. Default: 24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_hours: Option<u64>,
    /// After so many days. Default: 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u64>,
}
