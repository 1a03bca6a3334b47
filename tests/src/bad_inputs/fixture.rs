//! The states a gateway is in before a case begins.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use serde_json::{Value, json};

use super::{
    gateway::{HOOK_TOKEN, TOKEN},
    secure,
    site::Machine,
    webhook,
};

/// The password of gateways that have one.
pub(super) const PASSWORD: &str = "pa55-W4nT8kQzX2vRbN6yCq3LsD9gMx7JuE1a";
/// The header in which a proxy says who somebody is.
pub(super) const USER_HEADER: &str = "X-Forwarded-User";
/// Whom it knows.
pub(super) const USER: &str = "owner@example.com";

/// How a gateway is set up.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Fixture {
    /// Put over the configuration that every gateway under test has.
    pub(super) config: Value,
    /// How the runner itself is let in.
    pub(super) manner: Manner,
    /// Whether it is in a network of its own, from which it can be reached.
    pub(super) is_networked: bool,
    /// Whether it serves a tailnet.
    pub(super) is_served: bool,
    /// Whether it has no configuration.
    pub(super) is_blank: bool,
    /// Whether it runs already when a case is about a start.
    pub(super) is_running: bool,
    /// Whether there is a folder where its lock belongs.
    pub(super) is_lock_a_folder: bool,
    /// What lies in its state directory beforehand.
    pub(super) files: Vec<(&'static str, String)>,
    /// What is there beforehand.
    pub(super) contents: Contents,
}

/// What there is in a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Contents {
    #[default]
    Nothing,
    Conversations,
    /// A node that is there and can run commands.
    Node,
    /// A node that is there and can show things.
    Phone,
    /// Another node, which was asked for something and has not answered.
    TwoNodes,
    /// A node that was there.
    GoneNode,
    /// A device that waits to be let in as an administrator.
    WaitingDevice,
}

/// What a client shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Manner {
    #[default]
    Token,
    Password,
    /// A proxy says who it is.
    Proxy,
}

impl Manner {
    /// The `auth` of its `connect` requests.
    pub(super) fn auth(self) -> Value {
        match self {
            Self::Token => json!({ "token": TOKEN }),
            Self::Password => json!({ "password": PASSWORD }),
            Self::Proxy => json!({}),
        }
    }

    /// The headers of its requests.
    pub(super) fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Token | Self::Password => &[],
            Self::Proxy => &[("X-Forwarded-For", "198.51.100.1"), (USER_HEADER, USER)],
        }
    }
}

