//! Values to types. What does not fit costs the section it is in.

use ports::config::{Config, holds_secret};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    problem::{Problem, Severity},
    read::spell,
    schema::Shape,
};

/// What `tree` says. A section with a mistake in it is as in `running`, what is
/// in force; where nothing is yet, it has its defaults.
pub(crate) fn decode(
    mut tree: Value,
    running: Option<&Value>,
    problems: &mut Vec<Problem>,
) -> Config {
    let mut restored: Vec<Vec<Step>> = Vec::new();
    loop {
        let mut steps = Vec::new();
        let empty = tree.as_object().is_some_and(serde_json::Map::is_empty);
        let message = if !empty && find_list(&tree, Shape::of_file(), &mut steps) {
            "has to be an object, not a list".to_owned()
        } else {
            match Config::deserialize(&tree) {
                Ok(config) => return config,
                Err(error) => {
                    let told = error.to_string();
                    steps = locate(&tree, &told);
                    told
                }
            }
        };
        problems.push(problem(&steps, &message));
        let section = section(&steps);
        // What was in force is good, but once is enough to find out.
        let before = running.filter(|_| !restored.iter().any(|it| it == section));
        if before.is_some_and(|running| restore(&mut tree, running, section)) {
            restored.push(section.to_vec());
        } else if !forget(&mut tree, section) {
            return Config::default();
        }
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Where in `tree` the mistake is that `told` tells of: the deepest part without
/// which there is no such mistake.
///
/// The decoder could keep account of its path, but then all of it is there a
/// second time, and it is the largest part of the program.
fn locate(tree: &Value, told: &str) -> Vec<Step> {
    let mut path = Vec::new();
    let same = |tree: &Value| fault(tree).is_some_and(|other| other == told);
    loop {
        let Some(node) = at(tree, &path) else { return path };
        let below: Vec<Step> = match node {
            Value::Object(map) => map.keys().cloned().map(Step::Key).collect(),
            Value::Array(values) => (0..values.len()).map(Step::Index).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return path,
        };
        let culprit = below.into_iter().find(|step| {
            let (mut without, mut there) = (tree.clone(), path.clone());
            there.push(step.clone());
            forget(&mut without, &there) && !same(&without)
        });
        let Some(step) = culprit else { return path };
        path.push(step);
    }
}

fn fault(tree: &Value) -> Option<String> {
    Config::deserialize(tree).err().map(|error| error.to_string())
}

fn at<'a>(tree: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |tree, step| match step {
        Step::Key(key) => tree.get(key),
        Step::Index(index) => tree.get(index),
    })
}

