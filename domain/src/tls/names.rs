//! Which names and addresses a certificate is for.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// One name in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A host name, in lower case and without a dot at its end.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

/// The most names a certificate is made for. A machine has a handful; one with
/// thousands of addresses must not make every handshake long.
const MOST: usize = 100;

/// The names of a certificate for a machine called `host`, which is reached at
/// `addresses` and under the names `also`.
///
/// This machine itself is always among them. What is no name, and addresses
/// nobody can connect to, are left out; each name is there once.
pub fn names(host: Option<&str>, addresses: &[IpAddr], also: &[&str]) -> Vec<Name> {
    let mut names = vec![
        Name::Dns("localhost".to_owned()),
        Name::Ip(Ipv4Addr::LOCALHOST.into()),
        Name::Ip(Ipv6Addr::LOCALHOST.into()),
    ];
    let mut add = |name: Option<Name>| {
        if let Some(name) = name.filter(|name| !names.contains(name) && names.len() < MOST) {
            names.push(name);
        }
    };
    if let Some(host) = host {
        add(dns(host));
        // What others on the network call it, after the first part of its name.
        let first = host.split('.').next().unwrap_or_default();
        add(dns(&format!("{first}.local")));
    }
    for name in also {
        add(dns(name));
    }
    for address in addresses {
        let address = address.to_canonical();
        add((!address.is_unspecified() && !address.is_multicast()).then_some(Name::Ip(address)));
    }
    names
}

/// `text` as a name of the domain name system, if it is one.
fn dns(text: &str) -> Option<Name> {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = text.len() <= 253 && text.split('.').all(is_label);
    // Something like `1.2.3.4` is an address, and in a name would be refused.
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && !is_number).then_some(Name::Dns(text))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

#[test]
fn a_certificate_is_for_every_name_of_the_machine_once() {
    let none: &[&str] = &[];
    #[rustfmt::skip]
    let table = [
        (None, none, none, ""),
        (Some("Mac-Mini"), none, none, "mac-mini mac-mini.local"),
        (Some("box.example.com."), none, none, "box.example.com box.local"),
        (Some("box.local"), none, none, "box.local"),
        (Some("localhost"), none, none, "localhost.local"),
        (Some("my_box"), none, none, ""),
        (Some(""), none, none, ""),
        (Some("10.0.0.1"), none, none, "10.local"),
        (None, &["192.168.1.7", "fd00::1"], none, "192.168.1.7 fd00::1"),
        (None, &["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1"], none, ""),
        (None, &["192.168.1.7", "::ffff:192.168.1.7"], none, "192.168.1.7"),
        (Some("box"), &["100.64.0.1"], &["box.tail1.ts.net.", "BOX"],
            "box box.local box.tail1.ts.net 100.64.0.1"),
        (None, none, &["a b", "-a", "a-", "a..b", "*.example.com"], ""),
    ];
    for (host, addresses, also, expected) in table {
        let addresses: Vec<IpAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        let names: Vec<String> =
            names(host, &addresses, also).iter().map(Name::to_string).collect();
        let expected = format!("localhost 127.0.0.1 ::1 {expected}");
        assert_eq!(names.join(" "), expected.trim_end(), "{host:?} {addresses:?} {also:?}");
    }
}

#[test]
fn too_many_addresses_are_cut_off() {
    let addresses: Vec<IpAddr> =
        (0..1000).map(|i| Ipv4Addr::from(0x0a00_0000 + i).into()).collect();
    assert_eq!(names(None, &addresses, &[]).len(), MOST);
}
