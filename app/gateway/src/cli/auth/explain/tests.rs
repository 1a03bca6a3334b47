//! Scenes as they are typed.

use clap::Parser;
use ports::driven::MockConfigSource;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    explain: Explain,
}

fn explained(config: &Value, typed: &str) -> Result<Explained, Failure> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    let config = Arc::new(config);
    let place = Place {
        listening: gateway::addresses(config.gateway.bind).unwrap(),
        names: vec!["host.tailnet.ts.net".into()],
        port: 18789,
    };
    let mut source = MockConfigSource::new();
    let rules = Rules {
        chosen: None,
        has_password: config.gateway.auth.password.is_some(),
        tailscale: config.gateway.tailscale.mode.exposure(),
        config: {
            source.expect_current().returning(move || Arc::clone(&config));
            Arc::new(source)
        },
    };
    let line = ["explain"].into_iter().chain(typed.split_whitespace());
    Line::try_parse_from(line).unwrap().explain.decide(&rules, &place)
}

#[test]
fn a_connection_is_decided_about_as_it_would_be() {
    let plain = json!({});
    let lan = json!({ "gateway": { "bind": "lan" } });
    let proxied = json!({ "gateway": { "bind": "lan", "trustedProxies": ["10.0.0.2"] } });
    let vouched = json!({ "gateway": { "bind": "lan", "trustedProxies": ["10.0.0.2"],
        "auth": { "mode": "trusted-proxy",
            "trustedProxy": { "userHeader": "X-User", "requiredHeaders": ["X-Check"] } } } });
    let served = json!({ "gateway": { "tailscale": { "mode": "serve" } } });

    #[rustfmt::skip]
    let table = [
        (&plain,   "",                                                              "", "counts as on this machine"),
        (&plain,   "--no-secret",                                                   "DEVICE_IDENTITY_REQUIRED", ""),
        (&plain,   "--no-secret --device unpaired",                                 "AUTH_TOKEN_MISSING", ""),
        (&plain,   "--origin https://evil.example",                                 "CONTROL_UI_ORIGIN_NOT_ALLOWED", ""),
        (&plain,   "--origin http://127.0.0.1:18789 --device unpaired",             "PAIRING_REQUIRED", ""),
        (&plain,   "--host evil.example",                                           "HOST_NOT_ALLOWED", ""),
        (&plain,   "--host evil.example --origin http://evil.example",              "HOST_NOT_ALLOWED", ""),
        (&plain,   "--forwarded-for 127.0.0.1",                                     "PROXY_ATTRIBUTION_REQUIRED", ""),
        (&lan,     "--from 192.168.1.9",                                            "", "from elsewhere only devices are granted scopes"),
        (&lan,     "--from 192.168.1.9 --device unpaired",                          "PAIRING_REQUIRED", ""),
        (&lan,     "--from 192.168.1.9 --device paired --no-secret --scopes read",  "", "operator.read"),
        (&lan,     "--from 192.168.1.9 --role node",                                "DEVICE_IDENTITY_REQUIRED", ""),
        (&proxied, "--via-proxy 10.0.0.2 --forwarded-for 127.0.0.1,198.51.100.9",   "", "from 198.51.100.9, through the proxy 10.0.0.2: counts as from elsewhere"),
        (&proxied, "--via-proxy 10.0.0.3 --from 198.51.100.9",                      "PROXY_ATTRIBUTION_REQUIRED", ""),
        (&vouched, "--via-proxy 10.0.0.2 --from 198.51.100.9 --user ana",           "", "the name the proxy gives is enough"),
        (&vouched, "--via-proxy 10.0.0.2 --from 198.51.100.9",                      "AUTH_IDENTITY_HEADER_REQUIRED", ""),
        (&served,  "--via-tailscale --from 100.64.1.2 --no-secret",                 "", "being known to the tailnet is enough"),
        (&served,  "--via-tailscale --from 100.64.1.2 --no-secret --host host.tailnet.ts.net --origin https://host.tailnet.ts.net", "", "may talk to the gateway"),
        (&plain,   "--via-tailscale --from 100.64.1.2 --no-secret",                 "PROXY_ATTRIBUTION_REQUIRED", ""),
    ];
    for (config, typed, code, words) in table {
        let told = explained(config, typed).unwrap();
        let refused = told.refusal.as_ref().map_or("", |refusal| refusal.code);
        let text = for_people(&told, true);
        assert_eq!(refused, code, "{typed}: {text}");
        assert!(text.contains(words), "{typed}: {text}");
        let program = for_programs(&told, true);
        assert_eq!(program["allowed"], code.is_empty(), "{typed}");
        assert_eq!(program["code"].as_str().unwrap_or_default(), code, "{typed}");
    }
}

#[test]
fn people_see_every_step_and_what_to_type() {
    let lan = json!({ "gateway": { "bind": "lan" } });
    let told = explained(&lan, "--from 192.168.1.9 --device unpaired").unwrap();
    let expected = "\
✓ yes  host and origin: not a page in a browser
✓ yes  connection: from 192.168.1.9, directly: counts as from elsewhere
✓ yes  credentials: mode token: the shared secret is enough
✗ no   pairing: pairing required
Not let in: PAIRING_REQUIRED (not-paired)
Next: decide about those that wait: `openclaw devices list`, then approve or reject";
    assert_eq!(for_people(&told, true), expected);
    assert!(for_people(&told, false).starts_with("Note: with gateway.bind \"loopback\""));
}

#[test]
fn what_makes_no_sense_is_said() {
    let lan = json!({ "gateway": { "bind": "lan" } });
    let unknown = explained(&lan, "--scopes read,fly").unwrap_err();
    assert_eq!(unknown.message(), "fly is no scope");
    let nameless = explained(&lan, "--from 192.168.1.9 --origin http://a.example").unwrap_err();
    assert!(nameless.message().starts_with("--origin needs --host here"));
}
