//! A request, as the protocol words it.

use std::borrow::Cow;

use bytes::Bytes;
use ports::driven::{ModelInfo, ModelRequest};
use serde::Serialize;

use crate::{
    format::{self, Form, Format},
    thinking::Told,
    tools::{self, Choice, Tool},
    turns::{Turn, turns},
};

/// How many tokens a model may say of which nothing is known.
const MAX_TOKENS: u32 = 8192;

/// The body of `request`, sent to `model` if it is known.
pub(crate) fn body(
    request: &ModelRequest,
    model: Option<&ModelInfo>,
    told: Told,
    form: Form,
) -> Bytes {
    let sampling = &request.sampling;
    let most = model.and_then(|model| model.max_tokens);
    let most = most.map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    let to_say = sampling.max_tokens.or(most).unwrap_or(MAX_TOKENS).max(1);
    let (max_tokens, thinking, effort) = match told {
        Told::Nothing => (to_say, None, None),
        Told::Adaptive(thinking) => {
            (to_say, Some(Thinking::Adaptive), Some(Told::effort(thinking)))
        }
        Told::Budget(thinking) => {
            let wanted = Told::budget(thinking);
            let together = to_say.saturating_add(wanted).min(most.unwrap_or(u32::MAX));
            // What is said has precedence, but not over more than a half.
            let budget_tokens = wanted.min(together.saturating_sub(to_say).max(together / 2));
            if Told::LEAST <= budget_tokens {
                (together, Some(Thinking::Enabled { budget_tokens }), None)
            } else {
                (to_say, None, None)
            }
        }
    };
    let free = thinking.is_none();
    let temperature = sampling.temperature.filter(|_| free).map(|degree| degree.min(1.0));
    let format = format::told(sampling.format.as_ref(), form);
    let body = Body {
        max_tokens: Some(max_tokens),
        stream: Some(true),
        temperature,
        top_p: sampling.top_p.filter(|_| free && temperature.is_none()),
        top_k: sampling.top_k.filter(|_| free),
        // Blank ones are refused.
        stop_sequences: sampling.stop.iter().filter(|stop| !stop.trim().is_empty()).collect(),
        thinking,
        output_config: (effort.is_some() || format.is_some())
            .then_some(OutputConfig { effort, format }),
        ..Body::to_read(request, form)
    };
    body.write()
}

/// The body of a request to count what `request` gives a model to read.
pub(crate) fn count_body(request: &ModelRequest) -> Bytes {
    Body::to_read(request, Form::Told).write()
}

impl<'a> Body<'a> {
    /// What a model reads before it answers.
    fn to_read(request: &'a ModelRequest, form: Form) -> Self {
        let system = request.system.as_deref().filter(|system| !system.trim().is_empty());
        let instruction = format::instruction(request.sampling.format.as_ref(), form);
        let system = match (system, instruction) {
            (Some(system), Some(more)) => Some(format!("{system}\n\n{more}").into()),
            (system, more) => system.map(Cow::Borrowed).or(more),
        };
        Self {
            model: &request.model,
            system,
            messages: turns(&request.messages),
            tools: tools::offered(request),
            tool_choice: Choice::of(request),
            ..Self::default()
        }
    }

    fn write(&self) -> Bytes {
        serde_json::to_vec(self).expect("text, numbers and lists can be written as JSON").into()
    }
}

#[derive(Default, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Cow<'a, str>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thinking {
    Enabled { budget_tokens: u32 },
    Adaptive,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[cfg(test)]
mod tests {
    use domain::session::Thinking;
    use ports::{
        Json,
        driven::{AnswerFormat, ModelMessage, ModelRole, Sampling, ToolUse},
    };
    use serde_json::{Value, json};

    use super::*;

    fn write(request: &ModelRequest, model: Option<&ModelInfo>, told: Told) -> Value {
        serde_json::from_slice(&body(request, model, told, Form::Told)).unwrap()
    }

    fn request(messages: Vec<ModelMessage>) -> ModelRequest {
        ModelRequest {
            model: "m".to_owned(),
            system: None,
            messages,
            thinking: None,
            sampling: Sampling::default(),
            tools: ToolUse::default(),
        }
    }

    fn model(max_tokens: u64) -> ModelInfo {
        ModelInfo { max_tokens: Some(max_tokens), ..ModelInfo::default() }
    }

