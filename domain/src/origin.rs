//! Whose pages may talk to the gateway, and under which names it may be
//! addressed (`security.md` 2.3, `ws-protocol.md` 1.2).
//!
//! A page in a browser can reach every address the browser can reach. What it
//! cannot do is lie about its `Origin`, or about the name it used as `Host`, so
//! these two are compared: parsed, never by prefix.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is known about the gateway and the connection a request came over.
#[derive(Clone, Copy, Debug, Default)]
pub struct House<'a> {
    /// Whether the client runs on this machine and nobody stands in between.
    pub local: bool,
    /// Origins of pages that may come in from elsewhere, as in
    /// `https://chat.example`; `*` is every page.
    pub allowed_origins: &'a [String],
    /// The addresses the gateway listens on. An unspecified one (`0.0.0.0`)
    /// stands for all there are.
    pub addresses: &'a [IpAddr],
    /// Names the gateway is known by, besides those of the loopback.
    pub names: &'a [String],
    /// More of them.
    pub more_names: &'a [String],
    /// Whether a page counts as the gateway's own wherever the browser got it,
    /// as long as it is what the browser calls the gateway.
    pub any_name: bool,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginRefused {
    /// The gateway does not go by that name: somebody's name server points at
    /// an address that is not theirs.
    #[error("host not allowed")]
    Host,
    /// The page comes from elsewhere.
    #[error("origin not allowed")]
    Origin,
}

/// The longest `Origin` or `Host` that is looked at, in bytes.
const MAX_LEN: usize = 512;

/// Decides whether a request with these headers may come in.
///
/// Programs send no `Origin` and may come in, unless they run on this machine
/// and use a name that is not the gateway's, which no honest program does and
/// every rebound name server makes a browser do.
pub fn check(
    origin: Option<&str>,
    host: Option<&str>,
    house: &House<'_>,
) -> Result<(), OriginRefused> {
    let host = host.map(|host| Authority::parse(host).ok_or(OriginRefused::Host)).transpose()?;
    let Some(origin) = origin else {
        return match host {
            Some(host) if house.local && !house.answers_to(&host) => Err(OriginRefused::Host),
            _ => Ok(()),
        };
    };
    let origin = Origin::parse(origin).ok_or(OriginRefused::Origin)?;
    if house.allows(&origin) {
        return Ok(());
    }
    let host = host.ok_or(OriginRefused::Origin)?;
    if house.any_name && origin.is_page_of(&host) {
        return Ok(());
    }
    if !house.answers_to(&host) {
        return Err(OriginRefused::Host);
    }
    let reachable = house.local || !host.name.is_loopback();
    if reachable && origin.is_page_of(&host) { Ok(()) } else { Err(OriginRefused::Origin) }
}

/// Whether the page at `origin` is the gateway's own, as far as the browser
/// knows: it comes from where the request went.
pub fn is_own_page(origin: &str, host: Option<&str>) -> bool {
    let (origin, host) = (Origin::parse(origin), host.and_then(Authority::parse));
    origin.zip(host).is_some_and(|(origin, host)| origin.is_page_of(&host))
}

impl House<'_> {
    fn allows(&self, origin: &Origin<'_>) -> bool {
        self.allowed_origins.iter().any(|allowed| {
            allowed == "*" || Origin::parse(allowed).is_some_and(|allowed| allowed.same_as(origin))
        })
    }

    fn answers_to(&self, host: &Authority<'_>) -> bool {
        match host.name {
            _ if host.name.is_loopback() => true,
            Name::Address(address) => self
                .addresses
                .iter()
                .any(|own| own.is_unspecified() || own.to_canonical() == address),
            Name::Text(text) => {
                let mut names = self.names.iter().chain(self.more_names);
                names.any(|own| own.eq_ignore_ascii_case(text))
            }
        }
    }
}

/// A host and perhaps a port, as in a `Host` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    name: Name<'a>,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name<'a> {
    // Invariant: canonical, an IPv4 address is never in IPv6 clothes.
    Address(IpAddr),
    // Invariant: without a final dot. Compared regardless of case.
    Text(&'a str),
}

impl<'a> Authority<'a> {
    /// Reads `host`, `host:port`, `1.2.3.4:port` or `[::1]:port`; `None` for
    /// everything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        if MAX_LEN < text.len() {
            return None;
        }
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']')?;
                let address =
                    Name::Address(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?).to_canonical());
                let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
                (address, port)
            }
            None => match text.split_once(':') {
                Some((name, port)) => (Name::parse(name)?, Some(port)),
                None => (Name::parse(text)?, None),
            },
        };
        let port = port.map(parse_port).map_or(Some(None), |port| port.map(Some))?;
        Some(Self { name, port })
    }

    /// Whether both name the same end, given what no port stands for.
    fn same_as(&self, other: &Self, default_port: u16) -> bool {
        let port = |of: &Self| of.port.unwrap_or(default_port);
        self.name.same_as(other.name) && port(self) == port(other)
    }
}

