//! `tools` and `tool_choice`.

use std::collections::HashSet;

use ports::{
    Json,
    driven::{ToolChoice, ToolSpec, ToolUse},
};
use serde::Deserialize;

use crate::{object::Object, refusal::Refusal};

/// A tool as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tool {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    description: Option<String>,
    input_schema: Option<Json>,
    strict: Option<bool>,
}

/// Whether a tool shall be asked for, as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

/// The longest name of a tool.
const MAX_NAME: usize = 128;

/// What `tools` and `choice` offer.
pub(crate) fn read(
    tools: Option<Vec<Object<Tool>>>,
    choice: Option<Object<Choice>>,
) -> Result<ToolUse, Refusal> {
    let tools = tools.unwrap_or_default();
    let offered = tools.into_iter().enumerate().map(|(at, Object(tool))| spec(at, tool));
    let offered: Vec<ToolSpec> = offered.collect::<Result<_, _>>()?;
    let mut names = HashSet::new();
    for (at, tool) in offered.iter().enumerate() {
        if !names.insert(&*tool.name) {
            let message = format!("tools[{at}].name: there is another tool of that name");
            return Err(Refusal::invalid(message));
        }
    }
    let Some(Object(choice)) = choice else {
        return Ok(ToolUse { offered, ..ToolUse::default() });
    };
    let parallel = choice.disable_parallel_tool_use.map(|disabled| !disabled);
    let choice = chosen(choice, &names)?;
    Ok(ToolUse { offered, choice, parallel })
}

fn spec(at: usize, tool: Tool) -> Result<ToolSpec, Refusal> {
    let refuse =
        |field: &str, why: &str| Err(Refusal::invalid(format!("tools[{at}].{field}: {why}")));
    if tool.kind.as_deref().is_some_and(|kind| kind != "custom") {
        return refuse("type", "only tools of the caller are supported, type custom");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name = tool.name.unwrap_or_default();
    if name.is_empty() || MAX_NAME < name.len() || !name.chars().all(plain) {
        return refuse("name", "must be 1 to 128 letters, digits, _ and -");
    }
    let Some(schema) = tool.input_schema.filter(|schema| schema.as_str().starts_with('{')) else {
        return refuse("input_schema", "must be an object");
    };
    Ok(ToolSpec {
        name,
        description: tool.description,
        parameters: Some(schema),
        strict: tool.strict,
    })
}

fn chosen(choice: Choice, names: &HashSet<&str>) -> Result<ToolChoice, Refusal> {
    let refuse =
        |field: &str, why: &str| Err(Refusal::invalid(format!("tool_choice.{field}: {why}")));
    match choice.kind.as_deref() {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("any" | "tool") if names.is_empty() => refuse("type", "there are no tools"),
        Some("any") => Ok(ToolChoice::Required),
        Some("tool") => match choice.name {
            Some(name) if names.contains(&*name) => Ok(ToolChoice::Named(name)),
            _ => refuse("name", "must be the name of a tool"),
        },
        _ => refuse("type", "must be auto, any, tool or none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(tools: &str, choice: &str) -> Result<ToolUse, String> {
        let tools = serde_json::from_str(tools).unwrap();
        let choice = serde_json::from_str(choice).unwrap();
        read(tools, choice).map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn tools_are_offered_as_they_are_described() {
        let tools = r#"[{"name":"look","description":"d","input_schema":{"z":1, "a":2},"strict":true,
                         "cache_control":{"type":"ephemeral"},"type":"custom"}]"#;
        let offered = vec![ToolSpec {
            name: "look".to_owned(),
            description: Some("d".to_owned()),
            parameters: Some(Json::parse(r#"{"z":1, "a":2}"#.to_owned()).unwrap()),
            strict: Some(true),
        }];
        let named = ToolChoice::Named("look".to_owned());
        #[rustfmt::skip]
        let table = [
            // choice                                                     meant                    parallel
            ("null",                                                      ToolChoice::Auto,        None),
            (r#"{"type":"auto"}"#,                                        ToolChoice::Auto,        None),
            (r#"{"type":"any","disable_parallel_tool_use":true}"#,        ToolChoice::Required,    Some(false)),
            (r#"{"type":"tool","name":"look"}"#,                          named,                   None),
            (r#"{"type":"none","disable_parallel_tool_use":false}"#,      ToolChoice::None,        Some(true)),
        ];
        for (json, choice, parallel) in table {
            let meant = ToolUse { offered: offered.clone(), choice, parallel };
            assert_eq!(reading(tools, json), Ok(meant), "{json}");
        }
        assert_eq!(reading("null", "null"), Ok(ToolUse::default()));
        assert_eq!(reading("[]", r#"{"type":"auto"}"#), Ok(ToolUse::default()));
    }

    #[test]
    fn what_is_no_tool_is_refused() {
        let good = r#"{"name":"look","input_schema":{}}"#;
        let tools = |tool: &str| format!("[{good},{tool}]");
        #[rustfmt::skip]
        let table = [
            (tools("{}"),                                                 "null",                   "tools[1].name: must be 1 to 128 letters, digits, _ and -"),
            (tools(r#"{"name":"a b","input_schema":{}}"#),                "null",                   "tools[1].name: must be 1 to 128 letters, digits, _ and -"),
            (tools(r#"{"name":"a"}"#),                                    "null",                   "tools[1].input_schema: must be an object"),
            (tools(r#"{"name":"a","input_schema":[]}"#),                  "null",                   "tools[1].input_schema: must be an object"),
            (tools(r#"{"type":"web_search_20260318","name":"web_search"}"#), "null",                "tools[1].type: only tools of the caller are supported, type custom"),
            (tools(good),                                                 "null",                   "tools[1].name: there is another tool of that name"),
            (format!("[{good}]"),                                         "{}",                     "tool_choice.type: must be auto, any, tool or none"),
            (format!("[{good}]"),                                         r#"{"type":"tool"}"#,     "tool_choice.name: must be the name of a tool"),
            (format!("[{good}]"),                                         r#"{"type":"tool","name":"x"}"#, "tool_choice.name: must be the name of a tool"),
            ("[]".to_owned(),                                             r#"{"type":"any"}"#,      "tool_choice.type: there are no tools"),
        ];
        for (tools, choice, message) in table {
            assert_eq!(reading(&tools, choice), Err(message.to_owned()), "{tools} {choice}");
        }
    }
}
