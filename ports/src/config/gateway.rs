//! Section `gateway`.

use std::net::IpAddr;

use domain::exposure::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gateway_extras::EmbedSandbox;
use super::gateway_extras::GatewaySwitchConfig;
use super::gateway_extras::HttpFilesConfig;
use super::gateway_extras::HttpToolsConfig;
use super::gateway_extras::PortalsConfig;
use super::gateway_extras::PushConfig;
use super::gateway_extras::ResponsesEndpointConfig;
use super::gateway_extras::RolesConfig;
use super::gateway_extras::TerminalConfig;
use super::gateway_extras::UiEnvironmentConfig;
use super::gateway_extras::UiExperimentsConfig;
use super::gateway_extras::UiGithubConfig;
use super::open::is_default;
use super::relay::RelayConfig;
use super::{
    auth::{AuthConfig, ProxyNetwork},
    nodes::NodesConfig,
    reload::{FileConfig, ReloadConfig},
    remote::RemoteConfig,
    tailscale::TailscaleConfig,
    tls::TlsConfig,
};

/// How the gateway can be reached, and its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayConfig {
    /// The TCP port for HTTP and WebSocket traffic. `0` picks a free one.
    pub port: u16,
    /// `local` runs a gateway here; `remote` only talks to one elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<GatewayMode>,
    /// Which network interfaces to listen on.
    pub bind: BindMode,
    /// The address `bind: "custom"` and `--bind custom` stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_bind_host: Option<IpAddr>,
    /// Whether the gateway may listen beyond this machine and its tailnet
    /// without TLS and without a proxy that speaks TLS. What clients send, the
    /// secret too, can then be read on its way.
    pub allow_insecure_bind: bool,
    /// How Tailscale brings others to the gateway.
    pub tailscale: TailscaleConfig,
    /// Who is let in.
    pub auth: AuthConfig,
    /// Proxies that say truthfully for whom they forward requests. A request
    /// that says it was forwarded by anybody else is refused.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// Whether `X-Real-IP` of such a proxy counts where it sends no
    /// `X-Forwarded-For`.
    pub allow_real_ip_fallback: bool,
    /// Names the gateway may be addressed by, besides those of this machine's
    /// loopback and its addresses, as in `gateway.example`.
    pub allowed_hosts: Vec<String>,
    /// Encryption of the port.
    pub tls: TlsConfig,
    /// The gateway elsewhere that `mode: "remote"` means.
    pub remote: RemoteConfig,
    /// How much a client may have.
    pub limits: LimitsConfig,
    /// The HTTP side.
    pub http: HttpConfig,
    /// The dashboard.
    pub control_ui: ControlUiConfig,
    /// Nodes: what they may be asked for, and what they may do.
    pub nodes: NodesConfig,
    /// How the gateway follows its configuration file while it runs.
    pub reload: ReloadConfig,
    /// How the file itself is taken.
    pub config: FileConfig,
    /// The address others know the gateway by, as in
    /// `https://gateway.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_origin: Option<String>,
    /// Pages of agents under names of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub portals: PortalsConfig,
    /// Agents of other makers that are programs.
    #[serde(skip_serializing_if = "is_default")]
    pub cli_agents: GatewaySwitchConfig,
    /// Waking phones.
    #[serde(skip_serializing_if = "is_default")]
    pub push: PushConfig,
    /// What people may do.
    #[serde(skip_serializing_if = "is_default")]
    pub roles: RolesConfig,
    /// Which tools may be used over HTTP.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: HttpToolsConfig,
    /// A terminal in the dashboard.
    #[serde(skip_serializing_if = "is_default")]
    pub terminal: TerminalConfig,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            public_origin: None,
            portals: PortalsConfig::default(),
            cli_agents: GatewaySwitchConfig::default(),
            push: PushConfig::default(),
            roles: RolesConfig::default(),
            tools: HttpToolsConfig::default(),
            terminal: TerminalConfig::default(),
            port: 18789,
            mode: None,
            bind: BindMode::Loopback,
            custom_bind_host: None,
            allow_insecure_bind: false,
            tailscale: TailscaleConfig::default(),
            auth: AuthConfig::default(),
            trusted_proxies: Vec::new(),
            allow_real_ip_fallback: false,
            allowed_hosts: Vec::new(),
            tls: TlsConfig::default(),
            remote: RemoteConfig::default(),
            limits: LimitsConfig::default(),
            http: HttpConfig::default(),
            control_ui: ControlUiConfig::default(),
            nodes: NodesConfig::default(),
            reload: ReloadConfig::default(),
            config: FileConfig::default(),
        }
    }
}

