//! What is explained, scene by scene.

use ports::config::{Config, ProxyNetwork};

use super::*;
use crate::testing;

/// A client, as a row of the table says it.
struct Client {
    socket: &'static str,
    forwarded_for: Option<&'static str>,
    host: &'static str,
    origin: Option<&'static str>,
    role: Role,
    knows_secret: bool,
    in_tailnet: bool,
    device: Option<bool>,
}

/// A program on this machine that knows the secret and is no device.
const LOCAL: Client = Client {
    socket: "127.0.0.1",
    forwarded_for: None,
    host: "127.0.0.1:18789",
    origin: None,
    role: Role::Operator,
    knows_secret: true,
    in_tailnet: false,
    device: None,
};
/// The same from the local network.
const LAN: Client = Client { socket: "192.0.2.50", host: "192.0.2.1:18789", ..LOCAL };

fn rules(change: impl FnOnce(&mut Config)) -> Rules {
    let mut config = Config::default();
    change(&mut config);
    let tailscale = config.gateway.tailscale.mode.exposure();
    let has_password = config.gateway.auth.password.is_some();
    Rules { config: testing::config(config), chosen: None, has_password, tailscale }
}

fn explain(rules: &Rules, client: &Client) -> Explained {
    let headers = client.forwarded_for.map(|list| ("x-forwarded-for".into(), list.into()));
    let config = rules.config.current();
    let addresses = ["192.0.2.1".parse().unwrap()];
    rules.explain(&Scene {
        circumstances: Circumstances {
            connection: "c".into(),
            peer: client.socket.parse().unwrap(),
            host: Some(client.host.into()),
            origin: client.origin.map(Into::into),
            headers: headers.into_iter().collect(),
            secure: false,
            nonce: "n".into(),
            challenged_at: domain::time::Timestamp::default(),
        },
        house: House {
            allowed_origins: &config.gateway.control_ui.allowed_origins,
            addresses: &addresses,
            more_names: &config.gateway.allowed_hosts,
            ..House::default()
        },
        role: client.role,
        scopes: Scopes::all(),
        knows_secret: client.knows_secret,
        in_tailnet: client.in_tailnet,
        device: client.device,
    })
}

/// The step that decides, the code if it is a refusal, and how many scopes are
/// granted otherwise.
fn verdict(explained: &Explained) -> (&'static str, Result<usize, &'static str>) {
    let last = explained.steps.last().unwrap();
    assert_eq!(last.ok, explained.refusal.is_none(), "{explained:?}");
    assert!(explained.steps.iter().rev().skip(1).all(|step| step.ok), "{explained:?}");
    let result = match &explained.refusal {
        Some(telling) => Err(telling.code),
        None => Ok(explained.granted.len()),
    };
    (last.about, result)
}

