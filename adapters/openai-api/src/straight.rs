//! Requests that go straight to a provider, without an agent: those that name
//! their model `<provider>/<model>`, where the configuration wants that.

use bytes::Bytes;
use domain::{
    access::{Access, Principal, Scope},
    agent::ModelRef,
    relay::Form,
};
use http::{HeaderMap, Request, Response};
use http_kit::{
    Body, Named, bearer, compute, identify, is_for_agent, passed_on, passed_refusal, show_standing,
};
use ports::{
    config::Config,
    driven::RelayError,
    driving::{Passed, RelayRefusal, Relayed},
};

use crate::{Deps, Visit, caller::caller, not_served, refusal::Refusal};

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
    let principal = identify(&*deps.door, request, bearer(request.headers())).await?;
    principal.may_relay()?;
    Ok(principal)
}

/// The answer of a provider to `body`, if it is one who is asked. If not, the
/// request is for an agent, and this is the place where that is checked: whether
/// agents are served, and whether `principal` may ask them.
pub(crate) async fn answer(
    visit: &Visit,
    config: &Config,
    form: Form,
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
            return Ok(Some(pass(visit, form, principal, model, named, body).await));
        }
        if principal.relay_key().is_some() {
            return Err(match model {
                Some(model) => Refusal::no_model(model),
                None => Refusal::invalid("model", "model: required, as in openai/gpt-5"),
            });
        }
    }
    if !serves {
        return Ok(Some(not_served()));
    }
    Access::Operator(Scope::Write).check(principal)?;
    Ok(None)
}

/// Passes `body` on to the provider of `model`, under whatever name it stands there.
pub(crate) async fn pass(
    visit: &Visit,
    form: Form,
    principal: &Principal,
    model: ModelRef,
    named: &Named,
    body: &Bytes,
) -> Response<Body> {
    let request =
        Passed { form, model, body: body.clone(), name_at: named.at.clone(), headers: Vec::new() };
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
