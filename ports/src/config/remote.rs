//! Section `gateway.remote`.

use std::collections::BTreeMap;

use super::gateway_extras::RemoteTransport;
use super::gateway_extras::SshHostKeyPolicy;
use super::open::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A gateway elsewhere, which the command line talks to when `gateway.mode` is
/// `remote`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RemoteConfig {
    /// Where it is, as in `wss://gateway.example:18789`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The SHA-256 of its certificate. No other certificate is accepted then,
    /// and this one whoever signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_fingerprint: Option<String>,
    /// How it is reached. Default: `direct`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<RemoteTransport>,
    /// Its port on the machine SSH leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_port: Option<u64>,
    /// Headers for whoever is in front of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub edge_auth: BTreeMap<String, Secret>,
    /// The machine SSH leads to, as in `me@gateway.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_target: Option<String>,
    /// The file with the key for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_identity: Option<String>,
    /// Which machines are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_host_key_policy: Option<SshHostKeyPolicy>,
}

impl std::fmt::Debug for RemoteConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteConfig")
            .field("url", &self.url)
            .field("token", &self.token.is_some())
            .field("password", &self.password.is_some())
            .field("tls_fingerprint", &self.tls_fingerprint)
            .finish_non_exhaustive()
    }
}

#[test]
fn what_is_secret_is_not_shown() {
    let section = r#"{ "url": "wss://x", "token": "hush", "password": "hush" }"#;
    let remote: RemoteConfig = serde_json::from_str(section).unwrap();
    assert!(!format!("{remote:?}").contains("hush"));
}
