//! Requests that go straight to a provider, without an agent: those that name
//! their model `<provider>/<model>`, where the configuration wants that.

use bytes::Bytes;
use domain::{
    access::{Access, Principal, Scope},
    relay::Form,
};
use http::{HeaderMap, Request, Response};
use http_kit::{
    Body, Named, compute, identify, is_for_agent, passed_on, passed_refusal, show_standing,
};
use ports::{
    config::Config,
    driven::RelayError,
    driving::{Passed, RelayRefusal, Relayed},
};

use crate::{
    Deps, Visit,
    caller::{caller, secret},
    not_served,
    refusal::Refusal,
};

/// A header of clients that a provider may have to see.
const BETA: &str = "anthropic-beta";

/// Whether the configuration in force wants requests to go straight to providers.
pub(crate) fn relays(config: &Config) -> bool {
    config.gateway.http.relay.enabled
}

/// Whoever made `request`, who may ask agents, or, where requests go straight to
/// providers, holds a key for that. Whether the latter is enough is found out by
/// [`answer`].
pub(crate) async fn asker<B>(
    deps: &Deps,
    request: &Request<B>,
    config: &Config,
) -> Result<Principal, Refusal> {
    if !relays(config) {
        return caller(deps, request, Scope::Write).await;
    }
    let principal = identify(&*deps.door, request, secret(request.headers())).await?;
    principal.may_relay()?;
    Ok(principal)
}

/// The answer of a provider to `body`, if it is one who is asked. If not, the
/// request is for an agent, and this is the place where that is checked: whether
/// agents are served, and whether `principal` may ask them.
pub(crate) async fn answer(
    visit: &Visit,
    config: &Config,
    serves: bool,
    principal: &Principal,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<Response<Body>>, Refusal> {
    if relays(config) {
        let text = body.clone();
        let named = compute(body.len(), move || Named::find(&text)).await;
        let model = named.as_ref().map(|named| &*named.model);
        if let Some(named) = &named
            && !is_for_agent(headers, model)
            && visit.deps.relay.takes(&named.model)
            && let Ok(model) = named.model.parse()
        {
            let beta = headers.get(BETA).and_then(|value| value.to_str().ok());
            let request = Passed {
                form: Form::Messages,
                model,
                body: body.clone(),
                name_at: named.at.clone(),
                headers: beta.map(|value| (BETA.into(), value.into())).into_iter().collect(),
            };
            return Ok(Some(pass(visit, principal, request).await));
        }
        if principal.relay_key().is_some() {
            return Err(match model {
                Some(model) => Refusal::no_model(model),
                None => Refusal::invalid("model: required, as in anthropic/claude-opus-4-5"),
            });
        }
    }
    if !serves {
        return Ok(Some(not_served()));
    }
    Access::Operator(Scope::Write).check(principal)?;
    Ok(None)
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
