//! `POST /v1/messages/count_tokens`.

use domain::access::Scope;
use http::{HeaderValue, Request, Response, StatusCode};
use http_kit::{Body, Fork, Way, compute, identify, json, relays};
use hyper::body::Incoming;
use ports::driving::TokenCount;
use serde::Serialize;

use crate::{
    Visit,
    caller::{caller, secret},
    create::read,
    not_served,
    refusal::Refusal,
    request::{self, Purpose},
    straight::{ends, request_of},
};

#[derive(Serialize)]
struct Counted {
    input_tokens: u64,
}

pub(crate) async fn count(
    visit: &Visit,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let config = visit.deps.config.current();
    let serves = visit.deps.serves(&config);
    if !serves && !relays(&config) {
        return Ok(not_served());
    }
    let principal = if relays(&config) {
        let secret = secret(request.headers());
        identify(&*visit.deps.door, &request, secret).await?
    } else {
        caller(&visit.deps, &request, Scope::Read).await?
    };
    let (headers, body) = read(request, &config).await?;
    let (relay, scope) = (&*visit.deps.relay, Scope::Read);
    let fork = Fork { config: &config, relay, serves, principal: &principal, scope };
    let count = match fork.way(&headers, &body).await {
        Ok(Way::Straight { model, .. }) => {
            principal.may_relay()?;
            let (depth, length) = (config.gateway.limits.json_depth, body.len());
            let read = move || request_of(request::read(&body, depth, Purpose::Count)?);
            let request = compute(length, read).await?;
            relay.count(&principal, &model, request).await?
        }
        Ok(Way::Agent) => {
            let read = (headers, body);
            let (asked, target) = visit.asked(&principal, read, &config, Purpose::Count).await?;
            visit.deps.counter.count(visit.question(asked, target)?).await?
        }
        Err(no_way) => return ends(no_way),
    };
    let mut response = json(StatusCode::OK, &Counted { input_tokens: count.tokens() });
    let how = match count {
        TokenCount::Counted(_) => "counted",
        TokenCount::Estimated(_) => "estimated",
    };
    response.headers_mut().insert("x-openclaw-token-count", HeaderValue::from_static(how));
    Ok(response)
}
