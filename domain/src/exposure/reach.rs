//! Who can reach a port.

use std::{fmt, net::IpAddr};

use super::{Exposure, Interface, addresses::belongs_to_tailscale};

/// Who can reach the gateway's port, from few to many.
///
/// Written out, it is the end of the sentence "the port is open to".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Programs on this machine.
    ThisMachine,
    /// The members of the tailnet, over encrypted links.
    Tailnet,
    /// Whoever has a way to this address.
    Network(IpAddr),
    /// Every network this machine is in.
    EveryNetwork,
    /// Everybody, through Tailscale Funnel.
    Internet,
}

impl Reach {
    /// Who can reach a port of these addresses, on a machine with these
    /// interfaces.
    pub fn of(listening: &[IpAddr], interfaces: &[Interface]) -> Self {
        let reach = |address: &IpAddr| {
            let address = address.to_canonical();
            if address.is_loopback() {
                Self::ThisMachine
            } else if address.is_unspecified() {
                Self::EveryNetwork
            } else if belongs_to_tailscale(address, interfaces) {
                Self::Tailnet
            } else {
                Self::Network(address)
            }
        };
        listening.iter().map(reach).max().unwrap_or(Self::ThisMachine)
    }

    /// The same when Tailscale brings others to it.
    #[must_use]
    pub fn through(self, exposure: Option<Exposure>) -> Self {
        match exposure {
            None => self,
            Some(Exposure::Serve) => self.max(Self::Tailnet),
            Some(Exposure::Funnel) => self.max(Self::Internet),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThisMachine => f.write_str("this machine only"),
            Self::Tailnet => f.write_str("the members of its tailnet"),
            Self::Network(address) => write!(f, "everybody with a way to {address}"),
            Self::EveryNetwork => f.write_str("every network this machine is in"),
            Self::Internet => f.write_str("the whole internet, through Tailscale Funnel"),
        }
    }
}

#[test]
fn who_can_reach_what_is_listened_on() {
    let interfaces = [
        Interface { name: "tailscale0".into(), address: [100, 100, 1, 1].into() },
        Interface { name: "eth0".into(), address: [100, 64, 3, 4].into() },
        Interface { name: "eth0".into(), address: [192, 0, 2, 7].into() },
    ];
    let (serve, funnel) = (Some(Exposure::Serve), Some(Exposure::Funnel));
    #[rustfmt::skip]
    let table: &[(&[&str], Option<Exposure>, &str)] = &[
        (&["127.0.0.1", "::1"], None,   "this machine only"),
        (&["::ffff:127.0.0.1"], None,   "this machine only"),
        (&[],                   None,   "this machine only"),
        (&["100.100.1.1"],      None,   "the members of its tailnet"),
        (&["100.64.3.4"],       None,   "everybody with a way to 100.64.3.4"),
        (&["192.0.2.7"],        None,   "everybody with a way to 192.0.2.7"),
        (&["0.0.0.0", "::"],    None,   "every network this machine is in"),
        (&["127.0.0.1"],        serve,  "the members of its tailnet"),
        (&["192.0.2.7"],        serve,  "everybody with a way to 192.0.2.7"),
        (&["127.0.0.1"],        funnel, "the whole internet, through Tailscale Funnel"),
    ];
    for (listening, exposure, expected) in table {
        let listening: Vec<IpAddr> = listening.iter().map(|it| it.parse().unwrap()).collect();
        let reach = Reach::of(&listening, &interfaces).through(*exposure);
        assert_eq!(reach.to_string(), *expected, "{listening:?} {exposure:?}");
    }
}
