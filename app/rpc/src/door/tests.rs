use serde_json::Value;

use super::*;
use crate::testing::{World, info};
use domain::time::Timestamp;
use domain::{
    client::{Mode, NodeOffer},
    device::DeviceClaim,
};

fn knock(protocol: Protocol, role: Role, token: Option<&str>, scopes: Option<&[Scope]>) -> Knock {
    Knock {
        protocol,
        role,
        scopes: scopes.map(<[Scope]>::to_vec),
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
        forwarded: false,
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

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let v4 = |role, token| knock(Protocol::V4, role, token, None);
    let claim = DeviceClaim {
        id: "d".into(),
        public_key: "k".into(),
        signature: "s".into(),
        signed_at: Timestamp::default(),
        nonce: None,
    };
    let device = |knock| Knock { device: Some(claim.clone()), ..knock };
    let text = "unauthorized: gateway token";
    #[rustfmt::skip]
    let table = [
        (v4(Role::Operator, None),                 "device identity required".to_owned()),
        (v4(Role::Operator, Some("")),             "device identity required".to_owned()),
        (device(v4(Role::Operator, None)),         format!("{text} missing (provide gateway auth token)")),
        (device(v4(Role::Operator, Some(""))),     format!("{text} missing (provide gateway auth token)")),
        (v4(Role::Operator, Some("bad")),          format!("{text} mismatch (provide gateway auth token)")),
        (v4(Role::Node, Some("good")),             "device identity required".to_owned()),
        (device(v4(Role::Node, Some("bad"))),      format!("{text} mismatch (provide gateway auth token)")),
        (device(v4(Role::Node, Some("good"))),     "pairing required".to_owned()),
    ];
    for (knock, expected) in table {
        let shown = format!("{knock:?}");
        assert_eq!(scopes(knock).await, Err(expected), "{shown}");
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
