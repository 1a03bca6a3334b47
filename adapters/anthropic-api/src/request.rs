//! The body of `POST /v1/messages`.

use std::fmt::Write;

use domain::session::Thinking;
use http_kit::nests_deeper_than;
use ports::{
    Json,
    driven::{AnswerFormat, Sampling, ToolUse},
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    messages::{Content, Message, Talk},
    object::Object,
    refusal::Refusal,
    thinking::{Shown, ThinkingConfig, Thoughts},
    tools::{self, Choice, Tool},
};

/// The body as it is sent. What is not listed here is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessagesRequest {
    model: Option<String>,
    max_tokens: Option<u32>,
    messages: Option<Vec<Object<Message>>>,
    system: Option<Content>,
    stream: Option<bool>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    stop_sequences: Option<Vec<String>>,
    thinking: Option<Object<ThinkingConfig>>,
    output_config: Option<Object<OutputConfig>>,
    tools: Option<Vec<Object<Tool>>>,
    tool_choice: Option<Object<Choice>>,
    metadata: Option<Object<Metadata>>,
    mcp_servers: Option<Vec<IgnoredAny>>,
    container: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputConfig {
    effort: Option<String>,
    format: Option<Object<Format>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Format {
    #[serde(rename = "type")]
    kind: Option<String>,
    schema: Option<Json>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    user_id: Option<String>,
}

/// The body, checked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// As it was sent: it is repeated in the answer.
    pub(crate) model: String,
    /// Whether the answer is wanted piece by piece.
    pub(crate) stream: bool,
    /// The place of the conversation, if the request says whose it is.
    pub(crate) place: Option<String>,
    pub(crate) talk: Talk,
    pub(crate) sampling: Sampling,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) thoughts: Shown,
    pub(crate) tools: ToolUse,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An answer.
    Answer,
    /// How much there is to read.
    Count,
}

/// The most texts that may end an answer.
const MAX_STOPS: usize = 4;

/// The longest explanation of what is wrong with a body, in characters. It may
/// quote the body.
const MAX_EXPLANATION: usize = 300;

/// Reads and checks `body`, which may be nested so deep.
pub(crate) fn read(body: &[u8], depth: usize, purpose: Purpose) -> Result<Asked, Refusal> {
    if nests_deeper_than(body, depth) {
        let message = format!("the body must not be nested deeper than {depth} levels");
        return Err(Refusal::invalid(message));
    }
    match serde_json::from_slice(body) {
        Ok(Object(request)) => check(request, purpose),
        Err(error) => Err(explain(body, &error)),
    }
}

/// What is wrong with `body`, which could not be read for `error`. Reads it once
/// more and slowly, to tell where.
fn explain(body: &[u8], error: &serde_json::Error) -> Refusal {
    let mut json = serde_json::Deserializer::from_slice(body);
    let found = serde_path_to_error::deserialize::<_, Object<MessagesRequest>>(&mut json);
    let (path, error) = match &found {
        Err(found) => (found.path().to_string(), found.inner()),
        // It is what follows.
        Ok(_) => (".".to_owned(), error),
    };
    let what = if error.is_data() { "" } else { "invalid JSON: " };
    let place = if matches!(&*path, "." | "?") { "body" } else { &path };
    let explanation = format!("{place}: {what}{error}");
    Refusal::invalid(explanation.chars().take(MAX_EXPLANATION).collect::<String>())
}

