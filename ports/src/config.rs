//! The configuration file as types.
//!
//! Doc comments are the manual, `Default` is the default. Keys that are not
//! listed here are kept and reported, not refused (`gateway-reference.md` 2.8
//! to 2.11 lists those of OpenClaw).

mod agents;
mod auth;
mod discovery;
mod gateway;
mod live;
mod models;
mod nodes;
mod reload;
mod remote;
mod rest;
mod schema;
mod tailscale;
mod tls;

pub use agents::{
    AgentConfig, AgentDefaults, AgentsConfig, HeartbeatConfig, IdentityConfig, ModelChoice,
};
pub use auth::{AuthConfig, AuthMode, ProxyNetwork, RateLimitConfig, TrustedProxyConfig};
pub use discovery::{DiscoveryConfig, MdnsConfig, MdnsMode};
pub use gateway::{
    BindMode, ControlUiConfig, EndpointConfig, EndpointsConfig, GatewayConfig, GatewayMode,
    HstsConfig, HttpConfig, HttpSecurityHeaders, LimitsConfig,
};
pub use live::Live;
pub use models::{ModelConfig, ModelsConfig, ProviderApi, ProviderConfig};
pub use nodes::{NodeCommandsConfig, NodesConfig};
pub use reload::{FileConfig, ReloadConfig, ReloadMode};
pub use remote::RemoteConfig;
pub use rest::{CommandsConfig, LogLevel, LoggingConfig, SessionConfig};
pub use schema::{holds_secret, schema};
pub use tailscale::{TailscaleConfig, TailscaleMode};
pub use tls::{AcmeConfig, TlsConfig};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// How the gateway can be reached, and its limits.
    pub gateway: GatewayConfig,
    /// Who can find it on the local network.
    pub discovery: DiscoveryConfig,
    /// Who answers.
    pub agents: AgentsConfig,
    /// Where models come from.
    pub models: ModelsConfig,
    /// How conversations are kept apart.
    pub session: SessionConfig,
    /// What people may tell the gateway itself to do.
    pub commands: CommandsConfig,
    /// What is written to the log.
    pub logging: LoggingConfig,
}
