//! Being known to the proxy in front, or to the tailnet.

use domain::{
    access::{
        Proof,
        Scope::{self, Admin, Read},
        Scopes,
    },
    exposure::Exposure,
};
use ports::{
    config::{AuthMode, Config, IdentityScopes},
    driven::{MockTailnet, TailnetError, TailnetUser},
};

use super::fixture::{Device, From, Gateway, Shows, Visit, here, there};

fn behind_proxy() -> Config {
    let mut config = Config::default();
    config.gateway.auth.mode = Some(AuthMode::TrustedProxy);
    let proxies = ["10.0.0.0/8", "127.0.0.1"];
    config.gateway.trusted_proxies =
        proxies.map(|it| it.to_owned().try_into().unwrap()).into_iter().collect();
    config
}

/// Somebody the proxy brings.
fn through_proxy() -> From {
    let from = there().at("10.0.0.1").header("x-forwarded-for", "198.51.100.9");
    from.header("x-forwarded-user", "owner@example.com").header("x-proxy-auth", "yes")
}

/// `gateway-reference.md` 5.3, V-20, V-21, AUT-028, AUT-029: who counts is who the
/// proxy says, if it is ours, says everything it always says, and that one is let
/// in.
#[tokio::test]
async fn the_proxy_says_who_it_is() {
    type Change = fn(&mut Config);
    let as_it_is: Change = |_| ();
    let required: Change = |config| {
        config.gateway.auth.trusted_proxy.required_headers = vec!["X-Proxy-Auth".into()];
    };
    let only: Change = |config| {
        config.gateway.auth.trusted_proxy.allow_users = vec![" Owner@Example.com".into()];
    };
    let loopback: Change = |config| config.gateway.auth.trusted_proxy.allow_loopback = true;
    let other: Change = |config| config.gateway.auth.trusted_proxy.user_header = "X-User".into();

    let anonymous = || through_proxy().without("x-forwarded-user");
    let blank = || anonymous().header("x-forwarded-user", "  ");
    let stranger = || anonymous().header("x-forwarded-user", "stranger@example.com");
    let known = || anonymous().header("x-user", "owner@example.com");
    let scopes = || through_proxy().header("x-openclaw-scopes", "operator.admin");
    let header = "AUTH_IDENTITY_HEADER_REQUIRED";
    #[rustfmt::skip]
    let table = [
        (through_proxy(),                           as_it_is, None),
        (scopes(),                                  as_it_is, None),
        (through_proxy(),                           required, None),
        (through_proxy().without("x-proxy-auth"),   required, Some(header)),
        (anonymous(),                               as_it_is, Some(header)),
        (blank(),                                   as_it_is, Some(header)),
        (through_proxy(),                           other,    Some(header)),
        (known(),                                   other,    None),
        (through_proxy(),                           only,     None),
        (stranger(),                                only,     Some("AUTH_UNAUTHORIZED")),
        (stranger(),                                as_it_is, None),
        (through_proxy().at("192.0.2.7"),           as_it_is, Some("PROXY_ATTRIBUTION_REQUIRED")),
        (through_proxy().without("x-forwarded-for").without("x-forwarded-user").at("10.0.0.1"), as_it_is, Some("AUTH_REQUIRED")),
        (through_proxy().at("127.0.0.1"),           as_it_is, Some("AUTH_REQUIRED")),
        (through_proxy().at("127.0.0.1"),           loopback, None),
        (here(),                                    loopback, Some("AUTH_REQUIRED")),
    ];
    for (from, change, refused) in table {
        let mut config = behind_proxy();
        change(&mut config);
        let gateway = Gateway::new(config);
        let visit = Visit { from: from.clone(), ..Visit::default() };
        let read = Scopes::NONE.with(Read);
        let verdict = refused.map_or(Ok((Proof::TrustedProxy, read)), Err);
        assert_eq!(gateway.verdict(&visit).await, verdict, "{from:?}");
        let identified = gateway.identify(&from, Shows::token("good")).await;
        assert_eq!(identified.is_ok(), refused.is_none(), "{from:?}: {identified:?}");
    }
}

/// `identityScopes`: at most these, on both ways in; and a device from elsewhere
/// has to be approved whoever brings it.
#[tokio::test]
async fn a_person_is_allowed_what_the_configuration_says() {
    let mut config = behind_proxy();
    config.gateway.auth.identity_scopes = Some(IdentityScopes::Everybody(vec![Read]));
    let gateway = Gateway::new(config);
    let visit = |asked: &'static [Scope], device| Visit {
        from: through_proxy(),
        asked,
        device,
        ..Visit::default()
    };
    let admitted = gateway.admit(&visit(&[Admin, Read], Device::No)).await.unwrap().principal;
    assert_eq!(admitted.scopes, Scopes::NONE.with(Read));
    assert_eq!(admitted.user.as_deref(), Some("owner@example.com"));
    let identified = gateway.identify(&through_proxy(), Shows::default()).await.unwrap();
    assert_eq!(identified.scopes, Scopes::NONE.with(Read));
    let new = gateway.verdict(&visit(&[Read], Device::New)).await;
    assert_eq!(new, Err("PAIRING_REQUIRED"));

    let mut config = behind_proxy();
    let names = [("somebody-else@example.com".to_owned(), vec![Read])];
    config.gateway.auth.identity_scopes = Some(IdentityScopes::Each(names.into()));
    let gateway = Gateway::new(config);
    let nothing = gateway.verdict(&visit(&[Read], Device::Paired)).await;
    assert_eq!(nothing, Ok((Proof::TrustedProxy, Scopes::NONE)), "nor as a device");
}

