//! Requests that go straight to a provider, without an agent.
//!
//! A provider of Anthropic's protocol gets the bytes, and its own are the answer.
//! For the others it is said what a request means, and what they say is put into
//! words as an agent's answer is.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::{Principal, Scope},
    relay::Form,
};
use http::{HeaderMap, Response};
use http_kit::{
    Body,
    Field::{self, Idle, Read},
    Fork, NoWay, Way, compute, lost_field, passed_on, passed_refusal, show_answerer, show_standing,
};
use ports::{
    config::Config,
    driven::{ModelRequest, RelayError},
    driving::{Answer, Meaning, Meant, Misread, Passed, Passing, RelayRefusal, Relayed},
};

use crate::{
    Visit,
    create::respond,
    not_served,
    refusal::Refusal,
    request::{self, Asked, Purpose},
    script::Label,
    thinking::Shown,
    whole::broke_off,
};

/// A header of clients that a provider may have to see.
const BETA: &str = "anthropic-beta";

/// What becomes of the fields of a request in another form.
const FIELDS: &[(&str, Field)] = &[
    ("model", Read),
    ("max_tokens", Read),
    ("messages", Read),
    ("system", Read),
    ("stream", Read),
    ("temperature", Read),
    ("top_p", Read),
    ("top_k", Read),
    ("stop_sequences", Read),
    ("thinking", Read),
    ("output_config", Read),
    ("tools", Read),
    ("tool_choice", Read),
    ("mcp_servers", Read),
    ("container", Read),
    ("cache_control", Idle),
    // Says what may be forgotten; nothing is.
    ("context_management", Idle),
    ("metadata", Idle),
    ("service_tier", Idle),
];

/// The answer of a provider to `body`, if it is one who is asked; nothing if the
/// request is for an agent, whom `principal` may ask. Agents may be served or not.
pub(crate) async fn answer(
    visit: &Visit,
    config: &Config,
    serves: bool,
    principal: &Principal,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<Response<Body>>, Refusal> {
    let (relay, scope) = (&*visit.deps.relay, Scope::Write);
    let fork = Fork { config, relay, serves, principal, scope };
    match fork.way(headers, body).await {
        Ok(Way::Agent) => Ok(None),
        Ok(Way::Straight { model, name_at }) => {
            let beta = headers.get(BETA).and_then(|value| value.to_str().ok());
            let meaning = Arc::new(MessagesMeaning {
                body: body.clone(),
                depth: config.gateway.limits.json_depth,
                manner: OnceLock::new(),
            });
            let request = Passed {
                form: Form::Messages,
                model,
                body: body.clone(),
                name_at,
                headers: beta.map(|value| (BETA.into(), value.into())).into_iter().collect(),
                meaning: Some(meaning.clone()),
            };
            Ok(Some(pass(visit, principal, request, &meaning).await))
        }
        Err(no_way) => ends(no_way).map(Some),
    }
}

/// How a request is answered that goes nowhere.
pub(crate) fn ends(no_way: NoWay) -> Result<Response<Body>, Refusal> {
    match no_way {
        NoWay::NotServed => Ok(not_served()),
        NoWay::NoModel(model) => Err(Refusal::no_model(&model)),
        NoWay::Nameless => {
            Err(Refusal::invalid("model: required, as in anthropic/claude-opus-4-5"))
        }
        NoWay::Denied(denied) => Err(denied.into()),
    }
}

/// What a provider is asked, whatever the model is called there.
pub(crate) fn request_of(asked: Asked) -> Result<ModelRequest, Refusal> {
    let Asked { talk, sampling, thinking, tools, .. } = asked;
    if talk.rests_on_transcript() {
        return Err(Refusal::invalid("messages: tool_result without a tool_use before it"));
    }
    let mut messages = talk.history;
    messages.push(talk.message);
    let (model, system) = (String::new(), talk.instructions);
    Ok(ModelRequest { model, system, messages, thinking, sampling, tools })
}

async fn pass(
    visit: &Visit,
    principal: &Principal,
    request: Passed,
    meaning: &MessagesMeaning,
) -> Response<Body> {
    let Relayed { standing, answer } = visit.deps.relay.relay(principal, request).await;
    let id = visit.request_id.as_ref();
    let mut response = match answer {
        Ok(Passing::Copied(copied)) => passed_on(copied, last_words),
        Ok(Passing::Told { model, answer }) => {
            let said = meaning.say(visit, model.model(), answer).await;
            let mut response = said.unwrap_or_else(|refusal| refusal.into_response(id));
            show_answerer(response.headers_mut(), &model);
            response
        }
        Err(RelayRefusal::Provider(error)) => {
            let said = passed_refusal(&error);
            said.unwrap_or_else(|| Refusal::relayed(&error).into_response(id))
        }
        Err(refusal) => Refusal::from(refusal).into_response(id),
    };
    show_standing(response.headers_mut(), &standing);
    response
}

/// How a stream ends that broke off.
fn last_words(error: &RelayError) -> String {
    format!("event: error\ndata: {}\n\n", Refusal::relayed(error).envelope(None))
}

/// What a request means, and how it is answered once it has been read.
struct MessagesMeaning {
    body: Bytes,
    /// How deep it may be nested.
    depth: usize,
    manner: OnceLock<Manner>,
}

/// How an answer is worded.
#[derive(Debug)]
struct Manner {
    stream: bool,
    /// The texts that may end it.
    stops: Vec<String>,
    thoughts: Shown,
}

impl MessagesMeaning {
    /// What `model` answers, in Anthropic's words.
    async fn say(
        &self,
        visit: &Visit,
        model: &str,
        answer: Answer,
    ) -> Result<Response<Body>, Refusal> {
        let Manner { stream, stops, thoughts } = self.manner.get().ok_or_else(broke_off)?;
        let label =
            Label { stops: stops.clone(), thoughts: *thoughts, ..visit.label(model.to_owned()) };
        respond(label, answer, *stream).await
    }
}

#[async_trait]
impl Meaning for MessagesMeaning {
    async fn read(&self) -> Result<Meant, Misread> {
        let (body, depth) = (self.body.clone(), self.depth);
        let read = move || {
            if let Some(field) = lost_field(&body, FIELDS) {
                let why = "the provider of this model speaks another protocol, which has no \
                           word for it";
                return Err(Refusal::invalid(format!("{field}: {why}")));
            }
            request::read(&body, depth, Purpose::Answer)
        };
        let asked = compute(self.body.len(), read).await?;
        let (stream, thoughts) = (asked.stream, asked.thoughts);
        let request = request_of(asked)?;
        let stops = request.sampling.stop.clone();
        let _ = self.manner.set(Manner { stream, stops, thoughts });
        Ok(Meant { request, stream })
    }
}

impl fmt::Debug for MessagesMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagesMeaning").field("body", &self.body.len()).finish_non_exhaustive()
    }
}
