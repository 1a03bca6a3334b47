//! Section `gateway.auth`.

use std::collections::BTreeMap;

use std::{fmt, net::IpAddr};

use super::gateway_extras::DeviceAutoApproveConfig;
use domain::{
    access::{Scope, Scopes},
    exposure::Login,
    peer::{self, Network},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Who is let in.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthConfig {
    /// What a client has to show. Default: `password` when one is set, else
    /// `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<AuthMode>,
    /// The token. When absent, the one in the state directory counts, which is
    /// made on first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The password, or its argon2id hash (`$argon2id$…`, as
    /// `openclaw auth hash-password` writes it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether being known to the tailnet is enough for those who come through
    /// `tailscale serve`. Default: if `gateway.tailscale.mode` is `serve` and
    /// `mode` is not `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_tailscale: Option<bool>,
    /// Whether everybody on this machine is let in without showing anything,
    /// unless a page from elsewhere or a proxy is behind it. Every user and
    /// every program of this machine is then an operator.
    pub local_auto_permit: bool,
    /// Whether devices on this machine may sign without the nonce of the
    /// challenge, as clients of January 2026 did. Whoever overhears such a
    /// signature can use it for some minutes.
    pub legacy_device_signatures: bool,
    /// Whether whoever knows the secret gets the scopes it asks for from
    /// elsewhere without being a paired device, too. By default it gets none.
    pub deviceless_scopes: bool,
    /// What those may be allowed whom the tailnet or the proxy in front knows:
    /// a list of scopes for all of them, or a list for each name. Whose name is
    /// not there gets nothing. Default: what they ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "identity_scopes")]
    pub identity_scopes: Option<IdentityScopes>,
    /// How the proxy in front says who somebody is, for mode `trusted-proxy`.
    pub trusted_proxy: TrustedProxyConfig,
    /// How often one may be wrong.
    pub rate_limit: RateLimitConfig,
}

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("mode", &self.mode)
            .field("token", &self.token.is_some())
            .field("password", &self.password.is_some())
            .field("allow_tailscale", &self.allow_tailscale)
            .field("local_auto_permit", &self.local_auto_permit)
            .field("trusted_proxy", &self.trusted_proxy)
            .finish_non_exhaustive()
    }
}

/// What those may be allowed whom somebody vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "has to be a list of scopes, or names with a list of scopes each")]
pub enum IdentityScopes {
    /// The same for everybody.
    Everybody(Vec<Scope>),
    /// By name, as OpenClaw writes it since 2026.9. Names that are addresses of
    /// mail match whatever their case.
    Each(BTreeMap<String, Vec<Scope>>),
}

impl IdentityScopes {
    /// What `user` may be allowed at most.
    pub fn most(&self, user: &str) -> Scopes {
        let scopes = match self {
            Self::Everybody(scopes) => Some(scopes),
            Self::Each(names) => names.get(user).or_else(|| {
                let same = |name: &str| name.contains('@') && name.eq_ignore_ascii_case(user);
                names.iter().find(|(name, _)| same(name)).map(|(_, scopes)| scopes)
            }),
        };
        scopes.into_iter().flatten().copied().collect()
    }
}

fn identity_scopes(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let scopes = json_schema!({ "type": "array", "items": { "type": "string", "enum": words } });
    json_schema!({ "anyOf": [
        scopes,
        { "type": "object", "additionalProperties": scopes },
        { "type": "null" },
    ] })
}

