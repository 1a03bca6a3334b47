//! Where on the local network a gateway can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of a gateway that others on the local network can connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(
    // Invariant: not empty; no loopback, no tailnet.
    Vec<IpAddr>,
);

impl Reach {
    /// The reach of a gateway that listens on `bound`. Nothing when nobody on
    /// the local network can connect: a gateway on loopback is not advertised,
    /// and neither is one that listens on its tailnet address only, because
    /// clients connect to nothing but what the name resolves to there.
    pub fn of(bound: impl IntoIterator<Item = IpAddr>) -> Option<Self> {
        let near = |address: &IpAddr| !address.is_loopback() && !in_tailnet(*address);
        let addresses: Vec<_> =
            bound.into_iter().map(|address| address.to_canonical()).filter(near).collect();
        (!addresses.is_empty()).then_some(Self(addresses))
    }

    /// Whether a client that connects to `address` of this machine gets to the
    /// gateway.
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let any: IpAddr = match address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        !address.is_loopback() && (self.0.contains(&address) || self.0.contains(&any))
    }

    /// Whether every interface of this machine leads to the gateway.
    pub fn is_everywhere(&self) -> bool {
        self.0.iter().any(IpAddr::is_unspecified)
    }
}

/// Whether this is an address Tailscale gives to machines: 100.64.0.0/10 or
/// `fd7a:115c:a1e0::/48`.
fn in_tailnet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => matches!(v4.octets(), [100, 64..=127, _, _]),
        IpAddr::V6(v6) => matches!(v6.segments(), [0xfd7a, 0x115c, 0xa1e0, ..]),
    }
}

#[test]
fn who_can_reach_what_is_bound() {
    type Addresses<'a> = &'a [&'a str];
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    #[rustfmt::skip]
    let table: [(Addresses, _, Addresses, Addresses); 8] = [
        // bound                         everywhere    reached through             not through
        (&["127.0.0.1", "::1"],          None,         &[],                        &[]),
        (&["100.101.102.103"],           None,         &[],                        &[]),
        (&["fd7a:115c:a1e0::7"],         None,         &[],                        &[]),
        (&["::ffff:127.0.0.1"],          None,         &[],                        &[]),
        (&[],                            None,         &[],                        &[]),
        (&["0.0.0.0"],                   Some(true),   &["192.0.2.7"],             &["2001:db8::1", "127.0.0.1"]),
        (&["192.0.2.7", "127.0.0.1"],    Some(false),  &["192.0.2.7"],             &["192.0.2.8", "127.0.0.1"]),
        (&["0.0.0.0", "::"],             Some(true),   &["192.0.2.7", "fe80::1"],  &["::1"]),
    ];
    for (bound, everywhere, reached, missed) in table {
        let reach = Reach::of(bound.iter().map(|it| address(it)));
        assert_eq!(reach.as_ref().map(Reach::is_everywhere), everywhere, "{bound:?}");
        let covers = |it: &&str| reach.as_ref().is_some_and(|reach| reach.covers(address(it)));
        assert!(reached.iter().all(covers), "{bound:?}");
        assert!(!missed.iter().any(covers), "{bound:?}");
    }
}
