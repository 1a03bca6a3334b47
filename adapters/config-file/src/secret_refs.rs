//! Secrets the file only names: `{ source: "env", provider: "mine", id: "KEY" }`
//! in the place of a text (`gateway-reference.md` 2.4).
//!
//! What cannot be found stays as it is, and is a problem. The decoder then finds
//! an object where a text belongs, so that its section is given up, or stays as
//! it was while the gateway runs.

mod provider;

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use crate::{
    problem::{Problem, Severity},
    read::spell,
    redact::is_secret,
};

use provider::{Provider, Unresolved};

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    source: String,
    provider: Option<String>,
    id: String,
}

impl Reference {
    /// What `map` says, if it is one.
    fn of(map: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let known = ["source", "provider", "id"];
        if !map.keys().all(|name| known.contains(&name.as_str())) {
            return None;
        }
        Some(Self { source: text("source")?, provider: text("provider"), id: text("id")? })
    }
}

/// Puts secrets in the places of references to them in `tree`, which stands in
/// `directory`. Returns them.
pub(crate) fn resolve(
    tree: &mut Value,
    directory: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let mut wanted = Vec::new();
    visit(tree, &mut Vec::new(), &mut |path, reference, _| {
        wanted.push((spell(path), reference.clone()));
    });
    if wanted.is_empty() {
        return Vec::new();
    }
    let found = find(&tree["secrets"], &wanted, directory, lookup, problems);
    let mut secrets = Vec::new();
    visit(tree, &mut Vec::new(), &mut |path, reference, place| match &found[reference] {
        Ok(secret) => {
            secrets.push(secret.clone());
            *place = secret.as_str().into();
        }
        Err(why) => problems.push(problem(&spell(path), why)),
    });
    secrets
}

