//! Files of OpenClaw, as its versions of January and September 2026 write them.

use std::{fs, path::Path};

use config_file::{ConfigFile, Severity};
use ports::{
    config::{BindMode, Config},
    driven::ConfigSource,
};
use tempfile::TempDir;

const JANUARY: &str = include_str!("fixtures/january.json5");
const SEPTEMBER: &str = include_str!("fixtures/september.json5");

fn load(directory: &Path, text: &str) -> ConfigFile {
    let path = directory.join("openclaw.json");
    fs::write(&path, text).expect("there is room");
    ConfigFile::load(path, |name| (name == "HOME").then(|| "/home/me".to_owned()))
}

/// The keys it warns of.
fn warned(file: &ConfigFile) -> Vec<String> {
    let mut keys: Vec<String> = file.problems().into_iter().map(|it| it.key).collect();
    keys.sort();
    keys
}

#[test]
fn both_load_without_a_mistake() {
    let directory = TempDir::new().unwrap();
    for (text, expected) in
        [(JANUARY, &["messages.tts", "agents.defaults.memorySearch"][..]), (SEPTEMBER, &[])]
    {
        let file = load(directory.path(), text);
        let wrong: Vec<_> =
            file.problems().into_iter().filter(|it| it.severity != Severity::Warning).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let warned = warned(&file);
        for key in expected {
            assert!(warned.iter().any(|it| it == key), "{key}: {warned:?}");
        }
        let unknown: Vec<_> =
            file.problems().into_iter().filter(|it| it.message.starts_with("unknown")).collect();
        assert!(unknown.is_empty(), "every key of OpenClaw is known: {unknown:#?}");
    }
}

#[test]
fn a_key_nobody_knows_is_warned_of_by_its_path() {
    let directory = TempDir::new().unwrap();
    let text = JANUARY.replacen("\"session\": {", "\"session\": { \"scoop\": 1,", 1);
    let file = load(directory.path(), &text);
    let unknown = |it: &config_file::Problem| it.message.starts_with("unknown");
    let problems = file.problems();
    let found: Vec<_> = problems.iter().filter(|it| unknown(it)).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key.as_str(), found[0].severity), ("session.scoop", Severity::Warning));
    assert!(found[0].place.as_ref().is_some_and(|place| place.line > 1), "{found:?}");
}

#[test]
fn what_january_says_is_in_force() {
    let directory = TempDir::new().unwrap();
    let config: &Config = &load(directory.path(), JANUARY).current();
    assert_eq!(config.gateway.bind, BindMode::Loopback);
    let agents: Vec<_> = config.agents.all().iter().map(|a| a.agent_id().to_string()).collect();
    assert_eq!(agents, ["main", "work"]);
    let work = config.agents.all().pop().unwrap();
    assert_eq!(work.workspace.as_deref(), Some("/home/me/work"), "~ is expanded");
    let telegram = &config.channels.known["telegram"];
    assert!(telegram.bot_token.is_some());
    assert_eq!(telegram.groups["-100"].topics["7"].system_prompt.as_deref(), Some("short"));
    assert!(config.tts.auto.is_some(), "messages.tts has moved");
    assert!(config.memory.search.provider.is_some(), "memorySearch has moved");
    let direct = &config.session.reset_by_type.direct;
    assert_eq!(direct.idle_minutes, Some(240));
    assert_eq!(config.talk.providers.keys().collect::<Vec<_>>(), ["elevenlabs"]);
}

#[test]
fn what_september_says_is_in_force() {
    let directory = TempDir::new().unwrap();
    let file = load(directory.path(), SEPTEMBER);
    let config: &Config = &file.current();
    assert_eq!(config.agents.default_agent().as_str(), "main");
    assert_eq!(config.gateway.nodes.commands.deny, ["sms.send"]);
    assert_eq!(config.session.maintenance.max_entries, Some(500));
    assert_eq!(config.mcp.servers["files"].env["LEVEL"].0, "2");
    assert_eq!(config.bindings[0].agent_id.as_deref(), Some("main"));
    let shown = file.snapshot();
    for secret in ["september-token", "telegram-token", "xoxb-", "xapp-", "local-key"] {
        assert!(!shown.config.as_str().contains(secret), "{secret}");
    }
}

#[test]
fn a_secret_that_is_only_named_is_found_and_not_shown() {
    let directory = TempDir::new().unwrap();
    let text = r#"{
      secrets: { providers: { mine: { source: "exec", command: ["printf", "canary-key"] } } },
      models: { providers: {
        a: { apiKey: { source: "exec", provider: "mine", id: "a" } },
        b: { apiKey: { source: "env", id: "NOT_THERE" } },
      } },
      talk: { speechLocale: "canary-key" },
    }"#;
    let path = directory.path().join("openclaw.json");
    fs::write(&path, text).unwrap();
    let file = ConfigFile::load(path, |name| std::env::var(name).ok().filter(|_| name == "PATH"));
    let config = file.current();
    assert_eq!(config.models.providers["a"].api_key.as_deref(), Some("canary-key"));
    assert!(!config.models.providers.contains_key("b"), "a mistake costs its section");
    let problems = file.problems();
    let told = |key: &str| problems.iter().find(|it| it.key == key).map(|it| it.severity);
    assert_eq!(told("models.providers.b.apiKey"), Some(Severity::Error));
    assert!(!file.snapshot().config.as_str().contains("canary"), "wherever it turns up");
}
