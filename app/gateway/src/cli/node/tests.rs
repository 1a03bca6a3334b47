use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use approvals_file::PolicyFile;
use ports::{Json, driven::ApprovalPolicy, view::ApprovalsFile};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use ws_client::{CallError, Event};

use super::host::{Host, Left, Link, Machine};

/// The gateway's end of a connection.
struct Gateway {
    events: mpsc::UnboundedSender<Event>,
    said: mpsc::UnboundedReceiver<(String, Value)>,
    asked: u32,
}

/// The node's end.
struct Wire {
    events: mpsc::UnboundedReceiver<Event>,
    said: mpsc::UnboundedSender<(String, Value)>,
}

fn broken() -> CallError {
    CallError::Closed { code: 1006, reason: String::new() }
}

impl Link for Wire {
    async fn event(&mut self) -> Result<Event, CallError> {
        self.events.recv().await.ok_or_else(broken)
    }

    async fn say(&mut self, method: &str, params: &impl Serialize) -> Result<(), CallError> {
        let params = serde_json::to_value(params).unwrap();
        self.said.send((method.to_owned(), params)).map_err(|_| broken())
    }
}

fn connection() -> (Gateway, Wire) {
    let (events, heard) = mpsc::unbounded_channel();
    let (say, said) = mpsc::unbounded_channel();
    (Gateway { events, said, asked: 0 }, Wire { events: heard, said: say })
}

impl Gateway {
    fn tell(&self, name: &str, payload: &Value) {
        let event = Event { name: name.to_owned(), payload: Json::of(payload) };
        self.events.send(event).unwrap();
    }

    /// Asks for something, and says under which name.
    fn ask(&mut self, command: &str, params: &Value) -> String {
        self.asked += 1;
        let id = format!("i{}", self.asked);
        let request = json!({ "id": id, "nodeId": "n", "command": command,
            "paramsJSON": params.to_string(), "timeoutMs": 30_000 });
        self.tell("node.invoke.request", &request);
        id
    }

    async fn next(&mut self) -> (String, Value) {
        let (method, params) = self.said.recv().await.unwrap();
        match method.as_str() {
            "node.event" => {
                let payload = params["payloadJSON"].as_str().unwrap();
                let name = params["event"].as_str().unwrap().to_owned();
                (name, serde_json::from_str(payload).unwrap())
            }
            _ => (method, params),
        }
    }

    /// The answer to what was asked last, and what happened before.
    async fn answer(&mut self, id: &str) -> (Result<Value, String>, Vec<(String, Value)>) {
        let mut before = Vec::new();
        loop {
            let (name, params) = self.next().await;
            if name != "node.invoke.result" || params["id"] != id {
                before.push((name, params));
                continue;
            }
            let answer = match params["payloadJSON"].as_str() {
                Some(payload) => Ok(serde_json::from_str(payload).unwrap()),
                None => Err(params["error"]["message"].as_str().unwrap().to_owned()),
            };
            return (answer, before);
        }
    }

    async fn run(&mut self, params: &Value) -> Result<Value, String> {
        let id = self.ask("system.run", params);
        self.answer(&id).await.0
    }
}

