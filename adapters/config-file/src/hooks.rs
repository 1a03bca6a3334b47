//! Webhooks that would let in whoever should stay outside, or that cannot work.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use domain::hooks::HookBase;
use ports::config::{
    Config,
    hooks::{HookMappingConfig, HooksConfig},
    open::Command,
};
use serde::Deserialize;
use serde_json::Value;

use crate::problem::{Problem, Severity};

/// Looks at the webhooks of `config`. After a mistake they are as in `running`,
/// what is in force; where nothing is yet, there are none.
pub(crate) fn check(config: &mut Config, running: Option<&Value>, problems: &mut Vec<Problem>) {
    let mistakes = mistakes(&config.hooks, config);
    if mistakes.is_empty() {
        return warn(&config.hooks, problems);
    }
    problems.extend(mistakes);
    let before = running.and_then(|running| HooksConfig::deserialize(&running["hooks"]).ok());
    let before = before.filter(|before| self::mistakes(before, config).is_empty());
    config.hooks = before.unwrap_or_default();
}

/// What must not be in `hooks` beside everything else in `config`.
fn mistakes(hooks: &HooksConfig, config: &Config) -> Vec<Problem> {
    if hooks.enabled != Some(true) {
        return Vec::new();
    }
    let mistake = |key: &str, why: String| Problem::new(Severity::Error, key, why);
    let token = check_token(hooks, config).err().map(|why| mistake("hooks", why.to_owned()));
    let base = hooks.path.as_deref().and_then(|path| path.parse::<HookBase>().err());
    let base = base.map(|why| mistake("hooks", why.to_string()));
    let outside =
        named(&hooks.mappings).filter(|(_, mapping)| leads_out(mapping)).map(|(key, _)| {
            let why = "has to be a program in hooks/transforms beside this file";
            mistake(&format!("{key}.transform.command"), why.to_owned())
        });
    token.into_iter().chain(base).chain(outside).collect()
}

/// Says which accounts of Slack nothing is taken for.
pub(crate) fn check_slack(config: &Config, problems: &mut Vec<Problem>) {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for account in config.channels.slack_http_accounts() {
        let name = &account.name;
        let mut warn = |why| problems.push(Problem::new(Severity::Warning, "channels.slack", why));
        if account.signing_secret.is_none() {
            warn(format!("account {name} has no signingSecret, so nothing is taken for it"));
        } else if let Some(first) = places.get(&account.path) {
            let path = &account.path;
            warn(format!(
                "the accounts {first} and {name} have the same webhookPath {path}: \
                 nothing is taken for {name}"
            ));
        } else {
            places.insert(account.path, account.name);
        }
    }
}

fn check_token(hooks: &HooksConfig, config: &Config) -> Result<(), &'static str> {
    let auth = &config.gateway.auth;
    let token = hooks.token.as_deref().map(str::trim).unwrap_or_default();
    let is_token = |own: &Option<_>| own.as_deref().is_some_and(|own: &str| own.trim() == token);
    match token {
        "" => Err("hooks.enabled requires hooks.token"),
        "undefined" | "null" => Err("hooks.token is a placeholder"),
        _ if is_token(&auth.token) || is_token(&auth.password) => Err(
            "hooks.token is what the gateway itself is opened with; whoever may call a webhook \
             may not do everything, so it needs another one",
        ),
        _ => Ok(()),
    }
}

/// Each mapping and its key.
fn named(mappings: &[HookMappingConfig]) -> impl Iterator<Item = (String, &HookMappingConfig)> {
    mappings.iter().enumerate().map(|(index, it)| (format!("hooks.mappings[{index}]"), it))
}

fn leads_out(mapping: &HookMappingConfig) -> bool {
    let program = match &mapping.transform.command {
        None => return false,
        Some(Command::Program(program)) => program.as_str(),
        Some(Command::WithArguments(words)) => words.first().map_or("", String::as_str),
    };
    let is_plain = |part| matches!(part, Component::Normal(_));
    program.trim().is_empty() || !Path::new(program).components().all(is_plain)
}

