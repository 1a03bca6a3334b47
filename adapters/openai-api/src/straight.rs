//! Requests that go straight to a provider, without an agent.
//!
//! A provider that takes requests of this form gets the bytes, and its own are the
//! answer. For the others it is said what a request means (`chat.rs`,
//! `responses.rs`), and what they say is put into words as an agent's answer is.

mod chat;
mod responses;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::{
    access::{Principal, Scope},
    agent::ModelRef,
    relay::Form,
};
use http::{HeaderMap, Request, Response};
use http_kit::{
    Body, Fork, NoWay, Way, bearer, passed_on, passed_refusal, show_answerer, show_standing,
};
use ports::{
    config::Config,
    driven::RelayError,
    driving::{Answer, Meaning, Passed, Passing, RelayRefusal, Relayed},
};

use self::{chat::ChatMeaning, responses::ResponseMeaning};
use crate::{
    Deps, Visit,
    completions::{self, Label},
    not_served,
    refusal::Refusal,
    responses::respond,
    whole::broke_off,
};

/// Whoever made `request`, as far as it is found out before the body is read.
pub(crate) async fn asker<B>(
    deps: &Deps,
    request: &Request<B>,
    config: &Config,
) -> Result<Principal, Refusal> {
    Ok(http_kit::asker(&*deps.door, request, bearer(request.headers()), config).await?)
}

/// What has to be known of a request before it goes one way or the other.
pub(crate) struct Asking<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) config: &'a Arc<Config>,
    pub(crate) form: Form,
    /// Whether agents are served on this path.
    pub(crate) serves: bool,
    pub(crate) principal: &'a Principal,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

impl Asking<'_> {
    /// The answer of a provider, if it is one who is asked; nothing if the request
    /// is for an agent, who may be asked.
    pub(crate) async fn answer(&self) -> Result<Option<Response<Body>>, Refusal> {
        let Self { visit, config, form, serves, principal, headers, body } = *self;
        let (relay, scope) = (&*visit.deps.relay, Scope::Write);
        let fork = Fork { config, relay, serves, principal, scope };
        match fork.way(headers, body).await {
            Ok(Way::Agent) => Ok(None),
            Ok(Way::Straight { model, name_at }) => {
                let wording = self.wording();
                let meaning = wording.as_ref().map(Wording::meaning);
                let (body, headers) = (body.clone(), Vec::new());
                let request = Passed { form, model, body, name_at, headers, meaning };
                Ok(Some(pass(visit, principal, request, wording).await))
            }
            Err(NoWay::NotServed) => Ok(Some(not_served())),
            Err(NoWay::NoModel(model)) => Err(Refusal::no_model(&model)),
            Err(NoWay::Nameless) => {
                Err(Refusal::invalid("model", "model: required, as in openai/gpt-5"))
            }
            Err(NoWay::Denied(denied)) => Err(denied.into()),
        }
    }
}

/// Says what a request means, and puts what comes of it into the words of its form.
pub(crate) enum Wording {
    Chat(Arc<ChatMeaning>),
    Response(Arc<ResponseMeaning>),
}

impl Asking<'_> {
    fn wording(&self) -> Option<Wording> {
        let (body, config) = (self.body.clone(), Arc::clone(self.config));
        let fetch = Arc::clone(&self.visit.deps.fetch);
        match self.form {
            Form::Chat => {
                let manner = OnceLock::new();
                Some(Wording::Chat(Arc::new(ChatMeaning { body, config, fetch, manner })))
            }
            Form::Responses => {
                let manner = OnceLock::new();
                let meaning = ResponseMeaning { body, config, fetch, manner };
                Some(Wording::Response(Arc::new(meaning)))
            }
            Form::Embeddings | Form::Messages => None,
        }
    }
}

impl Wording {
    fn meaning(&self) -> Arc<dyn Meaning> {
        match self {
            Self::Chat(meaning) => meaning.clone(),
            Self::Response(meaning) => meaning.clone(),
        }
    }

    /// What `model` answers, in the words of the form.
    async fn say(
        &self,
        visit: &Visit,
        model: &ModelRef,
        answer: Answer,
    ) -> Result<Response<Body>, Refusal> {
        match self {
            Self::Chat(meaning) => {
                let label = Label {
                    id: format!("chatcmpl_{}", visit.uuid),
                    created: visit.deps.clock.now().as_millis() / 1000,
                    model: model.model().to_owned(),
                };
                let manner = meaning.manner.get().copied().unwrap_or_default();
                completions::respond(&label, answer, manner, false).await
            }
            Self::Response(meaning) => {
                let manner = meaning.manner.get().ok_or_else(broke_off)?;
                Ok(respond(visit, model, answer, manner).await)
            }
        }
    }
}

/// Passes `request` on to the provider of its model. What one answers who speaks
/// another form is put into words by `wording`.
pub(crate) async fn pass(
    visit: &Visit,
    principal: &Principal,
    request: Passed,
    wording: Option<Wording>,
) -> Response<Body> {
    let Relayed { standing, answer } = visit.deps.relay.relay(principal, request).await;
    let mut response = match (answer, wording) {
        (Ok(Passing::Copied(copied)), _) => passed_on(copied, last_words),
        (Ok(Passing::Told { model, answer }), Some(wording)) => {
            let said = wording.say(visit, &model, answer).await;
            let mut response = said.unwrap_or_else(Refusal::into_response);
            show_answerer(response.headers_mut(), &model);
            response
        }
        (Ok(Passing::Told { .. }), None) => broke_off().into_response(),
        (Err(refusal), _) => refused(refusal),
    };
    show_standing(response.headers_mut(), &standing);
    response
}

/// That `field` would be lost in other words.
fn lost(field: impl Into<String>) -> Refusal {
    let field = field.into();
    let why = "the provider of this model speaks another protocol, which has no word for it";
    Refusal::invalid(field.clone(), format!("{field}: {why}"))
}

/// How a stream ends that broke off.
fn last_words(error: &RelayError) -> String {
    format!("data: {}\n\ndata: [DONE]\n\n", Refusal::relayed(error).envelope())
}

fn refused(refusal: RelayRefusal) -> Response<Body> {
    let RelayRefusal::Provider(error) = refusal else {
        return Refusal::from(refusal).into_response();
    };
    passed_refusal(&error).unwrap_or_else(|| Refusal::relayed(&error).into_response())
}