impl Fixture {
    /// The fixture of that name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        const CERT: &str = "gateway/tls/gateway-cert.pem";
        const KEY: &str = "gateway/tls/gateway-key.pem";
        let plain = Self::default();
        let lan = json!({ "bind": "lan", "allowInsecureBind": true });
        Ok(match name {
            "default" => plain,
            // No tailnet but its own is ever asked for anything.
            "blank" => Self { is_blank: true, is_served: true, ..plain },
            "running" => Self { is_running: true, ..plain },
            "stale-lock-pid-reused" => {
                let holder = json!({ "pid": std::process::id(), "startTime": 1, "url": null });
                Self { files: vec![("gateway.lock", holder.to_string())], ..plain }
            }
            "lock-is-dir" => Self { is_lock_a_folder: true, ..plain },
            "populated" => Self { contents: Contents::Conversations, is_running: true, ..plain },
            "node-silent" => Self { contents: Contents::Phone, ..plain },
            "two-nodes" => Self { contents: Contents::TwoNodes, ..plain },
            "node-offline-queue" => Self { contents: Contents::GoneNode, ..plain },
            "pending-admin-pairing" => Self { contents: Contents::WaitingDevice, ..plain },
            "node-online" => Self { contents: Contents::Node, ..plain },
            "hooks" => Self { config: hooked(json!({})), ..plain },
            "hooks-template" => {
                let mapping = json!({
                    "match": { "path": "tplsession" },
                    "messageTemplate": "m",
                    "sessionKey": "{{who}}",
                    "sessionMode": "persistent",
                });
                Self { config: hooked(json!({ "mappings": [mapping] })), ..plain }
            }
            // Slack would send to it; there is no channel that would take it.
            "slack-mock" => {
                let slack = json!({ "mode": "http", "signingSecret": webhook::SIGNING_SECRET });
                Self { config: json!({ "channels": { "slack": slack } }), ..plain }
            }
            "http-api-off" => {
                let off = json!({ "chatCompletions": { "enabled": false } });
                Self { config: json!({ "gateway": { "http": { "endpoints": off } } }), ..plain }
            }
            "xss-name" => {
                let identity = json!({ "name": "</script><script>alert(1)</script>" });
                let agents = json!({ "list": [{ "id": "main", "identity": identity }] });
                Self { config: json!({ "agents": agents }), ..plain }
            }
            // The dashboard is in the program; a folder is what it would be mistaken for.
            "sibling-dir" => {
                let files = vec![
                    ("control-ui/index.html", "GOOD".to_owned()),
                    ("control-ui-evil/x", "EVIL".to_owned()),
                ];
                let ui = json!({ "root": "control-ui" });
                Self { config: json!({ "gateway": { "controlUi": ui } }), files, ..plain }
            }
            // It listens in both families in any case.
            "lan" | "lan6" => {
                Self { config: json!({ "gateway": lan }), is_networked: true, ..plain }
            }
            "trusted-proxy" => {
                let mut gateway = lan;
                gateway["trustedProxies"] = json!(["127.0.0.1"]);
                let proxy = json!({ "userHeader": USER_HEADER, "allowLoopback": true });
                gateway["auth"] = json!({ "mode": "trusted-proxy", "trustedProxy": proxy });
                Self {
                    config: json!({ "gateway": gateway }),
                    manner: Manner::Proxy,
                    is_networked: true,
                    ..plain
                }
            }
            "password" => {
                let auth = json!({ "mode": "password", "password": PASSWORD });
                let config = json!({ "gateway": { "auth": auth } });
                Self { config, manner: Manner::Password, ..plain }
            }
            "tailscale-serve" => {
                // By default nobody can use it who comes from elsewhere.
                let on = json!({ "chatCompletions": { "enabled": true } });
                let tailscale = json!({ "mode": "serve" });
                let gateway = json!({ "tailscale": tailscale, "http": { "endpoints": on } });
                Self { config: json!({ "gateway": gateway }), is_served: true, ..plain }
            }
            "tls" => Self { config: encrypted(json!({})), ..plain },
            "tls-missing" => Self {
                config: encrypted(json!({ "autoGenerate": false })),
                files: vec![(CERT, secure::expired()?.0)],
                ..plain
            },
            "tls-expired" => {
                let (cert, key) = secure::expired()?;
                Self {
                    config: encrypted(json!({})),
                    files: vec![(CERT, cert), (KEY, key)],
                    ..plain
                }
            }
            _ => return Err(format!("runner does not know the fixture '{name}'")),
        })
    }

    /// The machine it needs, if it is not this one; or why there is none.
    pub(super) fn machine(&self) -> Result<Option<Arc<Machine>>, String> {
        if self.is_networked { Ok(Some(Arc::new(Machine::new()?))) } else { Ok(None) }
    }

    /// What has to be in the environment of a gateway at `root`.
    pub(super) fn variables(&self, root: &Path) -> Vec<(&'static str, OsString)> {
        let mut variables = Vec::new();
        if self.is_networked {
            // The responder of this machine is not that of the network.
            variables.push(("OPENCLAW_DISABLE_BONJOUR", "1".into()));
        }
        if self.is_served {
            variables.push(("OPENCLAW_TAILSCALE_SOCKET", root.join("no.sock").into()));
            variables.push(("OPENCLAW_TAILSCALE_COMMAND", root.join("tailscale").into()));
        }
        variables
    }

    /// Brings what it needs into `root`.
    pub(super) fn prepare(&self, root: &Path) -> Result<(), String> {
        /// A tailnet that knows everybody as its owner, and serves what it is
        /// told to.
        const TAILSCALE: &str = r#"#!/bin/sh
home=$(dirname "$0")
[ "$1" = --socket ] && shift 2
case "$*" in
"status --json") echo '{"BackendState":"Running","Self":{"DNSName":"host.tailnet.ts.net."},"CertDomains":["host.tailnet.ts.net"]}' ;;
"serve status --json") cat "$home/tmp/served" 2>/dev/null || echo null ;;
"serve --bg --yes "*) echo "{\"TCP\":{\"443\":{\"HTTPS\":true}},\"Web\":{\"host.tailnet.ts.net:443\":{\"Handlers\":{\"/\":{\"Proxy\":\"http://127.0.0.1:$4\"}}}}}" > "$home/tmp/served" ;;
"whois "*) echo '{"UserProfile":{"LoginName":"owner@example.com"}}' ;;
esac
"#;
        let words = |error: std::io::Error| format!("cannot prepare a home: {error}");
        if self.is_lock_a_folder {
            fs::create_dir_all(root.join("home/.openclaw/gateway.lock")).map_err(words)?;
        }
        if !self.is_served {
            return Ok(());
        }
        let command = root.join("tailscale");
        fs::write(&command, TAILSCALE).map_err(words)?;
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).map_err(words)
    }
}

/// A configuration with TLS, set up as `more` says.
fn encrypted(more: Value) -> Value {
    let mut tls = more;
    tls["enabled"] = json!(true);
    json!({ "gateway": { "tls": tls } })
}

/// A configuration with webhooks, set up as `more` says.
fn hooked(more: Value) -> Value {
    let mut hooks = more;
    hooks["enabled"] = json!(true);
    hooks["token"] = json!(HOOK_TOKEN);
    json!({ "hooks": hooks })
}

#[test]
fn a_fixture_the_runner_does_not_know_is_refused() {
    assert!(Fixture::named("lan").unwrap().is_networked);
    assert!(Fixture::named("seaside").unwrap_err().starts_with("runner does not know"));
}
