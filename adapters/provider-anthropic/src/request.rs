//! A request, as the protocol words it.

use bytes::Bytes;
use ports::driven::{ModelInfo, ModelMessage, ModelPart, ModelRequest, ModelRole};
use serde::Serialize;

use crate::thinking::Told;

/// How many tokens a model may say of which nothing is known.
const MAX_TOKENS: u32 = 8192;

/// What comes before a conversation that begins with the model.
const BEGINNING: &str = "(The conversation began earlier.)";

/// The body of `request`, sent to `model` if it is known.
pub(crate) fn body(request: &ModelRequest, model: Option<&ModelInfo>, told: Told) -> Bytes {
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
    let body = Body {
        model: &request.model,
        max_tokens,
        system: request.system.as_deref().filter(|system| !system.trim().is_empty()),
        messages: turns(&request.messages),
        stream: true,
        temperature,
        top_p: sampling.top_p.filter(|_| free && temperature.is_none()),
        // Blank ones are refused.
        stop_sequences: sampling.stop.iter().filter(|stop| !stop.trim().is_empty()).collect(),
        thinking,
        output_config: effort.map(|effort| OutputConfig { effort }),
    };
    serde_json::to_vec(&body).expect("text, numbers and lists can be written as JSON").into()
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thinking {
    Enabled { budget_tokens: u32 },
    Adaptive,
}

#[derive(Serialize)]
struct OutputConfig {
    effort: &'static str,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
}

/// What was said, in turns.
fn turns(messages: &[ModelMessage]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        let content: Vec<Block<'_>> =
            message.parts.iter().filter_map(|part| block(part, message.role)).collect();
        let role = match message.role {
            ModelRole::User => "user",
            ModelRole::Assistant => "assistant",
        };
        match turns.last_mut() {
            _ if content.is_empty() => (),
            Some(last) if last.role == role => last.content.extend(content),
            Some(_) => turns.push(Turn { role, content }),
            None => {
                if message.role == ModelRole::Assistant {
                    let content = vec![Block::Text { text: BEGINNING }];
                    turns.push(Turn { role: "user", content });
                }
                turns.push(Turn { role, content });
            }
        }
    }
    turns
}

fn block(part: &ModelPart, role: ModelRole) -> Option<Block<'_>> {
    match (part, role) {
        (ModelPart::Text(text), _) if text.trim().is_empty() => None,
        (ModelPart::Text(text), _) => Some(Block::Text { text }),
        (ModelPart::Image { mime, data }, ModelRole::User) => {
            Some(Block::Image { source: Source::Base64 { media_type: mime, data } })
        }
        // Only people show pictures.
        (ModelPart::Image { .. }, ModelRole::Assistant) => None,
        (ModelPart::Call(_) | ModelPart::Result(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::session::Thinking;
    use ports::driven::{Sampling, ToolUse};
    use serde_json::{Value, json};

    use super::*;

    fn write(request: &ModelRequest, model: Option<&ModelInfo>, told: Told) -> Value {
        serde_json::from_slice(&body(request, model, told)).unwrap()
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
    fn people_and_model_take_turns() {
        use ModelRole::{Assistant, User};

        let picture = ModelPart::Image { mime: "image/png".to_owned(), data: "AAAA".to_owned() };
        let mut request = request(vec![
            ModelMessage::text(Assistant, "hello"),
            ModelMessage::text(User, "one"),
            ModelMessage::text(User, " "),
            ModelMessage {
                role: User,
                parts: vec![ModelPart::Text("two".to_owned()), picture.clone()],
            },
            ModelMessage { role: Assistant, parts: vec![picture] },
            ModelMessage::text(User, "three"),
        ]);
        request.system = Some("be brief".to_owned());
        let text = |text: &str| json!({ "type": "text", "text": text });
        let source = json!({ "type": "base64", "media_type": "image/png", "data": "AAAA" });
        let expected = json!({
            "model": "m",
            "max_tokens": 8192,
            "system": "be brief",
            "messages": [
                { "role": "user", "content": [text(BEGINNING)] },
                { "role": "assistant", "content": [text("hello")] },
                { "role": "user", "content": [
                    text("one"), text("two"), { "type": "image", "source": source }, text("three"),
                ] },
            ],
            "stream": true,
        });
        assert_eq!(write(&request, None, Told::Nothing), expected);
    }

    #[test]
    fn what_is_chosen_is_said_as_far_as_there_is_a_word_for_it() {
        let mut request = request(Vec::new());
        request.sampling = Sampling {
            max_tokens: Some(10),
            temperature: Some(1.5),
            top_p: Some(0.25),
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
            "stop_sequences": ["END"],
        });
        assert_eq!(write(&request, Some(&model(64_000)), Told::Nothing), expected);

        request.sampling.temperature = None;
        assert_eq!(write(&request, None, Told::Nothing)["top_p"], 0.25);
        let thinking = write(&request, None, Told::Budget(Thinking::Low));
        assert_eq!(thinking.get("top_p"), None);
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
}
