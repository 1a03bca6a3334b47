//! `POST /v1/messages/count_tokens`.

use domain::access::Scope;
use http::{HeaderValue, Request, Response, StatusCode};
use http_kit::{Body, json};
use hyper::body::Incoming;
use ports::driving::TokenCount;
use serde::Serialize;

use crate::{Visit, caller::caller, create::read, not_served, refusal::Refusal, request::Purpose};

#[derive(Serialize)]
struct Counted {
    input_tokens: u64,
}

pub(crate) async fn count(
    visit: &Visit,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let config = visit.deps.config.current();
    if !visit.deps.serves(&config) {
        return Ok(not_served());
    }
    let principal = caller(&visit.deps, &request, Scope::Read).await?;
    let read = read(request, &config).await?;
    let (asked, target) = visit.asked(&principal, read, &config, Purpose::Count).await?;
    let question = visit.question(asked, target)?;
    let count = visit.deps.counter.count(question).await?;
    let mut response = json(StatusCode::OK, &Counted { input_tokens: count.tokens() });
    let how = match count {
        TokenCount::Counted(_) => "counted",
        TokenCount::Estimated(_) => "estimated",
    };
    response.headers_mut().insert("x-openclaw-token-count", HeaderValue::from_static(how));
    Ok(response)
}
