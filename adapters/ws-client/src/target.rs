//! Where a gateway is, and whether a secret may be sent there.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Where a gateway is: `ws://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an address, without the brackets of IPv6.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// The path, beginning with a slash.
    pub(crate) path: String,
}

/// What one shows to be let in.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The gateway's token.
    pub token: Option<String>,
    /// The gateway's password.
    pub password: Option<String>,
    /// The token that was made for this device.
    pub device_token: Option<String>,
}

impl Credentials {
    /// Whether others must not read it.
    pub(crate) fn holds_secret(&self) -> bool {
        self.token.is_some() || self.password.is_some() || self.device_token.is_some()
    }
}

/// Why a text names no gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is not a WebSocket URL.
    #[error("a gateway URL looks like ws://127.0.0.1:18789")]
    NotAUrl,
    /// It asks for encryption.
    #[error("wss:// is not supported yet; use ws:// on this machine or through a tunnel")]
    Encrypted,
}

impl Target {
    /// The gateway on this machine at `port`.
    pub fn local(port: u16) -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port, path: "/".into() }
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.');
        host.parse().map_or(host.eq_ignore_ascii_case("localhost"), |ip: IpAddr| ip.is_loopback())
    }

    /// Whether what is sent there can be read on the way by strangers: the host
    /// is neither this machine nor in a private network.
    pub fn is_public(&self) -> bool {
        match self.host.parse() {
            Ok(IpAddr::V4(address)) => !is_private_v4(address),
            Ok(IpAddr::V6(address)) => !is_private_v6(address),
            Err(_) => {
                let host = self.host.trim_end_matches('.').to_ascii_lowercase();
                let below = |domain: &str| host.ends_with(domain);
                host != "localhost" && ![".localhost", ".local", ".ts.net"].into_iter().any(below)
            }
        }
    }

    /// `host:port` as it stands in a URL.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let carrier_grade = first == 100 && (64..128).contains(&second);
    address.is_loopback() || address.is_private() || address.is_link_local() || carrier_grade
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(address) => is_private_v4(address),
        None => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let scheme = |scheme: &str| {
            text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme))
        };
        if scheme("wss://").or(scheme("https://")).is_some() {
            return Err(TargetError::Encrypted);
        }
        let head = scheme("ws://").or(scheme("http://")).ok_or(TargetError::NotAUrl)?;
        let rest = &text[head.len()..];
        let rest = &rest[..rest.find('#').unwrap_or(rest.len())];
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // A user in a URL would look like the host to some readers.
        if authority.contains('@') || path.contains(|c: char| c.is_control() || c == ' ') {
            return Err(TargetError::NotAUrl);
        }
        let (host, port) = split(authority).ok_or(TargetError::NotAUrl)?;
        let path = if path.starts_with('/') { path.into() } else { format!("/{path}") };
        Ok(Self { host, port, path })
    }
}

fn split(authority: &str) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    let port = port.map_or(Some(80), |port| port.parse().ok())?;
    Some((host.to_owned(), port))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path == "/" { "" } else { &self.path };
        write!(f, "ws://{}{path}", self.authority())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .field("password", &self.password.is_some())
            .field("device_token", &self.device_token.is_some())
            .finish()
    }
}

#[test]
fn urls_of_gateways() {
    let table = [
        ("ws://127.0.0.1:18789", Some("ws://127.0.0.1:18789")),
        ("  WS://localhost:1/x?y=1#z ", Some("ws://localhost:1/x?y=1")),
        ("ws://[::1]:18789/", Some("ws://[::1]:18789")),
        ("ws://gateway.local", Some("ws://gateway.local:80")),
        ("ws://host:99999", None),
        ("ws://me@host:1", None),
        ("ws://ho st:1", None),
        ("ws://:1", None),
        ("ws://[nonsense]:1", None),
        ("ftp://host", None),
        ("", None),
    ];
    for (text, expected) in table {
        let parsed = text.parse::<Target>().ok().map(|target| target.to_string());
        assert_eq!(parsed.as_deref(), expected, "{text}");
    }
    assert_eq!("wss://x".parse::<Target>(), Err(TargetError::Encrypted));
}

#[test]
fn secrets_are_not_for_strangers() {
    #[rustfmt::skip]
    let table = [
        ("127.0.0.1", false), ("127.9.9.9", false), ("[::1]", false), ("localhost", false),
        ("10.1.2.3", false), ("172.16.0.1", false), ("192.168.1.1", false), ("169.254.1.1", false),
        ("100.64.0.1", false), ("[fd00::1]", false), ("[fe80::1]", false), ("mac.local", false),
        ("mac.tail1234.ts.net", false), ("[::ffff:192.168.0.1]", false), ("LOCALHOST.", false),
        ("192.0.2.10", true), ("8.8.8.8", true), ("172.32.0.1", true), ("100.128.0.1", true),
        ("[2001:db8::1]", true), ("example.com", true), ("localhost.example.com", true),
        ("notlocal", true), ("127.1", true), ("[::ffff:8.8.8.8]", true), ("0.0.0.0", true),
    ];
    for (host, public) in table {
        let target: Target = format!("ws://{host}:1").parse().unwrap();
        assert_eq!(target.is_public(), public, "{host}");
    }
}
