//! Who is let in: the truth table, and what the configuration changes about it.

mod fixture;
mod throttle;
mod vouched;

use domain::{
    access::{
        Proof, Role,
        Scope::{self, Admin, Read},
        Scopes,
    },
    client::Protocol,
};
use ports::config::{AuthMode, Config};

use self::fixture::{Gateway, Shows, Visit, here, page, there};

const NOTHING: &[Scope] = &[];
const READ: &[Scope] = &[Read];
const ADMIN: &[Scope] = &[Admin];

/// What becomes of it: how it was proved and what was granted, or the code of the
/// refusal.
type Verdict = Result<(Proof, &'static [Scope]), &'static str>;

type Case =
    (AuthMode, fixture::From, Shows, fixture::Device, Role, Protocol, &'static [Scope], Verdict);

/// V-03, V-04, V-06, V-08, V-11: every mode, from here, from a page here and from
/// elsewhere, with and without a device, in both roles, in every protocol.
#[tokio::test]
async fn who_is_let_in_and_as_what() {
    use AuthMode::{None as Open, Password, Token, TrustedProxy};
    use Protocol::{Brief, V3, V4};
    use Role::{Node, Operator};
    use fixture::Device::{New, No, Paired};

    const MISMATCH: Verdict = Err("AUTH_TOKEN_MISMATCH");
    const MISSING: Verdict = Err("AUTH_TOKEN_MISSING");
    const NO_DEVICE: Verdict = Err("DEVICE_IDENTITY_REQUIRED");
    const PAIR: Verdict = Err("PAIRING_REQUIRED");
    const CLOSED: Verdict = Err("AUTH_REQUIRED");

    let token = || Shows::token("good");
    let password = || Shows::password("secret");
    let by_device = || Shows::token("token of device 1");
    let (nothing, wrong) = (Shows::default, || Shows::token("bad"));
    #[rustfmt::skip]
    let table: Vec<Case> = vec![
        // wants        from     shows                             device  as        speaks asks     verdict
        (Token,        here(),  token(),                          No,     Operator, V4,    READ,    Ok((Proof::Token, READ))),
        (Token,        here(),  token(),                          No,     Operator, V4,    NOTHING, Ok((Proof::Token, NOTHING))),
        (Token,        here(),  token(),                          No,     Operator, V3,    NOTHING, Ok((Proof::Token, ADMIN))),
        (Token,        here(),  token(),                          No,     Operator, Brief, NOTHING, Ok((Proof::Token, ADMIN))),
        (Token,        here(),  Shows::password("good"),          No,     Operator, V4,    READ,    Ok((Proof::Token, READ))),
        (Token,        here(),  Shows::password("good"),          No,     Operator, V3,    READ,    MISSING),
        (Token,        here(),  nothing(),                        No,     Operator, V4,    READ,    NO_DEVICE),
        (Token,        here(),  nothing(),                        New,    Operator, V4,    READ,    MISSING),
        (Token,        here(),  wrong(),                          No,     Operator, V4,    READ,    MISMATCH),
        (Token,        here(),  token(),                          New,    Operator, V4,    ADMIN,   Ok((Proof::Token, ADMIN))),
        (Token,        here(),  token(),                          Paired, Operator, V4,    ADMIN,   Ok((Proof::Token, ADMIN))),
        (Token,        here(),  by_device(),                      Paired, Operator, V4,    READ,    Ok((Proof::DeviceToken, READ))),
        (Token,        here(),  by_device(),                      Paired, Operator, V4,    ADMIN,   PAIR),
        (Token,        here(),  token(),                          No,     Node,     V4,    NOTHING, NO_DEVICE),
        (Token,        here(),  token(),                          New,    Node,     V4,    ADMIN,   Ok((Proof::Token, NOTHING))),
        (Token,        page(),  token(),                          No,     Operator, V4,    READ,    Ok((Proof::Token, READ))),
        (Token,        page(),  token(),                          New,    Operator, V4,    READ,    PAIR),
        (Token,        page(),  token(),                          Paired, Operator, V4,    ADMIN,   PAIR),
        (Token,        there(), token(),                          No,     Operator, V4,    ADMIN,   Ok((Proof::Token, NOTHING))),
        (Token,        there(), token(),                          No,     Operator, V3,    NOTHING, Ok((Proof::Token, NOTHING))),
        (Token,        there(), token(),                          No,     Operator, Brief, NOTHING, Ok((Proof::Token, NOTHING))),
        (Token,        there(), wrong(),                          No,     Operator, V4,    ADMIN,   MISMATCH),
        (Token,        there(), token(),                          New,    Operator, V4,    ADMIN,   PAIR),
        (Token,        there(), token(),                          New,    Node,     V4,    NOTHING, PAIR),
        (Token,        there(), token(),                          Paired, Operator, V4,    READ,    Ok((Proof::Token, READ))),
        (Token,        there(), token(),                          Paired, Operator, V4,    ADMIN,   PAIR),
        (Token,        there(), token(),                          Paired, Operator, V3,    NOTHING, PAIR),
        (Token,        there(), token(),                          Paired, Node,     V4,    NOTHING, PAIR),
        (Token,        there(), by_device(),                      Paired, Operator, V4,    READ,    Ok((Proof::DeviceToken, READ))),
        (Token,        there(), by_device(),                      Paired, Operator, V3,    READ,    Ok((Proof::DeviceToken, READ))),
        (Token,        there(), by_device(),                      Paired, Node,     V4,    NOTHING, MISMATCH),
        (Token,        there(), by_device(),                      New,    Operator, V4,    READ,    MISMATCH),
        (Token,        there(), Shows::device_token("token of device 1"), Paired, Operator, V4, READ, Ok((Proof::DeviceToken, READ))),
        (Token,        there(), Shows::device_token("token of device 2"), Paired, Operator, V4, READ, Err("AUTH_DEVICE_TOKEN_MISMATCH")),
        (Token,        there(), Shows::device_token("token of device 1"), No,     Operator, V4, READ, NO_DEVICE),
        (Token,        there(), Shows::setup("made up"),          New,    Operator, V4,    READ,    Err("AUTH_BOOTSTRAP_TOKEN_INVALID")),
        (Token,        there(), Shows::setup("made up"),          No,     Operator, V4,    READ,    NO_DEVICE),
        (Password,     here(),  password(),                       No,     Operator, V4,    READ,    Ok((Proof::Password, READ))),
        (Password,     here(),  Shows::token("secret"),           No,     Operator, V4,    READ,    Ok((Proof::Password, READ))),
        (Password,     here(),  Shows::token("secret"),           No,     Operator, V3,    READ,    Err("AUTH_PASSWORD_MISSING")),
        (Password,     here(),  Shows::password("bad"),           No,     Operator, V4,    READ,    Err("AUTH_PASSWORD_MISMATCH")),
        (Password,     there(), nothing(),                        New,    Operator, V4,    READ,    Err("AUTH_PASSWORD_MISSING")),
        (Password,     there(), password(),                       No,     Operator, V4,    ADMIN,   Ok((Proof::Password, NOTHING))),
        (Password,     there(), by_device(),                      Paired, Operator, V4,    READ,    Ok((Proof::DeviceToken, READ))),
        (Password,     there(), token(),                          No,     Operator, V4,    READ,    Err("AUTH_PASSWORD_MISMATCH")),
        (Open,         here(),  nothing(),                        No,     Operator, V4,    READ,    Ok((Proof::Nothing, READ))),
        (Open,         here(),  nothing(),                        New,    Operator, V4,    READ,    Ok((Proof::Nothing, READ))),
        (Open,         here(),  nothing(),                        No,     Node,     V4,    NOTHING, NO_DEVICE),
        (Open,         there(), nothing(),                        No,     Operator, V4,    READ,    CLOSED),
        (Open,         there(), token(),                          New,    Operator, V4,    READ,    CLOSED),
        (Open,         there(), by_device(),                      Paired, Operator, V4,    READ,    Ok((Proof::DeviceToken, READ))),
        (TrustedProxy, here(),  token(),                          No,     Operator, V4,    READ,    CLOSED),
        (TrustedProxy, there(), token(),                          Paired, Operator, V4,    READ,    CLOSED),
        (TrustedProxy, there(), by_device(),                      Paired, Operator, V4,    READ,    CLOSED),
    ];
    for (mode, from, shows, device, role, protocol, asked, verdict) in table {
        let visit = Visit { from, shows, device, role, protocol, asked, ..Visit::default() };
        let mut config = Config::default();
        config.gateway.auth.mode = Some(mode);
        let gateway = Gateway::new(config);
        assert_eq!(gateway.verdict(&visit).await, expected(verdict), "{mode:?} {visit:?}");
    }
}

fn expected(verdict: Verdict) -> Result<(Proof, Scopes), &'static str> {
    verdict.map(|(proof, scopes)| (proof, scopes.iter().copied().collect()))
}

/// The brief's "loopback auto-permits": for programs here, not for what a page
/// from elsewhere or a proxy brings, and not for nodes without a device.
#[tokio::test]
async fn everybody_here_is_let_in_where_the_configuration_says_so() {
    let mut config = Config::default();
    config.gateway.auth.local_auto_permit = true;
    let gateway = Gateway::new(config);
    let foreign = || page().origin("https://evil.example");
    let forwarded = || here().header("x-forwarded-for", "127.0.0.1");
    let local = Ok((Proof::Local, READ));
    #[rustfmt::skip]
    let table = [
        (here(),      Role::Operator, Shows::default(),     local),
        (page(),      Role::Operator, Shows::default(),     local),
        (here(),      Role::Operator, Shows::token("good"), Ok((Proof::Token, READ))),
        (here(),      Role::Operator, Shows::token("bad"),  Err("AUTH_TOKEN_MISMATCH")),
        (here(),      Role::Node,     Shows::default(),     Err("DEVICE_IDENTITY_REQUIRED")),
        (foreign(),   Role::Operator, Shows::default(),     Err("DEVICE_IDENTITY_REQUIRED")),
        (forwarded(), Role::Operator, Shows::default(),     Err("PROXY_ATTRIBUTION_REQUIRED")),
        (there(),     Role::Operator, Shows::default(),     Err("DEVICE_IDENTITY_REQUIRED")),
    ];
    for (from, role, shows, verdict) in table {
        let visit = Visit { from, shows, role, ..Visit::default() };
        assert_eq!(gateway.verdict(&visit).await, expected(verdict), "{visit:?}");
    }
    for (from, let_in) in [(here(), true), (page(), true), (foreign(), false), (there(), false)] {
        let identified = gateway.identify(&from, Shows::default()).await;
        assert_eq!(identified.is_ok(), let_in, "{from:?}: {identified:?}");
    }
}

/// What the dashboard is excused from, it is excused from as an operator who
/// knows the secret. Nodes never are, whatever they call themselves (V-04).
#[tokio::test]
async fn the_dashboard_is_excused_where_the_configuration_says_so() {
    use fixture::Device::{New, No};

    let no = |code| Err(code);
    let all = Ok((Proof::Token, ADMIN));
    let good = || Shows::token("good");
    let closed = no("CONTROL_UI_DEVICE_IDENTITY_REQUIRED");
    let (pair, no_device) = (no("PAIRING_REQUIRED"), no("DEVICE_IDENTITY_REQUIRED"));
    #[rustfmt::skip]
    let table = [
        //                                            by default  insecure   disabled
        (Role::Operator, good(),              No,  [closed,    all,       all]),
        (Role::Operator, good(),              New, [pair,      all,       all]),
        (Role::Operator, Shows::default(),    No,  [closed,    closed,    closed]),
        (Role::Operator, Shows::token("bad"), No,  [closed,    no("AUTH_TOKEN_MISMATCH"), no("AUTH_TOKEN_MISMATCH")]),
        (Role::Node,     good(),              New, [pair,      pair,      pair]),
        (Role::Node,     good(),              No,  [no_device, no_device, no_device]),
    ];
    for (role, shows, device, verdicts) in table {
        for (number, verdict) in verdicts.into_iter().enumerate() {
            let mut config = Config::default();
            config.gateway.control_ui.allow_insecure_auth = number == 1;
            config.gateway.control_ui.dangerously_disable_device_auth = number == 2;
            let gateway = Gateway::new(config);
            let program = "openclaw-control-ui";
            let from = there();
            let asked = ADMIN;
            let visit = Visit { from, shows, device, role, asked, program, ..Visit::default() };
            assert_eq!(gateway.verdict(&visit).await, expected(verdict), "{number}: {visit:?}");
        }
    }
}

/// `devicelessScopes`: the secret alone is enough from elsewhere, if somebody
/// says so. A node is a device all the same.
#[tokio::test]
async fn the_secret_alone_is_enough_where_the_configuration_says_so() {
    let mut config = Config::default();
    config.gateway.auth.deviceless_scopes = true;
    let gateway = Gateway::new(config);
    let visit = |role| Visit {
        from: there(),
        shows: Shows::token("good"),
        role,
        asked: ADMIN,
        ..Visit::default()
    };
    let all = expected(Ok((Proof::Token, ADMIN)));
    assert_eq!(gateway.verdict(&visit(Role::Operator)).await, all);
    let refused = expected(Err("DEVICE_IDENTITY_REQUIRED"));
    assert_eq!(gateway.verdict(&visit(Role::Node)).await, refused);
}

/// Signatures without a nonce: only where they are allowed, and only from here.
#[tokio::test]
async fn old_signatures_count_here_where_the_configuration_says_so() {
    for (allowed, from, verdict) in [
        (false, here(), Err("DEVICE_AUTH_NONCE_REQUIRED")),
        (true, here(), Ok((Proof::Token, READ))),
        (true, there(), Err("DEVICE_AUTH_NONCE_REQUIRED")),
    ] {
        let mut config = Config::default();
        config.gateway.auth.legacy_device_signatures = allowed;
        let gateway = Gateway::new(config);
        let visit = Visit {
            from,
            shows: Shows::token("good"),
            device: fixture::Device::New,
            nonce: None,
            ..Visit::default()
        };
        assert_eq!(gateway.verdict(&visit).await, expected(verdict), "{allowed} {visit:?}");
    }
}

/// A device that shows its token where the password could stand costs no
/// comparison with the password, which takes a while by design.
#[tokio::test]
async fn a_device_with_its_token_is_not_compared_with_the_password() {
    let mut config = Config::default();
    config.gateway.auth.mode = Some(AuthMode::Password);
    let gateway = Gateway::new(config);
    let visit =
        |shows| Visit { from: there(), shows, device: fixture::Device::Paired, ..Visit::default() };
    let by_device = visit(Shows::token("token of device 1"));
    assert_eq!(gateway.verdict(&by_device).await, expected(Ok((Proof::DeviceToken, READ))));
    assert_eq!(gateway.compared(), 0);
    let by_both = Shows { token: Some("token of device 1"), ..Shows::password("secret") };
    assert_eq!(gateway.verdict(&visit(by_both)).await, expected(Ok((Proof::Password, READ))));
    assert_eq!(gateway.compared(), 1);
}

/// A key for models is known over HTTP only, opens nothing that asks for a scope,
/// and is never what the gateway itself is opened with.
#[tokio::test]
async fn a_key_for_models_is_good_for_nothing_else() {
    let settings = |enabled: bool| -> Config {
        let key = |token: &str| serde_json::json!({ "token": token });
        let keys = serde_json::json!({ "ci": key("good-for-models-only"), "own": key("good-for-everything") });
        let relay = serde_json::json!({ "enabled": enabled, "keys": keys });
        serde_json::from_value(serde_json::json!({ "gateway": { "http": { "relay": relay } } }))
            .unwrap()
    };
    let gateway = Gateway::new(settings(true));
    for shows in [Shows::token("good-for-models-only"), Shows::password("good-for-models-only")] {
        let holder = gateway.identify(&here(), shows).await.unwrap();
        assert_eq!((holder.relay_key(), holder.scopes), (Some("ci"), Scopes::NONE));
    }
    let owner = gateway.identify(&here(), Shows::token("good-for-everything")).await.unwrap();
    assert_eq!((owner.proof, owner.scopes), (Proof::Token, Scopes::all()));
    let wrong = gateway.identify(&here(), Shows::token("good-for-models-onlY")).await;
    assert!(wrong.is_err());
    let visit = Visit { shows: Shows::token("good-for-models-only"), ..Visit::default() };
    assert_eq!(gateway.verdict(&visit).await, Err("AUTH_TOKEN_MISMATCH"));

    let off = Gateway::new(settings(false));
    assert!(off.identify(&here(), Shows::token("good-for-models-only")).await.is_err());
}