fn parse_port(text: &str) -> Option<u16> {
    // `parse` alone would let a sign through.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let fits = !text.is_empty() && !text.starts_with('.') && text.bytes().all(plain);
        fits.then_some(Self::Text(text))
    }

    fn same_as(self, other: Name<'_>) -> bool {
        match (self, other) {
            (Name::Address(a), Name::Address(b)) => a == b,
            (Name::Text(a), Name::Text(b)) => a.eq_ignore_ascii_case(b),
            (Name::Address(_), Name::Text(_)) | (Name::Text(_), Name::Address(_)) => false,
        }
    }

    fn is_loopback(self) -> bool {
        match self {
            Name::Address(address) => address.is_loopback(),
            Name::Text(text) => text.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// Where a page comes from: a scheme, a host and a port, and nothing else.
#[derive(Clone, Copy, Debug)]
struct Origin<'a> {
    default_port: u16,
    authority: Authority<'a>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if MAX_LEN < text.len() {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let default_port = if scheme.eq_ignore_ascii_case("http") {
            80
        } else if scheme.eq_ignore_ascii_case("https") {
            443
        } else {
            return None;
        };
        Some(Self { default_port, authority: Authority::parse(rest)? })
    }

    fn same_as(&self, other: &Self) -> bool {
        // The default port tells the schemes apart.
        self.default_port == other.default_port
            && self.authority.same_as(&other.authority, self.default_port)
    }

    fn is_page_of(&self, host: &Authority<'_>) -> bool {
        self.authority.same_as(host, self.default_port)
    }
}

#[cfg(test)]
const OK: Result<(), OriginRefused> = Ok(());
#[cfg(test)]
const HOST: Result<(), OriginRefused> = Err(OriginRefused::Host);
#[cfg(test)]
const ORIGIN: Result<(), OriginRefused> = Err(OriginRefused::Origin);

#[test]
fn programs_on_this_machine_use_the_names_of_this_machine() {
    let addresses = ["192.0.2.7".parse().unwrap(), "fd00::7".parse().unwrap()];
    let names = ["Gateway.example".to_owned()];
    let house = House {
        local: true,
        allowed_origins: &[],
        addresses: &addresses,
        names: &names,
        ..House::default()
    };

    #[rustfmt::skip]
    let table = [
        (None,                               OK),
        (Some("localhost"),                  OK),
        (Some("LOCALHOST.:18789"),           OK),
        (Some("127.0.0.1:18789"),            OK),
        (Some("127.8.8.8"),                  OK),
        (Some("[::1]:18789"),                OK),
        (Some("[::ffff:127.0.0.1]"),         OK),
        (Some("192.0.2.7:18789"),            OK),
        (Some("[fd00::7]"),                  OK),
        (Some("gateway.EXAMPLE:1"),          OK),
        (Some("192.0.2.8"),                  HOST),
        (Some("evil.example:18789"),         HOST),
        (Some("localhost.evil.example"),     HOST),
        (Some("127.0.0.1.evil.example"),     HOST),
        (Some("127.1"),                      HOST),
        (Some("2130706433"),                 HOST),
        (Some(""),                           HOST),
        (Some("localhost:99999"),            HOST),
        (Some("localhost:+1"),               HOST),
        (Some("localhost:"),                 HOST),
        (Some("::1"),                        HOST),
        (Some("[::1"),                       HOST),
        (Some("[::1]x"),                     HOST),
        (Some("a@localhost"),                HOST),
        (Some("localhost/"),                 HOST),
        (Some("localhost .evil"),            HOST),
    ];
    for (host, verdict) in table {
        assert_eq!(check(None, host, &house), verdict, "{host:?}");
    }
    let remote = House { local: false, ..house };
    assert_eq!(check(None, Some("gateway.lan"), &remote), OK, "a program elsewhere may");
    assert_eq!(check(None, Some("gate way"), &remote), HOST, "but not with nonsense");
}

