//! What a gateway tells about itself on the network.

use crate::discovery::{
    found::UnverifiedFingerprint,
    names::{HostLabel, InstanceName, cut, display_name},
    reach::Reach,
};

/// How much a gateway tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What clients need to connect.
    Minimal,
    /// Also where its program is, and the port of SSH.
    Full,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeaconFacts {
    /// The name of the machine.
    pub machine: String,
    /// Another name for it on the network, if somebody chose one.
    pub host: Option<String>,
    /// The port of the gateway.
    pub port: u16,
    /// Where it can be reached.
    pub reach: Reach,
    /// Whether clients have to speak TLS.
    pub tls: bool,
    /// The fingerprint of its certificate, in any usual spelling.
    pub tls_sha256: Option<String>,
    /// Its name in the tailnet.
    pub tailnet_dns: Option<String>,
    /// The port of the canvas, where it is another one.
    pub canvas_port: Option<u16>,
    /// Where the program is.
    pub cli_path: Option<String>,
    /// The port of SSH.
    pub ssh_port: Option<u16>,
}

/// What is announced: the name, and the records SRV and TXT are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The name among the other gateways.
    pub instance: InstanceName,
    /// The host the service is on.
    pub host: HostLabel,
    /// Whether that is a chosen name, which the system's own responder does not
    /// answer for.
    pub host_is_chosen: bool,
    /// The port of the service.
    pub port: u16,
    /// Where it can be reached.
    pub reach: Reach,
    /// The TXT record.
    // Invariant: no entry is longer than MAX_TXT_ENTRY.
    pub txt: Vec<(&'static str, String)>,
}

/// What one string of a TXT record may have, in bytes.
const MAX_TXT_ENTRY: usize = 255;
/// The key under which the host is told.
const LAN_HOST: &str = "lanHost";
/// The port of SSH when nobody said otherwise.
const SSH_PORT: u16 = 22;

impl Beacon {
    /// The beacon that tells `facts` in this `detail`.
    pub fn new(facts: &BeaconFacts, detail: Detail) -> Self {
        let machine = facts.host.as_deref().unwrap_or(&facts.machine);
        let host = HostLabel::of(machine);
        let mut txt = Vec::new();
        let mut tell = |key: &'static str, value: Option<String>| {
            let fits = |value: &String| {
                key.len() + 1 + value.len() <= MAX_TXT_ENTRY && !value.contains(char::is_control)
            };
            txt.extend(value.filter(fits).map(|value| (key, value)));
        };
        let sha256 = facts.tls_sha256.as_deref().and_then(UnverifiedFingerprint::read);
        let tailnet = facts.tailnet_dns.as_deref().map(|it| it.trim().trim_end_matches('.'));

