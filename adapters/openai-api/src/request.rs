//! The body of `POST /v1/chat/completions`.

use domain::session::Thinking;
use ports::driven::{Sampling, ToolUse};
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};

use crate::{
    format::Format,
    messages::{Message, Talk},
    refusal::Refusal,
    tools::{Choice, Hosted, Tool, tool_use},
};

/// The body as it is sent. What is not listed here is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChatRequest {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    user: Option<String>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    seed: Option<i64>,
    stop: Option<Stop>,
    n: Option<u64>,
    reasoning_effort: Option<String>,
    response_format: Option<Format>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Choice>,
    parallel_tool_calls: Option<bool>,
    functions: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string or an array of strings")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

/// The body, checked.
#[derive(Debug)]
pub(crate) struct Asked<T = Talk> {
    /// As it was sent: it is repeated in the answer.
    pub(crate) model: Option<String>,
    /// Whether the answer is wanted piece by piece.
    pub(crate) stream: bool,
    /// Whether a streamed answer ends with what it used.
    pub(crate) include_usage: bool,
    pub(crate) user: Option<String>,
    pub(crate) talk: T,
    pub(crate) sampling: Sampling,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) tools: ToolUse,
}

/// The most texts that may end an answer.
const MAX_STOPS: usize = 4;

/// The longest explanation of what is wrong with a body, in characters. It may
/// quote the body.
const MAX_EXPLANATION: usize = 300;

/// Reads and checks `body`; what was said is read by `talk`.
pub(crate) fn read<T>(
    body: &[u8],
    talk: impl FnOnce(Vec<Message>) -> Result<T, Refusal>,
) -> Result<Asked<T>, Refusal> {
    check(parse(body)?, talk)
}

/// `body` as a request, or what is wrong with it. An empty body counts as an
/// empty request, and so does JSON that is not an object: what is missing is
/// told then, rather than what is there.
pub(crate) fn parse<T: Default + DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).or_else(|error| {
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
        if body.is_empty() || (!is_object && is_json()) {
            return Ok(T::default());
        }
        Err(explain::<T>(body, &error))
    })
}

/// What is wrong with `body`, which could not be read for `error`. Reads it once
/// more and slowly, to tell where.
fn explain<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Refusal {
    let brief = |text: String| text.chars().take(MAX_EXPLANATION).collect::<String>();
    let mut json = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(found) if error.is_data() => {
            let path = found.path().to_string();
            let explanation = brief(format!("{path}: {}", found.inner()));
            Refusal::invalid(brief(path), explanation)
        }
        _ => Refusal::malformed(brief(format!("Invalid JSON: {error}"))),
    }
}

fn check<T>(
    request: ChatRequest,
    talk: impl FnOnce(Vec<Message>) -> Result<T, Refusal>,
) -> Result<Asked<T>, Refusal> {
    let thinking = thinking("reasoning_effort", request.reasoning_effort.as_deref())?;
    let sampling = Sampling {
        max_tokens: max_tokens(&request)?,
        temperature: within("temperature", request.temperature, 0.0, 2.0)?,
        top_p: within("top_p", request.top_p, 0.0, 1.0)?,
        top_k: None,
        frequency_penalty: within("frequency_penalty", request.frequency_penalty, -2.0, 2.0)?,
        presence_penalty: within("presence_penalty", request.presence_penalty, -2.0, 2.0)?,
        seed: request.seed,
        stop: stops(request.stop)?,
        format: match request.response_format {
            Some(format) => format.read("response_format")?,
            None => None,
        },
    };
    if request.n.is_some_and(|n| n != 1) {
        return Err(Refusal::invalid("n", "n: only one answer at a time is supported"));
    }
    if request.functions.is_some_and(|functions| !functions.is_empty()) {
        return Err(Refusal::invalid("functions", "functions: offer them as tools instead"));
    }
    let tools = request.tools.unwrap_or_default();
    Ok(Asked {
        model: request.model,
        stream: request.stream.unwrap_or_default(),
        include_usage: request
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or_default(),
        user: request.user,
        talk: talk(request.messages.unwrap_or_default())?,
        sampling,
        thinking,
        tools: tool_use(tools, request.tool_choice, request.parallel_tool_calls, Hosted::Refused)?,
    })
}

pub(crate) fn within(
    param: &'static str,
    value: Option<f64>,
    low: f64,
    high: f64,
) -> Result<Option<f64>, Refusal> {
    match value {
        Some(value) if !(low..=high).contains(&value) => {
            Err(Refusal::invalid(param, format!("{param} must be between {low} and {high}")))
        }
        value => Ok(value),
    }
}

fn max_tokens(request: &ChatRequest) -> Result<Option<u32>, Refusal> {
    let (param, max) = match request.max_completion_tokens {
        Some(max) => ("max_completion_tokens", Some(max)),
        None => ("max_tokens", request.max_tokens),
    };
    if max == Some(0) {
        return Err(Refusal::invalid(param, format!("{param} must be at least 1")));
    }
    Ok(max)
}

fn stops(stop: Option<Stop>) -> Result<Vec<String>, Refusal> {
    let stops = match stop {
        None => Vec::new(),
        Some(Stop::One(text)) => vec![text],
        Some(Stop::Several(texts)) => texts,
    };
    if MAX_STOPS < stops.len() {
        return Err(Refusal::invalid("stop", format!("stop must have at most {MAX_STOPS} texts")));
    }
    if stops.iter().any(String::is_empty) {
        return Err(Refusal::invalid("stop", "stop must not be empty"));
    }
    Ok(stops)
}

pub(crate) fn thinking(
    param: &'static str,
    effort: Option<&str>,
) -> Result<Option<Thinking>, Refusal> {
    effort
        .map(str::parse)
        .transpose()
        .map_err(|unknown| Refusal::invalid(param, format!("{param} {unknown}")))
}
