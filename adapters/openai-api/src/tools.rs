//! Tools of the caller, as requests offer them.

use std::collections::HashSet;

use ports::{
    Json,
    driven::{ToolChoice, ToolSpec, ToolUse},
};
use serde::Deserialize;

use crate::refusal::Refusal;

/// A tool. Chat completions nest what they say of a function, responses do not;
/// both are read from both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tool {
    #[serde(rename = "type")]
    kind: Option<String>,
    function: Option<Function>,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Json>,
    strict: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Json>,
    strict: Option<bool>,
}

/// What becomes of tools that OpenAI has and not the caller, for there are none of
/// them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hosted {
    /// The request is refused.
    Refused,
    /// They are left out, and the answer does not list them among what was offered.
    /// A model need not use a tool, and clients such as Codex always offer some.
    LeftOut,
}

/// The kinds of tools that are not the caller's.
const HOSTED: &[&str] = &[
    "code_interpreter",
    "computer_use_preview",
    "file_search",
    "image_generation",
    "mcp",
    "namespace",
    "tool_search",
    "web_search",
    "web_search_preview",
];

/// Whether a tool has to be asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a word or an object that names a function")]
pub(crate) enum Choice {
    Word(String),
    Named {
        #[serde(rename = "type")]
        kind: Option<String>,
        function: Option<Name>,
        name: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Name {
    name: String,
}

/// The most tools one request may offer.
const MAX_TOOLS: usize = 128;
/// The longest name of a tool.
const MAX_NAME: usize = 64;

/// What `tools`, `tool_choice` and `parallel_tool_calls` mean together.
pub(crate) fn tool_use(
    tools: Vec<Tool>,
    choice: Option<Choice>,
    parallel: Option<bool>,
    hosted: Hosted,
) -> Result<ToolUse, Refusal> {
    if MAX_TOOLS < tools.len() {
        return Err(Refusal::invalid("tools", format!("tools: at most {MAX_TOOLS}")));
    }
    let own = tools.into_iter().enumerate();
    let own = own.filter(|(_, tool)| hosted == Hosted::Refused || !tool.is_hosted());
    let offered: Vec<ToolSpec> = own.map(|(at, tool)| tool.read(at)).collect::<Result<_, _>>()?;
    let mut names = HashSet::new();
    if let Some(twice) = offered.iter().find(|tool| !names.insert(&tool.name)) {
        let message = format!("tools: `{}` is offered twice", twice.name);
        return Err(Refusal::invalid("tools", message));
    }
    let choice = choice.map_or(Ok(ToolChoice::Auto), |choice| choice.read(&offered))?;
    Ok(ToolUse { offered, choice, parallel })
}

impl Tool {
    fn is_hosted(&self) -> bool {
        self.kind
            .as_deref()
            .is_some_and(|kind| HOSTED.contains(&kind) || kind.starts_with("web_search_preview_"))
    }

    fn read(self, at: usize) -> Result<ToolSpec, Refusal> {
        let refuse = |field: &str, why: &str| {
            let param = format!("tools[{at}]{field}");
            Refusal::invalid(param.clone(), format!("{param}: {why}"))
        };
        if self.kind.as_deref().is_some_and(|kind| kind != "function") {
            return Err(refuse(".type", "only tools of type function are supported"));
        }
        let nested = self.function.unwrap_or_default();
        let name = nested.name.or(self.name).unwrap_or_default();
        let tame = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if name.is_empty() || MAX_NAME < name.len() || !name.bytes().all(tame) {
            return Err(refuse(".function.name", "up to 64 letters, digits, `_`, `-` and `.`"));
        }
        let parameters = nested.parameters.or(self.parameters);
        let parameters = parameters.filter(|it| it.as_str() != "null");
        if parameters.as_ref().is_some_and(|it| !it.as_str().starts_with('{')) {
            return Err(refuse(".function.parameters", "must be a JSON schema of an object"));
        }
        Ok(ToolSpec {
            name,
            description: nested.description.or(self.description),
            parameters,
            strict: nested.strict.or(self.strict),
        })
    }
}

impl Choice {
    fn read(self, offered: &[ToolSpec]) -> Result<ToolChoice, Refusal> {
        let refuse = |why: &str| Refusal::invalid("tool_choice", why);
        match self {
            Self::Word(word) => match word.as_str() {
                "auto" => Ok(ToolChoice::Auto),
                "none" => Ok(ToolChoice::None),
                "required" if offered.is_empty() => {
                    Err(refuse("tool_choice=required but no tools were provided"))
                }
                "required" => Ok(ToolChoice::Required),
                _ => Err(refuse("tool_choice must be auto, none, required or name a function")),
            },
            Self::Named { kind, function, name } => {
                let name = function.map(|function| function.name).or(name);
                let is_function = kind.is_none_or(|kind| kind == "function");
                let Some(name) = name.filter(|_| is_function) else {
                    return Err(refuse(
                        "tool_choice must be auto, none, required or name a function",
                    ));
                };
                if offered.iter().any(|tool| tool.name == name) {
                    Ok(ToolChoice::Named(name))
                } else {
                    Err(refuse(&format!("tool_choice requested unknown tool: {name}")))
                }
            }
        }
    }
}
