//! What others tell about themselves, and how much of it counts.
//!
//! Anybody on the network can announce anything. So what a name resolves to (the
//! SRV record and the addresses of its host) is kept apart from what a TXT record
//! claims, and nothing that is claimed decides where a client connects or which
//! certificate it trusts.

use std::{collections::BTreeMap, net::IpAddr};

use crate::discovery::{
    harmless::harmless,
    names::{InstanceName, cut},
};

/// One answer from the network, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// The name among the gateways.
    pub instance: String,
    /// The host of the SRV record.
    pub host: String,
    /// The port of the SRV record.
    pub port: u16,
    /// What that host resolves to.
    pub addresses: Vec<IpAddr>,
    /// The TXT record: keys, and values that need not be text.
    pub txt: Vec<(String, Vec<u8>)>,
}

/// A gateway somebody announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name it goes by, fit to be printed.
    pub instance: String,
    /// Where it is.
    pub place: Place,
    /// What it says about itself.
    pub claims: Claims,
}

/// Where a gateway is: what its name resolves to, and the only place a client
/// may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host of the SRV record, fit to be printed.
    pub host: String,
    /// The port of the SRV record.
    pub port: u16,
    /// What the host resolves to.
    pub addresses: Vec<IpAddr>,
}

/// What a TXT record says. Nobody has checked any of it: it may be shown, and
/// decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `displayName`
    pub display_name: Option<String>,
    /// `lanHost`
    pub lan_host: Option<String>,
    /// `tailnetDns`
    pub tailnet_dns: Option<String>,
    /// `gatewayPort`
    pub gateway_port: Option<u16>,
    /// `canvasPort`
    pub canvas_port: Option<u16>,
    /// `sshPort`
    pub ssh_port: Option<u16>,
    /// `cliPath`
    pub cli_path: Option<String>,
    /// `role`
    pub role: Option<String>,
    /// `transport`
    pub transport: Option<String>,
    /// `gatewayTls`
    pub tls: bool,
    /// `gatewayTlsSha256`
    pub tls_sha256: Option<UnverifiedFingerprint>,
    /// The whole record, fit to be printed.
    pub txt: BTreeMap<String, String>,
}

/// The fingerprint of a certificate, as a stranger claims it. A person may
/// compare it with the one the gateway itself shows; no program may trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedFingerprint(
    // Invariant: 64 digits, lower case.
    String,
);

impl UnverifiedFingerprint {
    /// Reads a SHA-256 fingerprint in any usual spelling.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.strip_prefix("sha256:").unwrap_or(&text).replace([':', ' '], "");
        let good = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then_some(Self(digits))
    }

    /// The digits.
    pub fn as_unverified_str(&self) -> &str {
        &self.0
    }
}

/// The most entries of a TXT record that are looked at.
const MAX_TXT: usize = 32;
/// The longest key of a TXT record that is looked at, in bytes.
const MAX_KEY: usize = 32;
/// The longest value of a TXT record, in bytes.
const MAX_VALUE: usize = 255;
/// The longest name of a host, in bytes.
const MAX_HOST: usize = 253;
/// The most addresses kept of one gateway.
const MAX_ADDRESSES: usize = 16;

impl Found {
    /// What `sighting` amounts to.
    pub fn new(sighting: Sighting) -> Self {
        let Sighting { instance, host, port, addresses, txt } = sighting;
        let host = host.strip_suffix('.').unwrap_or(&host);
        let mut found = Self {
            instance: harmless(cut(&instance, InstanceName::MAX_BYTES)),
            place: Place { host: harmless(cut(host, MAX_HOST)), port, addresses: Vec::new() },
            claims: Claims::read(&txt),
        };
        found.place.add(addresses);
        found
    }

    /// The address to connect to: the host the name resolves to, or one of that
    /// host's addresses when its name is not a plain one. Only the scheme follows
    /// a claim, which can be wrong but cannot lead elsewhere; a client that knows
    /// the gateway's certificate speaks `wss` whatever is claimed.
    pub fn url(&self) -> Option<String> {
        let scheme = if self.claims.tls { "wss" } else { "ws" };
        let Place { host, port, addresses } = &self.place;
        if *port == 0 {
            return None;
        }
        if is_plain(host) {
            return Some(format!("{scheme}://{host}:{port}"));
        }
        let usable = |address: &&IpAddr| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(v6) => !v6.is_unicast_link_local(),
        };
        addresses.iter().find(usable).map(|address| match address {
            IpAddr::V4(v4) => format!("{scheme}://{v4}:{port}"),
            IpAddr::V6(v6) => format!("{scheme}://[{v6}]:{port}"),
        })
    }
}

