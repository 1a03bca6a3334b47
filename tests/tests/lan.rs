//! A gateway the local network can reach: a machine with a gateway, a machine
//! with clients, and the owner on the gateway's machine, who decides with
//! `openclaw gateway call`.

use std::{env, fs, net::SocketAddr, process::Output};

use domain::{
    client::Protocol,
    device::payload::{self, SignedFields},
    time::Timestamp,
};
use ports::driven::Signer;
use serde_json::{Value, json};
use signatures::DeviceKey;
use tests::{
    Client,
    bad_inputs::binary,
    connect_params,
    network::{
        Machine::{self, Left, Right},
        Network, Process,
    },
};

const TOKEN: &str = "a-token-that-nobody-on-the-network-knows";
const READ: &[&str] = &["operator.read"];

/// Runs `test` on a network whose left machine has a gateway, or says why that is
/// impossible here.
fn on_a_network(test: impl FnOnce(&Network) -> Result<(), String>) {
    let done = Network::with(&["ip"]).and_then(|network| {
        let _gateway = gateway(&network)?;
        test(&network)
    });
    if let Err(reason) = done {
        assert!(env::var_os("OPENCLAW_CI").is_none(), "IMPOSSIBLE HERE: {reason}");
        anstream::eprintln!("IMPOSSIBLE HERE: {reason}");
    }
}

/// `openclaw` on the gateway's machine, which knows the token.
fn openclaw(network: &Network, arguments: &[&str]) -> std::process::Command {
    let mut command = network.command(Left, binary().expect("openclaw was built"));
    let home = network.directory().join("home");
    command.args(arguments).env("HOME", &home).env("OPENCLAW_STATE_DIR", home);
    command.env("OPENCLAW_DISABLE_BONJOUR", "1").env("NO_COLOR", "1");
    command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    command
}

fn gateway(network: &Network) -> Result<Process, String> {
    let home = network.directory().join("home");
    let config = json!({ "gateway": { "bind": "lan", "allowInsecureBind": true } });
    fs::create_dir_all(&home).expect("there is room for a directory");
    fs::write(home.join("openclaw.json"), config.to_string()).expect("there is room for a file");
    let gateway = Process::start(openclaw(network, &["gateway", "run", "--port", "18789"]))?;
    gateway.until(|line| line.contains("to chat, run"));
    Ok(gateway)
}

fn address() -> SocketAddr {
    "192.0.2.1:18789".parse().expect("an address")
}

/// What the owner gets who calls `method` on the gateway's machine.
fn owner(network: &Network, method: &str, params: &Value) -> Value {
    let params = params.to_string();
    let call = ["gateway", "call", method, "--params", &params, "--json"];
    let Output { status, stdout, stderr } =
        openclaw(network, &call).output().expect("the command runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{stdout}{stderr}");
    serde_json::from_str(&stdout).expect("it prints JSON")
}

/// Does `work` on a machine, as a client does.
fn on<T: Send>(network: &Network, machine: Machine, work: impl AsyncFnOnce() -> T + Send) -> T {
    network.on(machine, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(work())
    })
}

/// What a client of the other machine is told that shows `token`, on `device` if
/// it has one.
async fn log_in(
    device: Option<&DeviceKey>,
    token: &str,
    scopes: &[&str],
) -> Result<(Client, Value), Value> {
    let mut client = Client::knock(address(), Protocol::V4).await;
    let mut params = connect_params(token, Protocol::V4, scopes);
    if let Some(key) = device {
        params["device"] = claim(key, &client.challenge, token, scopes);
    }
    let hello = client.call("connect", params).await?;
    Ok((client, hello))
}

/// Why a client of the other machine is not let in.
async fn refusal(device: Option<&DeviceKey>, token: &str) -> Value {
    match log_in(device, token, READ).await {
        Ok((_, hello)) => panic!("it was let in: {hello}"),
        Err(error) => error,
    }
}

fn claim(key: &DeviceKey, challenge: &Value, token: &str, scopes: &[&str]) -> Value {
    let signed_at = challenge["ts"].as_u64().expect("the challenge says when");
    let nonce = challenge["nonce"].as_str().expect("the challenge has a nonce");
    let fields = SignedFields {
        device: key.id().as_str(),
        client_id: "gateway-client",
        client_mode: "backend",
        role: "operator",
        scopes,
        signed_at: Timestamp::from_millis(signed_at),
        token,
        nonce,
        platform: "linux",
        device_family: "",
    };
    let line = payload::v3(&fields).expect("no separators");
    json!({
        "id": key.id().as_str(), "publicKey": key.public_key(), "signature": key.sign(&line),
        "signedAt": signed_at, "nonce": nonce,
    })
}

