//! Who is at the other end of a connection (`gateway-reference.md` 5.3,
//! `security.md` B4).
//!
//! Resolved once per connection, from the accepted socket and what proxies say
//! about it. Whoever forwards a request may say where it came from, but never
//! that it came from this machine.

use std::net::IpAddr;

pub use ipnet::IpNet as Network;

/// What the accepted socket and the headers say.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The other end of the socket.
    pub socket: IpAddr,
    /// Whether any header says that somebody forwarded the request.
    pub forwarded: bool,
    /// `X-Forwarded-For`, all of its lines joined with commas.
    pub forwarded_for: Option<&'a str>,
    /// `X-Real-IP`.
    pub real_ip: Option<&'a str>,
}

/// Whom the configuration believes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// Proxies that say truthfully who they forward for.
    pub proxies: &'a [Network],
    /// Whether `X-Real-IP` counts where there is no `X-Forwarded-For`.
    pub real_ip: bool,
    /// Whether the tailnet's daemon on this machine forwards to us.
    pub tailnet: bool,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where the client is; `None` when a proxy we believe does not say.
    pub address: Option<IpAddr>,
    /// The other end of the socket: the client, or a proxy.
    pub socket: IpAddr,
    /// How it reached us.
    pub via: Via,
}

/// How a client reached the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Nobody stands in between.
    Direct,
    /// Through a proxy of `gateway.trustedProxies`.
    Proxy,
    /// Through the tailnet's daemon on this machine.
    Tailnet,
}

/// Somebody says that he forwards a request, and nobody knows him.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "proxy_attribution_required: the request came through a proxy that is not listed in gateway.trustedProxies"
)]
pub struct UnknownProxy;

impl Peer {
    /// Resolves what was `seen`, believing only those in `trust`.
    pub fn resolve(seen: &Seen<'_>, trust: &Trust<'_>) -> Result<Self, UnknownProxy> {
        let socket = seen.socket.to_canonical();
        let peer = |address, via| Ok(Self { address, socket, via });
        if !seen.forwarded {
            return peer(Some(socket), Via::Direct);
        }
        if trust.knows(socket) {
            return peer(trust.origin(seen), Via::Proxy);
        }
        if trust.tailnet && socket.is_loopback() {
            // The daemon appends to nothing: there is one entry, or none of it
            // is true.
            return peer(seen.forwarded_for.and_then(address), Via::Tailnet);
        }
        Err(UnknownProxy)
    }

    /// Whether the client runs on this machine and nobody stands in between: a
    /// fact of the accepted socket, and never of what somebody says.
    pub fn is_local(&self) -> bool {
        self.via == Via::Direct && self.socket.is_loopback()
    }
}

impl Trust<'_> {
    fn knows(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(&address))
    }

    /// Where a request came from that a believed proxy handed on: the last stop
    /// before the proxies we know, walking back from ours. Anybody could have
    /// written what stands before it.
    fn origin(&self, seen: &Seen<'_>) -> Option<IpAddr> {
        let Some(stops) = seen.forwarded_for else {
            return seen.real_ip.filter(|_| self.real_ip).and_then(address);
        };
        let mut origin = None;
        for stop in stops.rsplit(',') {
            origin = Some(address(stop)?);
            if !origin.is_some_and(|stop| self.knows(stop)) {
                break;
            }
        }
        origin
    }
}