impl Place {
    /// Adds what is new of `addresses`, the easiest to use first.
    fn add(&mut self, addresses: Vec<IpAddr>) {
        self.addresses.extend(addresses);
        self.addresses.sort_by_key(|address| match address {
            IpAddr::V4(v4) => (0, v4.to_ipv6_mapped()),
            IpAddr::V6(v6) if !v6.is_unicast_link_local() => (1, *v6),
            IpAddr::V6(v6) => (2, *v6),
        });
        self.addresses.dedup();
        self.addresses.truncate(MAX_ADDRESSES);
    }
}

impl Claims {
    /// Reads a TXT record as RFC 6763 6.4 says: keys in any case, the first of
    /// equal ones counts, and one without a name is none.
    fn read(record: &[(String, Vec<u8>)]) -> Self {
        let mut claims = Self::default();
        let mut seen = Vec::new();
        for (key, value) in record.iter().take(MAX_TXT) {
            let folded = key.to_ascii_lowercase();
            let printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=');
            if key.is_empty() || MAX_KEY < key.len() || !printable || seen.contains(&folded) {
                continue;
            }
            let text = String::from_utf8_lossy(value);
            let text = harmless(cut(&text, MAX_VALUE));
            claims.note(&folded, &text);
            claims.txt.insert(key.clone(), text);
            seen.push(folded);
        }
        claims
    }

    fn note(&mut self, key: &str, text: &str) {
        let said = || Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let port = || text.trim().parse().ok().filter(|port| *port != 0);
        match key {
            "displayname" => self.display_name = said(),
            "lanhost" => self.lan_host = said(),
            "tailnetdns" => self.tailnet_dns = said(),
            "gatewayport" => self.gateway_port = port(),
            "canvasport" => self.canvas_port = port(),
            "sshport" => self.ssh_port = port(),
            "clipath" => self.cli_path = said(),
            "role" => self.role = said(),
            "transport" => self.transport = said(),
            "gatewaytls" => self.tls = matches!(text.trim(), "1" | "true" | "yes"),
            "gatewaytlssha256" => self.tls_sha256 = UnverifiedFingerprint::read(text),
            _ => (),
        }
    }
}

/// Whether `host` is a name that means the same in an URL as anywhere else.
fn is_plain(host: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    };
    host.len() <= MAX_HOST && host.split('.').all(label)
}

/// The gateways seen so far. The same one is often seen several times, once for
/// every interface and kind of address.
#[derive(Clone, Debug, Default)]
pub struct Finds {
    // Invariant: at most MAX of them.
    found: BTreeMap<(String, String, u16), Found>,
}

impl Finds {
    /// How many are kept at most; somebody who announces more is up to no good.
    pub const MAX: usize = 256;

    /// Somebody announces a gateway.
    pub fn see(&mut self, sighting: Sighting) {
        let found = Found::new(sighting);
        let key = (found.instance.clone(), found.place.host.clone(), found.place.port);
        if let Some(known) = self.found.get_mut(&key) {
            known.place.add(found.place.addresses);
            known.claims = found.claims;
        } else if self.found.len() < Self::MAX {
            self.found.insert(key, found);
        }
    }

    /// The gateway called `instance` says goodbye.
    pub fn lose(&mut self, instance: &str) {
        let name = harmless(cut(instance, InstanceName::MAX_BYTES));
        self.found.retain(|(instance, _, _), _| *instance != name);
    }

    /// A gateway of this name, if one was seen.
    pub fn get(&self, instance: &str) -> Option<&Found> {
        let name = harmless(instance);
        self.found.values().find(|found| found.instance == name)
    }

    /// What was found, by name.
    pub fn into_list(self) -> Vec<Found> {
        self.found.into_values().collect()
    }
}

#[cfg(test)]
mod tests;
