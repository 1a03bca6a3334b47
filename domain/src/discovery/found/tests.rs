use proptest::{collection::vec, prelude::*};

use super::*;

/// A TXT record as it is written here.
type Txt<'a> = &'a [(&'a str, &'a str)];

fn sighting(host: &str, port: u16, addresses: &[&str], txt: Txt) -> Sighting {
    Sighting {
        instance: "Kitchen (OpenClaw)".into(),
        host: host.into(),
        port,
        addresses: addresses.iter().map(|it| it.parse().unwrap()).collect(),
        txt: txt.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    }
}

/// V-34: a TXT record names another host, another port and a fingerprint.
#[test]
fn a_txt_record_decides_neither_the_endpoint_nor_the_pin() {
    let lies = [
        ("lanHost", "evil.example"),
        ("tailnetDns", "evil.ts.net"),
        ("gatewayPort", "666"),
        ("gatewayTls", "1"),
        ("gatewayTlsSha256", &"ab".repeat(32)),
    ];
    let found = Found::new(sighting("kitchen.local.", 18789, &["192.0.2.7"], &lies));

    assert_eq!(found.url().as_deref(), Some("wss://kitchen.local:18789"));
    assert_eq!(found.place.host, "kitchen.local");
    assert_eq!(found.place.port, 18789);
    assert_eq!(found.claims.lan_host.as_deref(), Some("evil.example"));
    assert_eq!(found.claims.gateway_port, Some(666));
    let claimed = found.claims.tls_sha256.unwrap();
    assert_eq!(claimed.as_unverified_str(), "ab".repeat(32), "its name says what it is worth");
}

#[test]
fn where_to_connect() {
    let tls: Txt = &[("gatewayTls", "1")];
    #[rustfmt::skip]
    let table: [(_, _, &[_], Txt, _); 12] = [
        // host              port   addresses                   TXT    where to
        ("kitchen.local.",   1,     &["192.0.2.7"],             &[],   Some("ws://kitchen.local:1")),
        ("kitchen.local",    1,     &[],                        tls,   Some("wss://kitchen.local:1")),
        ("kitchen.local",    0,     &["192.0.2.7"],             &[],   None),
        ("",                 1,     &["192.0.2.7"],             &[],   Some("ws://192.0.2.7:1")),
        ("a b",              1,     &["192.0.2.7"],             tls,   Some("wss://192.0.2.7:1")),
        ("evil.example/x?",  1,     &["fe80::1"],               &[],   None),
        ("u:p@evil.example", 1,     &["2001:db8::7"],           &[],   Some("ws://[2001:db8::7]:1")),
        ("küche.local",      1,     &["fe80::1", "192.0.2.7"],  &[],   Some("ws://192.0.2.7:1")),
        ("a..b",             1,     &[],                        &[],   None),
        ("kitchen.local:80", 1,     &[],                        &[],   None),
        ("kitchen.local#",   1,     &[],                        &[],   None),
        ("\u{1b}[2J",        1,     &[],                        &[],   None),
    ];
    for (host, port, addresses, txt, url) in table {
        let found = Found::new(sighting(host, port, addresses, txt));
        assert_eq!(found.url().as_deref(), url, "{host:?}");
    }
}

#[test]
fn claims_are_read_as_the_rfc_says() {
    #[rustfmt::skip]
    let table: [(Txt, Txt); 7] = [
        (&[], &[]),
        (&[("", "x"), ("=", "x"), ("k\u{7}", "x"), ("schlüssel", "x")], &[]),
        (&[("role", "gateway"), ("ROLE", "node")], &[("role", "gateway")]),
        (&[("Role", "a"), ("x", "")], &[("Role", "a"), ("x", "")]),
        (&[("k", "a\u{1b}b")], &[("k", "a\\u{1b}b")]),
        (&[("k234567890123456789012345678901234", "too long a key")], &[]),
        (&[("sshPort", "99999")], &[("sshPort", "99999")]),
    ];
    for (record, kept) in table {
        let claims = Found::new(sighting("h", 1, &[], record)).claims;
        let txt: Vec<_> = claims.txt.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(txt, kept, "{record:?}");
        assert_eq!(claims.ssh_port, None, "what is no port is not taken for one");
    }
}

