//! Where a gateway is, and whether a secret may be sent there.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use domain::tls::Fingerprint;

/// Where a gateway is, `ws://host:port` or `wss://host:port`, and how it is
/// recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether the connection is encrypted.
    pub(crate) secure: bool,
    /// The one certificate that is good, if it is known.
    pub(crate) pin: Option<Fingerprint>,
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
    #[error("a gateway URL looks like ws://127.0.0.1:18789 or wss://gateway.example:18789")]
    NotAUrl,
}

impl Target {
    /// The gateway on this machine at `port`.
    pub fn local(port: u16) -> Self {
        let host = Ipv4Addr::LOCALHOST.to_string();
        Self { secure: false, pin: None, host, port, path: "/".into() }
    }

    /// The same, encrypted or not.
    #[must_use]
    pub fn secured(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// The same, recognised by this certificate only.
    #[must_use]
    pub fn pinned(self, pin: Option<Fingerprint>) -> Self {
        Self { pin, ..self }
    }

    /// Whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.');
        host.parse().map_or(host.eq_ignore_ascii_case("localhost"), |ip: IpAddr| ip.is_loopback())
    }

    /// Whether what is sent there can be read on the way: it leaves this
    /// machine, and is not encrypted. A private network is no exception; who is
    /// in it reads along.
    pub fn is_readable(&self) -> bool {
        !self.secure && !self.is_loopback()
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

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let scheme = |scheme: &str| {
            text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme))
        };
        let secured = scheme("wss://").or(scheme("https://"));
        let open = || scheme("ws://").or(scheme("http://"));
        let head = secured.or_else(open).ok_or(TargetError::NotAUrl)?;
        let secure = secured.is_some();
        let rest = &text[head.len()..];
        let rest = &rest[..rest.find('#').unwrap_or(rest.len())];
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // A user in a URL would look like the host to some readers.
        if authority.contains('@') || path.contains(|c: char| c.is_control() || c == ' ') {
            return Err(TargetError::NotAUrl);
        }
        let usual = if secure { 443 } else { 80 };
        let (host, port) = split(authority, usual).ok_or(TargetError::NotAUrl)?;
        let path = if path.starts_with('/') { path.into() } else { format!("/{path}") };
        Ok(Self { secure, pin: None, host, port, path })
    }
}

fn split(authority: &str, usual: u16) -> Option<(String, u16)> {
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
    let port = port.map_or(Some(usual), |port| port.parse().ok())?;
    Some((host.to_owned(), port))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path == "/" { "" } else { &self.path };
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{path}", self.authority())
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
        ("wss://gateway.example", Some("wss://gateway.example:443")),
        ("https://[::1]:18789/x", Some("wss://[::1]:18789/x")),
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
}

#[test]
fn what_leaves_this_machine_unencrypted_can_be_read() {
    #[rustfmt::skip]
    let table = [
        ("127.0.0.1", false), ("127.9.9.9", false), ("[::1]", false), ("localhost", false),
        ("LOCALHOST.", false),
        ("10.1.2.3", true), ("192.168.1.1", true), ("100.64.0.1", true), ("[fd00::1]", true),
        ("mac.local", true), ("mac.tail1234.ts.net", true), ("192.0.2.10", true),
        ("example.com", true), ("localhost.example.com", true), ("notlocal", true),
        ("127.1", true), ("[::ffff:8.8.8.8]", true), ("0.0.0.0", true),
    ];
    for (host, readable) in table {
        let target: Target = format!("ws://{host}:1").parse().unwrap();
        assert_eq!(target.is_readable(), readable, "{host}");
        assert!(!target.secured(true).is_readable(), "{host}");
    }
}