fn tailnet() -> MockTailnet {
    let mut tailnet = MockTailnet::new();
    tailnet.expect_whois().returning(|address| match address.to_string().as_str() {
        "100.64.0.1" => {
            let login = "Owner@Example.com".to_owned();
            Ok(Some(TailnetUser { login, name: None, picture: None }))
        }
        "100.64.0.2" => Ok(None),
        _ => Err(TailnetError::Silent(5)),
    });
    tailnet
}

/// Somebody `tailscale serve` brings from `address`.
fn through_tailscale(address: &'static str) -> From {
    here()
        .header("x-forwarded-for", address)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "host.tailnet.ts.net")
        .header("tailscale-user-login", " owner@example.com ")
}

/// `ws-protocol.md` 4.4, V-27, AUT-026, AUT-027: the header of the daemon and its
/// own answer, which has to be the same; on HTTP never.
#[tokio::test]
async fn the_tailnet_says_who_it_is() {
    let owner = || through_tailscale("100.64.0.1");
    let claims =
        |login| owner().without("tailscale-user-login").header("tailscale-user-login", login);
    let known = Ok((Proof::Tailscale, Scopes::NONE.with(Read)));
    let no_device = Err("DEVICE_IDENTITY_REQUIRED");
    let missing = Err("AUTH_TOKEN_MISSING");
    #[rustfmt::skip]
    let table = [
        (owner(),                                       Exposure::Serve,  None,        known),
        (owner(),                                       Exposure::Serve,  Some(false), no_device),
        (owner(),                                       Exposure::Funnel, None,        no_device),
        (claims("other@example.com"),                   Exposure::Serve,  None,        missing),
        (claims(" "),                                   Exposure::Serve,  None,        missing),
        (owner().without("tailscale-user-login"),       Exposure::Serve,  None,        missing),
        (owner().without("x-forwarded-proto"),          Exposure::Serve,  None,        missing),
        (owner().without("x-forwarded-host"),           Exposure::Serve,  None,        missing),
        (through_tailscale("100.64.0.2"),               Exposure::Serve,  None,        missing),
        (through_tailscale("100.64.0.3"),               Exposure::Serve,  None,        missing),
        (through_tailscale("100.64.0.1, 100.64.0.1"),   Exposure::Serve,  None,        missing),
        (owner().at("192.0.2.7"),                       Exposure::Serve,  None,        Err("PROXY_ATTRIBUTION_REQUIRED")),
        (here().header("tailscale-user-login", "owner@example.com"), Exposure::Serve, None, no_device),
    ];
    for (from, how, allowed, verdict) in table {
        let mut config = Config::default();
        config.gateway.auth.allow_tailscale = allowed;
        let gateway = Gateway::in_tailnet(config, how, tailnet());
        let visit = Visit { from: from.clone(), ..Visit::default() };
        assert_eq!(gateway.verdict(&visit).await, verdict, "{from:?} {how:?} {allowed:?}");
        let identified = gateway.identify(&from, Shows::default()).await;
        assert!(identified.is_err(), "{from:?}: {identified:?}");
    }
}

/// Whoever the tailnet does not know shows the secret like everybody else, and is
/// from elsewhere; in mode `password` nobody is known.
#[tokio::test]
async fn whoever_the_tailnet_does_not_know_shows_the_secret() {
    let gateway = Gateway::in_tailnet(Config::default(), Exposure::Serve, tailnet());
    let stranger = through_tailscale("100.64.0.2");
    let visit = Visit { from: stranger, shows: Shows::token("good"), ..Visit::default() };
    assert_eq!(gateway.verdict(&visit).await, Ok((Proof::Token, Scopes::NONE)));
    let device = Visit { device: Device::New, ..visit };
    assert_eq!(gateway.verdict(&device).await, Err("PAIRING_REQUIRED"), "never silently");

    let mut config = Config::default();
    config.gateway.auth.mode = Some(AuthMode::Password);
    let gateway = Gateway::in_tailnet(config, Exposure::Serve, tailnet());
    let owner = Visit { from: through_tailscale("100.64.0.1"), ..Visit::default() };
    assert_eq!(gateway.verdict(&owner).await, Err("DEVICE_IDENTITY_REQUIRED"));
}