/// Reads `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        // Two colons and more are an IPv6 address without a port.
        None => match text.split_once(':') {
            Some((name, port)) if !port.contains(':') => name,
            _ => text,
        },
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Reads a list of networks: `10.0.0.0/8`, `fd00::/8`, or one address.
pub fn network(text: &str) -> Option<Network> {
    let text = text.trim();
    text.parse::<Network>().ok().or_else(|| text.parse::<IpAddr>().ok().map(Network::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// V-18, V-28, B4: the whole truth table.
    #[test]
    fn who_is_at_the_other_end() {
        let proxies = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"].map(|it| network(it).unwrap());
        let nobody = Trust::default();
        let known = Trust { proxies: &proxies, ..nobody };
        let real = Trust { real_ip: true, ..known };
        let tailnet = Trust { tailnet: true, ..nobody };
        let at = |address: &str, via| Ok((Some(ip(address)), via));
        let unknown = |via| Ok((None, via));

        #[rustfmt::skip]
        let table = [
            // socket             X-Forwarded-For                    X-Real-IP            other  trust     verdict                              local
            ("127.0.0.1",         None,                              None,                false, nobody,   at("127.0.0.1", Via::Direct),        true),
            ("::ffff:127.0.0.1",  None,                              None,                false, nobody,   at("127.0.0.1", Via::Direct),        true),
            ("::1",               None,                              None,                false, nobody,   at("::1", Via::Direct),              true),
            ("198.51.100.9",      None,                              None,                false, nobody,   at("198.51.100.9", Via::Direct),     false),
            ("10.1.1.1",          None,                              None,                false, known,    at("10.1.1.1", Via::Direct),         false),
            ("127.0.0.1",         Some("127.0.0.1"),                 None,                false, nobody,   Err(UnknownProxy),                   false),
            ("127.0.0.1",         None,                              Some("127.0.0.1"),   false, nobody,   Err(UnknownProxy),                   false),
            ("127.0.0.1",         None,                              None,                true,  nobody,   Err(UnknownProxy),                   false),
            ("198.51.100.9",      Some("10.1.1.1"),                  None,                false, known,    Err(UnknownProxy),                   false),
            ("10.1.1.1",          Some("198.51.100.9"),              None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("10.1.1.1",          Some("127.0.0.1, 198.51.100.9"),   None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("10.1.1.1",          Some("198.51.100.9,10.2.2.2"),     None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("10.1.1.1",          Some("10.3.3.3,10.2.2.2"),         None,                false, known,    at("10.3.3.3", Via::Proxy),          false),
            ("10.1.1.1",          Some("127.0.0.1"),                 None,                false, known,    at("127.0.0.1", Via::Proxy),         false),
            ("10.1.1.1",          Some("198.51.100.9:4444"),         None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("10.1.1.1",          Some("[2001:db8::9]:4444"),        None,                false, known,    at("2001:db8::9", Via::Proxy),       false),
            ("10.1.1.1",          Some("2001:db8::9"),               None,                false, known,    at("2001:db8::9", Via::Proxy),       false),
            ("10.1.1.1",          Some("::ffff:198.51.100.9"),       None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("::ffff:192.0.2.7",  Some("198.51.100.9"),              None,                false, known,    at("198.51.100.9", Via::Proxy),      false),
            ("192.0.2.8",         Some("198.51.100.9"),              None,                false, known,    Err(UnknownProxy),                   false),
            ("10.1.1.1",          Some("garbage, "),                 None,                false, known,    unknown(Via::Proxy),                 false),
            ("10.1.1.1",          Some("198.51.100.9, garbage"),     None,                false, known,    unknown(Via::Proxy),                 false),
            ("10.1.1.1",          Some("unknown"),                   Some("198.51.100.9"), false, real,    unknown(Via::Proxy),                 false),
            ("10.1.1.1",          None,                              Some("198.51.100.9"), false, known,   unknown(Via::Proxy),                 false),
            ("10.1.1.1",          None,                              Some("198.51.100.9"), false, real,    at("198.51.100.9", Via::Proxy),      false),
            ("10.1.1.1",          None,                              None,                true,  known,    unknown(Via::Proxy),                 false),
            ("127.0.0.1",         Some("100.64.1.2"),                None,                false, tailnet,  at("100.64.1.2", Via::Tailnet),      false),
            ("127.0.0.1",         Some("127.0.0.1"),                 None,                false, tailnet,  at("127.0.0.1", Via::Tailnet),       false),
            ("127.0.0.1",         Some("1.1.1.1, 100.64.1.2"),       None,                false, tailnet,  unknown(Via::Tailnet),               false),
            ("192.0.2.9",         Some("100.64.1.2"),                None,                false, tailnet,  Err(UnknownProxy),                   false),
        ];
        for (socket, forwarded_for, real_ip, other, trust, verdict, local) in table {
            let forwarded = other || forwarded_for.is_some() || real_ip.is_some();
            let seen = Seen { socket: ip(socket), forwarded, forwarded_for, real_ip };
            let peer = Peer::resolve(&seen, &trust);
            assert_eq!(peer.map(|peer| (peer.address, peer.via)), verdict, "{seen:?} {trust:?}");
            assert_eq!(peer.is_ok_and(|peer| peer.is_local()), local, "{seen:?} {trust:?}");
        }
    }

    #[test]
    fn a_network_is_a_range_or_one_address() {
        assert!(network("10.0.0.0/8").unwrap().contains(&ip("10.255.0.1")));
        assert!(!network("10.0.0.1").unwrap().contains(&ip("10.0.0.2")));
        assert!(network(" fd00::/8 ").unwrap().contains(&ip("fd00::1")));
        for wrong in ["", "10.0.0.0/33", "10.0.0", "example", "10.0.0.0/8/8", "*"] {
            assert_eq!(network(wrong), None, "{wrong:?}");
        }
    }
}
