//! Keys that mean nothing to this gateway.

use serde_json::Value;

use crate::{
    problem::{Problem, Severity},
    schema::Shape,
};

/// Warns of every key of `tree` that the schema does not know.
pub(crate) fn warn(tree: &Value, problems: &mut Vec<Problem>) {
    if tree.as_object().is_some_and(|keys| !keys.is_empty()) {
        walk(tree, Shape::of_file(), "", problems);
    }
}

fn walk(value: &Value, shape: Shape, key: &str, problems: &mut Vec<Problem>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                for items in shape.items() {
                    walk(value, items, &format!("{key}[{index}]"), problems);
                }
            }
        }
        Value::Object(map) if shape.is_object() => {
            for (name, value) in map {
                let below = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                match shape.child(name) {
                    Some(shape) => walk(value, shape, &below, problems),
                    None if shape.is_open() => (),
                    None => {
                        let message = "unknown key: this gateway does not use it";
                        let problem = Problem::new(Severity::Warning, &below, message);
                        problems.push(Problem { is_unknown: true, ..problem });
                    }
                }
            }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[test]
fn unknown_keys_are_named() {
    let tree = serde_json::json!({
        "gateway": { "port": 1, "prot": 2, "auth": { "token": "t", "tokne": true } },
        "gatway": {},
        "agents": {
            "list": [{ "id": "a", "colour": "red", "identity": { "emoji": "x" } }],
            "defaults": { "model": { "primary": "a/b", "secondary": "c/d" } },
        },
        "models": { "providers": { "x": { "apiKey": "k", "headers": { "any": "v" }, "o": 1 } } },
        "env": { "ANY": "1", "shellEnv": { "enbaled": true } },
        "$schema": "x",
        "channels": { "mine": { "any": 1 }, "telegram": { "guilds": {}, "accounts": { "a": { "o": 1 } } } },
        "plugins": { "entries": { "x": { "config": { "any": 1 }, "confg": {} } } },
        "broadcast": { "a-group": ["a"] },
        "tools": { "web": { "search": { "brave": {} } }, "exec": { "hots": "node" } },
    });
    let mut problems = Vec::new();
    warn(&tree, &mut problems);
    let mut keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    keys.sort_unstable();
    #[rustfmt::skip]
    assert_eq!(keys, [
        "agents.defaults.model.secondary", "agents.list[0].colour",
        "channels.telegram.accounts.a.o", "channels.telegram.guilds", "env.shellEnv.enbaled",
        "gateway.auth.tokne", "gateway.prot", "gatway", "models.providers.x.o",
        "plugins.entries.x.confg", "tools.exec.hots",
    ]);
}
