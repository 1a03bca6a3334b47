//! Requests that go straight to a provider, without an agent.

use bytes::Bytes;
use domain::{access::Principal, relay::Form};
use http::{HeaderMap, Response};
use http_kit::{Body, Fork, NoWay, Way, passed_on, passed_refusal, show_standing};
use ports::{
    config::Config,
    driven::RelayError,
    driving::{Passed, RelayRefusal, Relayed},
};

use crate::{Visit, not_served, refusal::Refusal};

/// A header of clients that a provider may have to see.
const BETA: &str = "anthropic-beta";

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
    let fork = Fork { config, relay: &*visit.deps.relay, serves, principal };
    match fork.way(headers, body).await {
        Ok(Way::Agent) => Ok(None),
        Ok(Way::Straight { model, name_at }) => {
            let beta = headers.get(BETA).and_then(|value| value.to_str().ok());
            let request = Passed {
                form: Form::Messages,
                model,
                body: body.clone(),
                name_at,
                headers: beta.map(|value| (BETA.into(), value.into())).into_iter().collect(),
            };
            Ok(Some(pass(visit, principal, request).await))
        }
        Err(NoWay::NotServed) => Ok(Some(not_served())),
        Err(NoWay::NoModel(model)) => Err(Refusal::no_model(&model)),
        Err(NoWay::Nameless) => {
            Err(Refusal::invalid("model: required, as in anthropic/claude-opus-4-5"))
        }
        Err(NoWay::Denied(denied)) => Err(denied.into()),
    }
}

async fn pass(visit: &Visit, principal: &Principal, request: Passed) -> Response<Body> {
    let Relayed { standing, answer } = visit.deps.relay.relay(principal, request).await;
    let id = visit.request_id.as_ref();
    let mut response = match answer {
        Ok(answer) => passed_on(answer, last_words),
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
