//! Requests that go straight to a provider, without an agent.

use bytes::Bytes;
use domain::{access::Principal, relay::Form};
use http::{HeaderMap, Request, Response};
use http_kit::{Body, Fork, NoWay, Way, bearer, passed_on, passed_refusal, show_standing};
use ports::{
    config::Config,
    driven::RelayError,
    driving::{Passed, RelayRefusal, Relayed},
};

use crate::{Deps, Visit, not_served, refusal::Refusal};

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
    pub(crate) config: &'a Config,
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
        let fork = Fork { config, relay: &*visit.deps.relay, serves, principal };
        match fork.way(headers, body).await {
            Ok(Way::Agent) => Ok(None),
            Ok(Way::Straight { model, name_at }) => {
                let (body, headers) = (body.clone(), Vec::new());
                let request = Passed { form, model, body, name_at, headers };
                Ok(Some(pass(visit, principal, request).await))
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

/// Passes `request` on to the provider of its model.
pub(crate) async fn pass(visit: &Visit, principal: &Principal, request: Passed) -> Response<Body> {
    let Relayed { standing, answer } = visit.deps.relay.relay(principal, request).await;
    let mut response = answer.map_or_else(refused, |answer| passed_on(answer, last_words));
    show_standing(response.headers_mut(), &standing);
    response
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
