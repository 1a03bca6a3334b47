//! `openclaw onboard`, `configure` and `setup` where nobody can be asked.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

mod home;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use serde_json::{Value, json};

use home::{Home, everything, provider, told};

/// A word no output may have.
const CANARY: &str = "canary-of-more-than-24-letters";
const ONBOARD: &str = "onboard --non-interactive --accept-risk";

#[test]
fn what_is_set_up_is_valid_and_its_gateway_takes_the_token() {
    for flags in ["", "--gateway-token canary-of-more-than-24-letters"] {
        let home = Home::new();
        let done = home.json(&format!("{ONBOARD} {flags}"));
        assert_eq!((&done["ok"], &done["mode"]), (&json!(true), &json!("local")));
        assert_eq!(done["health"], json!({ "running": false }));
        assert!(home.path("workspace").is_dir());
        let verdict = home.json("config validate");
        assert_eq!((&verdict["valid"], &verdict["warnings"]), (&json!(true), &json!([])));

        let token = match flags {
            "" => {
                assert_eq!(done["gateway"]["tokenPath"], json!(home.path("gateway-token")));
                fs::read_to_string(home.path("gateway-token")).unwrap()
            }
            _ => CANARY.to_owned(),
        };
        let _gateway = home.start();
        let health = home.json(&format!("health --token {token}"));
        assert_eq!(health["ok"], true);
        let wrong = home.refused("health --token another-one-of-enough-letters");
        assert!(wrong.contains("unauthorized"), "{wrong}");

        let again = home.json(&format!("{ONBOARD} {flags}"));
        assert_eq!(again["health"], json!({ "running": true, "ok": true }));
        assert_eq!(again["changed"], json!([]), "done again, it changes nothing");
        let held = home.refused(&format!("{ONBOARD} --reset --reset-scope config"));
        assert!(held.starts_with("gateway already running (pid "), "{held}");
    }
}

#[test]
fn flags_are_answers() {
    #[rustfmt::skip]
    let table = [
        ("--gateway-port 7", "/gateway/port", json!(7)),
        ("--gateway-bind lan", "/gateway/bind", json!("lan")),
        ("--gateway-bind lan --flow manual", "/gateway/tls/enabled", json!(true)),
        ("--gateway-auth password --gateway-password correct-horse", "/gateway/auth/password", json!("correct-horse")),
        ("--tailscale serve --tailscale-reset-on-exit", "/gateway/tailscale/resetOnExit", json!(true)),
        ("--mode remote --remote-url wss://x:1 --remote-token t", "/gateway/remote/token", json!("t")),
        ("--mode remote --remote-url wss://x:1 --no-install-daemon", "/gateway/mode", json!("remote")),
        ("--workspace ~/w", "/defaults/workspace", json!("HOME/w")),
        ("--skip-daemon --skip-channels --skip-skills --skip-ui", "/gateway/mode", json!("local")),
        ("--daemon-runtime node", "/gateway/mode", json!("local")),
    ];
    for (flags, place, expected) in table {
        let home = Home::new();
        // A gateway elsewhere does not answer.
        let output = home.run(&format!("{ONBOARD} --skip-health {flags}"));
        assert!(output.status.success(), "{flags}: {output:?}");
        let expected = expected.to_string().replace("HOME", home.0.path().to_str().unwrap());
        let tree = home.tree();
        let value = tree.pointer(place).map(Value::to_string);
        assert_eq!(value, Some(expected), "{flags}: {}", home.config());
    }
}

