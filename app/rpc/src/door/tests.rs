use domain::{access::Scope, client::Protocol};
use serde_json::{Value, json};

use super::*;
use crate::testing::{World, device_id, info};
use domain::time::Timestamp;
use domain::{
    client::{Mode, NodeOffer},
    device::{
        DeviceClaim,
        payload::{self, SignedFields},
    },
};

fn knock(protocol: Protocol, role: Role, token: Option<&str>, scopes: Option<&[Scope]>) -> Knock {
    Knock {
        protocol,
        role,
        scopes: scopes.map(|it| it.iter().map(|scope| scope.as_str().into()).collect()),
        client_id: "test".into(),
        credentials: Credentials {
            token: token.map(Into::into),
            password: None,
            ..Credentials::default()
        },
        info: info(Mode::Backend),
        capabilities: Vec::new(),
        device: None,
        offer: NodeOffer::default(),
    }
}

fn from(peer: &str) -> Circumstances {
    Circumstances {
        connection: "c1".into(),
        peer: peer.parse().unwrap(),
        host: None,
        origin: None,
        headers: Box::default(),
        secure: false,
        nonce: "n".into(),
        challenged_at: Timestamp::default(),
    }
}

async fn scopes(knock: Knock) -> Result<Vec<&'static str>, String> {
    let admitted = World::new().door.admit(ClientId(1), knock, &from("127.0.0.1")).await;
    let scopes = |welcome: Welcome| {
        let scopes = welcome.client.principal.scopes;
        scopes.iter().map(Scope::as_str).collect()
    };
    admitted.map(scopes).map_err(|refusal| refusal.error.message)
}

#[tokio::test]
async fn what_a_client_gets_is_what_it_asked_for() {
    use Protocol::{Brief, V3, V4};
    use Scope::{Admin, Read};

    let operator = |protocol, scopes| knock(protocol, Role::Operator, Some("good"), scopes);
    let (admin, read) = ("operator.admin", "operator.read");
    assert_eq!(scopes(operator(V4, Some(&[Read]))).await, Ok(vec![read]));
    assert_eq!(scopes(operator(V4, Some(&[Read, Admin]))).await, Ok(vec![admin, read]));
    assert_eq!(scopes(operator(V4, Some(&[]))).await, Ok(vec![]));
    assert_eq!(scopes(operator(V4, None)).await, Ok(vec![]));
    assert_eq!(scopes(operator(V3, None)).await, Ok(vec![admin]));
    assert_eq!(scopes(operator(V3, Some(&[]))).await, Ok(vec![admin]));
    assert_eq!(scopes(operator(V3, Some(&[Read]))).await, Ok(vec![read]));
    assert_eq!(scopes(operator(Brief, None)).await, Ok(vec![admin]));
}

/// `knock` by the device with the key `key-<number>`, signed.
fn signed(number: u8, knock: Knock) -> Knock {
    let id = device_id(number);
    let scopes: Vec<&str> = knock.scopes.iter().flatten().map(AsRef::as_ref).collect();
    let fields = SignedFields {
        device: id.as_str(),
        client_id: &knock.client_id,
        client_mode: knock.info.mode.as_str(),
        role: knock.role.as_str(),
        scopes: &scopes,
        signed_at: Timestamp::from_millis(1_000_000),
        token: knock.credentials.signed_token(),
        nonce: "n",
        platform: &knock.info.platform,
        device_family: "",
    };
    let claim = DeviceClaim {
        id: id.as_str().into(),
        public_key: format!("key-{number}").into(),
        signature: payload::v3(&fields).unwrap().into(),
        signed_at: fields.signed_at,
        nonce: Some("n".into()),
    };
    Knock { device: Some(claim), ..knock }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let v4 = |role, token| knock(Protocol::V4, role, token, None);
    let device = |knock| signed(1, knock);
    let text = "unauthorized: gateway token";
    let (missing, mismatch) = (
        format!("{text} missing (provide gateway auth token)"),
        format!("{text} mismatch (provide gateway auth token)"),
    );
    #[rustfmt::skip]
    let table = [
        (v4(Role::Operator, None),                 "device identity required"),
        (v4(Role::Operator, Some("")),             "device identity required"),
        (device(v4(Role::Operator, None)),         &*missing),
        (device(v4(Role::Operator, Some(""))),     &*missing),
        (v4(Role::Operator, Some("bad")),          &*mismatch),
        (v4(Role::Node, Some("good")),             "device identity required"),
        (device(v4(Role::Node, Some("bad"))),      &*mismatch),
    ];
    for (knock, expected) in table {
        let shown = format!("{knock:?}");
        assert_eq!(scopes(knock).await, Err(expected.to_owned()), "{shown}");
    }
}