/// Every secret of `wanted`. Each provider is asked once.
fn find(
    section: &Value,
    wanted: &[(String, Reference)],
    directory: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Reference, Result<String, Unresolved>> {
    let mut asked: BTreeMap<(&str, Option<&str>), Vec<&Reference>> = BTreeMap::new();
    for (_, reference) in wanted {
        let provider = reference.provider.as_deref();
        let provider = provider.or_else(|| section["defaults"][&reference.source].as_str());
        let references = asked.entry((&reference.source, provider)).or_default();
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    let mut found = BTreeMap::new();
    for ((source, name), references) in asked {
        let ids: Vec<&str> = references.iter().map(|reference| reference.id.as_str()).collect();
        let answers = match Provider::of(section, source, name) {
            Ok(provider) => {
                if let Some(warning) = provider.warning(directory, lookup) {
                    let key = format!("secrets.providers.{}", name.unwrap_or_default());
                    problems.push(Problem::new(Severity::Warning, &key, warning));
                }
                provider.ask(&ids, directory, lookup)
            }
            Err(why) => ids.iter().map(|_| Err(why.clone())).collect(),
        };
        found.extend(references.into_iter().cloned().zip(answers));
    }
    found
}

fn problem(key: &str, why: &Unresolved) -> Problem {
    // Who is let in must not depend on a secret that is not there.
    let guarded = ["gateway.auth", "gateway.tls"].iter().any(|guarded| key.starts_with(guarded));
    let severity = if guarded { Severity::Fatal } else { Severity::Error };
    Problem::new(severity, key, format!("the secret cannot be found: {why}"))
}

/// Shows every reference in the place of a secret to `seen`, with its path.
fn visit(
    value: &mut Value,
    path: &mut Vec<String>,
    seen: &mut dyn FnMut(&[String], &Reference, &mut Value),
) {
    if path.first().is_some_and(|first| first == "secrets") {
        return;
    }
    if let Some(reference) = value.as_object().and_then(Reference::of)
        && is_secret(path)
    {
        seen(path, &reference, value);
        return;
    }
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                path.push(format!("[{index}]"));
                visit(value, path, seen);
                path.pop();
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                path.push(name.clone());
                visit(value, path, seen);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use serde_json::json;

    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "BOT" => Some("canary-env".to_owned()),
            "PATH" => std::env::var("PATH").ok(),
            _ => None,
        }
    }

    fn resolved(mut tree: Value, directory: &Path) -> (Value, Vec<String>, Vec<Problem>) {
        let mut problems = Vec::new();
        let secrets = resolve(&mut tree, directory, &env, &mut problems);
        (tree, secrets, problems)
    }

    #[test]
    fn secrets_come_from_variables_files_and_programs() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secrets.json");
        fs::write(&file, r#"{ "slack": { "bot": "canary-file" } }"#).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(directory.path().join("one"), "canary-one\n").unwrap();
        fs::set_permissions(directory.path().join("one"), fs::Permissions::from_mode(0o644))
            .unwrap();
        let script = r#"read request; echo '{"values":{"a":"canary-a","b":"canary-b"}}'"#;
        let (tree, secrets, problems) = resolved(
            json!({
                "secrets": {
                    "providers": {
                        "json": { "source": "file", "path": "secrets.json" },
                        "one": { "source": "file", "path": "one", "mode": "singleValue" },
                        "op": { "source": "exec", "command": "sh", "args": ["-c", script] },
                        "plain": { "source": "exec", "command": ["printf", "%s", "canary $HOME"] },
                    },
                    "defaults": { "file": "json" },
                },
                "channels": {
                    "telegram": { "botToken": { "source": "env", "id": "BOT" } },
                    "slack": {
                        "botToken": { "source": "file", "id": "/slack/bot" },
                        "appToken": { "source": "file", "provider": "one", "id": "value" },
                        "userToken": { "source": "exec", "provider": "op", "id": "a" },
                        "signingSecret": { "source": "exec", "provider": "op", "id": "b" },
                    },
                    "discord": { "token": { "source": "exec", "provider": "plain", "id": "x" } },
                },
                "plugins": { "entries": { "x": { "config": { "place": { "source": "env", "id": "BOT" } } } } },
            }),
            directory.path(),
        );
        let channels = &tree["channels"];
        assert_eq!(channels["telegram"]["botToken"], "canary-env");
        assert_eq!(channels["slack"]["botToken"], "canary-file");
        assert_eq!(channels["slack"]["appToken"], "canary-one");
        assert_eq!(channels["slack"]["userToken"], "canary-a");
        assert_eq!(channels["slack"]["signingSecret"], "canary-b");
        assert_eq!(channels["discord"]["token"], "canary $HOME", "no shell is involved");
        assert!(tree["plugins"]["entries"]["x"]["config"]["place"].is_object(), "not a secret");
        assert_eq!(secrets.len(), 6);
        let told: Vec<_> = problems.iter().map(|it| (it.key.as_str(), it.severity)).collect();
        assert_eq!(told, [("secrets.providers.one", Severity::Warning)], "{problems:?}");
    }

    #[test]
    fn what_cannot_be_found_is_said_at_its_key_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("broken"), "canary").unwrap();
        fs::set_permissions(directory.path().join("broken"), fs::Permissions::from_mode(0o600))
            .unwrap();
        let providers = json!({
            "broken": { "source": "file", "path": "broken" },
            "gone": { "source": "file", "path": "gone" },
            "fails": { "source": "exec", "command": ["sh", "-c", "echo canary; exit 3"] },
            "slow": { "source": "exec", "command": ["sleep", "60"], "timeoutMs": 50 },
            "loud": { "source": "exec", "command": ["head", "-c", "70000", "/dev/zero"] },
            "silent": { "source": "exec", "command": "true" },
            "missing": { "source": "exec", "command": "/nowhere/at/all" },
            "few": { "source": "env", "allowlist": ["OTHER"] },
        });
        #[rustfmt::skip]
        let table = [
            (json!({ "source": "env", "id": "NO" }), "the environment variable NO is not set"),
            (json!({ "source": "env", "provider": "few", "id": "BOT" }), "BOT is not on the allowlist"),
            (json!({ "source": "env", "provider": "gone", "id": "BOT" }), "is not of this source"),
            (json!({ "source": "file", "id": "/a" }), "no provider is named"),
            (json!({ "source": "file", "provider": "x", "id": "/a" }), "there is no provider x"),
            (json!({ "source": "file", "provider": "gone", "id": "/a" }), "cannot be read"),
            (json!({ "source": "file", "provider": "broken", "id": "/a" }), "is not JSON"),
            (json!({ "source": "exec", "provider": "fails", "id": "a" }), "failed"),
            (json!({ "source": "exec", "provider": "slow", "id": "a" }), "took longer than 50 ms"),
            (json!({ "source": "exec", "provider": "loud", "id": "a" }), "more than 65536 bytes"),
            (json!({ "source": "exec", "provider": "silent", "id": "a" }), "is empty"),
            (json!({ "source": "exec", "provider": "missing", "id": "a" }), "cannot be started"),
            (json!({ "source": "store", "id": "a" }), "has no store"),
            (json!({ "source": "cloud", "id": "a" }), "no such source"),
        ];
        for (reference, expected) in table {
            let tree = json!({
                "secrets": { "providers": providers },
                "channels": { "x": { "token": reference } },
            });
            let (tree, secrets, problems) = resolved(tree, directory.path());
            assert_eq!(tree["channels"]["x"]["token"], reference);
            assert!(secrets.is_empty());
            let told = &problems[0];
            assert_eq!((told.key.as_str(), told.severity), ("channels.x.token", Severity::Error));
            assert!(told.message.contains(expected), "{reference}: {}", told.message);
            assert!(!told.message.contains("canary"), "{}", told.message);
        }
    }

    #[test]
    fn who_is_let_in_does_not_depend_on_a_missing_secret() {
        let tree = json!({ "gateway": { "auth": { "token": { "source": "env", "id": "NO" } } } });
        let (_, _, problems) = resolved(tree, Path::new("/"));
        assert_eq!(problems[0].severity, Severity::Fatal);
    }
}