    #[test]
    fn what_is_chosen_is_said_as_far_as_there_is_a_word_for_it() {
        let mut request = request(Vec::new());
        request.sampling = Sampling {
            max_tokens: Some(10),
            temperature: Some(1.5),
            top_p: Some(0.25),
            top_k: Some(40),
            frequency_penalty: Some(1.0),
            presence_penalty: Some(1.0),
            seed: Some(7),
            stop: vec!["\n".to_owned(), "END".to_owned()],
            format: None,
        };
        let expected = json!({
            "model": "m",
            "max_tokens": 10,
            "messages": [],
            "stream": true,
            "temperature": 1.0,
            "top_k": 40,
            "stop_sequences": ["END"],
        });
        assert_eq!(write(&request, Some(&model(64_000)), Told::Nothing), expected);

        request.sampling.temperature = None;
        assert_eq!(write(&request, None, Told::Nothing)["top_p"], 0.25);
        let thinking = write(&request, None, Told::Budget(Thinking::Low));
        assert_eq!((thinking.get("top_p"), thinking.get("top_k")), (None, None));
    }

    #[test]
    fn thinking_comes_on_top_of_what_is_said() {
        let budget = Told::Budget;
        #[rustfmt::skip]
        let table = [
            // asked for    the model's limit  told                        limit   budget
            (None,          None,              Told::Nothing,              8192,   None),
            (None,          Some(64_000),      Told::Nothing,              64_000, None),
            (None,          None,              budget(Thinking::Low),      10_240, Some(2048)),
            (Some(100),     Some(64_000),      budget(Thinking::Minimal),  1124,   Some(1024)),
            (Some(4000),    Some(8192),        budget(Thinking::High),     8192,   Some(4192)),
            (None,          Some(64_000),      budget(Thinking::High),     64_000, Some(16_384)),
            (None,          Some(8192),        budget(Thinking::High),     8192,   Some(4096)),
            (Some(100),     Some(1000),        budget(Thinking::High),     100,    None),
        ];
        for (asked, most, told, limit, tokens) in table {
            let mut request = request(Vec::new());
            request.sampling.max_tokens = asked;
            let body = write(&request, most.map(model).as_ref(), told);
            assert_eq!(body["max_tokens"], limit, "{asked:?} {most:?} {told:?}");
            let thinking =
                tokens.map(|tokens| json!({ "type": "enabled", "budget_tokens": tokens }));
            assert_eq!(body.get("thinking"), thinking.as_ref(), "{asked:?} {most:?} {told:?}");
        }
        let body = write(&request(Vec::new()), None, Told::Adaptive(Thinking::Xhigh));
        assert_eq!(body["thinking"], json!({ "type": "adaptive" }));
        assert_eq!(body["output_config"], json!({ "effort": "max" }));
    }

    #[test]
    fn the_form_of_the_answer_is_told_or_asked_for() {
        let schema = r#"{"type":"object","properties":{"z":{},"a":{}}}"#;
        let of_schema = |strict| AnswerFormat::JsonSchema {
            name: "n".to_owned(),
            description: None,
            schema: Json::parse(schema.to_owned()).unwrap(),
            strict,
        };
        let told = json!({ "format": {
            "type": "json_schema",
            "schema": serde_json::from_str::<Value>(schema).unwrap(),
        } });
        #[rustfmt::skip]
        let table = [
            (of_schema(Some(true)),     Form::Told,     Some(&told), None),
            (of_schema(None),           Form::Told,     Some(&told), None),
            (of_schema(Some(false)),    Form::Told,     None,        Some(schema)),
            (of_schema(Some(true)),     Form::AskedFor, None,        Some(schema)),
            (AnswerFormat::JsonObject,  Form::Told,     None,        Some("one JSON object")),
        ];
        for (format, form, config, instruction) in table {
            let mut request = request(vec![ModelMessage::text(ModelRole::User, "hi")]);
            request.system = Some("be brief".to_owned());
            request.sampling.format = Some(format);
            let body: Value =
                serde_json::from_slice(&super::body(&request, None, Told::Nothing, form)).unwrap();
            assert_eq!(body.get("output_config"), config, "{body}");
            let system = body["system"].as_str().unwrap();
            assert!(system.starts_with("be brief"), "{system}");
            assert_eq!(system != "be brief", instruction.is_some(), "{system}");
            assert!(instruction.is_none_or(|words| system.contains(words)), "{system}");
        }
    }

    #[test]
    fn only_what_is_read_is_counted() {
        let mut request = request(vec![ModelMessage::text(ModelRole::User, "hi")]);
        request.system = Some("be brief".to_owned());
        request.sampling.max_tokens = Some(10);
        request.sampling.temperature = Some(0.5);
        let body: Value = serde_json::from_slice(&count_body(&request)).unwrap();
        let said = json!([{ "role": "user", "content": [{ "type": "text", "text": "hi" }] }]);
        let expected = json!({ "model": "m", "system": "be brief", "messages": said });
        assert_eq!(body, expected);
    }
}