#[test]
fn pages_come_from_the_gateway_or_are_listed() {
    let addresses = ["192.0.2.7".parse().unwrap()];
    let allowed = ["https://chat.example".to_owned(), "http://dev.example:3000".to_owned()];
    let here =
        House { local: true, allowed_origins: &allowed, addresses: &addresses, ..House::default() };
    let there = House { local: false, ..here };

    #[rustfmt::skip]
    let table = [
        // origin                            host                      here    there
        ("http://localhost:18789",           "localhost:18789",        OK,     ORIGIN),
        ("HTTP://LocalHost.:18789",          "localhost:18789",        OK,     ORIGIN),
        ("http://127.0.0.1:18789",           "127.0.0.1:18789",        OK,     ORIGIN),
        ("http://[::1]:18789",               "[0::1]:18789",           OK,     ORIGIN),
        ("http://localhost",                 "localhost:80",           OK,     ORIGIN),
        ("https://localhost",                "localhost:443",          OK,     ORIGIN),
        ("http://192.0.2.7:18789",           "192.0.2.7:18789",        OK,     OK),
        ("https://chat.example",             "localhost:18789",        OK,     OK),
        ("https://CHAT.example:443",         "localhost:18789",        OK,     OK),
        ("http://dev.example:3000",          "evil.example",           OK,     OK),
        ("http://chat.example",              "localhost:18789",        ORIGIN, ORIGIN),
        ("http://dev.example",               "localhost:18789",        ORIGIN, ORIGIN),
        ("http://localhost:3000",            "localhost:18789",        ORIGIN, ORIGIN),
        ("http://localhost:18789",           "127.0.0.1:18789",        ORIGIN, ORIGIN),
        ("http://127.0.0.1.evil.example:1",  "127.0.0.1:1",            ORIGIN, ORIGIN),
        ("http://localhost.evil.example",    "localhost",              ORIGIN, ORIGIN),
        ("http://evil.example:18789",        "evil.example:18789",     HOST,   HOST),
        ("null",                             "localhost:18789",        ORIGIN, ORIGIN),
        ("",                                 "localhost:18789",        ORIGIN, ORIGIN),
        ("file://",                          "localhost:18789",        ORIGIN, ORIGIN),
        ("ws://localhost:18789",             "localhost:18789",        ORIGIN, ORIGIN),
        ("http://u:p@localhost:18789",       "localhost:18789",        ORIGIN, ORIGIN),
        ("http://localhost:18789/",          "localhost:18789",        ORIGIN, ORIGIN),
        ("http://localhost:18789/x",         "localhost:18789",        ORIGIN, ORIGIN),
    ];
    for (origin, host, locally, remotely) in table {
        assert_eq!(check(Some(origin), Some(host), &here), locally, "{origin} at {host}");
        assert_eq!(check(Some(origin), Some(host), &there), remotely, "{origin} at {host}");
    }
    let endless = format!("http://{}.example", "a".repeat(20_000));
    assert_eq!(check(Some(&endless), Some("localhost"), &here), ORIGIN);
    assert_eq!(check(Some("http://localhost"), None, &here), ORIGIN);
}

#[test]
fn a_star_allows_every_page_and_an_open_bind_every_address() {
    let everyone = ["*".to_owned()];
    let open = ["0.0.0.0".parse().unwrap()];
    let house = House { allowed_origins: &everyone, addresses: &open, ..House::default() };

    assert_eq!(check(Some("https://any.example"), Some("x.example"), &house), OK);
    assert_eq!(check(Some("null"), Some("localhost"), &house), ORIGIN);

    let house = House { allowed_origins: &[], ..house };
    assert_eq!(check(Some("http://198.51.100.2:1"), Some("198.51.100.2:1"), &house), OK);
    assert_eq!(check(Some("http://any.example"), Some("any.example"), &house), HOST);
}

#[test]
fn the_gateways_own_pages_come_from_where_they_talk_to() {
    assert!(is_own_page("http://localhost:18789", Some("localhost:18789")));
    assert!(!is_own_page("http://localhost:3000", Some("localhost:18789")));
    assert!(!is_own_page("null", Some("localhost")) && !is_own_page("http://x", None));
}

#[test]
fn more_names_and_the_dangerous_switch() {
    let names = ["gateway.example".to_owned()];
    let house = House { more_names: &names, ..House::default() };
    let check = |origin, host, house: &House<'_>| check(Some(origin), Some(host), house);
    assert_eq!(check("https://gateway.example", "gateway.example", &house), OK);
    assert_eq!(check("https://other.example", "other.example", &house), HOST);
    let reckless = House { any_name: true, ..House::default() };
    assert_eq!(check("https://other.example", "other.example", &reckless), OK);
    assert_eq!(check("https://evil.example", "other.example", &reckless), HOST);
}