/// V-06: knowing the secret is not enough for a device from elsewhere.
#[test]
fn a_device_waits_until_the_owner_lets_it_in() {
    on_a_network(|network| {
        let key = DeviceKey::generate().expect("a key");
        let refused = on(network, Right, async || refusal(Some(&key), TOKEN).await);
        assert_eq!(refused["code"], "NOT_PAIRED", "{refused}");
        assert_eq!(refused["details"]["code"], "PAIRING_REQUIRED");
        let request = refused["details"]["requestId"].as_str().expect("it sees its request");
        assert_eq!(refused["details"]["next"], format!("openclaw devices approve {request}"));

        let list = owner(network, "device.pair.list", &json!({}));
        let paired = list["paired"].as_array().expect("a list");
        assert!(paired.iter().all(|it| it["clientId"] == "cli"), "only who asks: {list}");
        let waits = &list["pending"][0];
        assert_eq!(waits["requestId"], request);
        assert_eq!(waits["deviceId"], key.id().as_str());
        assert_eq!(waits["remoteIp"], "192.0.2.2");
        assert_eq!(waits["scopes"], json!(READ));

        let approved = owner(network, "device.pair.approve", &json!({ "requestId": request }));
        assert_eq!(approved["device"]["deviceId"], key.id().as_str());

        let own: String = on(network, Right, async || {
            let (mut client, hello) = log_in(Some(&key), TOKEN, READ).await.expect("it is let in");
            assert_eq!(hello["auth"]["scopes"], json!(READ));
            assert_eq!(client.call("health", json!({})).await.unwrap()["ok"], true);
            hello["auth"]["deviceToken"].as_str().expect("it is given a token").to_owned()
        });
        on(network, Right, async || {
            let (_, hello) = log_in(Some(&key), &own, READ).await.expect("its token is enough");
            assert_eq!(hello["auth"]["method"], "device-token");
            let thief = DeviceKey::generate().expect("a key");
            let refused = refusal(Some(&thief), &own).await;
            assert_eq!(refused["details"]["code"], "AUTH_TOKEN_MISMATCH", "{refused}");
        });

        let revoke = json!({ "deviceId": key.id().as_str(), "role": "operator" });
        owner(network, "device.token.revoke", &revoke);
        let refused = on(network, Right, async || refusal(Some(&key), &own).await);
        assert_eq!(refused["details"]["code"], "AUTH_TOKEN_MISMATCH", "{refused}");
        Ok(())
    });
}

/// V-04: from elsewhere the secret without a device permits nothing.
#[test]
fn whoever_knows_only_the_secret_may_do_nothing_from_elsewhere() {
    on_a_network(|network| {
        on(network, Right, async || {
            let wanted = ["operator.admin", "operator.read"];
            let (mut client, hello) = log_in(None, TOKEN, &wanted).await.expect("it is let in");
            assert_eq!(hello["auth"]["scopes"], json!([]));
            let denied = client.call("sessions.list", json!({})).await.unwrap_err();
            assert!(denied["message"].as_str().unwrap().starts_with("missing scope"), "{denied}");
        });
        Ok(())
    });
}

/// B4, V-21: a header does not bring anybody onto the gateway's machine.
#[test]
fn whoever_claims_to_come_from_the_gateways_machine_is_turned_away() {
    on_a_network(|network| {
        let headers = [
            ("x-forwarded-for", "127.0.0.1"),
            ("x-real-ip", "::1"),
            ("forwarded", "for=127.0.0.1"),
        ];
        on(network, Right, async || {
            for header in headers {
                let mut client = Client::knock_with(address(), Protocol::V4, &[header]).await;
                let params = connect_params(TOKEN, Protocol::V4, READ);
                let refused = client.call("connect", params).await.unwrap_err();
                assert_eq!(refused["details"]["code"], "PROXY_ATTRIBUTION_REQUIRED", "{header:?}");
                assert_eq!(client.closed().await.0, 1008, "{header:?}");
            }
        });
        Ok(())
    });
}

#[test]
fn whoever_guesses_has_to_wait_and_the_owner_does_not() {
    on_a_network(|network| {
        on(network, Right, async || {
            for _ in 0..10 {
                let refused = refusal(None, "a-guess").await;
                assert_eq!(refused["details"]["code"], "AUTH_TOKEN_MISMATCH", "{refused}");
            }
            for token in ["a-guess", TOKEN] {
                let refused = refusal(None, token).await;
                assert_eq!(refused["details"]["code"], "AUTH_RATE_LIMITED", "{refused}");
                assert!(0 < refused["retryAfterMs"].as_u64().expect("it says how long"));
            }
        });
        assert_eq!(owner(network, "health", &json!({}))["ok"], true);
        Ok(())
    });
}
