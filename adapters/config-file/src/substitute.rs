//! `${VARIABLE}` in texts, and where variables come from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::problem::{Problem, Severity};

/// Variables besides those of the process.
pub(crate) type Variables = BTreeMap<String, String>;

/// The variables of the `env` block: `env.vars.*`, and texts directly in it.
pub(crate) fn env_block(tree: &Value) -> Variables {
    let Some(block) = tree["env"].as_object() else {
        return Variables::new();
    };
    let vars = block.get("vars").and_then(Value::as_object);
    let texts = block.iter().chain(vars.into_iter().flatten());
    texts.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Replaces the variables in every text of `tree` by what `lookup` knows.
/// `${A}` with an unknown `A` stays as it is, which is a problem; `$${A}` means
/// the text `${A}`. Returns the names that were used.
pub(crate) fn substitute(
    tree: &mut Value,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let mut used = Vec::new();
    walk(tree, "", &mut |key, text| {
        replace(text, |name| {
            used.push(name.to_owned());
            let value = lookup(name).filter(|value| !value.is_empty());
            if value.is_none() {
                // Who is let in must not depend on a variable somebody forgot.
                let guarded = ["gateway.auth", "gateway.bind", "gateway.tls"];
                let guarded = guarded.iter().any(|guarded| key.starts_with(guarded));
                let severity = if guarded { Severity::Fatal } else { Severity::Warning };
                let message = format!("the environment variable {name} is not set");
                problems.push(Problem::new(severity, key, message));
            }
            value
        })
    });
    used
}

fn walk(value: &mut Value, key: &str, change: &mut dyn FnMut(&str, &str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(key, text) {
                *text = changed;
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                walk(value, &format!("{key}[{index}]"), change);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                walk(value, &key, change);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// `text` with its variables replaced, if there is anything to replace.
fn replace(text: &str, mut lookup: impl FnMut(&str) -> Option<String>) -> Option<String> {
    if !text.contains("${") {
        return None;
    }
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let escaped = rest[..start].ends_with('$');
        let name = rest[start + 2..].split_once('}').map(|(name, _)| name).filter(|n| is_name(n));
        let Some(name) = name else {
            replaced.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let end = start + name.len() + 3;
        if escaped {
            replaced.push_str(&rest[..start - 1]);
            replaced.push_str(&rest[start..end]);
        } else {
            replaced.push_str(&rest[..start]);
            match lookup(name) {
                Some(value) => replaced.push_str(&value),
                None => replaced.push_str(&rest[start..end]),
            }
        }
        rest = &rest[end..];
    }
    replaced.push_str(rest);
    Some(replaced)
}

/// Whether `text` is the name of a variable, and nothing else, in `${…}`.
pub(crate) fn is_reference(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(is_name)
}

fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

#[test]
fn variables_are_replaced_escaped_and_reported() {
    let table = [
        ("plain", "plain"),
        ("${A}", "one"),
        ("<${A}${B2}>", "<onetwo>"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("${MISSING}/x", "${MISSING}/x"),
        ("${EMPTY}", "${EMPTY}"),
        ("${a} ${} ${A", "${a} ${} ${A"),
        ("$A {A}", "$A {A}"),
        ("é${A}é", "éoneé"),
    ];
    let lookup = |name: &str| match name {
        "A" => Some("one".to_owned()),
        "B2" => Some("two".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    for (text, expected) in table {
        let mut tree = serde_json::json!({ "a": [text] });
        substitute(&mut tree, &lookup, &mut Vec::new());
        assert_eq!(tree["a"][0], expected, "{text}");
    }
}

#[test]
fn a_missing_variable_is_fatal_only_where_somebody_could_get_in() {
    let mut tree = serde_json::json!({
        "models": { "x": "${NO}" },
        "gateway": { "auth": { "token": "${NO}" } },
    });
    let mut problems = Vec::new();
    substitute(&mut tree, &|_| None, &mut problems);
    let found: Vec<_> = problems.iter().map(|it| (it.key.as_str(), it.severity)).collect();
    let expected = [("gateway.auth.token", Severity::Fatal), ("models.x", Severity::Warning)];
    assert_eq!(found, expected);
}