/// What does not work, and harms nobody.
fn warn(hooks: &HooksConfig, problems: &mut Vec<Problem>) {
    let mut warn = |key: &str, why: &str| {
        problems.push(Problem::new(Severity::Warning, key, why));
    };
    for (key, mapping) in named(&hooks.mappings) {
        if mapping.transform.module.is_some() && mapping.transform.command.is_none() {
            warn(
                &format!("{key}.transform.module"),
                "JavaScript modules are not run, so calls to this mapping fail: make it a program \
                 in hooks/transforms and name that as transform.command",
            );
        }
        let secret = mapping.hmac.as_ref().map(|hmac| hmac.secret.as_deref().unwrap_or_default());
        if secret.is_some_and(|secret| secret.trim().is_empty()) {
            warn(&format!("{key}.hmac"), "has no secret, so no call is taken");
        }
    }
    for preset in hooks.presets.iter().filter(|preset| preset.trim() != "gmail") {
        warn("hooks.presets", &format!("there is no preset \"{preset}\""));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(tree: Value, running: Option<&Value>) -> (Config, Vec<String>) {
        let mut config: Config = serde_json::from_value(tree).unwrap();
        let mut problems = Vec::new();
        check(&mut config, running, &mut problems);
        check_slack(&config, &mut problems);
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_mistake_leaves_nobody_in() {
        let with = |key: &str, value: Value| {
            let mut hooks = json!({ "enabled": true, "token": "t" });
            hooks[key] = value;
            json!({ "hooks": hooks, "gateway": { "auth": { "token": "g", "password": "p" } } })
        };
        let program = |command: Value| json!([{ "transform": { "command": command } }]);
        let outside =
            "hooks.mappings[0].transform.command: has to be a program in hooks/transforms";
        #[rustfmt::skip]
        let table = [
            (with("token", json!(" ")),                          "hooks: hooks.enabled requires hooks.token"),
            (with("token", json!("undefined")),                  "hooks: hooks.token is a placeholder"),
            (with("token", json!("g")),                          "hooks: hooks.token is what the gateway itself is opened with"),
            (with("token", json!("p")),                          "hooks: hooks.token is what the gateway itself is opened with"),
            (with("path", json!("/")),                           "hooks: hooks.path may not be '/'"),
            (with("path", json!("/a/../b")),                     "hooks: hooks.path has to be a path"),
            (with("mappings", program(json!("/tmp/x"))),         outside),
            (with("mappings", program(json!(["../x", "a"]))),    outside),
            (with("mappings", program(json!("a/../../x"))),      outside),
            (with("mappings", program(json!([]))),               outside),
        ];
        for (tree, expected) in table {
            let (config, told) = checked(tree.clone(), None);
            assert_eq!(config.hooks, HooksConfig::default(), "{tree}");
            assert!(told.len() == 1 && told[0].starts_with(expected), "{tree}: {told:?}");

            let running = json!({ "hooks": { "enabled": true, "token": "before" } });
            let (config, _) = checked(tree.clone(), Some(&running));
            assert_eq!(config.hooks.token.as_deref(), Some("before"), "what is in force stays");
            let (config, _) = checked(tree.clone(), Some(&tree));
            assert_eq!(config.hooks, HooksConfig::default(), "unless it is no better");
        }
        let off = json!({ "hooks": { "enabled": false, "path": "/" } });
        assert_eq!(checked(off, None).1, [""; 0]);
        let (config, told) = checked(with("mappings", program(json!(["a/b", "-x"]))), None);
        assert!(told.is_empty() && config.hooks.enabled == Some(true));
    }

    #[test]
    fn what_does_not_work_is_said() {
        let (config, told) = checked(
            json!({
                "hooks": { "enabled": true, "token": "t", "presets": ["gmail", "jira"], "mappings": [
                    { "transform": { "module": "x.js" } },
                    { "hmac": { "scheme": "stripe", "secret": " " } },
                    { "hmac": { "secret": "s" }, "transform": { "module": "x.js", "command": "x" } },
                ] },
                "channels": { "slack": { "mode": "http", "accounts": {
                    "a": { "signingSecret": "s" }, "b": { "signingSecret": "t" }, "c": {},
                } } },
            }),
            None,
        );
        assert_eq!(config.hooks.enabled, Some(true));
        let expected = [
            "hooks.mappings[0].transform.module: JavaScript modules are not run",
            "hooks.mappings[1].hmac: has no secret, so no call is taken",
            "hooks.presets: there is no preset \"jira\"",
            "channels.slack: the accounts a and b have the same webhookPath /slack/events",
            "channels.slack: account c has no signingSecret",
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