fn check(request: MessagesRequest, purpose: Purpose) -> Result<Asked, Refusal> {
    let model = request.model.filter(|model| !model.trim().is_empty());
    let model = model.ok_or_else(|| Refusal::invalid("model: required"))?;
    if purpose == Purpose::Answer && request.max_tokens.is_none_or(|most| most == 0) {
        return Err(Refusal::invalid("max_tokens: required, at least 1"));
    }
    if request.mcp_servers.is_some_and(|servers| !servers.is_empty()) {
        return Err(Refusal::invalid("mcp_servers: not supported here"));
    }
    if request.container.is_some() {
        return Err(Refusal::invalid("container: not supported here"));
    }
    let Object(output) = request.output_config.unwrap_or_default();
    let thoughts = Thoughts::read(request.thinking, output.effort.as_deref(), request.max_tokens)?;
    let user = request.metadata.and_then(|Object(metadata)| metadata.user_id);
    let user = user.filter(|user| !user.trim().is_empty());
    Ok(Asked {
        stream: request.stream.unwrap_or_default(),
        place: user.map(|user| place_of(user.trim())),
        sampling: Sampling {
            max_tokens: request.max_tokens.map(|most| most - thoughts.budget),
            temperature: within("temperature", request.temperature)?,
            top_p: within("top_p", request.top_p)?,
            top_k: request.top_k,
            stop: stops(request.stop_sequences.unwrap_or_default())?,
            format: output.format.map(|Object(format)| format.read()).transpose()?,
            ..Sampling::default()
        },
        thinking: thoughts.level,
        thoughts: thoughts.shown,
        tools: tools::read(request.tools, request.tool_choice)?,
        talk: Talk::read(request.messages.unwrap_or_default(), request.system)?,
        model,
    })
}

fn within(param: &'static str, value: Option<f64>) -> Result<Option<f64>, Refusal> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(Refusal::invalid(format!("{param}: must be between 0 and 1")))
        }
        value => Ok(value),
    }
}

fn stops(stops: Vec<String>) -> Result<Vec<String>, Refusal> {
    if MAX_STOPS < stops.len() {
        return Err(Refusal::invalid(format!("stop_sequences: at most {MAX_STOPS} texts")));
    }
    match stops.iter().position(|stop| stop.trim().is_empty()) {
        Some(at) => Err(Refusal::invalid(format!("stop_sequences[{at}]: must not be blank"))),
        None => Ok(stops),
    }
}

impl Format {
    fn read(self) -> Result<AnswerFormat, Refusal> {
        let refuse = |field: &str, why: &str| {
            Err(Refusal::invalid(format!("output_config.format.{field}: {why}")))
        };
        if self.kind.as_deref() != Some("json_schema") {
            return refuse("type", "must be json_schema");
        }
        match self.schema.filter(|schema| schema.as_str().starts_with('{')) {
            Some(schema) => Ok(AnswerFormat::JsonSchema {
                name: "answer".to_owned(),
                description: None,
                schema,
                strict: Some(true),
            }),
            None => refuse("schema", "must be an object"),
        }
    }
}

/// Who Claude Code says it is, besides the machine and the account.
#[derive(Deserialize)]
struct Conversation {
    session_id: String,
}

/// The place of the conversation with `user`. Of what Claude Code says in JSON, its
/// session alone tells conversations apart. Names are often opaque, some are
/// JSON; what would mean something in the key of a conversation is written in
/// another way.
fn place_of(user: &str) -> String {
    let conversation = serde_json::from_str::<Conversation>(user).ok();
    let session = conversation.as_ref().map(|it| it.session_id.trim()).filter(|id| !id.is_empty());
    let user = session.unwrap_or(user);
    let mut place = String::from("anthropic-user:");
    for byte in user.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'@' | b'+' => {
                place.push(byte.into());
            }
            // Writing to a text does not fail.
            _ => drop(write!(place, "%{byte:02x}")),
        }
    }
    place
}

#[test]
fn names_of_users_make_one_segment() {
    #[rustfmt::skip]
    let table = [
        ("ada",               "anthropic-user:ada"),
        ("Ada_1-2.x@y+z",     "anthropic-user:Ada_1-2.x@y+z"),
        ("a::b",              "anthropic-user:a%3a%3ab"),
        ("a%3ab",             "anthropic-user:a%253ab"),
        (r#"{"id":"1"}"#,     "anthropic-user:%7b%22id%22%3a%221%22%7d"),
        (r#"{"device_id":"d","session_id":"be2f-1"}"#, "anthropic-user:be2f-1"),
        (r#"{"session_id":" "}"#, "anthropic-user:%7b%22session_id%22%3a%22%20%22%7d"),
        ("ü \n",              "anthropic-user:%c3%bc%20%0a"),
    ];
    for (user, place) in table {
        assert_eq!(place_of(user), place);
    }
}
