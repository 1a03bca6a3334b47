//! Configuration files as people write them, through the door everyone uses.

use std::{collections::BTreeMap, fs, path::PathBuf};

use config_file::{ConfigFile, REDACTED, Severity};
use ports::{
    config::{AuthMode, BindMode},
    driven::ConfigSource,
};
use serde_json::Value;

struct Home {
    dir: tempfile::TempDir,
    env: BTreeMap<&'static str, &'static str>,
}

impl Home {
    fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("openclaw.json"), text).expect("it is writable");
        Self { dir, env: BTreeMap::new() }
    }

    fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.insert(name, value);
        self
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("openclaw.json")
    }

    fn load(&self) -> ConfigFile {
        let env = self.env.clone();
        ConfigFile::load(self.path(), move |name| env.get(name).map(|&value| value.to_owned()))
    }
}

fn json(text: &ports::Json) -> Value {
    serde_json::from_str(text.as_str()).expect("it is JSON")
}

#[test]
fn no_file_means_defaults() {
    let home = Home::with("");
    fs::remove_file(home.path()).unwrap();
    let file = home.load();
    assert_eq!(*file.current(), ports::config::Config::default());
    assert_eq!(file.refusal(), None);

    let snapshot = file.snapshot();
    assert!(!snapshot.exists && snapshot.valid && snapshot.raw.is_none());
    assert_eq!(snapshot.parsed, ports::Json::null());
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(snapshot.hash, of_nothing);
}

#[test]
fn a_file_of_last_january_still_works() {
    let home = Home::with(
        r"{
          // Written by the wizard.
          meta: { lastTouchedVersion: '2026.1.27' },
          agent: { model: 'anthropic/claude-opus-4-5' },
          gateway: {
            mode: 'local',
            bind: 'custom', customBindHost: '127.0.0.1',
            token: 'a-long-token-of-last-january',
            http: { chatCompletions: true },
            reload: { mode: 'hybrid', debounce: 200, },
          },
          channels: { whatsapp: { allowFrom: ['+15550100'] } },
        }",
    );
    let file = home.load();
    let config = file.current();
    assert_eq!(file.refusal(), None);
    assert_eq!(config.gateway.bind, BindMode::Address([127, 0, 0, 1].into()));
    assert_eq!(config.gateway.auth.token.as_deref(), Some("a-long-token-of-last-january"));
    assert!(config.gateway.http.serves_chat_completions(false));
    let model = config.agents.defaults.model.as_ref().unwrap().candidates();
    assert_eq!(model[0].to_string(), "anthropic/claude-opus-4-5");
    assert!(file.problems().iter().all(|problem| problem.severity == Severity::Warning));
    assert!(file.problems().iter().any(|problem| problem.key == "agent.model"));
    assert_eq!(config.channels.known["whatsapp"].allow_from[0].0, "+15550100");
}

#[test]
fn variables_come_from_the_process_then_dotenv_then_the_file() {
    let home = Home::with(
        "{ env: { A: 'block', B: 'block', vars: { C: 'block' } },
           agents: { defaults: { systemPrompt: '${A} ${B} ${C}' } } }",
    )
    .set("A", "process");
    fs::write(home.dir.path().join(".env"), "A=dotenv\nB=dotenv\n").unwrap();
    let file = home.load();
    let prompt = file.current().agents.defaults.system_prompt.clone();
    assert_eq!(prompt.as_deref(), Some("process dotenv block"));
    assert_eq!(file.variable("A").as_deref(), Some("process"));
    assert_eq!(file.variable("C").as_deref(), Some("block"));
    assert_eq!(file.variable("D"), None);
}

