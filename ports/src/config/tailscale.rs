//! Section `gateway.tailscale`.

use domain::exposure::Exposure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How Tailscale brings others to a gateway that listens on loopback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TailscaleConfig {
    /// Whom it brings.
    pub mode: TailscaleMode,
    /// Whether what the gateway added to Tailscale's configuration is taken
    /// away when it stops.
    pub reset_on_exit: bool,
    /// Whether a funnel that is already open for the gateway stays open when
    /// the mode is `serve`. Counts only where clients show a password, which a
    /// funnel needs.
    pub preserve_funnel: bool,
    /// The socket of tailscaled. Default: `/var/run/tailscale/tailscaled.sock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
}

/// Whom Tailscale brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TailscaleMode {
    /// Nobody.
    #[default]
    Off,
    /// The members of the tailnet.
    Serve,
    /// Everybody. Needs `gateway.auth.mode: "password"`.
    Funnel,
}

impl TailscaleMode {
    /// What Tailscale has to do for that.
    pub fn exposure(self) -> Option<Exposure> {
        match self {
            Self::Off => None,
            Self::Serve => Some(Exposure::Serve),
            Self::Funnel => Some(Exposure::Funnel),
        }
    }
}

#[test]
fn a_mode_is_one_of_three_words() {
    let mode = |text: &str| serde_json::from_str::<TailscaleMode>(text).ok();
    assert_eq!(mode(r#""serve""#).and_then(TailscaleMode::exposure), Some(Exposure::Serve));
    assert_eq!(mode(r#""off""#).map(TailscaleMode::exposure), Some(None));
    assert_eq!(mode(r#""on""#), None);
}
