//! Which addresses a bind mode means on this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which network interfaces to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// Only this machine.
    Loopback,
    /// Every interface.
    Lan,
    /// Only the tailnet.
    Tailnet,
    /// The tailnet if there is one, otherwise only this machine.
    Auto,
    /// Exactly this address.
    Address(IpAddr),
}

/// One address of one network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What the system calls the interface.
    pub name: String,
    /// The address.
    pub address: IpAddr,
}

/// What to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOn {
    /// Addresses the gateway does not start without. There is at least one.
    pub must: Vec<IpAddr>,
    /// The same in the other family, which not every machine has.
    pub may: Vec<IpAddr>,
}

/// Why there is nothing to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// No interface belongs to a tailnet.
    #[error(
        "gateway.bind is tailnet, but no interface of this machine has a tailnet address; is \
         Tailscale running?"
    )]
    NoTailnet,
    /// An address of the range of tailnets that cannot be one, as carriers and
    /// clouds use the same range.
    #[error(
        "gateway.bind is tailnet, but {address} belongs to {name}, which is not an interface of \
         Tailscale; to listen there nevertheless, name the address"
    )]
    NotTailscale {
        /// The address.
        address: IpAddr,
        /// The interface.
        name: String,
    },
    /// The address is somebody else's.
    #[error("cannot listen on {0}: no interface of this machine has that address")]
    Elsewhere(IpAddr),
}

impl ListenOn {
    /// What `bind` means on a machine with these interfaces.
    pub fn choose(bind: Bind, interfaces: &[Interface]) -> Result<Self, NoAddress> {
        match bind {
            Bind::Loopback => Ok(Self::loopback()),
            Bind::Lan => Ok(Self {
                must: vec![Ipv4Addr::UNSPECIFIED.into()],
                may: vec![Ipv6Addr::UNSPECIFIED.into()],
            }),
            Bind::Tailnet => Self::tailnet(interfaces),
            Bind::Auto => Ok(Self::tailnet(interfaces).unwrap_or_else(|_| Self::loopback())),
            Bind::Address(address) => {
                let canonical = address.to_canonical();
                let anywhere = canonical.is_unspecified() || canonical.is_loopback();
                if anywhere || interfaces.iter().any(|it| it.address == canonical) {
                    Ok(Self { must: vec![address], may: Vec::new() })
                } else {
                    Err(NoAddress::Elsewhere(address))
                }
            }
        }
    }

    fn loopback() -> Self {
        Self { must: vec![Ipv4Addr::LOCALHOST.into()], may: vec![Ipv6Addr::LOCALHOST.into()] }
    }

    /// The addresses of the first interface of Tailscale, IPv4 first.
    fn tailnet(interfaces: &[Interface]) -> Result<Self, NoAddress> {
        let mut candidates = interfaces.iter().filter(|it| is_tailnet(it.address)).peekable();
        let doubtful = candidates
            .peek()
            .map(|it| NoAddress::NotTailscale { address: it.address, name: it.name.clone() });
        let name = candidates
            .find(|it| belongs_to_tailscale(it.address, interfaces))
            .map(|it| &it.name)
            .ok_or_else(|| doubtful.unwrap_or(NoAddress::NoTailnet))?;
        let mut own: Vec<IpAddr> = interfaces
            .iter()
            .filter(|it| it.name == *name && is_tailnet(it.address))
            .map(|it| it.address)
            .collect();
        own.sort();
        let may = own.split_off(1);
        Ok(Self { must: own, may })
    }

    /// All of them, those that have to be there first.
    pub fn all(&self) -> impl Iterator<Item = IpAddr> {
        self.must.iter().chain(&self.may).copied()
    }
}

/// Whether `address` is in one of the ranges of tailnets, `100.64.0.0/10` and
/// `fd7a:115c:a1e0::/48`. The first one is used by carriers as well.
pub fn is_tailnet(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets()[0] == 100 && v4.octets()[1] & 0b1100_0000 == 64,
        IpAddr::V6(v6) => v6.segments()[..3] == [0xfd7a, 0x115c, 0xa1e0],
    }
}