/// Finds a list where an object belongs. The decoder would take it for the
/// object's values in order.
fn find_list(value: &Value, shape: Shape, path: &mut Vec<Step>) -> bool {
    let mut below = |value: &Value, shape: Shape, step: Step| {
        path.push(step);
        let found = find_list(value, shape, path);
        if !found {
            path.pop();
        }
        found
    };
    match value {
        Value::Array(values) => {
            shape.items().len() == 0 && shape.is_object()
                || values.iter().enumerate().any(|(index, value)| {
                    shape.items().any(|items| below(value, items, Step::Index(index)))
                })
        }
        Value::Object(map) => map.iter().any(|(name, value)| {
            shape.child(name).is_some_and(|shape| below(value, shape, Step::Key(name.clone())))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn problem(steps: &[Step], message: &str) -> Problem {
    let path: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(index) => format!("[{index}]"),
        })
        .collect();
    let key = spell(&path);
    // Who is let in, where from, and who can read along.
    let guarded = ["gateway.auth", "gateway.bind", "gateway.tls"]
        .iter()
        .any(|guarded| key.starts_with(guarded));
    let severity = match key.as_str() {
        // Who is let in is somewhere in what cannot be read.
        "" | "gateway" => Severity::Fatal,
        _ if guarded => Severity::Fatal,
        _ => Severity::Error,
    };
    let secret = !message.starts_with("has to be")
        && steps.iter().any(|step| matches!(step, Step::Key(key) if holds_secret(key)));
    let message = if secret { "has to be a text".to_owned() } else { without_quotes(message) };
    Problem::new(severity, &key, message)
}

/// The parser's message without the text it quotes, which might be a secret in
/// the wrong place.
fn without_quotes(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", message[..start].trim_end(), &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

/// The part that is given up when `wrong` is wrong: what it is a key of, but
/// never all of `gateway`, for that is also who is let in.
fn section(wrong: &[Step]) -> &[Step] {
    match wrong {
        [Step::Key(first), _] if first == "gateway" => wrong,
        [_, .., _] => &wrong[..wrong.len() - 1],
        short => short,
    }
}

/// Puts what `running` has at `path` there, unless that is in a list, whose
/// elements may be others now.
fn restore(tree: &mut Value, running: &Value, path: &[Step]) -> bool {
    let (mut place, mut before) = (tree, Some(running));
    for step in path {
        let Step::Key(key) = step else { return false };
        before = before.and_then(|value| value.get(key));
        let Some(below) = place.get_mut(key) else { return false };
        place = below;
    }
    match before {
        Some(before) => {
            *place = before.clone();
            true
        }
        None => false,
    }
}

fn forget(tree: &mut Value, path: &[Step]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let parent = parents.iter().try_fold(tree, |tree, step| match step {
        Step::Key(key) => tree.get_mut(key),
        Step::Index(index) => tree.get_mut(index),
    });
    match (parent, last) {
        (Some(Value::Object(map)), Step::Key(key)) => map.remove(key).is_some(),
        (Some(Value::Array(values)), Step::Index(index)) if *index < values.len() => {
            values.remove(*index);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mistake_costs_its_section_and_no_more() {
        let mut problems = Vec::new();
        let tree = json!({
            "gateway": {
                "port": "sk-canary",
                "auth": { "token": "t" },
                "limits": { "jsonDepth": 7, "handshakeMs": -1 },
            },
            "agents": { "list": [{ "id": "a" }, { "id": "b", "name": 5 }, { "id": "c" }] },
            "models": { "providers": {
                "good": { "apiKey": "k" },
                "bad": { "apiKey": { "canary": 1 } },
            } },
            "session": { "mainKey": "home" },
        });
        let config = decode(tree, None, &mut problems);

        assert_eq!(config.gateway.port, 18789);
        assert_eq!(config.gateway.auth.token.as_deref(), Some("t"));
        assert_eq!(config.gateway.limits, ports::config::LimitsConfig::default());
        let agents: Vec<_> = config.agents.all().iter().map(|a| a.agent_id().to_string()).collect();
        assert_eq!(agents, ["a", "c"]);
        assert_eq!(config.models.providers.keys().collect::<Vec<_>>(), ["good"]);
        assert_eq!(config.session.main_key, "home");

        let mut told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        told.sort();
        assert!(told.iter().all(|line| !line.contains("canary")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("gateway.port: invalid type: string")));
        assert!(told.contains(&"models.providers.bad.apiKey: has to be a text".to_owned()));
        assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
    }

    #[test]
    fn a_mistake_leaves_in_force_what_is() {
        let running = json!({
            "gateway": { "port": 5, "auth": { "mode": "password", "password": "p" } },
            "models": { "providers": { "a": { "apiKey": "old" } } },
        });
        let tree = json!({
            "gateway": { "port": "x", "bind": "nowhere", "auth": { "mode": "proxy" } },
            "models": { "providers": { "a": { "apiKey": 1 }, "b": { "apiKey": 2 } } },
        });
        let mut problems = Vec::new();
        let config = decode(tree, Some(&running), &mut problems);
        assert_eq!(config.gateway.port, 5);
        assert_eq!(config.gateway.auth.password.as_deref(), Some("p"));
        assert_eq!(config.gateway.bind, ports::config::BindMode::Loopback, "nothing was said");
        assert_eq!(config.models.providers.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(problems.len(), 5, "{problems:?}");
    }

    #[test]
    fn who_is_let_in_is_never_guessed() {
        for tree in [
            json!({ "gateway": { "auth": { "mode": "proxy" } } }),
            json!({ "gateway": { "auth": { "token": 5 } } }),
            json!({ "gateway": { "auth": [] } }),
            json!({ "gateway": { "bind": "nowhere" } }),
            json!({ "gateway": { "tls": { "enabled": "yes" } } }),
            json!({ "gateway": { "tls": { "acme": { "domains": "x" } } } }),
            json!({ "gateway": "yes" }),
            json!([]),
        ] {
            let mut problems = Vec::new();
            decode(tree.clone(), None, &mut problems);
            assert_eq!(problems[0].severity, Severity::Fatal, "{tree}");
        }
    }
}
