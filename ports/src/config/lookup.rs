//! One path of the configuration file described, for `config.schema.lookup`.

use serde::Serialize;
use serde_json::{Value, json};

use super::schema::Manual;
use crate::Json;

/// What there is to know about a path.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    /// The path as it is asked for: names and numbers between dots.
    pub path: String,
    /// Its JSON schema, without those of its children.
    pub schema: Json,
    /// What a form shows beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Json>,
    /// Where the hint stands among those of [`Manual::hints`]: the path
    /// with a `*` for names that are free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint_path: Option<String>,
    /// What is directly in it, in order.
    pub children: Vec<LookupChild>,
}

/// Something in an object or a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookupChild {
    /// Its name; `*` for any.
    pub key: String,
    /// Its path.
    pub path: String,
    /// What it is, in words of JSON schemas; nothing where it may be anything.
    #[serde(rename = "type", skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Whether the file has to say it. No key has to be there.
    pub required: bool,
    /// Whether there is something in it.
    pub has_children: bool,
    /// What a form shows beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Json>,
    /// Where the hint stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint_path: Option<String>,
}

impl Manual {
    /// What there is to know about `path` (`gateway.port`, `agents.list[0].name`,
    /// `agents.list.*.name`; empty for the whole file), unless nothing can be there.
    pub fn lookup(&self, path: &str) -> Option<Lookup> {
        let steps = steps(path)?;
        let (mut schema, mut hint_path) = (&self.schema, Vec::new());
        for step in &steps {
            let (name, below) = child(schema, step)?;
            hint_path.push(name);
            schema = below;
        }
        let hint_at = |path: &str| self.hints.get(path).map(Json::of);
        let joined = |path: &[String], name: &str| {
            path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
        };
        let children = children(schema).into_iter().map(|(name, below)| {
            let hint_path = joined(&hint_path, name);
            let hint = hint_at(&hint_path);
            LookupChild {
                key: name.to_owned(),
                path: joined(&steps, name),
                kinds: kinds(below),
                required: false,
                has_children: !self::children(below).is_empty(),
                hint_path: hint.is_some().then_some(hint_path),
                hint,
            }
        });
        let children = children.collect();
        let hint_path = hint_path.join(".");
        let hint = hint_at(&hint_path);
        Some(Lookup {
            path: steps.join("."),
            schema: Json::of(&shallow(schema)),
            hint_path: hint.is_some().then_some(hint_path),
            hint,
            children,
        })
    }
}

/// The names and numbers of a path. None where brackets do not fit or nothing
/// is between two dots.
fn steps(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let mut steps = Vec::new();
    for piece in path.split('.') {
        let (name, mut rest) = piece.find('[').map_or((piece, ""), |at| piece.split_at(at));
        if name.is_empty() && (rest.is_empty() || steps.is_empty()) {
            return None;
        }
        if !name.is_empty() {
            steps.push(name.to_owned());
        }
        while !rest.is_empty() {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            let is_index = inside == "*" || inside.bytes().all(|byte| byte.is_ascii_digit());
            if inside.is_empty() || !is_index {
                return None;
            }
            steps.push(inside.to_owned());
            rest = after;
        }
    }
    Some(steps)
}

/// What `step` leads to, and the name its hint has.
fn child<'a>(schema: &'a Value, step: &str) -> Option<(String, &'a Value)> {
    let is_index = step == "*" || step.bytes().all(|byte| byte.is_ascii_digit());
    alternatives(schema).into_iter().find_map(|schema| {
        if let Some(named) = schema["properties"].get(step) {
            return Some((step.to_owned(), named));
        }
        let more = Some(&schema["additionalProperties"]).filter(|more| more.is_object());
        let items = Some(&schema["items"]).filter(|items| items.is_object() && is_index);
        more.or(items).map(|below| ("*".to_owned(), below))
    })
}