#[test]
fn who_would_be_let_in() {
    let every = Scopes::all().iter().count();
    let plain = rules(|_| ());
    let proxied = rules(|config| {
        config.gateway.trusted_proxies =
            vec![ProxyNetwork::try_from("10.0.0.0/8".to_owned()).unwrap()];
    });
    let vouched = rules(|config| {
        config.gateway.trusted_proxies =
            vec![ProxyNetwork::try_from("10.0.0.0/8".to_owned()).unwrap()];
        config.gateway.auth.mode = Some(AuthMode::TrustedProxy);
    });
    let served =
        rules(|config| config.gateway.tailscale.mode = ports::config::TailscaleMode::Serve);
    let open = rules(|config| config.gateway.auth.mode = Some(AuthMode::None));
    let easy = rules(|config| config.gateway.auth.local_auto_permit = true);
    let friendly = rules(|config| {
        config.gateway.control_ui.allowed_origins = vec!["https://chat.example".into()];
    });
    let enough = rules(|config| config.gateway.auth.deviceless_scopes = true);
    let silent = Client { knows_secret: false, ..LOCAL };
    let page = Client { origin: Some("https://chat.example"), ..LOCAL };
    let own_page = Client { origin: Some("http://127.0.0.1:18789"), device: Some(false), ..LOCAL };
    let proxy = Client { socket: "10.0.0.2", ..LAN };
    let member = Client {
        forwarded_for: Some("100.64.1.2"),
        knows_secret: false,
        in_tailnet: true,
        ..LOCAL
    };

    #[rustfmt::skip]
    let table = [
        ("the secret, on this machine",            &plain, LOCAL, ("scopes", Ok(every))),
        ("nothing, on this machine",               &plain, Client { ..silent }, ("device", Err("DEVICE_IDENTITY_REQUIRED"))),
        ("a new device with nothing",              &plain, Client { device: Some(false), ..silent }, ("credentials", Err("AUTH_TOKEN_MISSING"))),
        ("a paired device with its token",         &plain, Client { device: Some(true), ..silent }, ("scopes", Ok(every))),
        ("a new device on this machine",           &plain, Client { device: Some(false), ..LOCAL }, ("scopes", Ok(every))),
        ("the gateway's own page",                 &plain, own_page, ("pairing", Err("PAIRING_REQUIRED"))),
        ("the secret, from elsewhere, no device",  &plain, LAN, ("scopes", Ok(0))),
        ("the same where that is enough",          &enough, LAN, ("scopes", Ok(every))),
        ("a new device from elsewhere",            &plain, Client { device: Some(false), ..LAN }, ("pairing", Err("PAIRING_REQUIRED"))),
        ("a paired device from elsewhere",         &plain, Client { device: Some(true), knows_secret: false, ..LAN }, ("scopes", Ok(every))),
        ("a node that is no device",               &plain, Client { role: Role::Node, ..LOCAL }, ("device", Err("DEVICE_IDENTITY_REQUIRED"))),
        ("a paired node",                          &plain, Client { role: Role::Node, device: Some(true), ..LAN }, ("scopes", Ok(0))),
        ("a foreign page (V-01)",                  &plain, Client { ..page }, ("host and origin", Err("CONTROL_UI_ORIGIN_NOT_ALLOWED"))),
        ("a page that may",                        &friendly, Client { ..page }, ("scopes", Ok(every))),
        ("a rebound name",                         &plain, Client { host: "evil.example", ..LOCAL }, ("host and origin", Err("HOST_NOT_ALLOWED"))),
        ("says it is local (V-28)",                &plain, Client { forwarded_for: Some("127.0.0.1"), ..LOCAL }, ("connection", Err("PROXY_ATTRIBUTION_REQUIRED"))),
        ("says so through a proxy (V-28)",         &proxied, Client { forwarded_for: Some("127.0.0.1, 198.51.100.9"), ..proxy }, ("scopes", Ok(0))),
        ("a proxy nobody knows",                   &plain, Client { forwarded_for: Some("198.51.100.9"), ..proxy }, ("connection", Err("PROXY_ATTRIBUTION_REQUIRED"))),
        ("past the proxy that vouches",            &vouched, LAN, ("credentials", Err("AUTH_REQUIRED"))),
        ("through it, unnamed",                    &vouched, Client { forwarded_for: Some("198.51.100.9"), ..proxy }, ("credentials", Err("AUTH_IDENTITY_HEADER_REQUIRED"))),
        ("a member of the tailnet",                &served, Client { ..member }, ("scopes", Ok(every))),
        ("somebody it does not know",              &served, Client { in_tailnet: false, device: Some(false), ..member }, ("credentials", Err("AUTH_TOKEN_MISSING"))),
        ("the tailnet where it does not count",    &plain, Client { ..member }, ("connection", Err("PROXY_ATTRIBUTION_REQUIRED"))),
        ("mode none, on this machine",             &open, Client { ..silent }, ("scopes", Ok(every))),
        ("mode none, from elsewhere",              &open, LAN, ("credentials", Err("AUTH_REQUIRED"))),
        ("permitted on this machine",              &easy, Client { ..silent }, ("scopes", Ok(every))),
        ("a foreign page there",                   &easy, Client { origin: Some("https://chat.example"), ..silent }, ("host and origin", Err("CONTROL_UI_ORIGIN_NOT_ALLOWED"))),
    ];
    for (name, rules, client, expected) in table {
        let explained = explain(rules, &client);
        assert_eq!(verdict(&explained), expected, "{name}: {explained:?}");
    }
}

#[test]
fn a_spoofed_address_is_seen_as_what_it_is() {
    let proxied = rules(|config| {
        config.gateway.trusted_proxies =
            vec![ProxyNetwork::try_from("10.0.0.2".to_owned()).unwrap()];
    });
    let spoof =
        Client { socket: "10.0.0.2", forwarded_for: Some("127.0.0.1, 198.51.100.9"), ..LAN };
    let explained = explain(&proxied, &spoof);
    let connection = &explained.steps[1];
    assert_eq!(
        connection.finding,
        "from 198.51.100.9, through the proxy 10.0.0.2: counts as from elsewhere"
    );
}

#[test]
fn whoever_is_refused_is_told_what_to_type() {
    let new = Client { device: Some(false), ..LAN };
    let refusal = explain(&rules(|_| ()), &new).refusal.unwrap();
    assert_eq!((refusal.code, refusal.reason), ("PAIRING_REQUIRED", "not-paired"));
    assert!(refusal.next.contains("openclaw devices list"), "{}", refusal.next);
}