/// Whether `address`, which is one of `interfaces`, leads to a tailnet: it is in
/// the right range, and its interface has an address that only Tailscale gives,
/// or is at least none that leads to a cable, an aerial or a container.
pub(super) fn belongs_to_tailscale(address: IpAddr, interfaces: &[Interface]) -> bool {
    /// How the names of such interfaces begin, on Linux, macOS and the BSDs.
    const OTHERS: &[&str] = &[
        "bond", "br", "cali", "cilium", "cni", "docker", "en", "eth", "flannel", "ipvlan", "lxc",
        "lxd", "macvlan", "ppp", "rmnet", "usb", "vbox", "veth", "virbr", "vlan", "vmnet", "wl",
        "wwan",
    ];
    let address = address.to_canonical();
    let Some(own) = interfaces.iter().find(|it| it.address == address) else { return false };
    let given_by_tailscale = interfaces
        .iter()
        .any(|it| it.name == own.name && it.address.is_ipv6() && is_tailnet(it.address));
    let leads_elsewhere = OTHERS.iter().any(|beginning| own.name.starts_with(beginning));
    is_tailnet(address) && (given_by_tailscale || !leads_elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of an interface, and one of its addresses.
    type Named = (&'static str, &'static str);

    fn interfaces(all: &[Named]) -> Vec<Interface> {
        let interface = |(name, address): &Named| (name.to_string(), address.parse().unwrap());
        all.iter().map(interface).map(|(name, address)| Interface { name, address }).collect()
    }

    /// What `bind` means, written as `must` and `may`.
    fn choose(bind: Bind, all: &[Named]) -> Result<String, NoAddress> {
        let chosen = ListenOn::choose(bind, &interfaces(all))?;
        let words = |addresses: &[IpAddr]| {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        Ok(format!("{} | {}", words(&chosen.must), words(&chosen.may)))
    }

    const LO: Named = ("lo", "127.0.0.1");
    const ETH: Named = ("eth0", "192.0.2.7");
    const TS4: Named = ("tailscale0", "100.100.1.1");
    const TS6: Named = ("tailscale0", "fd7a:115c:a1e0::1");
    const CARRIER: Named = ("eth0", "100.64.3.4");

    #[test]
    fn nothing_is_listened_on_wider_than_asked() {
        let address = |text: &str| Bind::Address(text.parse().unwrap());
        let loopback = "127.0.0.1 | ::1";
        #[rustfmt::skip]
        let table: &[(Bind, &[Named], &str)] = &[
            (Bind::Loopback,              &[LO, ETH, TS4],      loopback),
            (Bind::Lan,                   &[LO, ETH],           "0.0.0.0 | ::"),
            (Bind::Tailnet,               &[LO, ETH, TS4],      "100.100.1.1 | "),
            (Bind::Tailnet,               &[LO, ETH, TS6, TS4], "100.100.1.1 | fd7a:115c:a1e0::1"),
            (Bind::Tailnet,               &[LO, TS6],           "fd7a:115c:a1e0::1 | "),
            (Bind::Tailnet,               &[CARRIER, TS4],      "100.100.1.1 | "),
            (Bind::Tailnet,               &[("utun4", "100.70.0.1")], "100.70.0.1 | "),
            (Bind::Tailnet,               &[CARRIER, ("eth0", "fd7a:115c:a1e0::2")],
                                                                "100.64.3.4 | fd7a:115c:a1e0::2"),
            (Bind::Auto,                  &[LO, ETH, TS4],      "100.100.1.1 | "),
            (Bind::Auto,                  &[LO, ETH],           loopback),
            (Bind::Auto,                  &[LO, CARRIER],       loopback),
            (Bind::Auto,                  &[],                  loopback),
            (address("192.0.2.7"),        &[LO, ETH],           "192.0.2.7 | "),
            (address("127.0.0.2"),        &[LO],                "127.0.0.2 | "),
            (address("::1"),              &[LO],                "::1 | "),
            (address("0.0.0.0"),          &[LO],                "0.0.0.0 | "),
            (address("100.64.3.4"),       &[LO, CARRIER],       "100.64.3.4 | "),
        ];
        for (bind, all, expected) in table {
            assert_eq!(choose(*bind, all).as_deref(), Ok(*expected), "{bind:?} {all:?}");
        }
    }

    #[test]
    fn an_address_that_is_not_there_is_an_error() {
        let elsewhere: IpAddr = [203, 0, 113, 9].into();
        let carrier =
            NoAddress::NotTailscale { address: [100, 64, 3, 4].into(), name: "eth0".into() };
        #[rustfmt::skip]
        let table: &[(Bind, &[Named], NoAddress)] = &[
            (Bind::Tailnet,            &[LO, ETH],     NoAddress::NoTailnet),
            (Bind::Tailnet,            &[LO, CARRIER], carrier),
            (Bind::Address(elsewhere), &[LO, ETH],     NoAddress::Elsewhere(elsewhere)),
        ];
        for (bind, all, expected) in table {
            assert_eq!(choose(*bind, all).as_ref(), Err(expected), "{bind:?} {all:?}");
        }
        assert!(NoAddress::Elsewhere(elsewhere).to_string().contains("203.0.113.9"));
    }

    #[test]
    fn the_ranges_of_tailnets() {
        let table = [
            ("100.63.255.255", false),
            ("100.64.0.0", true),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("::ffff:100.64.0.1", true),
            ("fd7a:115c:a1e0::", true),
            ("fd7a:115c:a1e0:ffff::1", true),
            ("fd7a:115c:a1e1::1", false),
            ("::1", false),
        ];
        for (address, expected) in table {
            assert_eq!(is_tailnet(address.parse().unwrap()), expected, "{address}");
        }
    }
}
