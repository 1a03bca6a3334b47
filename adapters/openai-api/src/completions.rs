//! `POST /v1/chat/completions`.

use std::time::Duration;

use domain::access::Scope;
use futures_util::StreamExt;
use http::{Request, Response};
use http_kit::{Body, Reader, compute};
use hyper::body::Incoming;
use ports::{driven::ToolUse, driving::Question};

use crate::{
    Visit,
    caller::caller,
    not_served,
    refusal::Refusal,
    request::{self, Asked},
    sse,
    target::Wish,
    whole,
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
    if !deps.serves(&config) {
        return Ok(not_served());
    }
    let principal = caller(deps, &request, Scope::Write).await?;

    let limits = &config.gateway.limits;
    let reader = Reader {
        limit: limits.chat_completions_body_bytes,
        timeout: Duration::from_millis(limits.http_body_ms),
    };
    let (head, body) = request.into_parts();
    let body = reader.bytes(&head.headers, body).await?;
    let asked = compute(body.len(), move || request::read(&body)).await?;
    let Asked { model, stream, include_usage, user, talk, sampling, thinking } = asked;

    let wish =
        Wish { headers: &head.headers, model: model.as_deref(), user: user.as_deref(), uuid };
    let agents = deps.conversations.agents();
    let target = wish.target(&principal, &agents, &config.session.main_key)?;

    let label = Label {
        id: format!("chatcmpl_{uuid}"),
        created: deps.clock.now().as_millis() / 1000,
        model: model.unwrap_or_else(|| NO_MODEL.to_owned()),
    };
    let question = Question {
        run: label.id.parse().map_err(|_| Refusal::failed("the run has no name", None))?,
        session: target.session,
        fresh: target.fresh,
        agent: target.agent,
        history: talk.history,
        message: talk.message,
        instructions: talk.instructions,
        model: target.model,
        thinking,
        sampling,
        tools: ToolUse::default(),
    };
    let mut answer = deps.conversations.ask(question).await?;
    if !stream {
        return whole::response(&label, answer).await;
    }
    // A failure before the first word still gets a status.
    let first = answer.next().await;
    sse::response(&label, first, answer, include_usage)
}