#[test]
fn what_could_let_somebody_in_keeps_everybody_else_out() {
    #[rustfmt::skip]
    let table = [
        ("{ gateway: {\n auth: {\n token: '${UNSET}' } } }", ":3: gateway.auth.token: the environment variable UNSET"),
        ("{ gateway: { token: '${UNSET}' } }", ":1: gateway.auth.token: the environment"),
        ("{ gateway: { auth: { token: '  ' } } }", "no token is configured"),
        ("{ gateway: { auth: { token: 'undefined' } } }", "placeholder"),
        ("{\n gateway: { auth: { mode: 'tokn' } } }", ":2: gateway.auth.mode: unknown variant"),
        ("{ gateway: { bind: 'wide' } }", "gateway.bind"),
        ("{ gateway: { mode: 'local'", "unterminated object"),
        ("{\n '__proto__': { gateway: {} } }", ":2: unknown key: __proto__"),
        ("{ $include: '/etc/passwd' }", "include /etc/passwd is outside"),
        ("[]", "has to hold an object"),
    ];
    for (text, expected) in table {
        let file = Home::with(text).load();
        assert_eq!(file.refusal(), None, "{text}");
        let refusal = file.is_in_safe_mode().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(file.current().gateway.bind, BindMode::Loopback, "{text}");
        let told = refusal.to_string();
        assert!(told.contains(expected), "{text}: {told}");
        assert!(told.starts_with("invalid config: /"), "{told}");
    }
    let binary = Home::with("");
    fs::write(binary.path(), b"{ a: '\xff' }").unwrap();
    assert!(binary.load().is_in_safe_mode().unwrap().to_string().contains("UTF-8"));
}

#[test]
fn a_strict_file_has_no_mistakes_and_no_unknown_keys() {
    for (rest, expected) in [
        ("gatway: {}", Some("gatway: unknown key")),
        ("session: { mainKey: 5 }", Some("session.mainKey: invalid type")),
        ("session: { mainKey: 'x' }", None),
    ] {
        let file = Home::with(&format!("{{ gateway: {{ config: {{ strict: true }} }}, {rest} }}"));
        let refusal = file.load().refusal().map(|it| it.to_string());
        match (refusal, expected) {
            (Some(told), Some(expected)) => assert!(told.contains(expected), "{told}"),
            (told, expected) => assert_eq!(told.as_deref(), expected),
        }
    }
}

#[test]
fn any_other_mistake_does_not() {
    let home = Home::with(
        "{ gateway: { auth: { mode: 'password', password: 'long enough' }, limits: { jsonDepth: 'x' } },
           agents: { defaults: { timeoutSeconds: true } } }",
    );
    let file = home.load();
    assert_eq!(file.refusal(), None);
    assert_eq!(file.current().gateway.auth.mode, Some(AuthMode::Password));
    assert_eq!(file.current().agents.defaults.timeout_seconds, 600);
    let snapshot = file.snapshot();
    assert!(!snapshot.valid);
    let mut keys: Vec<_> = snapshot.issues.iter().map(|issue| issue.path.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["agents.defaults.timeoutSeconds", "gateway.limits.jsonDepth"]);
}

#[test]
fn a_snapshot_shows_the_disk_and_no_secret() {
    let home = Home::with("{}").set("OPENAI_API_KEY", "canary-from-the-environment");
    let file = home.load();
    fs::write(
        home.path(),
        "{ gateway: { auth: { token: 'canary-token' } }, // old token: canary-comment
           models: { providers: { openai: { apiKey: '${OPENAI_API_KEY}',
             baseUrl: 'http://x/${OPENAI_API_KEY}' } } },
           channels: { telegram: { botToken: 'canary-bot' } } }",
    )
    .unwrap();

    let snapshot = file.snapshot();
    let shown = format!("{snapshot:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let config = json(&snapshot.config);
    assert_eq!(config["gateway"]["port"], 18789, "defaults are applied");
    assert_eq!(config["gateway"]["auth"]["token"], REDACTED);
    assert_eq!(config["channels"]["telegram"]["botToken"], REDACTED, "and nothing is lost");
    let parsed = json(&snapshot.parsed);
    assert_eq!(parsed["models"]["providers"]["openai"]["apiKey"], "${OPENAI_API_KEY}");
    assert!(parsed["gateway"].get("port").is_none());
    assert_eq!(snapshot.hash.len(), 64);

    fs::write(home.path(), "{ gateway: { auth: { token: 'canary-token' ").unwrap();
    let broken = file.snapshot();
    assert!(!broken.valid && broken.raw.is_none(), "a text nobody can read is not shown");
    assert!(!format!("{broken:?}").contains("canary"));
}