        tell("role", Some("gateway".to_owned()));
        tell("gatewayPort", Some(facts.port.to_string()));
        tell(LAN_HOST, Some(host.in_local()));
        tell("displayName", Some(cut(&display_name(machine), 200).to_owned()));
        tell("transport", Some("gateway".to_owned()));
        tell("tailnetDns", tailnet.filter(|it| !it.is_empty()).map(str::to_owned));
        tell("canvasPort", facts.canvas_port.map(|port| port.to_string()));
        if facts.tls {
            tell("gatewayTls", Some("1".to_owned()));
            tell("gatewayTlsSha256", sha256.map(|it| it.as_unverified_str().to_owned()));
        }
        if detail == Detail::Full {
            tell("cliPath", facts.cli_path.clone().filter(|it| !it.is_empty()));
            tell("sshPort", Some(facts.ssh_port.unwrap_or(SSH_PORT).to_string()));
        }
        Self {
            instance: InstanceName::of_machine(machine),
            host,
            host_is_chosen: facts.host.is_some(),
            port: facts.port,
            reach: facts.reach.clone(),
            txt,
        }
    }

    /// The same on a host that goes by another name, because its own was taken.
    #[must_use]
    pub fn on_host(&self, host: HostLabel) -> Self {
        let mut beacon = self.clone();
        for (key, value) in &mut beacon.txt {
            if *key == LAN_HOST {
                *value = host.in_local();
            }
        }
        Self { host, ..beacon }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn facts() -> BeaconFacts {
        BeaconFacts {
            machine: "Kitchen.example.net".into(),
            host: None,
            port: 18789,
            reach: Reach::of([Ipv4Addr::UNSPECIFIED.into()]).unwrap(),
            tls: false,
            tls_sha256: None,
            tailnet_dns: None,
            canvas_port: None,
            cli_path: Some("/usr/bin/openclaw".into()),
            ssh_port: None,
        }
    }

    fn told(beacon: &Beacon) -> String {
        let entries = beacon.txt.iter().map(|(key, value)| format!("{key}={value}"));
        entries.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_told() {
        const MINIMAL: &str = "role=gateway gatewayPort=18789 lanHost=kitchen.local \
                               displayName=Kitchen transport=gateway";
        let secure = BeaconFacts {
            tls: true,
            tls_sha256: Some(format!("SHA256:{}", vec!["AB"; 32].join(":"))),
            tailnet_dns: Some("kitchen.tail1234.ts.net.".into()),
            canvas_port: Some(18793),
            ssh_port: Some(2222),
            ..facts()
        };
        let plain_but_pinned = BeaconFacts { tls: false, ..secure.clone() };
        let named = BeaconFacts { host: Some("Pantry.local".into()), ..facts() };
        let tailnet = "tailnetDns=kitchen.tail1234.ts.net canvasPort=18793";
        let pinned = format!("gatewayTls=1 gatewayTlsSha256={}", "ab".repeat(32));
        let pantry = MINIMAL.replace("kitchen", "pantry").replace("Kitchen", "Pantry");
        #[rustfmt::skip]
        let table = [
            (facts(), Detail::Minimal, MINIMAL.to_owned()),
            (facts(), Detail::Full, format!("{MINIMAL} cliPath=/usr/bin/openclaw sshPort=22")),
            (secure.clone(), Detail::Minimal, format!("{MINIMAL} {tailnet} {pinned}")),
            (secure, Detail::Full, format!("{MINIMAL} {tailnet} {pinned} cliPath=/usr/bin/openclaw sshPort=2222")),
            (plain_but_pinned, Detail::Minimal, format!("{MINIMAL} {tailnet}")),
            (named, Detail::Minimal, pantry),
        ];
        for (facts, detail, expected) in table {
            let beacon = Beacon::new(&facts, detail);
            assert_eq!(told(&beacon), expected);
            assert_eq!(beacon.host_is_chosen, facts.host.is_some());
        }
    }

    #[test]
    fn a_host_whose_name_was_taken_is_told_by_its_new_one() {
        let beacon = Beacon::new(&facts(), Detail::Minimal);
        let moved = beacon.on_host(HostLabel::of("kitchen-2.local"));
        assert_eq!(moved.host.as_str(), "kitchen-2");
        assert_eq!(told(&moved), told(&beacon).replace("kitchen.local", "kitchen-2.local"));
        assert_eq!(moved.instance, beacon.instance);
    }

    #[test]
    fn what_does_not_fit_is_left_out_rather_than_cut() {
        let facts = BeaconFacts {
            cli_path: Some("/x".repeat(200)),
            tailnet_dns: Some("a\nb".into()),
            tls: true,
            tls_sha256: Some("not a fingerprint".into()),
            ..facts()
        };
        let beacon = Beacon::new(&facts, Detail::Full);
        let keys: Vec<_> = beacon.txt.iter().map(|(key, _)| *key).collect();
        assert_eq!(
            keys[3..],
            ["displayName", "transport", "gatewayTls", "sshPort"],
            "no path, no name in the tailnet, no fingerprint"
        );
    }

    proptest! {
        /// Whatever the facts are, every entry fits into a string of a TXT
        /// record.
        #[test]
        fn every_entry_fits(machine in "\\PC{0,300}", path in "\\PC{0,300}") {
            let facts = BeaconFacts { machine, cli_path: Some(path), ..facts() };
            for (key, value) in Beacon::new(&facts, Detail::Full).txt {
                prop_assert!(key.len() + 1 + value.len() <= 255);
            }
        }
    }
}
