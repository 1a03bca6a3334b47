//! The protocol as TypeScript, for the dashboard: written from the schemas of
//! [`rpc::manual::schema`], so that nobody writes it a second time by hand.

use std::fmt::Write as _;

use serde_json::{Map, Value};

const HEAD: &str = "\
// The protocol, written from the tables of methods and events of the gateway. Do not edit:
//   UPDATE=1 cargo nextest run -p tests --test control_ui

";

/// Every shape, and the tables `Methods` and `Events`, as declarations.
///
/// # Panics
///
/// When the schema is not one of [`rpc::manual::schema`].
pub fn declarations(schema: &Value) -> String {
    let mut text = String::from(HEAD);
    for (place, suffix) in [("$defs", ""), ("params", IN)] {
        for (name, shape) in fields(&schema[place]) {
            declare(&mut text, &(name.clone() + suffix), shape);
        }
    }
    text.push_str("/** What can be asked of the gateway. */\nexport interface Methods {\n");
    for (name, method) in fields(&schema["methods"]) {
        let (params, result) = (of(&method["params"], 1), of(&method["result"], 1));
        let doc =
            format!("{}\n\nAsks for {}.", text_of(&method["doc"]), text_of(&method["access"]));
        comment(&mut text, &doc, 1);
        writeln!(text, "  {name:?}: {{ params: {params}; result: {result} }};").expect("a string");
    }
    text.push_str("}\n\n/** What the gateway says unasked. */\nexport interface Events {\n");
    for (name, event) in fields(&schema["events"]) {
        comment(&mut text, text_of(&event["doc"]), 1);
        writeln!(text, "  {name:?}: {};", of(&event["payload"], 1)).expect("a string");
    }
    text.push_str("}\n");
    text
}

/// What is added to the names of parts of parameters: what is read and what is
/// written may differ under the same name.
const IN: &str = "In";
/// How the documentation of a parameter begins that is accepted and ignored.
/// The dashboard does not send those.
const IGNORED: &str = "Without effect";

fn declare(text: &mut String, name: &str, shape: &Value) {
    comment(text, text_of(&shape["description"]), 0);
    let is_object = shape.get("properties").is_some() && shape.get("oneOf").is_none();
    if is_object {
        writeln!(text, "export interface {name} {}\n", of(shape, 0)).expect("a string");
    } else {
        writeln!(text, "export type {name} = {};\n", of(shape, 0)).expect("a string");
    }
}

/// A shape as a type, its fields indented by `depth` steps.
fn of(shape: &Value, depth: usize) -> String {
    if let Some(target) = shape.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().unwrap_or_default();
        let suffix = if target.starts_with("#/params/") { IN } else { "" };
        return format!("{name}{suffix}");
    }
    if let Some(only) = shape.get("const") {
        return only.to_string();
    }
    if let Some(choices) = shape.get("enum").and_then(Value::as_array) {
        return choices.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for (several, with) in [("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = shape.get(several).and_then(Value::as_array) {
            let mut parts: Vec<String> = parts.iter().map(|part| of(part, depth)).collect();
            parts.dedup();
            let parts = parts.join(with);
            let rest = shape.get("properties").map(|_| object(shape, depth));
            return rest.map_or(parts.clone(), |rest| format!("{rest} & ({parts})"));
        }
    }
    match shape.get("type") {
        Some(Value::String(kind)) => simple(kind, shape, depth),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().map(|kind| simple(text_of(kind), shape, depth));
            kinds.collect::<Vec<_>>().join(" | ")
        }
        _ if shape.get("properties").is_some() => object(shape, depth),
        _ => "unknown".to_owned(),
    }
}

fn simple(kind: &str, shape: &Value, depth: usize) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let item = shape.get("items").map_or("unknown".to_owned(), |items| of(items, depth));
            if item.contains([' ', '{']) { format!("Array<{item}>") } else { item + "[]" }
        }
        "object" => object(shape, depth),
        _ => kind.to_owned(),
    }
}

fn object(shape: &Value, depth: usize) -> String {
    if shape.get("properties").is_none() {
        return match shape.get("additionalProperties") {
            Some(value) if value.is_object() => format!("Record<string, {}>", of(value, depth)),
            Some(Value::Bool(false)) => "Record<string, never>".to_owned(),
            _ => "Record<string, unknown>".to_owned(),
        };
    }
    let needed = shape["required"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let indent = "  ".repeat(depth);
    let mut text = String::from("{\n");
    for (name, field) in fields(&shape["properties"]) {
        let doc = text_of(&field["description"]);
        if doc.starts_with(IGNORED) {
            continue;
        }
        comment(&mut text, doc, depth + 1);
        let mark = if needed.iter().any(|it| it == name) { "" } else { "?" };
        writeln!(text, "{indent}  {}{mark}: {};", key(name), of(field, depth + 1))
            .expect("a string");
    }
    text + &indent + "}"
}

fn key(name: &str) -> String {
    let plain = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

fn comment(text: &mut String, doc: &str, depth: usize) {
    let indent = "  ".repeat(depth);
    let doc = doc.trim().replace("*/", "* /");
    let lines: Vec<&str> = doc.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => (),
        [line] => writeln!(text, "{indent}/** {line} */").expect("a string"),
        lines => {
            writeln!(text, "{indent}/**").expect("a string");
            for line in lines {
                writeln!(text, "{}", format!("{indent} * {line}").trim_end()).expect("a string");
            }
            writeln!(text, "{indent} */").expect("a string");
        }
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn shapes_as_types() {
    use serde_json::json;

    #[rustfmt::skip]
    let table = [
        (json!(true),                                                 "unknown"),
        (json!({ "type": "string" }),                                 "string"),
        (json!({ "type": ["integer", "null"] }),                      "number | null"),
        (json!({ "enum": ["a", "b", null] }),                         "\"a\" | \"b\" | null"),
        (json!({ "$ref": "#/$defs/Row" }),                            "Row"),
        (json!({ "$ref": "#/params/Row" }),                           "RowIn"),
        (json!({ "type": "array", "items": { "$ref": "#/$defs/Row" } }), "Row[]"),
        (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), "Array<\"a\" | \"b\">"),
        (json!({ "anyOf": [{ "$ref": "#/$defs/Row" }, { "type": "null" }] }), "Row | null"),
        (json!({ "type": "object", "additionalProperties": { "type": "string" } }), "Record<string, string>"),
        (json!({ "type": "object", "additionalProperties": false }),  "Record<string, never>"),
        (json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "string" },
            "b-c": { "type": "boolean", "description": "Whether." },
            "old": { "description": "Without effect." } } }),         "{\n  a: string;\n  /** Whether. */\n  \"b-c\"?: boolean;\n}"),
    ];
    for (shape, expected) in table {
        assert_eq!(of(&shape, 0), expected, "{shape}");
    }
}
