//! Putting the document together.

use http_kit::Described;
use serde_json::{Map, Value, json};

/// The document about `described`, by the gateway of this `version`.
pub fn document(version: &str, described: &[Described]) -> Value {
    let mut paths = Map::new();
    let mut schemas = shared_schemas();
    for part in described {
        let Ok(Value::Object(words)) = serde_json::from_str::<Value>(part.words) else { continue };
        if let Some(Value::Object(more)) = words.get("schemas") {
            schemas.extend(more.clone());
        }
        let Some(operation) = part.operation() else { continue };
        let path = paths.entry(plain(part.path)).or_insert_with(|| json!({}));
        path[part.method.as_str().to_ascii_lowercase()] = completed(part.path, operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "openclaw gateway",
            "version": version,
            "description": "The gateway of a self-hosted AI assistant, as far as it is spoken to over HTTP.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token or the password of the gateway, or the token of a device.",
                },
            },
        },
    })
}

/// What everybody may be told, whatever the operation.
fn shared_schemas() -> Map<String, Value> {
    let error = json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type"],
                "properties": {
                    "message": { "type": "string" },
                    "type": { "type": "string" },
                    "code": { "type": ["string", "null"] },
                    "param": { "type": ["string", "null"] },
                },
            },
        },
    });
    Map::from_iter([("Error".to_owned(), error)])
}

/// `{*id}`, as routes have it, is `{id}` in the document.
fn plain(path: &str) -> String {
    path.replace("{*", "{")
}

/// The operation with what need not be said about each: the parts of its path,
/// and what refusals look like.
fn completed(path: &str, mut operation: Map<String, Value>) -> Value {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let names: Vec<Value> = names
        .map(|name| name.trim_start_matches('*'))
        .map(|name| {
            let schema = json!({ "type": "string", "minLength": 1 });
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if !names.is_empty() {
        let own = operation.remove("parameters");
        let own = own.and_then(|own| own.as_array().cloned()).unwrap_or_default();
        operation.insert("parameters".to_owned(), names.into_iter().chain(own).collect());
    }
    let refused = json!({
        "description": "Refused; the message says why.",
        "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Error" } },
            "text/plain": { "schema": { "type": "string" } },
        },
    });
    let failed = json!({
        "description": "It did not work out; the message says why.",
        "content": refused["content"],
    });
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for (status, said) in [("4XX", refused), ("5XX", failed)] {
            responses.entry(status).or_insert(said);
        }
    }
    Value::Object(operation)
}

#[test]
fn a_document_is_what_the_routes_and_their_words_say() {
    use http::Method;

    const WORDS: &str = r#"{
        "GET /v1/things/{*id}": {
            "operationId": "thing",
            "parameters": [{ "name": "full", "in": "query", "schema": { "type": "boolean" } }],
            "responses": { "200": { "description": "A thing." } }
        },
        "schemas": { "Thing": { "type": "object" } }
    }"#;
    let part = |method, path| Described { method, path, words: WORDS };
    let described = [part(Method::GET, "/v1/things/{*id}"), part(Method::POST, "/nobody/said")];
    let document = document("1.2.3", &described);
    assert_eq!(document["info"]["version"], "1.2.3");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/v1/things/{id}"]);
    let thing = &document["paths"]["/v1/things/{id}"]["get"];
    let names: Vec<_> =
        thing["parameters"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["id", "full"]);
    let statuses: Vec<_> = thing["responses"].as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["200", "4XX", "5XX"]);
    let schemas: Vec<_> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(schemas, ["Error", "Thing"]);
}