/// DEV-003 to DEV-015: each fault of a device has its own words and its code.
#[tokio::test]
async fn a_device_has_to_prove_that_it_is_one() {
    let good = || signed(1, knock(Protocol::V4, Role::Operator, Some("good"), None));
    let claim = |change: fn(&mut DeviceClaim)| {
        let mut knock = good();
        change(knock.device.as_mut().unwrap());
        knock
    };
    let stale = |it: &mut DeviceClaim| it.signed_at = Timestamp::from_millis(1 << 63);
    #[rustfmt::skip]
    let table = [
        (claim(|it| it.public_key = "***".into()),   "device public key invalid",  "DEVICE_AUTH_PUBLIC_KEY_INVALID"),
        (claim(|it| it.public_key = "key-2".into()), "device identity mismatch",   "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
        (claim(|it| it.id = "__proto__".into()),     "device identity mismatch",   "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
        (claim(stale),                               "device signature expired",   "DEVICE_AUTH_SIGNATURE_EXPIRED"),
        (claim(|it| it.nonce = None),                "device nonce required",      "DEVICE_AUTH_NONCE_REQUIRED"),
        (claim(|it| it.nonce = Some("x".into())),    "device nonce mismatch",      "DEVICE_AUTH_NONCE_MISMATCH"),
        (claim(|it| it.signature = "v3|".into()),    "device signature invalid",   "DEVICE_AUTH_SIGNATURE_INVALID"),
        (Knock { client_id: "a|b".into(), ..good() },"device signature invalid",   "DEVICE_AUTH_SIGNATURE_INVALID"),
        (Knock { role: Role::Node, ..good() },       "device signature invalid",   "DEVICE_AUTH_SIGNATURE_INVALID"),
    ];
    for (knock, message, code) in table {
        let world = World::new();
        let shown = format!("{knock:?}");
        let refusal = world.door.admit(ClientId(1), knock, &from("127.0.0.1")).await.unwrap_err();
        let details = refusal.error.details.unwrap();
        assert_eq!(
            (refusal.error.message.as_str(), refusal.close_code),
            (message, 1008),
            "{shown}"
        );
        assert!(details.as_str().contains(code), "{shown}: {details:?}");
    }
    assert!(scopes(good()).await.is_ok());
}

/// V-06, V-11, DEV-021: a device from elsewhere waits for a decision, gets what
/// was decided, comes back with its token, and asks again for more.
#[tokio::test]
async fn a_device_from_elsewhere_is_let_in_by_somebody() {
    let world = World::new();
    let read: &[Scope] = &[Scope::Read];
    let admit = async |knock| {
        let admitted = world.door.admit(ClientId(7), knock, &from("192.0.2.7")).await;
        admitted.map(|welcome| serde_json::from_str::<Value>(welcome.hello.as_str()).unwrap())
    };
    let by_token =
        |scopes| signed(1, knock(Protocol::V4, Role::Operator, Some("good"), Some(scopes)));

    let refused = admit(by_token(read)).await.unwrap_err();
    assert_eq!(
        (refused.error.code, &*refused.error.message),
        (ErrorCode::NotPaired, "pairing required")
    );
    let details: Value = serde_json::from_str(refused.error.details.unwrap().as_str()).unwrap();
    assert_eq!(
        (&details["code"], &details["reason"]),
        (&"PAIRING_REQUIRED".into(), &"not-paired".into())
    );
    assert_eq!(details.get("approvedScopes"), None);
    let id = details["requestId"].as_str().unwrap().to_owned();
    assert_eq!(details["next"], format!("openclaw devices approve {id}"));

    let approved = world.call("device.pair.approve", json!({ "requestId": id })).await.unwrap();
    assert_eq!(approved["device"]["scopes"], json!(["operator.read"]));
    assert!(!approved.to_string().contains("token for"), "no token for the approver");
    assert_eq!(
        world.refusal("device.pair.approve", json!({ "requestId": id })).await,
        "unknown requestId"
    );

    let hello = admit(by_token(read)).await.unwrap();
    assert_eq!(hello["auth"]["scopes"], json!(["operator.read"]));
    let token = hello["auth"]["deviceToken"].as_str().unwrap().to_owned();

    let by_device = |scopes: &[Scope]| {
        signed(1, knock(Protocol::V4, Role::Operator, Some(&token), Some(scopes)))
    };
    let hello = admit(by_device(read)).await.unwrap();
    assert_eq!(
        (&hello["auth"]["method"], &hello["auth"]["deviceToken"]),
        (&"device-token".into(), &token.clone().into())
    );
    let more = admit(by_device(&[Scope::Admin])).await.unwrap_err();
    let details: Value = serde_json::from_str(more.error.details.unwrap().as_str()).unwrap();
    assert_eq!(details["reason"], "scope-upgrade");
    assert_eq!(details["approvedScopes"], json!(["operator.read"]));
    let other = signed(2, knock(Protocol::V4, Role::Operator, Some(&token), Some(read)));
    assert!(admit(other).await.unwrap_err().error.message.contains("token mismatch"));

    let device = device_id(1);
    let name = json!({ "deviceId": device.as_str(), "label": "Ada's phone" });
    world.call("device.pair.rename", name).await.unwrap();
    let list = world.call("device.pair.list", json!({})).await.unwrap();
    assert_eq!(list["paired"][0]["operatorLabel"], "Ada's phone", "as OpenClaw's clients read it");

    let revoke = json!({ "deviceId": device.as_str(), "role": "operator" });
    world.call("device.token.revoke", revoke).await.unwrap();
    let refused = admit(by_device(read)).await.unwrap_err();
    assert!(refused.error.message.starts_with("unauthorized: gateway token mismatch"));
    let refused = admit(by_token(read)).await.unwrap_err();
    let details: Value = serde_json::from_str(refused.error.details.unwrap().as_str()).unwrap();
    assert_eq!(details["reason"], "revoked", "it has to be let in anew");
}

/// On this machine a device need not wait, unless a page in a browser is behind
/// it, or its token was taken back (V-05).
#[tokio::test]
async fn a_device_on_this_machine_is_paired_at_once_but_no_page_is() {
    let world = World::new();
    let admin: &[Scope] = &[Scope::Admin];
    let local = || signed(1, knock(Protocol::V4, Role::Operator, Some("good"), Some(admin)));
    let page = Circumstances {
        host: Some("localhost:1".into()),
        origin: Some("http://localhost:1".into()),
        ..from("127.0.0.1")
    };
    let refused = world.door.admit(ClientId(1), local(), &page).await.unwrap_err();
    assert_eq!(refused.error.message, "pairing required");
    let welcome = world.door.admit(ClientId(2), local(), &from("127.0.0.1")).await.unwrap();
    assert_eq!(welcome.client.principal.device, Some(device_id(1)));

    let revoke = json!({ "deviceId": device_id(1).as_str(), "role": "operator" });
    world.call("device.token.revoke", revoke).await.unwrap();
    let refused = world.door.admit(ClientId(3), local(), &from("127.0.0.1")).await.unwrap_err();
    assert_eq!(refused.error.message, "pairing required");
}

/// V-08: from elsewhere the secret alone lets in, and no further.
#[tokio::test]
async fn the_secret_alone_permits_nothing_from_elsewhere() {
    let world = World::new();
    for scopes in [&[][..], &[Scope::Admin][..]] {
        for protocol in [Protocol::V3, Protocol::V4, Protocol::Brief] {
            let knock = knock(protocol, Role::Operator, Some("good"), Some(scopes));
            let welcome = world.door.admit(ClientId(1), knock, &from("192.0.2.7")).await.unwrap();
            assert!(welcome.client.principal.scopes.is_empty(), "{protocol}");
        }
    }
}

/// V-05, V-25: ten wrong answers, then none for a while, whatever is shown.
#[tokio::test]
async fn guessing_ends_soon() {
    let world = World::new();
    let guess = async |token: &str, from: &Circumstances| {
        let knock = knock(Protocol::V4, Role::Operator, Some(token), None);
        world.door.admit(ClientId(1), knock, from).await.map_err(|refusal| refusal.error)
    };
    let there = from("192.0.2.7");
    for _ in 0..10 {
        assert!(guess("bad", &there).await.unwrap_err().message.contains("token mismatch"));
    }
    let refused = guess("good", &there).await.unwrap_err();
    assert_eq!(refused.message, "unauthorized: too many failed authentication attempts");
    assert!(refused.retry_after.is_some());
    assert!(refused.details.unwrap().as_str().contains("AUTH_RATE_LIMITED"));
    assert!(guess("good", &from("192.0.2.8")).await.is_ok(), "others are let in");
    for _ in 0..30 {
        guess("bad", &from("127.0.0.1")).await.unwrap_err();
    }
    assert!(guess("good", &from("127.0.0.1")).await.is_ok(), "programs here need not wait");
    let page = Circumstances {
        host: Some("localhost:1".into()),
        origin: Some("http://localhost:1".into()),
        ..from("127.0.0.1")
    };
    for _ in 0..10 {
        guess("bad", &page).await.unwrap_err();
    }
    assert!(guess("good", &page).await.is_err(), "pages do");
}

/// B4, V-21: who claims to forward and is not known is turned away.
#[tokio::test]
async fn forwarded_requests_of_strangers_are_turned_away() {
    let world = World::new();
    let forwarded = Circumstances {
        headers: [("x-forwarded-user".into(), "owner@example.com".into())].into(),
        ..from("127.0.0.1")
    };
    let knock = knock(Protocol::V4, Role::Operator, Some("good"), None);
    let refused = world.door.admit(ClientId(1), knock, &forwarded).await.unwrap_err();
    assert!(refused.error.message.starts_with("proxy_attribution_required"));
    let good = Credentials { token: Some("good".into()), ..Credentials::default() };
    let refused = world.door.identify(&good, &forwarded).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
}

/// V-17, DEV-025: a setup code is good once, and for one device.
#[tokio::test]
async fn a_setup_code_lets_one_device_in_once() {
    let world = World::new();
    let made = world.call("device.pair.setupCode", json!({})).await.unwrap();
    let contents: Value = serde_json::from_str(made["setupCode"].as_str().unwrap()).unwrap();
    let mut keys: Vec<_> = contents.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["bootstrapToken", "expiresAtMs", "url"], "nothing that lives longer");
    let setup_id = made["setupId"].as_str().unwrap();
    let status = async || {
        let status = world.call("device.pair.setupStatus", json!({ "setupId": setup_id })).await;
        status.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "pending");

    let with_code = |number, role, scopes: &[Scope]| {
        let mut knock = knock(Protocol::V4, role, None, Some(scopes));
        knock.credentials.setup_token = contents["bootstrapToken"].as_str().map(Into::into);
        signed(number, knock)
    };
    let admit = async |knock| world.door.admit(ClientId(1), knock, &from("192.0.2.7")).await;
    let greedy = admit(with_code(1, Role::Operator, &[Scope::Admin])).await.unwrap_err();
    assert_eq!(greedy.error.message, "unauthorized: the setup code does not allow that");
    let welcome = admit(with_code(1, Role::Node, &[])).await.unwrap();
    let hello: Value = serde_json::from_str(welcome.hello.as_str()).unwrap();
    assert_eq!(hello["auth"]["deviceTokens"][0]["role"], "operator");
    assert_eq!(status().await, "completed");
    for number in [1, 2] {
        let again = admit(with_code(number, Role::Node, &[])).await.unwrap_err();
        assert_eq!(again.error.message, "unauthorized: the setup code was used already");
    }
}

#[tokio::test]
async fn refusals_carry_a_code_for_programs_and_never_what_was_shown() {
    let world = World::new();
    let bad = knock(Protocol::V4, Role::Operator, Some("s3cret-guess"), None);
    let refusal = world.door.admit(ClientId(1), bad, &from("192.0.2.7")).await.unwrap_err();
    assert_eq!(refusal.close_code, 1008);
    let details = refusal.error.details.clone().unwrap();
    let details: Value = serde_json::from_str(details.as_str()).unwrap();
    assert_eq!(details["code"], "AUTH_TOKEN_MISMATCH");
    assert!(!format!("{refusal:?}").contains("s3cret-guess"));
}

/// OpenClaw's clients show the token of their device in both places, and forget
/// it when they are told that it is that one.
#[tokio::test]
async fn a_stale_token_of_a_device_is_told_of_as_such() {
    let shown = |token: Option<&str>, device_token: Option<&str>| {
        let mut knock = knock(Protocol::V4, Role::Operator, token, None);
        knock.credentials.device_token = device_token.map(Into::into);
        signed(1, knock)
    };
    #[rustfmt::skip]
    let table = [
        (shown(None, Some("old")),        "AUTH_DEVICE_TOKEN_MISMATCH"),
        (shown(Some("old"), Some("old")), "AUTH_DEVICE_TOKEN_MISMATCH"),
        (shown(Some("bad"), Some("old")), "AUTH_DEVICE_TOKEN_MISMATCH"),
        (shown(Some("bad"), None),        "AUTH_TOKEN_MISMATCH"),
    ];
    for (knock, expected) in table {
        let shown = format!("{knock:?}");
        let refusal = World::new().door.admit(ClientId(1), knock, &from("127.0.0.1")).await;
        let details = refusal.unwrap_err().error.details.unwrap();
        let details: Value = serde_json::from_str(details.as_str()).unwrap();
        assert_eq!(details["code"], expected, "{shown}");
    }
    let good = shown(Some("good"), Some("old"));
    assert!(World::new().door.admit(ClientId(1), good, &from("127.0.0.1")).await.is_ok());
}

#[tokio::test]
async fn january_looks_at_one_field_and_later_clients_may_use_either() {
    let swapped = |protocol| Knock {
        credentials: Credentials {
            token: None,
            password: Some("good".into()),
            ..Credentials::default()
        },
        ..knock(protocol, Role::Operator, None, None)
    };
    let refused = scopes(swapped(Protocol::V3)).await.unwrap_err();
    assert!(refused.starts_with("unauthorized: gateway token missing ("), "{refused}");
    assert!(scopes(swapped(Protocol::V4)).await.is_ok());
}

#[tokio::test]
async fn the_bearer_of_an_http_request_counts_as_token_and_as_password() {
    let door = World::new().door;
    for credentials in [
        Credentials { token: Some("good".into()), password: None, ..Credentials::default() },
        Credentials { token: None, password: Some("good".into()), ..Credentials::default() },
    ] {
        let principal = door.identify(&credentials, &from("127.0.0.1")).await.unwrap();
        assert!(principal.scopes.contains(Scope::Admin) && principal.local);
    }
    let bad = Credentials { token: Some("bad".into()), password: None, ..Credentials::default() };
    assert!(door.identify(&bad, &from("127.0.0.1")).await.is_err());
}

#[test]
fn whose_pages_may_knock() {
    let door = World::new().door;
    let request = |host: &str, origin: Option<&str>| Circumstances {
        host: Some(host.into()),
        origin: origin.map(Into::into),
        ..from("127.0.0.1")
    };
    let may = |host, origin| door.may_knock(&request(host, origin)).map_err(|it| it.message);
    assert_eq!(may("127.0.0.1:18789", None), Ok(()));
    assert_eq!(may("127.0.0.1:18789", Some("http://127.0.0.1:18789")), Ok(()));
    let elsewhere = may("127.0.0.1:18789", Some("https://evil.example"));
    assert_eq!(elsewhere, Err("origin not allowed".to_owned()));
    assert_eq!(may("evil.example", None), Err("host not allowed".to_owned()));
}

async fn hello(scopes: &[Scope]) -> Value {
    let world = World::new();
    let neighbour = Knock {
        info: domain::client::ClientInfo {
            instance_id: Some("phone-of-ada".into()),
            ..info(Mode::Ui)
        },
        ..knock(Protocol::V4, Role::Operator, Some("good"), None)
    };
    world.door.admit(ClientId(1), neighbour, &from("192.0.2.99")).await.unwrap();
    let knock = knock(Protocol::V4, Role::Operator, Some("good"), Some(scopes));
    let welcome = world.door.admit(ClientId(2), knock, &from("127.0.0.1")).await.unwrap();
    serde_json::from_str(welcome.hello.as_str()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What low scopes see is a list of keys that somebody has looked at
/// (`security.md` V-35).
#[tokio::test]
async fn nobody_sees_more_of_the_gateway_than_he_may() {
    let everybody =
        ["authMode", "health", "presence", "sessionDefaults", "stateVersion", "uptimeMs"];
    let mut admins = vec!["configPath", "stateDir"];
    admins.extend(everybody);
    admins.sort_unstable();

    let admin = hello(&[Scope::Admin]).await;
    assert_eq!(keys(&admin["snapshot"]), admins);
    assert_eq!(
        keys(&admin),
        ["auth", "features", "policy", "protocol", "server", "snapshot", "type"]
    );
    assert_eq!(keys(&admin["server"]), ["bootId", "connId", "host", "version"]);
    assert_eq!(admin["snapshot"]["presence"].as_array().unwrap().len(), 3);
    assert!(admin.to_string().contains("192.0.2.99"));

    let read = hello(&[Scope::Read]).await;
    assert_eq!(keys(&read["snapshot"]), everybody);
    assert_eq!(read["snapshot"]["presence"].as_array().unwrap().len(), 3);

    let nothing = hello(&[Scope::Pairing]).await;
    assert_eq!(keys(&nothing["snapshot"]), everybody);
    assert_eq!(nothing["snapshot"]["presence"], Value::Array(vec![]));
    for hello in [read, nothing] {
        let text = hello.to_string();
        for secret in ["192.0.2", "phone-of-ada", "/home/", "good"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn what_is_served_is_what_is_advertised() {
    let hello = hello(&[Scope::Admin]).await;
    let methods = hello["features"]["methods"].as_array().unwrap();
    assert_eq!(methods.len() + 1, crate::all().count());
    assert!(!methods.contains(&Value::from("connect")));
    assert_eq!(hello["features"]["events"][0], "connect.challenge");
    assert_eq!(hello["policy"]["maxPayload"], 26_214_400);
    assert_eq!(hello["snapshot"]["sessionDefaults"]["mainSessionKey"], "agent:main:main");
}
