#![doc = include_str!("../README.md")]

mod account;
mod refusal;
mod seen;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    hooks::{Signed, Tree},
    slack::{SlackRequest, signed},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{Area, Body, Reader, empty, form, handler_of, json};
use hyper::body::Incoming;
use ports::{
    driven::{Clock, ConfigSource, Macs},
    driving::{SlackBody, SlackDelivery, SlackInbox},
};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::{account::account, refusal::Refusal, seen::Seen};

/// The longest body, in bytes.
const BODY: usize = 512 * 1024;
/// How many bodies are read at a time: nobody is known before.
const AT_ONCE: usize = 64;

/// What taking in what Slack sends needs.
#[derive(Clone)]
pub struct Deps {
    /// Takes it.
    pub inbox: Arc<dyn SlackInbox>,
    /// Knows Slack's seal.
    pub macs: Arc<dyn Macs>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
}

/// The paths Slack sends to, wherever the configuration puts them.
pub fn area(deps: Deps) -> Area {
    let config = Arc::clone(&deps.config);
    let shared = Arc::new(Shared { deps, seen: Seen::default(), room: Semaphore::new(AT_ONCE) });
    Area {
        name: "slack",
        holds: Arc::new(move |path| account(&config.current().channels, path).is_some()),
        handler: handler_of(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request).await.unwrap_or_else(Refusal::into_response) }
        }),
    }
}

struct Shared {
    deps: Deps,
    seen: Seen,
    room: Semaphore,
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let (head, body) = request.into_parts();
        let config = self.deps.config.current();
        let account = account(&config.channels, head.uri.path()).ok_or(Refusal::NotFound)?;
        if head.method != Method::POST {
            return Err(Refusal::WrongMethod);
        }
        let claim = self.claim(&head.headers)?;
        let body = {
            let _place = self.room.try_acquire().map_err(|_| Refusal::NoRoom)?;
            let timeout = Duration::from_millis(config.gateway.limits.http_body_ms);
            let reader = Reader { limit: BODY, timeout };
            reader.bytes(&head.headers, body).await.map_err(Refusal::Body)?
        };
        let secret = &account.signing_secret;
        let is_seal = |seal| self.deps.macs.is_seal(secret, &claim.before, &body, seal);
        if !claim.tags.iter().any(is_seal) {
            return Err(Refusal::Unauthorized);
        }
        let (kind, body) = understand(&head.headers, body)?;
        match kind {
            SlackRequest::CertificateCheck => Ok(empty(StatusCode::OK)),
            SlackRequest::Challenge(challenge) => {
                Ok(json(StatusCode::OK, &Challenge { challenge: &challenge }))
            }
            SlackRequest::Event { name } => {
                let account = account.name.into();
                self.hand_on(SlackDelivery { account, name, body }).await
            }
        }
    }

    /// What the headers say about the signature.
    fn claim(&self, headers: &HeaderMap) -> Result<Signed, Refusal> {
        let shown = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let time = shown("x-slack-request-timestamp");
        let claim = signed(time, shown("x-slack-signature"), self.deps.clock.now());
        claim.map_err(|_| Refusal::Unauthorized)
    }

    async fn hand_on(&self, delivery: SlackDelivery) -> Result<Response<Body>, Refusal> {
        let turn = match &delivery.name {
            None => None,
            Some(name) => {
                let name = format!("{} {name}", delivery.account);
                match self.seen.begin(name, self.deps.clock.now()) {
                    seen::Begun::Turn(turn) => Some(turn),
                    seen::Begun::Done => return Ok(empty(StatusCode::OK)),
                    seen::Begun::UnderWay => return Err(Refusal::UnderWay),
                }
            }
        };
        self.deps.inbox.deliver(delivery).await.map_err(Refusal::Inbox)?;
        if let Some(turn) = turn {
            turn.done(self.deps.clock.now());
        }
        Ok(empty(StatusCode::OK))
    }
}

/// What a body is, by its type.
fn understand(headers: &HeaderMap, body: Bytes) -> Result<(SlackRequest, SlackBody), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let fields = form(&body);
        return Ok((SlackRequest::of_form(&fields), SlackBody::Form(fields)));
    }
    match serde_json::from_slice::<Tree>(&body) {
        Ok(tree) => Ok((SlackRequest::of_json(&tree), SlackBody::Json(body.into()))),
        Err(_) => Err(Refusal::NoJson),
    }
}

#[derive(Serialize)]
struct Challenge<'a> {
    challenge: &'a str,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