/// What is directly in what `schema` describes.
fn children(schema: &Value) -> Vec<(&str, &Value)> {
    let mut children: Vec<(&str, &Value)> = Vec::new();
    for schema in alternatives(schema) {
        let named = schema["properties"].as_object().into_iter().flatten();
        children.extend(named.map(|(name, below)| (name.as_str(), below)));
        let any = [&schema["additionalProperties"], &schema["items"]];
        children.extend(any.into_iter().filter(|any| any.is_object()).map(|any| ("*", any)));
    }
    children
}

/// What `schema` lets something be.
fn kinds(schema: &Value) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for schema in alternatives(schema) {
        let constant = schema["const"].is_string() && schema["type"].is_null();
        let said = schema["type"]
            .as_array()
            .map_or_else(|| vec![&schema["type"]], |all| all.iter().collect());
        let said = said.into_iter().filter_map(Value::as_str).chain(constant.then_some("string"));
        kinds.extend(said.filter(|kind| *kind != "null").map(str::to_owned));
    }
    kinds.sort();
    kinds.dedup();
    kinds
}

/// `schema` without what describes its children.
fn shallow(schema: &Value) -> Value {
    let mut shallow = schema.clone();
    strip(&mut shallow);
    shallow
}

fn strip(schema: &mut Value) {
    let Some(said) = schema.as_object_mut() else { return };
    said.remove("properties");
    for any in ["items", "additionalProperties"] {
        if let Some(below) = said.get_mut(any).filter(|below| below.is_object()) {
            *below = json!({});
        }
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(alternatives)) = said.get_mut(alternatives) {
            alternatives.iter_mut().for_each(strip);
        }
    }
}

/// `schema` itself and what it offers as alternatives.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let mut all = vec![schema];
    for kind in ["anyOf", "oneOf", "allOf"] {
        let nested = schema[kind].as_array().into_iter().flatten();
        all.extend(nested.flat_map(alternatives));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_up(path: &str) -> Option<Value> {
        Manual::generated().lookup(path).map(|found| serde_json::to_value(&found).unwrap())
    }

    #[test]
    fn a_path_is_described_with_what_is_in_it() {
        let port = looked_up("gateway.port").unwrap();
        assert_eq!((&port["schema"]["type"], &port["children"]), (&json!("integer"), &json!([])));
        assert_eq!(port["hint"]["placeholder"], "18789");

        let auth = looked_up("gateway.auth").unwrap();
        assert!(auth["schema"].get("properties").is_none());
        let child = |key: &str| {
            let all = auth["children"].as_array().unwrap();
            all.iter().find(|child| child["key"] == key).unwrap().clone()
        };
        let token = child("token");
        assert_eq!(token["path"], "gateway.auth.token");
        assert_eq!(token["type"], json!(["string"]));
        assert_eq!((&token["required"], &token["hasChildren"]), (&json!(false), &json!(false)));
        assert_eq!(token["hint"]["sensitive"], true);
        assert_eq!(child("rateLimit")["hasChildren"], true);
        assert!(looked_up("").unwrap()["children"].as_array().unwrap().len() > 40);
    }

    #[test]
    fn lists_and_free_names_are_gone_through() {
        #[rustfmt::skip]
        let table = [
            ("agents.list[0].name", Some("agents.list.*.name")),
            ("agents.list.3.name", Some("agents.list.*.name")),
            ("agents.list.*.name", Some("agents.list.*.name")),
            ("models.providers.mine.apiKey", Some("models.providers.*.apiKey")),
            ("channels.telegram.accounts.a.botToken", Some("channels.telegram.accounts.*.botToken")),
            ("models.providers.mine.models[*].id", Some("models.providers.*.models.*.id")),
            ("agents.list.x.name", None),
            ("gateway.prot", None),
            ("gateway.port.x", None),
            ("gateway..port", None),
            ("gateway.", None),
            ("[0]", None),
            ("agents.list[x]", None),
            ("agents.list[0", None),
        ];
        for (path, expected) in table {
            let found = looked_up(path);
            let hint = found.as_ref().map(|found| found["hintPath"].as_str().unwrap());
            assert_eq!(hint, expected, "{path}");
        }
    }
}