/// Whether a gateway runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayMode {
    /// It does.
    Local,
    /// It runs elsewhere.
    Remote,
}

/// Which network interfaces to listen on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BindMode {
    /// Only this machine: `127.0.0.1` and `::1`.
    #[default]
    Loopback,
    /// Every interface.
    Lan,
    /// Only the tailnet address.
    Tailnet,
    /// The tailnet address if there is one, otherwise only this machine.
    Auto,
    /// Exactly this address.
    #[serde(untagged)]
    Address(IpAddr),
}

impl From<BindMode> for Bind {
    fn from(mode: BindMode) -> Self {
        match mode {
            BindMode::Loopback => Self::Loopback,
            BindMode::Lan => Self::Lan,
            BindMode::Tailnet => Self::Tailnet,
            BindMode::Auto => Self::Auto,
            BindMode::Address(address) => Self::Address(address),
        }
    }
}

/// How much a client may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LimitsConfig {
    /// The longest message before login, in bytes.
    pub preauth_payload_bytes: usize,
    /// The longest message after login, in bytes. Told to clients as
    /// `policy.maxPayload`.
    pub max_payload_bytes: usize,
    /// What may wait for one client, in bytes. Told to clients as
    /// `policy.maxBufferedBytes`.
    pub max_buffered_bytes: usize,
    /// Connections from one address that have not logged in.
    pub preauth_connections_per_address: usize,
    /// Connections from everywhere that have not logged in.
    pub preauth_connections: usize,
    /// How long a login may take from the accepted connection on, in
    /// milliseconds.
    pub handshake_ms: u64,
    /// How deep JSON may be nested.
    pub json_depth: usize,
    /// Fragments of one message.
    pub fragments_per_message: usize,
    /// How often the `tick` event is sent, in milliseconds. Told to clients.
    pub tick_interval_ms: u64,
    /// How long a client may take to answer a ping, in milliseconds.
    pub pong_timeout_ms: u64,
    /// Runs that may wait in one session.
    pub queued_runs_per_session: usize,
    /// Bytes of the head of an HTTP request.
    pub http_header_bytes: usize,
    /// Headers of an HTTP request.
    pub http_header_count: usize,
    /// How long the head of an HTTP request may take, in milliseconds.
    pub http_header_ms: u64,
    /// How long the body of an HTTP request may take, in milliseconds.
    pub http_body_ms: u64,
    /// Bytes of the body of `POST /v1/chat/completions`.
    pub chat_completions_body_bytes: usize,
    /// Bytes of the body of `POST /v1/messages`.
    pub messages_body_bytes: usize,
    /// How long a shutdown waits for runs, in milliseconds.
    pub drain_ms: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            preauth_payload_bytes: 64 * 1024,
            max_payload_bytes: 25 * 1024 * 1024,
            max_buffered_bytes: 4 * 1024 * 1024,
            preauth_connections_per_address: 32,
            preauth_connections: 512,
            handshake_ms: 10_000,
            json_depth: 128,
            fragments_per_message: 16_384,
            tick_interval_ms: 30_000,
            pong_timeout_ms: 25_000,
            queued_runs_per_session: 64,
            http_header_bytes: 16 * 1024,
            http_header_count: 100,
            http_header_ms: 10_000,
            http_body_ms: 30_000,
            chat_completions_body_bytes: 20 * 1024 * 1024,
            messages_body_bytes: 32 * 1024 * 1024,
            drain_ms: 30_000,
        }
    }
}

/// The HTTP side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpConfig {
    /// Which routes are served.
    pub endpoints: EndpointsConfig,
    /// Asking models without an agent.
    #[serde(skip_serializing_if = "is_default")]
    pub relay: RelayConfig,
    /// What answers tell browsers beside the headers that are always there.
    pub security_headers: HttpSecurityHeaders,
    /// The brief's spelling of `endpoints.chatCompletions.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_completions: Option<bool>,
}