/// A node in a folder of its own, with these rules.
fn node(rules: &Value) -> (Host, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let policy = PolicyFile::in_dir(&dir.path().join("state"));
    let file: ApprovalsFile =
        serde_json::from_value(json!({ "version": 1, "agents": { "*": rules } })).unwrap();
    policy.store(&file, None).unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    let path = format!("{}:/usr/bin:/bin", home.display());
    let env = [("PATH", path.as_str()), ("LD_PRELOAD", "/tmp/x.so"), ("SECRET", "canary")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    (Host::new(Machine { policy, home, env }), dir)
}

/// Lets the node serve one connection while `script` plays the gateway.
async fn play<T>(host: &mut Host, script: impl AsyncFnOnce(&mut Gateway) -> T) -> T {
    let (mut gateway, mut wire) = connection();
    let stop = CancellationToken::new();
    let (left, told) = tokio::join!(host.serve(&mut wire, &stop), async {
        let told = script(&mut gateway).await;
        drop(gateway);
        told
    });
    assert!(matches!(left, Left::Lost(_)));
    told
}

fn full() -> Value {
    json!({ "security": "full", "ask": "off" })
}

fn asking() -> Value {
    json!({ "security": "full", "ask": "always" })
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_command_runs_and_what_happens_is_told() {
    let (mut host, dir) = node(&full());
    let params = json!({ "command": ["sh", "-c", "pwd; echo oh >&2; exit 3"], "sessionKey": "main",
        "runId": "r1" });
    let (answer, before) = play(&mut host, async |gateway| {
        let id = gateway.ask("system.run", &params);
        gateway.answer(&id).await
    })
    .await;
    let home = fs::canonicalize(dir.path().join("home")).unwrap();
    let expected = json!({ "exitCode": 3, "timedOut": false, "success": false,
        "stdout": format!("{}\n", home.display()), "stderr": "oh\n", "error": null,
        "truncated": false });
    assert_eq!(answer, Ok(expected));
    assert_eq!(
        before.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(),
        ["exec.started", "exec.finished"]
    );
    let finished = &before[1].1;
    assert_eq!((&finished["runId"], &finished["sessionKey"]), (&json!("r1"), &json!("main")));
    assert_eq!((&finished["exitCode"], &finished["timedOut"]), (&json!(3), &json!(false)));
    assert_eq!(finished["command"], "sh -c 'pwd; echo oh >&2; exit 3'");
}

#[tokio::test]
async fn a_command_gets_only_variables_that_are_harmless() {
    let (mut host, _dir) = node(&full());
    let (own, set, bad) = play(&mut host, async |gateway| {
        let own = gateway.run(&json!({ "command": ["env"] })).await.unwrap();
        let set = json!({ "command": ["env"], "env": { "TZ": "UTC" } });
        let set = gateway.run(&set).await.unwrap();
        let mut bad = Vec::new();
        for name in ["LD_PRELOAD", "PATH", "GIT_SSH_COMMAND", "BASH_ENV"] {
            bad.push(gateway.run(&json!({ "command": ["env"], "env": { name: "x" } })).await);
        }
        (own, set, bad)
    })
    .await;
    let own = own["stdout"].as_str().unwrap();
    assert!(
        own.contains("PATH=") && !own.contains("LD_PRELOAD") && !own.contains("canary"),
        "{own}"
    );
    assert!(set["stdout"].as_str().unwrap().contains("TZ=UTC"));
    for refused in bad {
        let message = refused.unwrap_err();
        assert!(message.starts_with("env: ") && message.contains("may not be set"), "{message}");
    }
}

#[tokio::test]
async fn the_policy_of_the_machine_decides() {
    let listed = json!({ "security": "allowlist", "ask": "on-miss",
        "allowlist": [{ "pattern": "/**/echo" }] });
    let only = json!({ "security": "allowlist", "ask": "off" });
    let approved =
        json!({ "command": ["echo", "x"], "approved": true, "bindingHash": "0".repeat(64) });
    #[rustfmt::skip]
    let table = [
        (full(), json!({ "command": ["echo", "x"] }), None),
        (listed.clone(), json!({ "command": ["echo", "x"] }), None),
        (listed.clone(), json!({ "command": ["sh", "-c", "echo x"] }), None),
        (listed.clone(), json!({ "command": ["id"] }), Some("SYSTEM_RUN_DENIED: approval required (allowlist-miss)")),
        (listed.clone(), json!({ "command": ["env", "echo", "x"] }),
            Some("SYSTEM_RUN_DENIED: approval required (allowlist-miss: the command runs other commands)")),
        (listed.clone(), json!({ "command": ["sh", "-c", "echo x; id"] }), Some("SYSTEM_RUN_DENIED: approval required (allowlist-miss)")),
        (listed, json!({ "command": ["echo", "x"], "security": "deny" }), Some("SYSTEM_RUN_DENIED: security=deny")),
        (only, json!({ "command": ["id"] }), Some("SYSTEM_RUN_DENIED: allowlist-miss")),
        (asking(), json!({ "command": ["echo", "x"] }), Some("SYSTEM_RUN_DENIED: approval required (approval required)")),
        (json!({}), json!({ "command": ["echo", "x"] }), Some("SYSTEM_RUN_DENIED: security=deny")),
        (json!({}), approved, Some("SYSTEM_RUN_DENIED: security=deny")),
        (json!({ "security": "deny" }), json!({ "command": ["echo"], "security": "full" }), Some("SYSTEM_RUN_DENIED: security=deny")),
        (full(), json!({ "command": [] }), Some("command required")),
        (full(), json!({ "command": ["no-such-tool"] }), Some("command not found: no-such-tool")),
    ];
    for (rules, params, refusal) in table {
        let (mut host, _dir) = node(&rules);
        let (answer, before) = play(&mut host, async |gateway| {
            let id = gateway.ask("system.run", &params);
            gateway.answer(&id).await
        })
        .await;
        match refusal {
            None => assert_eq!(answer.unwrap()["stdout"], "x\n", "{params}"),
            Some(refusal) => {
                assert_eq!(answer, Err(refusal.to_owned()), "{rules} {params}");
                let denied = before.iter().any(|it| it.0 == "exec.denied");
                assert_eq!(denied, refusal.starts_with("SYSTEM_RUN_DENIED"), "{params}");
            }
        }
    }
}

/// What somebody consented to runs; whatever took its place meanwhile does not.
#[tokio::test]
async fn what_was_approved_is_what_runs() {
    let (mut host, dir) = node(&asking());
    let home = dir.path().join("home");
    script(&home.join("tool"), "echo good");
    let command = json!({ "command": ["tool"] });
    let approved =
        json!({ "command": ["tool"], "approved": true, "approvalDecision": "allow-once" });
    play(&mut host, async |gateway| {
        let unbound = gateway.run(&approved).await.unwrap_err();
        assert_eq!(unbound, "SYSTEM_RUN_DENIED: approval is not bound to a prepared command");

        let asked = gateway.run(&command).await.unwrap_err();
        assert!(asked.starts_with("SYSTEM_RUN_DENIED: approval required"), "{asked}");
        assert_eq!(gateway.run(&approved).await.unwrap()["stdout"], "good\n");

        let changed = "SYSTEM_RUN_DENIED: the command changed since it was approved";
        script(&home.join("tool"), "echo evil");
        assert_eq!(gateway.run(&approved).await.unwrap_err(), changed);
        // Asking again does not make it what was approved.
        gateway.run(&command).await.unwrap_err();
        assert_eq!(gateway.run(&approved).await.unwrap_err(), changed);

        // Approved for other words, another place, other variables.
        script(&home.join("tool"), "echo good");
        gateway.run(&command).await.unwrap_err();
        for other in [
            json!({ "command": ["tool", "x"], "approved": true }),
            json!({ "command": ["tool"], "cwd": "/", "approved": true }),
            json!({ "command": ["tool"], "env": { "TZ": "x" }, "approved": true }),
        ] {
            let refused = gateway.run(&other).await.unwrap_err();
            assert!(refused.starts_with("SYSTEM_RUN_DENIED: approval is not bound"), "{refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_prepared_command_is_bound_to_what_it_was() {
    let (mut host, dir) = node(&asking());
    let home = dir.path().join("home");
    fs::write(home.join("script"), "echo good").unwrap();
    let command = json!({ "command": ["sh", "script"], "agentId": "main" });
    let plan = play(&mut host, async |gateway| {
        let id = gateway.ask("system.run.prepare", &command);
        gateway.answer(&id).await.0.unwrap()["plan"].clone()
    })
    .await;
    assert_eq!((&plan["commandText"], &plan["agentId"]), (&json!("sh script"), &json!("main")));

    // Another process of the same node: it remembers nothing.
    let (_, machine) = (
        host,
        Machine {
            policy: PolicyFile::in_dir(&dir.path().join("state")),
            home: home.clone(),
            env: vec![("PATH".into(), format!("{}:/usr/bin:/bin", home.display()))],
        },
    );
    let mut host = Host::new(machine);
    let approved = json!({ "command": ["sh", "script"], "agentId": "main", "approved": true,
        "bindingHash": plan["bindingHash"] });
    play(&mut host, async |gateway| {
        assert_eq!(gateway.run(&approved).await.unwrap()["stdout"], "good\n");
        fs::write(home.join("script"), "echo evil").unwrap();
        let refused = gateway.run(&approved).await.unwrap_err();
        assert_eq!(refused, "SYSTEM_RUN_DENIED: the command changed since it was approved");
    })
    .await;
}

#[tokio::test]
async fn a_command_nobody_waits_for_ends() {
    let (mut host, dir) = node(&full());
    let ready = dir.path().join("home/ready");
    let answer = play(&mut host, async |gateway| {
        let id =
            gateway.ask("system.run", &json!({ "command": ["sh", "-c", ": > ready; sleep 1000"] }));
        while !ready.exists() {
            tokio::task::yield_now().await;
        }
        gateway.tell("node.invoke.cancel", &json!({ "invokeId": id, "nodeId": "n" }));
        gateway.answer(&id).await.0.unwrap()
    })
    .await;
    assert_eq!((&answer["error"], &answer["success"]), (&json!("cancelled"), &json!(false)));
}

/// A command goes on when the connection breaks, and how it ended is said on
/// the next one.
#[tokio::test]
async fn what_happens_without_a_connection_is_said_later() {
    let (mut host, dir) = node(&full());
    let go = dir.path().join("home/go");
    let line = "until [ -e go ]; do sleep 0.01; done; echo done";
    let id = play(&mut host, async |gateway| {
        let id = gateway.ask("system.run", &json!({ "command": ["sh", "-c", line] }));
        assert_eq!(gateway.next().await.0, "exec.started");
        id
    })
    .await;
    fs::write(&go, "").unwrap();
    let answer = play(&mut host, async |gateway| gateway.answer(&id).await.0.unwrap()).await;
    assert_eq!(answer["stdout"], "done\n");
}

#[tokio::test]
async fn stopping_ends_what_runs_and_says_so() {
    let (mut host, dir) = node(&full());
    let ready = dir.path().join("home/ready");
    let (mut gateway, mut wire) = connection();
    let stop = CancellationToken::new();
    let playing = async {
        let id =
            gateway.ask("system.run", &json!({ "command": ["sh", "-c", ": > ready; sleep 1000"] }));
        while !ready.exists() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        gateway.answer(&id).await.0.unwrap()
    };
    let (left, answer) = tokio::join!(host.serve(&mut wire, &stop), playing);
    assert!(matches!(left, Left::Stopped));
    assert_eq!(answer["error"], "cancelled");
    host.stop().await;
}

#[tokio::test]
async fn programs_are_found_and_the_policy_is_read_and_written() {
    let (mut host, dir) = node(&full());
    script(&dir.path().join("home/tool"), "");
    play(&mut host, async |gateway| {
        let mut ask = async |command: &str, params: Value| {
            let id = gateway.ask(command, &params);
            gateway.answer(&id).await.0
        };
        let bins = json!({ "bins": ["tool", "no-such-tool", "../home/tool", "/bin/sh", ""] });
        let found = ask("system.which", bins).await.unwrap();
        let tool = dir.path().join("home/tool");
        assert_eq!(found, json!({ "bins": { "tool": tool.to_str().unwrap() } }));

        let before = ask("system.execApprovals.get", json!({})).await.unwrap();
        let file = json!({ "version": 1, "defaults": { "security": "deny" } });
        let blind = ask("system.execApprovals.set", json!({ "file": file })).await;
        assert!(blind.unwrap_err().starts_with("exec approvals base hash required"));
        let set = json!({ "file": file, "baseHash": before["hash"] });
        assert!(ask("system.execApprovals.set", set).await.is_ok());
        let denied = ask("system.run", json!({ "command": ["tool"] })).await;
        assert_eq!(denied, Err("SYSTEM_RUN_DENIED: security=deny".to_owned()));

        let shown = ask("system.notify", json!({ "title": "hello", "body": "there" })).await;
        assert_eq!(shown, Ok(json!({ "ok": true, "delivered": "log" })));
        assert!(ask("system.notify", json!({})).await.is_err());
        assert_eq!(ask("camera.snap", json!({})).await, Err("unknown command: camera.snap".into()));
        let nonsense = ask("system.run", json!({ "command": "ls" })).await.unwrap_err();
        assert!(nonsense.starts_with("invalid system.run params"), "{nonsense}");
    })
    .await;
}

#[tokio::test]
async fn too_many_commands_are_refused() {
    let (mut host, dir) = node(&full());
    let go = dir.path().join("home/go");
    play(&mut host, async |gateway| {
        let wait = json!({ "command": ["sh", "-c", "until [ -e go ]; do sleep 0.01; done"] });
        let ids: Vec<_> = (0..16).map(|_| gateway.ask("system.run", &wait)).collect();
        let refused = gateway.run(&wait).await.unwrap_err();
        assert_eq!(refused, "too many commands are running on this node");
        fs::write(&go, "").unwrap();
        let mut left = ids.len();
        while 0 < left {
            left -= usize::from(gateway.next().await.0 == "node.invoke.result");
        }
    })
    .await;
}
