//! `POST /v1/chat/completions`.

use std::time::Duration;

use domain::{relay::Form, session::Thinking};
use futures_util::StreamExt;
use http::{Request, Response};
use http_kit::{Body, Reader, compute, relays};
use hyper::body::Incoming;
use ports::{
    config::HttpFilesConfig,
    driven::ToolChoice,
    driving::{Answer, Question, Reply},
};

use crate::{
    Visit,
    media::{Pictures, Policy},
    messages::Talk,
    not_served,
    refusal::Refusal,
    request::{self, Asked},
    sse,
    straight::{self, Asking},
    target::Wish,
    whole::{self, NOTHING_SAID},
};

/// What every piece of an answer repeats.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) id: String,
    /// In seconds since the epoch.
    pub(crate) created: u64,
    pub(crate) model: String,
}

/// The model of an answer whose question named none.
const NO_MODEL: &str = "openclaw";

pub(crate) async fn complete(
    visit: &Visit,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let Visit { deps, uuid } = visit;
    let config = deps.config.current();
    let serves = deps.serves(&config);
    if !serves && !relays(&config) {
        return Ok(not_served());
    }
    let principal = straight::asker(deps, &request, &config).await?;

    let limits = &config.gateway.limits;
    let reader = Reader {
        limit: limits.chat_completions_body_bytes,
        timeout: Duration::from_millis(limits.http_body_ms),
    };
    let (head, body) = request.into_parts();
    let body = reader.bytes(&head.headers, body).await?;
    let asking = Asking {
        visit,
        config: &config,
        form: Form::Chat,
        serves,
        principal: &principal,
        headers: &head.headers,
        body: &body,
    };
    if let Some(answer) = asking.answer().await? {
        return Ok(answer);
    }
    let pictures = pictures(config.gateway.http.endpoints.chat_completions.images.as_ref());
    let work = body.len();
    let read =
        move || request::read(&body, |said| Talk::read(said, Pictures::new("image_url", pictures)));
    let asked = compute(work, read).await?;
    let Asked { model, stream, include_usage, user, talk, sampling, thinking, tools } = asked;

    let wish = Wish {
        headers: &head.headers,
        model: model.as_deref(),
        user: user.as_deref(),
        uuid,
        prefix: "openai",
    };
    let agents = deps.conversations.agents();
    let target = wish.target(&principal, &agents, &config.session.main_key)?;

    let label = Label {
        id: format!("chatcmpl_{uuid}"),
        created: deps.clock.now().as_millis() / 1000,
        model: model.unwrap_or_else(|| NO_MODEL.to_owned()),
    };
    let shown =
        Shown { usage: include_usage, thinking: shows_thoughts(thinking), silence: NOTHING_SAID };
    let must_call = matches!(tools.choice, ToolChoice::Required | ToolChoice::Named(_));
    let question = Question {
        run: label.id.parse().map_err(|_| Refusal::failed("the run has no name", None))?,
        session: target.session,
        fresh: target.fresh,
        agent: target.agent,
        history: talk.history,
        message: talk.now.gather(&*deps.fetch).await?,
        instructions: talk.instructions,
        model: target.model,
        thinking,
        sampling,
        tools,
    };
    let answer = deps.conversations.ask(question).await?;
    respond(&label, answer, Manner { stream, shown }, must_call).await
}

/// Puts `answer` into words. It has to ask for a tool if it `must_call` one.
pub(crate) async fn respond(
    label: &Label,
    mut answer: Answer,
    Manner { stream, shown }: Manner,
    must_call: bool,
) -> Result<Response<Body>, Refusal> {
    if !stream {
        return whole::response(label, answer, shown, must_call).await;
    }
    // A failure before the first word still gets a status.
    let first = loop {
        match answer.next().await {
            Some(Reply::Thinking(_)) if !shown.thinking => (),
            first => break first,
        }
    };
    sse::response(label, first, answer, shown)
}

/// What of an answer is shown beside what was said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    /// What it used, at the end of a stream.
    pub(crate) usage: bool,
    /// What the model thought.
    pub(crate) thinking: bool,
    /// What stands where nothing was said.
    pub(crate) silence: &'static str,
}

/// How an answer is worded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Whether it comes piece by piece.
    pub(crate) stream: bool,
    /// What of it is shown.
    pub(crate) shown: Shown,
}

/// Nobody expects thoughts who did not ask for them.
pub(crate) fn shows_thoughts(thinking: Option<Thinking>) -> bool {
    thinking.is_some_and(|thinking| thinking != Thinking::Off)
}

pub(crate) fn pictures(config: Option<&HttpFilesConfig>) -> Policy {
    match config {
        Some(config) => Policy::pictures(config, false),
        None => Policy::pictures(&HttpFilesConfig::default(), false),
    }
}