impl HttpConfig {
    /// Whether `POST /v1/chat/completions` is served to clients of a gateway
    /// that listens on loopback only or not. Unless the file says something, it
    /// is served on loopback only.
    pub fn serves_chat_completions(&self, loopback_only: bool) -> bool {
        self.endpoints.chat_completions.enabled.or(self.chat_completions).unwrap_or(loopback_only)
    }

    /// Whether `POST /v1/messages` is served to clients of a gateway that
    /// listens on loopback only or not. Unless the file says something, it is
    /// served on loopback only.
    pub fn serves_messages(&self, loopback_only: bool) -> bool {
        self.endpoints.messages.enabled.unwrap_or(loopback_only)
    }

    /// Whether `POST /v1/responses` is served, by the same rule.
    pub fn serves_responses(&self, loopback_only: bool) -> bool {
        self.endpoints.responses.enabled.unwrap_or(loopback_only)
    }
}

/// What answers tell browsers beside the headers that are always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpSecurityHeaders {
    /// The value of `Strict-Transport-Security`, as in `max-age=31536000`, sent
    /// over the gateway's own TLS only. Default: `false`, not sent, for it binds
    /// the name of the host to `https`, whatever else it serves.
    pub strict_transport_security: HstsConfig,
}

/// A value, or `false` for none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HstsConfig {
    /// `false`: the header is not sent.
    Off(bool),
    /// What it says.
    Value(String),
}

impl Default for HstsConfig {
    fn default() -> Self {
        Self::Off(false)
    }
}

impl HstsConfig {
    /// What it says, if it is sent.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Off(_) => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// Which routes are served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointsConfig {
    /// `POST /v1/chat/completions`, and with it `GET /v1/models`.
    pub chat_completions: EndpointConfig,
    /// `POST /v1/messages` and `POST /v1/messages/count_tokens`, Anthropic's
    /// API.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: MessagesEndpointConfig,
    /// `POST /v1/responses`.
    #[serde(skip_serializing_if = "is_default")]
    pub responses: ResponsesEndpointConfig,
}

/// One route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointConfig {
    /// Whether it is served. Default: only on a gateway that listens on
    /// loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Pictures in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<HttpFilesConfig>,
}

/// The routes of Anthropic's API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MessagesEndpointConfig {
    /// Whether they are served. Default: only on a gateway that listens on
    /// loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The dashboard, and whose pages may talk to the gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ControlUiConfig {
    /// Origins of pages that may connect besides the gateway's own, as in
    /// `https://chat.example`.
    pub allowed_origins: Vec<String>,
    /// Whether the dashboard may be used over plain HTTP from elsewhere, where
    /// browsers let it have no device identity: the secret is then enough.
    pub allow_insecure_auth: bool,
    /// Whether the dashboard's device identity is looked at at all. Without it,
    /// whoever knows the secret is an operator from any browser.
    pub dangerously_disable_device_auth: bool,
    /// Whether every page counts as the gateway's own whose origin is what the
    /// browser calls the gateway. Pages of rebound names then do, too.
    pub dangerously_allow_host_header_origin_fallback: bool,
    /// Whether it is served. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The path it is served under, as in `/openclaw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
    /// A directory with another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// A label, to tell several gateways apart.
    #[serde(skip_serializing_if = "is_default")]
    pub environment: UiEnvironmentConfig,
    /// Whether it invites to the community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community_invite: Option<bool>,
    /// What it shows from GitHub.
    #[serde(skip_serializing_if = "is_default")]
    pub github: UiGithubConfig,
    /// Whether it says in a few words what conversations do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_observer: Option<bool>,
    /// What pages may do that agents show in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_sandbox: Option<EmbedSandbox>,
    /// Whether such pages may come from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_external_embed_urls: Option<bool>,
    /// Whether pictures of pages are fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatically_fetch_favicons: Option<bool>,
    /// What is tried out.
    #[serde(skip_serializing_if = "is_default")]
    pub experimental: UiExperimentsConfig,
}

#[test]
fn a_bind_mode_is_a_word_or_an_address() {
    let bind = |text: &str| serde_json::from_str::<BindMode>(text).ok();
    assert_eq!(bind(r#""lan""#), Some(BindMode::Lan));
    assert_eq!(bind(r#""192.0.2.7""#), Some(BindMode::Address([192, 0, 2, 7].into())));
    assert_eq!(bind(r#""nowhere""#), None);
}