#[test]
fn a_name_gets_what_is_written_for_it() {
    let read = |text| serde_json::from_str::<IdentityScopes>(text).unwrap();
    let reads = Scopes::NONE.with(Scope::Read);
    let each = read(r#"{"Owner@Example.com":["operator.read"],"Root":["operator.admin"],"x":[]}"#);
    let table = [
        (&each, "owner@example.COM", reads),
        (&each, "Root", Scopes::NONE.with(Scope::Admin)),
        (&each, "root", Scopes::NONE),
        (&each, "x", Scopes::NONE),
        (&each, "nobody@example.com", Scopes::NONE),
        (&read(r#"["operator.read"]"#), "anybody", reads),
        (&read("[]"), "anybody", Scopes::NONE),
    ];
    for (scopes, user, most) in table {
        assert_eq!(scopes.most(user), most, "{user}");
    }
    for wrong in [r#""operator.read""#, r#"["operator.everything"]"#, r#"{"x":"operator.read"}"#] {
        assert!(serde_json::from_str::<IdentityScopes>(wrong).is_err(), "{wrong}");
    }
}

/// What a client has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMode {
    /// The token.
    Token,
    /// The password.
    Password,
    /// Nothing. Only for clients on this machine.
    None,
    /// That a proxy of `gateway.trustedProxies` knows who it is.
    TrustedProxy,
}

impl From<AuthMode> for Login {
    fn from(mode: AuthMode) -> Self {
        match mode {
            AuthMode::Token => Self::Token,
            AuthMode::Password => Self::Password,
            AuthMode::None => Self::Nothing,
            AuthMode::TrustedProxy => Self::Proxy,
        }
    }
}

/// How the proxy in front says who somebody is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TrustedProxyConfig {
    /// The header with the name of the user.
    pub user_header: String,
    /// Headers that have to be there as well.
    pub required_headers: Vec<String>,
    /// Who is let in. Empty: everybody the proxy knows.
    pub allow_users: Vec<String>,
    /// Whether the proxy may run on this machine. Every program of this machine
    /// can then say that it is anybody.
    pub allow_loopback: bool,
    /// Who somebody is by Cloudflare Access.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cloudflare_access_oidc: BTreeMap<String, String>,
    /// Pairing devices of people the proxy knows without being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_auto_approve: Option<DeviceAutoApproveConfig>,
}

impl Default for TrustedProxyConfig {
    fn default() -> Self {
        Self {
            cloudflare_access_oidc: BTreeMap::new(),
            device_auto_approve: None,
            user_header: "x-forwarded-user".into(),
            required_headers: Vec::new(),
            allow_users: Vec::new(),
            allow_loopback: false,
        }
    }
}

/// How often one may be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RateLimitConfig {
    /// So many failures of one address (IPv6: one /64) or one device…
    #[schemars(range(min = 1))]
    pub max_attempts: u32,
    /// …within so many milliseconds…
    pub window_ms: u64,
    /// …lead to so many milliseconds without another try.
    pub lockout_ms: u64,
    /// Whether programs on this machine are exempt. Pages in a browser never
    /// are.
    pub exempt_loopback: bool,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self { max_attempts: 10, window_ms: 60_000, lockout_ms: 300_000, exempt_loopback: true }
    }
}

/// A network of proxies: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProxyNetwork(pub Network);

impl TryFrom<String> for ProxyNetwork {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        peer::network(&text).map(Self).ok_or("must be an IP address or a network as in 10.0.0.0/8")
    }
}

impl From<ProxyNetwork> for String {
    fn from(network: ProxyNetwork) -> Self {
        let network = network.0;
        let whole = match network.addr() {
            IpAddr::V4(_) => network.prefix_len() == 32,
            IpAddr::V6(_) => network.prefix_len() == 128,
        };
        if whole { network.addr().to_string() } else { network.to_string() }
    }
}

impl JsonSchema for ProxyNetwork {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProxyNetwork".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "An IP address, or a network as in `10.0.0.0/8`." })
    }
}

#[test]
fn a_proxy_is_an_address_or_a_network() {
    let read = |text: &str| serde_json::from_str::<ProxyNetwork>(&format!("{text:?}"));
    for text in ["10.0.0.0/8", "192.0.2.7", "fd00::/8", "fd00::1"] {
        assert_eq!(String::from(read(text).unwrap()), text);
    }
    assert!(read("*").is_err() && read("nginx").is_err());
}
