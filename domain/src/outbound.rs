//! Which addresses the gateway goes to when somebody else names them: only those
//! of the open internet, because whatever else can be reached from this machine
//! trusts it.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// An `http` or `https` address of which nothing forbids to go there. Where its
/// name leads has to be judged by [`is_public`] once that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress {
    secure: bool,
    host: Host,
    port: Option<u16>,
    // Invariant: begins with a slash; ASCII without spaces.
    path: Box<str>,
}

/// Where an address leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case and without a dot at its end.
    Name(Box<str>),
    /// An address of the open internet.
    Ip(IpAddr),
}

/// Why the gateway does not go to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Another scheme.
    #[error("only http and https addresses are fetched")]
    Scheme,
    /// It cannot be read, or can be read in two ways.
    #[error("not an address that can be fetched")]
    Malformed,
    /// A user or a password is in it.
    #[error("addresses with a user name are not fetched")]
    User,
    /// It leads into a private or reserved network.
    #[error("the address is private or reserved")]
    Private,
    /// The configuration lists hosts, and this one is not among them.
    #[error("the host is not among those that are allowed")]
    NotListed,
}

impl WebAddress {
    /// Reads an address.
    ///
    /// Readers disagree about numbers that are no plain IPv4 address (octal,
    /// hexadecimal, fewer than four), about escapes and about backslashes; none
    /// of these is accepted.
    pub fn parse(text: &str) -> Result<Self, Blocked> {
        let (scheme, rest) = text.split_once(':').ok_or(Blocked::Malformed)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(Blocked::Scheme),
        };
        let rest = rest.strip_prefix("//").ok_or(Blocked::Malformed)?;
        if rest.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Blocked::Malformed);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(Blocked::User);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self { secure, host: Host::parse(host)?, port, path: tidy(path) })
    }

    /// Where `location`, the answer of this address, leads on to.
    pub fn follow(&self, location: &str) -> Result<Self, Blocked> {
        if let Some(rest) = location.strip_prefix("//") {
            let scheme = if self.secure { "https" } else { "http" };
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let head = location.split(['/', '?', '#']).next().unwrap_or_default();
        if head.contains(':') {
            return Self::parse(location);
        }
        if location.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Blocked::Malformed);
        }
        let here = self.path.split('?').next().unwrap_or_default();
        let path = match location.as_bytes().first() {
            Some(b'/') => tidy(location),
            Some(b'?') => tidy(&format!("{here}{location}")),
            _ => {
                let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
                tidy(&format!("{folder}/{location}"))
            }
        };
        Ok(Self { path, ..self.clone() })
    }

    /// Whether the host is on a list of hosts, in which `*.example.com` stands
    /// for every host below `example.com`. Everything is on an empty list.
    pub fn is_listed(&self, hosts: &[String]) -> bool {
        let host = self.host();
        hosts.is_empty()
            || hosts.iter().any(|listed| {
                let listed = listed.trim().trim_end_matches('.').to_ascii_lowercase();
                match listed.strip_prefix("*.") {
                    Some(parent) => {
                        host.strip_suffix(parent).is_some_and(|below| below.ends_with('.'))
                    }
                    None => host == listed,
                }
            })
    }

    /// Whether it is encrypted.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where it leads.
    pub const fn target(&self) -> &Host {
        &self.host
    }

    /// The host, as certificates name it.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.to_string(),
            Host::Ip(address) => address.to_string(),
        }
    }

    /// The host as the header `Host` has it.
    pub fn authority(&self) -> String {
        let host = match &self.host {
            Host::Ip(IpAddr::V6(address)) => format!("[{address}]"),
            Host::Ip(IpAddr::V4(_)) | Host::Name(_) => self.host(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The path and what is asked of it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path, which is what a file at this address is called.
    pub fn file_name(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, Blocked> {
        if let Some(literal) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = literal.parse().map_err(|_| Blocked::Malformed)?;
            return Self::of(address.into());
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let plain = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if MAX_NAME < name.len() || !name.split('.').all(plain) {
            return Err(Blocked::Malformed);
        }
        // What ends in a number is a number to somebody.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
        if is_number {
            let address: Ipv4Addr = name.parse().map_err(|_| Blocked::Malformed)?;
            return Self::of(address.into());
        }
        let is_inside = INSIDE.iter().any(|inside| {
            name.strip_suffix(inside).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        if is_inside { Err(Blocked::Private) } else { Ok(Self::Name(name.into())) }
    }

    fn of(address: IpAddr) -> Result<Self, Blocked> {
        if is_public(address) { Ok(Self::Ip(address)) } else { Err(Blocked::Private) }
    }
}

/// The longest name of a host.
const MAX_NAME: usize = 253;

/// Names that mean this machine or its network, and everything below them.
const INSIDE: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

fn split_port(authority: &str) -> Result<(&str, Option<u16>), Blocked> {
    let end_of_literal = authority.rfind(']').unwrap_or(0);
    let Some(colon) = authority.rfind(':').filter(|colon| end_of_literal <= *colon) else {
        return Ok((authority, None));
    };
    let (host, port) = (&authority[..colon], &authority[colon + 1..]);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port != 0);
    Ok((host, Some(port.ok_or(Blocked::Malformed)?)))
}

/// `path` without its fragment, beginning with a slash, in ASCII.
fn tidy(path: &str) -> Box<str> {
    let path = path.split('#').next().unwrap_or_default();
    let mut tidy = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        tidy.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii() {
            tidy.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(tidy, "%{byte:02X}");
        }
    }
    tidy.into()
}

/// Whether `address` is one of the open internet. Addresses that hold another one
/// (mapped, translated, tunnelled) are not: they lead where the other one leads.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_closed = match address.octets() {
        // Private networks, networks of carriers, those of the link.
        [172, second, ..] => second & 0xf0 == 16,
        [100, second, ..] => second & 0xc0 == 64,
        [192, second, third, _] => {
            // With those of protocols, documentation, relays.
            second == 168
                || (second == 0 && (third == 0 || third == 2))
                || (second == 88 && third == 99)
        }
        [169, second, ..] => second == 254,
        // Measurements, documentation twice.
        [198, second, third, _] => second & 0xfe == 18 || (second == 51 && third == 100),
        [203, second, third, _] => second == 0 && third == 113,
        // This network, a private one, loopback; groups, and what is reserved.
        [first, ..] => matches!(first, 0 | 10 | 127 | 224..=255),
    };
    !is_closed
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocols (Teredo among them), documentation twice, 6to4, ISATAP.
        [0x2001, 0..=0x01ff | 0x0db8, ..]
        | [0x3fff, 0..=0x0fff, ..]
        | [0x2002, ..]
        | [.., 0x0000 | 0x0200, 0x5efe, _, _] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_refused() {
        #[rustfmt::skip]
        let table = [
            ("file:///etc/passwd",                          Blocked::Scheme),
            ("ftp://example.com/",                          Blocked::Scheme),
            ("gopher://example.com/",                       Blocked::Scheme),
            ("data:text/plain,x",                           Blocked::Scheme),
            ("javascript:alert(1)",                         Blocked::Scheme),
            ("",                                            Blocked::Malformed),
            ("example.com",                                 Blocked::Malformed),
            ("http:example.com",                            Blocked::Malformed),
            ("http:///etc/passwd",                          Blocked::Malformed),
            ("http://",                                     Blocked::Malformed),
            ("http://exa mple.com/",                        Blocked::Malformed),
            ("http://example.com\\@127.0.0.1/",             Blocked::Malformed),
            ("http://example.com/\r\nHost: x",              Blocked::Malformed),
            ("http://exämple.com/",                         Blocked::Malformed),
            ("http://%31%32%37.0.0.1/",                     Blocked::Malformed),
            ("http://a..b/",                                Blocked::Malformed),
            ("http://example.com:0/",                       Blocked::Malformed),
            ("http://example.com:+80/",                     Blocked::Malformed),
            ("http://example.com:99999/",                   Blocked::Malformed),
            ("http://[fe80::1%25eth0]/",                    Blocked::Malformed),
            ("http://[::1/",                                Blocked::Malformed),
            ("http://user@example.com/",                    Blocked::User),
            ("http://example.com:80@127.0.0.1/",            Blocked::User),
            ("http://localhost/",                           Blocked::Private),
            ("http://LOCALHOST./",                          Blocked::Private),
            ("http://a.localhost:8080/",                    Blocked::Private),
            ("http://printer.local/",                       Blocked::Private),
            ("http://metadata.google.internal/",            Blocked::Private),
            ("http://router.home.arpa/",                    Blocked::Private),
            ("http://127.0.0.1/",                           Blocked::Private),
            ("http://127.0.0.1./",                          Blocked::Private),
            ("http://169.254.169.254/latest",               Blocked::Private),
            // A number, to some.
            ("http://2130706433/",                          Blocked::Malformed),
            ("http://0x7f000001/",                          Blocked::Malformed),
            ("http://0x7f.1/",                              Blocked::Malformed),
            ("http://0177.0.0.1/",                          Blocked::Malformed),
            ("http://127.1/",                               Blocked::Malformed),
            ("http://0/",                                   Blocked::Malformed),
            ("http://example.0x/",                          Blocked::Malformed),
            ("http://[::1]:8080/",                          Blocked::Private),
            ("http://[::ffff:127.0.0.1]/",                  Blocked::Private),
            ("http://[0:0:0:0:0:ffff:a9fe:a9fe]/",          Blocked::Private),
            ("http://[2001:0:53aa:64c::5601:5601]/",        Blocked::Private),
        ];
        for (text, why) in table {
            assert_eq!(WebAddress::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_read() {
        #[rustfmt::skip]
        let table = [
            // text                                         authority                   port   path
            ("https://Example.COM",                         "example.com",              443,   "/"),
            ("HTTP://example.com.:8080/a/b?c#d",            "example.com:8080",         8080,  "/a/b?c"),
            ("http://example.com:?q",                       "example.com",              80,    "/?q"),
            ("http://example.com#@127.0.0.1/",              "example.com",              80,    "/"),
            ("http://8.8.8.8/ü",                            "8.8.8.8",                  80,    "/%C3%BC"),
            ("http://[2606:4700::1111]:81/",                "[2606:4700::1111]:81",     81,    "/"),
            ("http://localhost.example.com/",               "localhost.example.com",    80,    "/"),
            ("http://xn--bcher-kva.example/",               "xn--bcher-kva.example",    80,    "/"),
        ];
        for (text, authority, port, path) in table {
            let address = WebAddress::parse(text).unwrap();
            let found = (address.authority(), address.port(), address.path().to_owned());
            assert_eq!(found, (authority.to_owned(), port, path.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_of_the_open_internet() {
        #[rustfmt::skip]
        let table = [
            ("8.8.8.8", true), ("93.184.216.34", true), ("172.32.0.1", true), ("100.128.0.1", true),
            ("0.0.0.0", false), ("0.1.2.3", false), ("10.0.0.1", false), ("100.64.0.1", false),
            ("100.127.255.255", false), ("127.0.0.1", false), ("127.255.0.1", false),
            ("169.254.169.254", false), ("172.16.0.1", false), ("172.31.255.255", false),
            ("192.0.0.8", false), ("192.0.2.1", false), ("192.168.1.1", false), ("198.18.0.1", false),
            ("198.51.100.1", false), ("203.0.113.1", false), ("224.0.0.1", false),
            ("239.255.255.250", false), ("255.255.255.255", false), ("192.88.99.1", false),
            ("2606:4700::1111", true), ("2a00:1450:4001::1", true),
            ("::", false), ("::1", false), ("::ffff:8.8.8.8", false), ("::8.8.8.8", false),
            ("64:ff9b::8.8.8.8", false), ("64:ff9b:1::1", false), ("100::1", false),
            ("2001::1", false), ("2001:10::1", false), ("2001:db8::1", false), ("3fff::1", false),
            ("2002:7f00:1::1", false), ("fe80::1", false), ("fec0::1", false), ("fc00::1", false),
            ("fd12:3456::1", false), ("ff02::1", false),
            ("2a00:1450::5efe:10.0.0.1", false), ("2a00:1450::200:5efe:10.0.0.1", false),
        ];
        for (address, public) in table {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn where_an_answer_leads_is_judged_again() {
        let here = WebAddress::parse("https://example.com:8443/a/b?c").unwrap();
        #[rustfmt::skip]
        let table = [
            ("/x?y",                       Ok("https example.com:8443 /x?y")),
            ("x/y",                        Ok("https example.com:8443 /a/x/y")),
            ("?z",                         Ok("https example.com:8443 /a/b?z")),
            ("",                           Ok("https example.com:8443 /a/")),
            ("//other.example/x:y",        Ok("https other.example /x:y")),
            ("http://other.example/",      Ok("http other.example /")),
            ("/x?u=http://127.0.0.1/",     Ok("https example.com:8443 /x?u=http://127.0.0.1/")),
            ("http://127.0.0.1/",          Err(Blocked::Private)),
            ("//[::1]/",                   Err(Blocked::Private)),
            ("file:///etc/passwd",         Err(Blocked::Scheme)),
            ("/x y",                       Err(Blocked::Malformed)),
            ("\\\\127.0.0.1\\x",           Err(Blocked::Malformed)),
        ];
        for (location, expected) in table {
            let found = here.follow(location).map(|to| {
                let scheme = if to.is_secure() { "https" } else { "http" };
                format!("{scheme} {} {}", to.authority(), to.path())
            });
            assert_eq!(found, expected.map(str::to_owned), "{location:?}");
        }
    }

    #[test]
    fn a_list_names_hosts_and_what_is_below_them() {
        let list = ["images.example".to_owned(), " *.CDN.example. ".to_owned()];
        #[rustfmt::skip]
        let table = [
            ("https://images.example/", true), ("https://IMAGES.example./", true),
            ("https://a.images.example/", false), ("https://a.cdn.example/", true),
            ("https://a.b.cdn.example/", true), ("https://cdn.example/", false),
            ("https://evilcdn.example/", false),
        ];
        for (text, listed) in table {
            assert_eq!(WebAddress::parse(text).unwrap().is_listed(&list), listed, "{text}");
        }
        assert!(WebAddress::parse("https://anything.example/").unwrap().is_listed(&[]));
    }
}