#[test]
fn what_cannot_be_done_is_refused_in_words_and_writes_nothing() {
    #[rustfmt::skip]
    let table = [
        ("onboard", "the standard input is no terminal"),
        ("onboard --json", "with --json nobody can be asked"),
        ("onboard --non-interactive", "--accept-risk"),
        ("setup --wizard", "the standard input is no terminal"),
        ("setup --non-interactive", "--accept-risk"),
        ("configure", "the standard input is no terminal"),
        ("config", "the standard input is no terminal"),
        ("configure --section gateway", "openclaw config set"),
        ("configure --section web", "no search of the web"),
        ("configure --section channels --section model", "no channels"),
        ("configure --section skills", "no skills"),
        ("configure --section health", "Gateway: not running"),
        ("+ --mode remote", "--remote-url is missing"),
        ("+ --mode remote --remote-url http://x", "--remote-url: must be an address"),
        ("+ --remote-url wss://x", "--remote-url has no place"),
        ("+ --auth-choice openai-api-key", "wants a key"),
        ("+ --auth-choice gemini-api-key", "Google Gemini is not a provider"),
        ("+ --venice-api-key canary", "Venice is not a provider"),
        ("+ --auth-choice setup-token", "with keys only"),
        ("+ --token-provider anthropic", "with keys only"),
        ("+ --auth-choice nonsense", "there is no such choice"),
        ("+ --node-manager npm", "skills"),
        ("+ --gateway-bind custom", "gateway.customBindHost"),
        ("+ --gateway-token short", "--gateway-token: must have at least 16 characters"),
        ("+ --gateway-auth password", "--gateway-password is missing"),
        ("+ --tailscale funnel", "--tailscale: must be one of off, serve"),
        ("+ --tailscale serve --gateway-bind lan", "loopback"),
        ("+ --openai-api-key canary --groq-api-key canary", "(openai, groq)"),
        ("+ --gateway-token -", "has no secret in line 1"),
    ];
    for (words, why) in table {
        let home = Home::new();
        let told = home.refused(&words.replace('+', ONBOARD));
        assert!(told.contains(why) && !told.contains("canary"), "{words}: {told}");
        assert_eq!(home.config(), "", "{words}");
    }
    let home = Home::with("{ gateway: { port: 'x' } }");
    let told = home.refused(ONBOARD);
    assert!(told.contains("openclaw.json:1: gateway.port: "), "{told}");
    assert!(home.run(&format!("{ONBOARD} --reset")).status.success());
}

