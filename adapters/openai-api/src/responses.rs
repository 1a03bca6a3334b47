//! `POST /v1/responses`, and what can be done with a response afterwards
//! (`gateway-reference.md` 1.8, OpenAI's Responses API).

mod draft;
pub(crate) mod files;
mod input;
mod kept;
mod making;
mod request;
mod resource;

use std::time::Duration;

use domain::{agent::ModelRef, approval::Owner, relay::Form};
use futures_util::stream;
use http::{Request, Response};
use http_kit::{Body, Reader, Target, compute, relays};
use hyper::body::Incoming;
use ports::{
    config::{Config, ResponsesEndpointConfig},
    driven::ToolChoice,
    driving::{Answer, Question},
};

use crate::{
    Deps, Visit,
    completions::shows_thoughts,
    media::Policy,
    not_served,
    refusal::Refusal,
    straight::{self, Asking},
    target::Wish,
};

use self::{
    draft::Draft,
    making::{Keeper, Making},
    resource::Label,
};
pub(crate) use self::{
    input::Allowed,
    kept::{cancel, delete, input_items, retrieve},
    making::Running,
    request::{Asked, read},
    resource::Terms,
};

/// The longest body unless the configuration says otherwise, in bytes.
const BODY: u64 = 20 * 1024 * 1024;
/// How many parts may be addresses unless the configuration says otherwise.
const URL_PARTS: usize = 8;

impl Deps {
    fn serves_responses(&self, config: &Config) -> bool {
        config.gateway.http.serves_responses(*self.loopback_only.get())
    }
}

/// Makes a response: whole, or as a stream of events.
pub(crate) async fn create(
    visit: &Visit,
    request: Request<Incoming>,
    running: Running,
) -> Result<Response<Body>, Refusal> {
    let Visit { deps, uuid } = visit;
    let config = deps.config.current();
    let serves = deps.serves_responses(&config);
    if !serves && !relays(&config) {
        return Ok(not_served());
    }
    let principal = straight::asker(deps, &request, &config).await?;
    let endpoint = &config.gateway.http.endpoints.responses;
    let reader = Reader {
        limit: usize::try_from(longest(endpoint)).unwrap_or(usize::MAX),
        timeout: Duration::from_millis(config.gateway.limits.http_body_ms),
    };
    let (head, body) = request.into_parts();
    let body = reader.bytes(&head.headers, body).await?;
    let asking = Asking {
        visit,
        config: &config,
        form: Form::Responses,
        serves,
        principal: &principal,
        headers: &head.headers,
        body: &body,
    };
    if let Some(answer) = asking.answer().await? {
        return Ok(answer);
    }
    let asked = compute(body.len(), move || read(&body)).await?;

    let owner = Owner::of(&principal);
    let wish = Wish {
        headers: &head.headers,
        model: Some(&asked.model),
        user: asked.user.as_deref(),
        uuid,
        prefix: "openresponses",
    };
    let agents = deps.conversations.agents();
    let mut target = wish.target(&principal, &agents, &config.session.main_key)?;
    if let Some(previous) = &asked.previous {
        go_on(&mut target, deps, &owner, previous)?;
    }

    let id = format!("resp_{uuid}");
    let label = Label {
        id: id.as_str().into(),
        created: deps.clock.now().as_millis() / 1000,
        terms: Terms::of(&asked).into(),
    };
    let Asked { input, raw_input, instructions, stream, sampling, tools, thinking, .. } = asked;
    let shows_thoughts = shows_thoughts(thinking);
    let allowed = Allowed::by(endpoint);
    let continues = asked.previous.is_some();
    let work = raw_input.as_str().len();
    let talk = compute(work, move || input.talk(instructions, continues, allowed)).await?;
    let must_call = matches!(tools.choice, ToolChoice::Required | ToolChoice::Named(_));
    let keeper = asked.store.then(|| Keeper {
        responses: deps.responses.clone(),
        owner: owner.clone(),
        session: target.session.clone(),
        input: raw_input,
    });
    let question = Question {
        run: id.parse().map_err(|_| Refusal::failed("the run has no name", None))?,
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
    let (answer, stop) = stream::abortable(answer);
    let answer: Answer = Box::pin(answer);
    let ticket = running.enter(owner, label.clone(), stop);
    let draft = Draft::new(label, uuid, shows_thoughts, stream);
    let making = Making::new(draft, answer, deps.clock.clone(), keeper, must_call, ticket);
    if stream { Ok(making.events()) } else { Ok(making.whole().await) }
}

/// Puts what a model says that was asked without an agent into words.
pub(crate) async fn respond(
    visit: &Visit,
    model: &ModelRef,
    answer: Answer,
    manner: &Manner,
) -> Response<Body> {
    let Visit { deps, uuid } = visit;
    let label = Label {
        id: format!("resp_{uuid}").into(),
        created: deps.clock.now().as_millis() / 1000,
        terms: manner.terms.unkept(model.model()).into(),
    };
    let draft = Draft::new(label, uuid, manner.shows_thoughts, manner.stream);
    let making = Making::straight(draft, answer, deps.clock.clone());
    if manner.stream { making.events() } else { making.whole().await }
}

/// How a response is worded.
#[derive(Debug)]
pub(crate) struct Manner {
    /// Whether it comes piece by piece.
    pub(crate) stream: bool,
    /// What was asked for.
    pub(crate) terms: Terms,
    /// Whether what the model thought is part of it.
    pub(crate) shows_thoughts: bool,
}

impl Allowed {
    /// What a request may hold where the endpoint is configured so.
    pub(crate) fn by(endpoint: &ResponsesEndpointConfig) -> Self {
        Self {
            pictures: Policy::pictures(&endpoint.images, true),
            files: Policy::files(&endpoint.files),
            url_parts: endpoint
                .max_url_parts
                .map_or(URL_PARTS, |parts| usize::try_from(parts).unwrap_or(usize::MAX)),
        }
    }
}

/// Puts a response into the conversation of the one it goes on after.
fn go_on(target: &mut Target, deps: &Deps, owner: &Owner, previous: &str) -> Result<(), Refusal> {
    let Some(kept) = deps.responses.find(owner, previous) else {
        return Err(Refusal::no_response(previous, "previous_response_id"));
    };
    if let Some(agent) = kept.session.agent() {
        target.agent = agent;
    }
    target.session = kept.session.clone();
    target.fresh = false;
    Ok(())
}

/// The longest body, in bytes.
fn longest(endpoint: &ResponsesEndpointConfig) -> u64 {
    endpoint.max_body_bytes.unwrap_or_else(|| {
        let parts = [endpoint.files.max_bytes, endpoint.images.max_bytes];
        let largest = parts.into_iter().flatten().max().unwrap_or_default();
        BODY.max(largest.saturating_mul(2))
    })
}
