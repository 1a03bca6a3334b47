//! Section `gateway.tls`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Encryption of the gateway's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TlsConfig {
    /// Whether the port speaks TLS, and nothing else.
    pub enabled: bool,
    /// Whether a certificate is made, signed by an authority of the gateway's
    /// own, where none is named and none is in `gateway/tls` of the state
    /// directory. It is for every name and address of this machine and is
    /// replaced before it ends.
    pub auto_generate: bool,
    /// The file with the certificate, and behind it those of the authorities in
    /// between, in PEM. Default: `gateway/tls/gateway-cert.pem` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_path: Option<PathBuf>,
    /// The file with its private key, in PEM. Default:
    /// `gateway/tls/gateway-key.pem` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_path: Option<PathBuf>,
    /// A file with certificates of authorities in between, in PEM, for when
    /// they are not in the file of the certificate. They are sent to clients
    /// behind it. Clients are not asked for certificates of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_path: Option<PathBuf>,
    /// Certificates from an authority that is asked over the network.
    pub acme: AcmeConfig,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            auto_generate: true,
            cert_path: None,
            key_path: None,
            ca_path: None,
            acme: AcmeConfig::default(),
        }
    }
}

/// Certificates from an authority that is asked over the network (ACME, as of
/// Let's Encrypt). It connects to port 443 of every domain, which has to lead
/// to the gateway's port, and is answered there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AcmeConfig {
    /// The public names the certificate is for. Without one, nobody is asked.
    pub domains: Vec<String>,
    /// Where the authority may write to when something is the matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The authority's directory. Default: that of Let's Encrypt.
    pub directory: String,
    /// A file with the certificate of whoever signed the directory's own, in
    /// PEM, for an authority of one's own. Default: whom this machine trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory_ca_path: Option<PathBuf>,
    /// Where the account and the certificate are kept. Default:
    /// `gateway/tls/acme` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_dir: Option<PathBuf>,
    /// Whether you agree to the authority's terms of service. It is not asked
    /// before you do.
    pub agree_to_terms: bool,
}

impl Default for AcmeConfig {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            email: None,
            directory: "https://acme-v02.api.letsencrypt.org/directory".to_owned(),
            directory_ca_path: None,
            cache_dir: None,
            agree_to_terms: false,
        }
    }
}

#[test]
fn a_section_of_openclaw_is_read() {
    let section =
        r#"{ "enabled": true, "autoGenerate": false, "certPath": "/c", "keyPath": "/k" }"#;
    let tls: TlsConfig = serde_json::from_str(section).unwrap();
    let expected = TlsConfig {
        enabled: true,
        auto_generate: false,
        cert_path: Some("/c".into()),
        key_path: Some("/k".into()),
        ..TlsConfig::default()
    };
    assert_eq!(tls, expected);
    assert!(!TlsConfig::default().enabled && TlsConfig::default().auto_generate);
}
