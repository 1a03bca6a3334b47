//! Says what is wrong with parameters, in the words clients of OpenClaw know
//! (`ws-protocol.md` 2.6): those of Ajv.
//!
//! Only asked when decoding has failed, so it may take its time. It knows what
//! the schemas of this room use, and nothing else of JSON Schema.

use std::fmt::Write as _;

use schemars::Schema;
use serde_json::{Map, Value};

/// No more is said than this many things.
const MAX_PROBLEMS: usize = 8;
/// How much of the name of an unknown property is repeated.
const MAX_NAME: usize = 64;

/// What is wrong with `text`, or nothing when the schema allows it.
pub(crate) fn problems(schema: &Schema, text: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return "must be object".into() };
    let mut check = Check { root: schema.as_value(), problems: Vec::new() };
    check.value(schema.as_value(), &value, "");
    check.problems.join("; ")
}

struct Check<'a> {
    root: &'a Value,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    fn value(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let Some(schema) = self.resolve(schema).as_object() else { return };
        if let Some(kinds) = schema.get("type").filter(|kinds| !has_kind(kinds, value)) {
            return self.say(at, &format!("must be {}", kind_name(kinds)));
        }
        let choices = schema.get("enum").and_then(Value::as_array);
        if choices.is_some_and(|choices| !choices.contains(value)) {
            self.say(at, "must be equal to one of the allowed values");
        }
        if schema.get("const").is_some_and(|only| only != value) {
            self.say(at, "must be equal to constant");
        }
        match value {
            Value::String(text) => self.text(schema, text, at),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or_default(), at),
            Value::Array(items) => self.list(schema, items, at),
            Value::Object(fields) => self.object(schema, fields, at),
            Value::Null | Value::Bool(_) => (),
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(choices) = schema.get(choice).and_then(Value::as_array) {
                self.choice(choices, value, at);
            }
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.value(part, value, at);
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, at: &str) {
        let length = text.chars().count() as u64;
        if let Some(min) = bound(schema, "minLength").filter(|min| length < *min) {
            self.say(at, &format!("must NOT have fewer than {min} characters"));
        }
        if let Some(max) = bound(schema, "maxLength").filter(|max| *max < length) {
            self.say(at, &format!("must NOT have more than {max} characters"));
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, number: f64, at: &str) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
        if let Some(min) = limit("minimum").filter(|min| number < *min) {
            self.say(at, &format!("must be >= {min}"));
        }
        if let Some(max) = limit("maximum").filter(|max| *max < number) {
            self.say(at, &format!("must be <= {max}"));
        }
    }

    fn list(&mut self, schema: &'a Map<String, Value>, items: &[Value], at: &str) {
        let length = items.len() as u64;
        if let Some(min) = bound(schema, "minItems").filter(|min| length < *min) {
            self.say(at, &format!("must NOT have fewer than {min} items"));
        }
        if let Some(max) = bound(schema, "maxItems").filter(|max| *max < length) {
            return self.say(at, &format!("must NOT have more than {max} items"));
        }
        if let Some(each) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(each, item, &format!("{at}/{index}"));
            }
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>, fields: &Map<String, Value>, at: &str) {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                self.say(at, &format!("must have required property '{name}'"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = |name: &str| properties.and_then(|properties| properties.get(name));
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for name in fields.keys().filter(|name| closed && known(name).is_none()) {
            let place = if at.is_empty() { "root" } else { at };
            let name: String = name.chars().take(MAX_NAME).collect();
            self.note(format!("at {place}: unexpected property '{name}'"));
        }
        for (name, value) in fields {
            let each = schema.get("additionalProperties").filter(|each| each.is_object());
            if let Some(schema) = known(name).or(each) {
                let mut at = at.to_owned();
                // Cannot fail; and a pointer is escaped so that it stays one.
                let _ = write!(at, "/{}", name.replace('~', "~0").replace('/', "~1"));
                self.value(schema, value, &at);
            }
        }
    }

    /// Fitting one is enough. Where there is only one besides `null`, what is
    /// wrong with the value is what that one says.
    fn choice(&mut self, choices: &'a [Value], value: &Value, at: &str) {
        let fits = |choice: &'a Value| {
            let mut check = Check { root: self.root, problems: Vec::new() };
            check.value(choice, value, at);
            check.problems.is_empty()
        };
        if choices.iter().any(fits) {
            return;
        }
        let is_null = |choice: &Value| choice.get("type").is_some_and(|kind| kind == "null");
        let mut real = choices.iter().filter(|choice| !is_null(choice));
        match (real.next(), real.next()) {
            (Some(only), None) => self.value(only, value, at),
            _ if choices.iter().all(|choice| choice.get("const").is_some()) => {
                self.say(at, "must be equal to one of the allowed values");
            }
            _ => self.say(at, "must match a schema in anyOf"),
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| target.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    fn say(&mut self, at: &str, problem: &str) {
        self.note(match at {
            "" => problem.to_owned(),
            at => format!("at {at}: {problem}"),
        });
    }

    fn note(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<u64> {
    schema.get(name).and_then(Value::as_u64)
}

fn has_kind(kinds: &Value, value: &Value) -> bool {
    match kinds {
        Value::Array(kinds) => kinds.iter().any(|kind| has_kind(kind, value)),
        kind => match kind.as_str().unwrap_or_default() {
            "string" => value.is_string(),
            "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => true,
        },
    }
}

/// What something must be. That optional things may be `null` is not mentioned.
fn kind_name(kinds: &Value) -> String {
    let names: Vec<&str> = match kinds {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let real: Vec<&str> = names.iter().copied().filter(|name| *name != "null").collect();
    if real.is_empty() { names.join(",") } else { real.join(",") }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use crate::{
        method::decode,
        params::{Int, Label, List, Name, Nullable, Unused},
    };

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "only whether they can be read matters")]
    struct Params {
        session_key: Name,
        message: String,
        limit: Option<Int<1, 1000>>,
        #[serde(default)]
        label: Nullable<Label>,
        mode: Option<Mode>,
        keys: Option<List<Name, 1, 2>>,
        inner: Option<Inner>,
        ratio: Option<f64>,
        later: Option<Unused>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    enum Mode {
        Now,
        NextHeartbeat,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        flag: bool,
    }

    #[test]
    fn problems_are_named_as_ajv_does() {
        let good = r#""sessionKey":"main","message":"""#;
        #[rustfmt::skip]
        let table = [
            ("",                                     "must have required property 'sessionKey'; must have required property 'message'"),
            (r#""foo":1"#,                           "must have required property 'sessionKey'; must have required property 'message'; at root: unexpected property 'foo'"),
            (r#""sessionKey":"","message":1"#,       "at /message: must be string; at /sessionKey: must NOT have fewer than 1 characters"),
            (&format!(r#"{good},"limit":0"#),        "at /limit: must be >= 1"),
            (&format!(r#"{good},"limit":1001"#),     "at /limit: must be <= 1000"),
            (&format!(r#"{good},"limit":"abc""#),    "at /limit: must be integer"),
            (&format!(r#"{good},"limit":1.5"#),      "at /limit: must be integer"),
            (&format!(r#"{good},"label":"""#),       "at /label: must NOT have fewer than 1 characters"),
            (&format!(r#"{good},"label":"{}""#, "x".repeat(65)), "at /label: must NOT have more than 64 characters"),
            (&format!(r#"{good},"label":1"#),        "at /label: must be string"),
            (&format!(r#"{good},"mode":"later""#),   "at /mode: must be equal to one of the allowed values"),
            (&format!(r#"{good},"keys":[]"#),        "at /keys: must NOT have fewer than 1 items"),
            (&format!(r#"{good},"keys":["a","b","c"]"#), "at /keys: must NOT have more than 2 items"),
            (&format!(r#"{good},"keys":["a",""]"#),  "at /keys/1: must NOT have fewer than 1 characters"),
            (&format!(r#"{good},"inner":{{"x":1}}"#), "at /inner: must have required property 'flag'; at /inner: unexpected property 'x'"),
            (&format!(r#"{good},"ratio":"x""#),      "at /ratio: must be number"),
            (&format!(r#"{good},"__proto__":{{}}"#), "at root: unexpected property '__proto__'"),
        ];
        for (params, expected) in table {
            let text = format!("{{{params}}}");
            let raw = serde_json::from_str(&text).unwrap();
            let error = decode::<Params>("chat.send", Some(raw)).unwrap_err();
            assert_eq!(error.message, format!("invalid chat.send params: {expected}"), "{params}");
        }
    }

    #[test]
    fn what_is_no_object_is_said_to_be_none() {
        for text in [r#""x""#, "[]", "1", "true", r#"["main","x"]"#] {
            let error =
                decode::<Params>("m", Some(serde_json::from_str(text).unwrap())).unwrap_err();
            assert_eq!(error.message, "invalid m params: must be object", "{text}");
        }
    }

    #[test]
    fn what_is_allowed_is_decoded() {
        for text in [
            r#"{"sessionKey":"main","message":"","limit":3.0,"label":null,"mode":"next-heartbeat"}"#,
            r#"{"sessionKey":"main","message":"","keys":["a"],"inner":{"flag":true},"later":[1,{}]}"#,
        ] {
            decode::<Params>("m", Some(serde_json::from_str(text).unwrap())).unwrap();
        }
    }

    /// What the schema has no words for, the parser has.
    #[test]
    fn there_is_always_something_to_say() {
        let text = r#"{"sessionKey":"main","message":"","message":""}"#;
        let error = decode::<Params>("m", Some(serde_json::from_str(text).unwrap())).unwrap_err();
        assert!(error.message.contains("duplicate field `message`"), "{}", error.message);
    }

    #[test]
    fn long_lists_of_problems_are_cut() {
        let many: Vec<String> = (0..100).map(|n| format!(r#""x{n}":1"#)).collect();
        let text = format!("{{{}}}", many.join(","));
        let error = decode::<Params>("m", Some(serde_json::from_str(&text).unwrap())).unwrap_err();
        assert!(error.message.len() < 600, "{}", error.message);
    }
}