#[test]
fn secrets_come_by_ways_nobody_else_sees_and_are_not_shown() {
    let home = Home::new();
    let words =
        "--custom-base-url http://127.0.0.1:9 --custom-api-key - --model m --gateway-token -";
    let output =
        home.with_input(&format!("{ONBOARD} {words} --json"), &format!("key-{CANARY}\n{CANARY}\n"));
    assert!(output.status.success(), "{output:?}");
    assert!(!everything(&output).contains("canary"), "{output:?}");
    let warning = told(&output)["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.starts_with("the provider does not answer"), "{warning}");
    let text = home.config();
    assert!(text.contains(&format!("\"key-{CANARY}\"")) && text.contains(&format!("\"{CANARY}\"")));
    let mode = fs::metadata(home.path("openclaw.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let home = Home::new();
    let variables =
        [("OPENCLAW_GATEWAY_TOKEN", CANARY), ("OPENCLAW_GATEWAY_PASSWORD", "pass-canary")];
    let output = home.command(&format!("{ONBOARD} --json")).envs(variables).output().unwrap();
    assert!(output.status.success() && !everything(&output).contains("canary"), "{output:?}");
    assert_eq!(home.tree()["gateway"]["auth"]["token"], CANARY);
    let words = format!("{ONBOARD} --json --gateway-auth password");
    let output = home.command(&words).envs(variables).output().unwrap();
    assert!(output.status.success() && !everything(&output).contains("canary"), "{output:?}");
    assert_eq!(home.tree()["gateway"]["auth"]["password"], "pass-canary");
}

#[test]
fn the_provider_is_asked_whether_the_key_is_good() {
    let url = provider();
    let home = Home::new();
    let done = home.json(&format!("{ONBOARD} --custom-base-url {url} --custom-api-key good-key"));
    assert_eq!((&done["authChoice"], &done["warnings"]), (&json!("custom"), &json!([])));
    assert_eq!(home.tree()["defaults"]["model"]["primary"], "custom/small");
    home.json("config validate");

    let home = Home::new();
    let refused = format!("{ONBOARD} --custom-base-url {url} --custom-api-key bad-canary");
    let why = home.refused(&refused);
    assert!(why.contains("the provider does not answer") && why.contains("--model"), "{why}");
    assert!(!why.contains("canary"), "{why}");
    assert_eq!(home.config(), "");
    let done = home.json(&format!("{refused} --model large"));
    assert!(done["warnings"][0].as_str().unwrap().starts_with("the provider does not answer"));
    assert_eq!(home.tree()["defaults"]["model"]["primary"], "custom/large");
}

#[test]
fn what_is_begun_anew_without_can_be_fetched_back() {
    let files = ["state/x.sqlite", "gateway-token", "identity/device.json", "workspace/notes"];
    #[rustfmt::skip]
    let table = [
        ("--reset-scope config", [true, true, true, true]),
        ("", [false, false, true, true]),
        ("--reset-scope full", [false, false, false, false]),
    ];
    for (flags, stays) in table {
        let home = Home::with("{ gateway: { port: 7 } } // mine\n");
        for name in files {
            fs::create_dir_all(home.path(name).parent().unwrap()).unwrap();
            fs::write(home.path(name), "of before, and of enough letters").unwrap();
        }
        let done = home.json(&format!("{ONBOARD} --reset {flags}"));
        let place = PathBuf::from(done["putAway"].as_str().unwrap());
        assert!(place.starts_with(home.path("trash")));
        let kept = fs::read_to_string(place.join("openclaw.json")).unwrap();
        assert_eq!(kept, "{ gateway: { port: 7 } } // mine\n");
        assert_eq!(home.tree()["gateway"]["port"], 18789, "{flags}");
        for (name, stays) in files.iter().zip(stays) {
            let here = fs::read(home.path(name)).is_ok_and(|text| text.starts_with(b"of before"));
            assert_eq!((here, place.join(name).exists()), (stays, !stays), "{flags}: {name}");
        }
    }
}

#[test]
fn setting_up_twice_loses_nothing() {
    let text = "// Mine.\n{\n  session: { mainKey: 'x', },\n}\n";
    let home = Home::with(text);
    let first = home.json("setup");
    assert_eq!(first["changed"], json!(["agents.defaults.workspace", "gateway.mode"]));
    assert_eq!(first["workspaceMade"], true);
    let after = home.config();
    assert!(after.starts_with("// Mine.\n{\n  session: { mainKey: 'x', },"), "{after}");
    let again = home.json("setup");
    assert_eq!((&again["changed"], &again["workspaceMade"]), (&json!([]), &json!(false)));
    assert_eq!(home.config(), after);
    let elsewhere = home.0.path().join("elsewhere");
    let moved = home.json(&format!("setup --workspace {}", elsewhere.display()));
    assert_eq!(moved["changed"], json!(["agents.defaults.workspace"]));
    assert!(elsewhere.is_dir() && home.path("workspace").is_dir());
    let remote = home.json(
        "setup --non-interactive --accept-risk --mode remote --remote-url wss://x:1 --skip-health",
    );
    assert_eq!(remote["mode"], "remote", "with more to say it is onboard");
}

#[test]
fn a_service_is_installed_with_nothing_secret_in_it() {
    let home = Home::new();
    let bin = home.0.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["systemctl", "loginctl"] {
        fs::write(bin.join(name), "#!/bin/sh\necho LoadState=not-found\necho Linger=yes\n")
            .unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = home.command(&format!(
        "{ONBOARD} --install-daemon --skip-health --json --gateway-port 18799 --gateway-token {CANARY} \
         --auth-choice groq-api-key --model m"
    ));
    let output = command.env("GROQ_API_KEY", "groq-canary").output().unwrap();
    let done = told(&output);
    assert!(done["service"].as_str().unwrap().contains("openclaw-gateway.service"), "{done}");
    let warnings = done["warnings"].to_string();
    assert!(warnings.contains("does not see GROQ_API_KEY") && !warnings.contains("canary"));
    let unit = home.0.path().join(".config/systemd/user/openclaw-gateway.service");
    let unit = fs::read_to_string(unit).unwrap();
    assert!(unit.contains("--port 18799") && !unit.contains("canary"), "{unit}");
    assert!(!home.config().contains("groq-canary"), "what is in the environment stays there");
    let moved = home.json(&format!("{ONBOARD} --skip-health --gateway-port 18800"));
    assert!(moved["warnings"].to_string().contains("gateway install --force"), "{moved}");

    let without = Home::new();
    let why = without.refused(&format!("{ONBOARD} --install-daemon --skip-health"));
    assert!(why.contains("Everything else is done."), "{why}");
    assert_eq!(without.tree()["gateway"]["mode"], "local");
}
