#![doc = include_str!("../README.md")]

mod answer;
mod request;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use http::{Request, Response};
use http_kit::{Area, Body, Reader, circumstances, handler_of};
use hyper::body::Incoming;
use ports::{
    driven::ConfigSource,
    driving::{Doorkeeper, HookCall, HookRefusal, Hooks},
};
use tokio::sync::Semaphore;

use crate::{
    answer::Refused,
    request::{query, shown_headers, token},
};

/// How many bodies are read at a time of callers nobody knows yet.
const STRANGERS: usize = 64;
/// When those should come again for whom there is no room.
const SOON: Duration = Duration::from_secs(1);

/// What webhooks need.
#[derive(Clone)]
pub struct Deps {
    /// Takes calls.
    pub hooks: Arc<dyn Hooks>,
    /// Says where callers are.
    pub door: Arc<dyn Doorkeeper>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
}

/// The paths of webhooks, wherever the configuration puts them.
pub fn area(deps: Deps) -> Area {
    let hooks = Arc::clone(&deps.hooks);
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    Area {
        name: "hooks",
        holds: Arc::new(move |path| hooks.holds(path)),
        handler: handler_of(move |request| {
            let (deps, strangers) = (deps.clone(), Arc::clone(&strangers));
            async move {
                let answered = answer(&deps, &strangers, request).await;
                answered.unwrap_or_else(Refused::into_response)
            }
        }),
    }
}

async fn answer(
    deps: &Deps,
    strangers: &Semaphore,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refused> {
    let place = deps.door.place(&circumstances(&request, &*deps.door));
    let (head, body) = request.into_parts();
    let query = query(&head.uri);
    let knock = request::knock(&head, &query, place, token(&head.headers));
    let entry = deps.hooks.knock(&knock)?;

    let guest = if entry.is_known { None } else { Some(strangers.try_acquire()) };
    if let Some(Err(_)) = &guest {
        let why = "too many calls at once".to_owned();
        return Err(HookRefusal::Unavailable { why, retry_after: SOON }.into());
    }
    let limits = &deps.config.current().gateway.limits;
    let reader =
        Reader { limit: entry.body_limit, timeout: Duration::from_millis(limits.http_body_ms) };
    let body = reader.bytes(&head.headers, body).await;
    drop(guest);
    let body = body.map_err(Refused::Body)?;
    let call = HookCall {
        url: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: shown_headers(&head.headers),
        query,
        body: body.into(),
    };
    Ok(answer::answer(&deps.hooks.call(entry, call).await?))
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
