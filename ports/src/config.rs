//! The configuration file as types.
//!
//! Doc comments are the manual, `Default` is the default. Keys that are not
//! listed here are kept and reported, not refused (`gateway-reference.md` 2.8
//! to 2.11 lists those of OpenClaw).

mod agents;
mod gateway;
mod models;
mod nodes;
mod rest;
mod schema;

pub use agents::{
    AgentConfig, AgentDefaults, AgentsConfig, HeartbeatConfig, IdentityConfig, ModelChoice,
};
pub use gateway::{
    AuthConfig, AuthMode, BindMode, ControlUiConfig, EndpointConfig, EndpointsConfig,
    GatewayConfig, GatewayMode, HttpConfig, LimitsConfig,
};
pub use models::{ModelConfig, ModelsConfig, ProviderApi, ProviderConfig};
pub use nodes::{NodeCommandsConfig, NodesConfig};
pub use rest::{LogLevel, LoggingConfig, SessionConfig};
pub use schema::{holds_secret, schema};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// How the gateway can be reached, and its limits.
    pub gateway: GatewayConfig,
    /// Who answers.
    pub agents: AgentsConfig,
    /// Where models come from.
    pub models: ModelsConfig,
    /// How conversations are kept apart.
    pub session: SessionConfig,
    /// What is written to the log.
    pub logging: LoggingConfig,
}
