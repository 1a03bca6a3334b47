//! The table of methods as a manual and as JSON schema.

use std::fmt::Write as _;

use domain::event::EventKind;
use ports::view::payload;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Method, registry::all};

/// The manual: every method with what it does, what it asks of the caller, what
/// goes in and what comes out.
pub fn markdown() -> String {
    let mut text = String::from("# Methods\n");
    for method in all() {
        let shapes = Shapes::of(method);
        let _ = write!(text, "\n## `{}`\n\nAsks for: {}.", method.name, method.access);
        let limited = " At most 30 calls a minute.";
        let _ = write!(text, "{}\n\n", if method.governs { limited } else { "" });
        for line in method.doc.lines() {
            let _ = writeln!(text, "{}", line.trim());
        }
        table(&mut text, "Parameters", &shapes.params, &shapes.definitions);
        table(&mut text, "Result", &shapes.result, &shapes.definitions);
    }
    text
}

/// The schemas of all parameters and results, by method, and of what comes with
/// events, by event. What parameters share is under `params`, what the gateway
/// says has its parts under `$defs`: a field it may leave out is not required
/// there, and one it always sends is.
pub fn schema() -> Value {
    let mut asked = SchemaSettings::draft2020_12();
    asked.definitions_path = "/params".into();
    let mut asked = asked.into_generator();
    let mut said = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let methods: Map<String, Value> = all()
        .map(|method| {
            let params = (method.params)(&mut asked);
            let result = (method.result)(&mut said);
            let access = method.access.to_string();
            let doc = method.doc.trim();
            let entry = json!({ "access": access, "doc": doc, "params": params, "result": result });
            (method.name.to_owned(), entry)
        })
        .collect();
    let events: Map<String, Value> = EventKind::ALL
        .iter()
        .map(|kind| {
            let rule = kind.rule();
            let payload = payload(*kind)(&mut said);
            let access = rule.access.to_string();
            let entry = json!({ "access": access, "doc": rule.doc, "payload": payload });
            (kind.as_str().to_owned(), entry)
        })
        .collect();
    let (params, definitions) = (asked.take_definitions(true), said.take_definitions(true));
    json!({ "methods": methods, "events": events, "params": params, "$defs": definitions })
}

/// One line for each method: name, access, first sentence.
pub fn summary() -> String {
    let mut text = String::new();
    for method in all() {
        let first = method.doc.trim().lines().next().unwrap_or_default().trim();
        let access = method.access.to_string();
        let _ = writeln!(text, "{:<30} {access:<20} {first}", method.name);
    }
    text
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

#[derive(Serialize)]
struct Shapes {
    params: Value,
    result: Value,
    definitions: Value,
}

impl Shapes {
    fn of(method: &Method) -> Self {
        let mut generator = generator();
        let params = (method.params)(&mut generator).to_value();
        let result = (method.result)(&mut generator).to_value();
        let definitions = Value::Object(generator.take_definitions(true));
        Self { params, result, definitions }
    }
}

/// The fields of `shape`, a line each.
fn table(text: &mut String, title: &str, shape: &Value, definitions: &Value) {
    let shape = resolved(shape, definitions);
    let _ = write!(text, "\n{title}:");
    let Some(fields) = shape.get("properties").and_then(Value::as_object) else {
        let _ = writeln!(text, " {}", kind(shape, definitions));
        return;
    };
    if fields.is_empty() {
        text.push_str(" none\n");
        return;
    }
    text.push_str("\n\n");
    let required = shape.get("required").and_then(Value::as_array);
    for (name, field) in fields {
        let needed = required.is_some_and(|names| names.iter().any(|it| it == name));
        let mark = if needed { "" } else { "?" };
        let doc =
            field.get("description").or_else(|| resolved(field, definitions).get("description"));
        let doc = doc.and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
        let _ = writeln!(text, "- `{name}{mark}` {}: {doc}", kind(field, definitions));
    }
}

fn resolved<'a>(shape: &'a Value, definitions: &'a Value) -> &'a Value {
    let target = shape.get("$ref").and_then(Value::as_str);
    let name = target.and_then(|target| target.rsplit('/').next());
    name.and_then(|name| definitions.get(name)).unwrap_or(shape)
}

/// The kind of a value, in a few words.
fn kind(shape: &Value, definitions: &Value) -> String {
    let shape = resolved(shape, definitions);
    if let Some(choices) = shape.get("enum").and_then(Value::as_array) {
        return choices.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    if let Some(only) = shape.get("const") {
        return only.to_string();
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(choices) = shape.get(several).and_then(Value::as_array) {
            let kinds: Vec<String> =
                choices.iter().map(|choice| kind(choice, definitions)).collect();
            return kinds.join(" or ");
        }
    }
    let name = match shape.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    };
    match (name.as_str(), shape.get("items")) {
        ("array", Some(items)) => format!("list of {}", kind(items, definitions)),
        _ => name + &bounds(shape),
    }
}

/// The bounds of a value, as in ` 1..1000`.
fn bounds(shape: &Value) -> String {
    let bound = |name: &str| shape.get(name).map(Value::to_string);
    let low = bound("minimum").or_else(|| bound("minLength"));
    let high = bound("maximum").or_else(|| bound("maxLength"));
    match (low, high) {
        (None, None) => String::new(),
        (low, high) => {
            format!(" {}..{}", low.unwrap_or_default(), high.unwrap_or_default())
        }
    }
}

#[test]
fn the_manual_names_every_method_and_every_parameter() {
    let manual = markdown();
    for method in all() {
        assert!(manual.contains(&format!("## `{}`", method.name)), "{}", method.name);
    }
    assert!(manual.contains("- `idempotencyKey` string 1..256: Names the run"), "{manual}");
    assert!(manual.contains("- `limit?` integer 1..1000: At most so many messages"), "{manual}");
    assert_eq!(summary().lines().count(), all().count());
}

#[test]
fn every_field_is_documented() {
    let schema = schema();
    let mut missing = Vec::new();
    undocumented(&schema["params"], "", &mut missing);
    undocumented(&schema["$defs"], "", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[cfg(test)]
fn undocumented(schema: &Value, path: &str, missing: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    for (name, value) in schema {
        let path = format!("{path}/{name}");
        if path.ends_with("/properties") {
            for (field, shape) in value.as_object().into_iter().flatten() {
                let documented = shape.get("description").is_some() || shape.get("$ref").is_some();
                if !documented {
                    missing.push(format!("{path}/{field}"));
                }
            }
        }
        undocumented(value, &path, missing);
    }
}
