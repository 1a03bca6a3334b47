//! `POST /v1/messages`.

use std::time::Duration;

use bytes::Bytes;
use domain::access::Principal;
use futures_util::StreamExt;
use http::{HeaderMap, Request, Response, request::Parts};
use http_kit::{Body, Reader, Target, Wish, asker, compute, relays};
use hyper::body::Incoming;
use ports::{
    config::Config,
    driving::{Answer, Question},
};

use crate::{
    Visit,
    caller::secret,
    not_served,
    refusal::Refusal,
    request::{self, Asked, Purpose},
    script::Label,
    sse, straight,
    thinking::Shown,
    whole,
};

pub(crate) async fn create(
    visit: &Visit,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let config = visit.deps.config.current();
    let serves = visit.deps.serves(&config);
    if !serves && !relays(&config) {
        return Ok(not_served());
    }
    let secret = secret(request.headers());
    let principal = asker(&*visit.deps.door, &request, secret, &config).await?;
    let (headers, body) = read(request, &config).await?;
    let relayed = straight::answer(visit, &config, serves, &principal, &headers, &body).await?;
    if let Some(answer) = relayed {
        return Ok(answer);
    }
    let read = (headers, body);
    let (asked, target) = visit.asked(&principal, read, &config, Purpose::Answer).await?;
    let label = Label {
        stops: asked.sampling.stop.clone(),
        thoughts: asked.thoughts,
        ..visit.label(asked.model.clone())
    };
    let stream = asked.stream;
    let question = visit.question(asked, target)?;
    let answer = visit.deps.conversations.ask(question).await?;
    respond(label, answer, stream).await
}

/// Puts `answer` into words, piece by piece if it is a `stream`.
pub(crate) async fn respond(
    label: Label,
    mut answer: Answer,
    stream: bool,
) -> Result<Response<Body>, Refusal> {
    if !stream {
        return whole::response(&label, answer).await;
    }
    // A failure before the first word still gets a status.
    let first = answer.next().await;
    sse::response(label, first, answer)
}

/// The headers and the body of `request`.
pub(crate) async fn read(
    request: Request<Incoming>,
    config: &Config,
) -> Result<(HeaderMap, Bytes), Refusal> {
    let (Parts { headers, .. }, body) = request.into_parts();
    let limits = &config.gateway.limits;
    let reader = Reader {
        limit: limits.messages_body_bytes,
        timeout: Duration::from_millis(limits.http_body_ms),
    };
    let body = reader.bytes(&headers, body).await?;
    Ok((headers, body))
}

impl Visit {
    /// What `principal` asks with these headers and this body, and whom.
    pub(crate) async fn asked(
        &self,
        principal: &Principal,
        (headers, body): (HeaderMap, Bytes),
        config: &Config,
        purpose: Purpose,
    ) -> Result<(Asked, Target), Refusal> {
        let depth = config.gateway.limits.json_depth;
        let asked = compute(body.len(), move || request::read(&body, depth, purpose)).await?;

        let own_place = format!("anthropic:{}", self.uuid);
        let wish = Wish {
            headers: &headers,
            model: Some(&asked.model),
            place: asked.place.as_deref().map(|place| ("metadata.user_id", place)),
            own_place: &own_place,
        };
        let agents = self.deps.conversations.agents();
        let target = wish.target(principal, &agents, &config.session.main_key)?;
        if target.fresh && asked.talk.rests_on_transcript() {
            let message = "messages: tool_result without a tool_use before it";
            return Err(Refusal::invalid(message));
        }
        Ok((asked, target))
    }

    /// What an answer of `model` is called.
    pub(crate) fn label(&self, model: String) -> Label {
        Label {
            id: self.answer_id(),
            model,
            request_id: self.request_id.as_ref().and_then(|id| Some(id.to_str().ok()?.to_owned())),
            stops: Vec::new(),
            thoughts: Shown::No,
        }
    }

    fn answer_id(&self) -> String {
        format!("msg_{}", self.uuid)
    }

    /// What is asked of whom, as the gateway understands it.
    pub(crate) fn question(&self, asked: Asked, target: Target) -> Result<Question, Refusal> {
        let run = self.answer_id().parse();
        Ok(Question {
            run: run.map_err(|_| Refusal::failed("the run has no name", None))?,
            session: target.session,
            fresh: target.fresh,
            agent: target.agent,
            history: asked.talk.history,
            message: asked.talk.message,
            instructions: asked.talk.instructions,
            model: target.model,
            thinking: asked.thinking,
            sampling: asked.sampling,
            tools: asked.tools,
        })
    }
}