#[test]
fn known_keys_are_known_in_any_case() {
    let record = [
        ("DISPLAYNAME", " Kitchen "),
        ("cliPath", "/usr/bin/openclaw"),
        ("sshPort", "22"),
        ("canvasport", "18793"),
        ("transport", "gateway"),
        ("role", ""),
        ("gatewayTls", "0"),
        ("gatewayTlsSha256", "ab:cd"),
    ];
    let claims = Found::new(sighting("h", 1, &[], &record)).claims;
    assert_eq!(claims.display_name.as_deref(), Some("Kitchen"));
    assert_eq!(claims.cli_path.as_deref(), Some("/usr/bin/openclaw"));
    assert_eq!((claims.ssh_port, claims.canvas_port), (Some(22), Some(18793)));
    assert_eq!(claims.transport.as_deref(), Some("gateway"));
    assert_eq!((claims.role, claims.tls, claims.tls_sha256), (None, false, None));
}

#[test]
fn fingerprints_in_the_spellings_people_paste() {
    let digits = "0123456789abcdef".repeat(4);
    let pairs: Vec<_> = digits.as_bytes().chunks(2).map(|it| str::from_utf8(it).unwrap()).collect();
    for spelling in
        [digits.clone(), digits.to_uppercase(), format!("sha256:{digits}"), pairs.join(":")]
    {
        let read = UnverifiedFingerprint::read(&spelling).unwrap();
        assert_eq!(read.as_unverified_str(), digits);
    }
    for wrong in ["", "sha256:", &digits[1..], &digits.replace('0', "g")] {
        assert_eq!(UnverifiedFingerprint::read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_gateway_seen_on_many_interfaces_is_one() {
    let mut finds = Finds::default();
    finds.see(sighting("kitchen.local", 1, &["fe80::1"], &[]));
    finds.see(sighting("kitchen.local.", 1, &["192.0.2.7"], &[("role", "gateway")]));
    finds.see(sighting("pantry.local", 1, &["192.0.2.8"], &[]));
    finds.see(Sighting { instance: "Cellar".into(), ..sighting("c.local", 1, &[], &[]) });
    assert!(finds.get("Kitchen (OpenClaw)").is_some());
    assert!(finds.get("Kitchen").is_none());

    finds.lose("Cellar");
    let list = finds.into_list();
    let places: Vec<_> =
        list.iter().map(|it| (it.place.host.as_str(), &it.place.addresses)).collect();
    let [kitchen, pantry] = [["192.0.2.7", "fe80::1"].as_slice(), &["192.0.2.8"]]
        .map(|it| it.iter().map(|it| it.parse().unwrap()).collect::<Vec<IpAddr>>());
    assert_eq!(places, [("kitchen.local", &kitchen), ("pantry.local", &pantry)]);
    assert_eq!(list[0].claims.role.as_deref(), Some("gateway"), "the last word counts");
}

#[test]
fn a_flood_of_announcements_is_cut_off() {
    let mut finds = Finds::default();
    for port in 1..1_000 {
        finds.see(sighting("flood.local", port, &[], &[]));
    }
    assert_eq!(finds.into_list().len(), Finds::MAX);
}

proptest! {
    /// Whatever a stranger announces, what is kept of it is bounded and can be
    /// printed, and a URL made from it leads to the announced host and port.
    #[test]
    fn strangers_cannot_do_harm(
        instance in ".{0,100}",
        host in "([a-z0-9.-]{0,12}|.{0,300})",
        port in 0_u16..,
        addresses in vec(any::<IpAddr>(), 0..40),
        txt in vec((".{0,40}", vec(any::<u8>(), 0..300)), 0..50),
    ) {
        let found = Found::new(Sighting { instance, host, port, addresses, txt });
        prop_assert!(found.place.addresses.len() <= MAX_ADDRESSES);
        prop_assert!(found.claims.txt.len() <= MAX_TXT);
        let texts = found.claims.txt.iter().flat_map(|(key, value)| [key, value]);
        for text in texts.chain([&found.instance, &found.place.host]) {
            prop_assert!(!text.contains(char::is_control));
            prop_assert!(text.len() <= 255 * 10);
        }
        if let Some(url) = found.url() {
            let authority = url.strip_prefix("ws://").or(url.strip_prefix("wss://")).unwrap();
            let (host, port) = authority.rsplit_once(':').unwrap();
            prop_assert_eq!(port, found.place.port.to_string());
            let address = host.trim_matches(['[', ']']).parse();
            let resolved = address.is_ok_and(|address| found.place.addresses.contains(&address));
            prop_assert!(host == found.place.host || resolved, "{}", url);
        }
    }
}
