//! Section `discovery`.

use super::open::is_default;
use super::wide_area::WideAreaConfig;
use domain::discovery::Detail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who can find the gateway on the local network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DiscoveryConfig {
    /// Announcing it by multicast DNS (Bonjour).
    pub mdns: MdnsConfig,
    /// Announcing it by DNS in a tailnet.
    #[serde(skip_serializing_if = "is_default")]
    pub wide_area: WideAreaConfig,
}

/// Announcing the gateway by multicast DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MdnsConfig {
    /// How much is announced. A gateway that listens on loopback or on its
    /// tailnet address only is never announced, because nobody who hears of it
    /// could connect.
    pub mode: MdnsMode,
}

/// How much is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MdnsMode {
    /// Nothing.
    Off,
    /// What clients need to connect.
    #[default]
    Minimal,
    /// Also the path of the program and the port of SSH.
    Full,
}

impl MdnsMode {
    /// What this means to the domain; nothing when nothing is announced.
    pub fn detail(self) -> Option<Detail> {
        match self {
            Self::Off => None,
            Self::Minimal => Some(Detail::Minimal),
            Self::Full => Some(Detail::Full),
        }
    }
}

#[test]
fn modes_are_words() {
    let mode =
        |text: &str| serde_json::from_str::<DiscoveryConfig>(text).ok().map(|it| it.mdns.mode);
    assert_eq!(mode("{}"), Some(MdnsMode::Minimal));
    assert_eq!(mode(r#"{"mdns":{"mode":"full"}}"#), Some(MdnsMode::Full));
    assert_eq!(mode(r#"{"mdns":{"mode":"off"}}"#), Some(MdnsMode::Off));
    assert_eq!(mode(r#"{"mdns":{"mode":"loud"}}"#), None);
    assert_eq!(MdnsMode::Off.detail(), None);
}
