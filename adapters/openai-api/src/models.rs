//! `GET /v1/models`: the agents one can ask, in the clothes of models.

use domain::{
    access::{Access, Principal, Scope},
    time::Timestamp,
};
use http::{Request, Response, StatusCode};
use http_kit::{Body, bearer, identify, json, relays};
use ports::config::Config;
use serde::Serialize;

use crate::{Deps, Visit, not_served, refusal::Refusal};

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: String,
}

/// All of them. They count as made at `since`.
pub(crate) async fn list<B>(
    visit: &Visit,
    request: &Request<B>,
    since: Timestamp,
) -> Result<Response<Body>, Refusal> {
    if !visit.deps.serves_anything(&visit.deps.config.current()) {
        return Ok(not_served());
    }
    let principal = reader(&visit.deps, request).await?;
    let list = List { object: "list", data: models(&visit.deps, &principal, since) };
    Ok(json(StatusCode::OK, &list))
}

/// The one whose name follows `/v1/models/`.
pub(crate) async fn retrieve<B>(
    visit: &Visit,
    request: &Request<B>,
    since: Timestamp,
) -> Result<Response<Body>, Refusal> {
    if !visit.deps.serves_anything(&visit.deps.config.current()) {
        return Ok(not_served());
    }
    let principal = reader(&visit.deps, request).await?;
    let raw = request.uri().path().strip_prefix("/v1/models/").unwrap_or_default();
    let id = decode(raw).ok_or_else(|| Refusal::no_model(raw))?;
    let model = models(&visit.deps, &principal, since).into_iter().find(|model| model.id == id);
    let model = model.ok_or_else(|| Refusal::no_model(&id))?;
    Ok(json(StatusCode::OK, &model))
}

impl Deps {
    /// Whether there is anything that takes the name of a model.
    fn serves_anything(&self, config: &Config) -> bool {
        let near = *self.loopback_only.get();
        let http = &config.gateway.http;
        relays(config)
            || http.serves_chat_completions(near)
            || http.serves_responses(near)
            || http.serves_messages(near)
    }
}

/// Whoever made `request`, who may read, or holds a key for models.
async fn reader<B>(deps: &Deps, request: &Request<B>) -> Result<Principal, Refusal> {
    let principal = identify(&*deps.door, request, bearer(request.headers())).await?;
    if principal.relay_key().is_none() {
        Access::Operator(Scope::Read).check(&principal)?;
    }
    Ok(principal)
}

/// The agents, and then the models of providers, as far as `caller` may ask them.
fn models(deps: &Deps, caller: &Principal, since: Timestamp) -> Vec<Model> {
    let created = since.as_millis() / 1000;
    let model = |id: String, owned_by: &str| Model {
        id,
        object: "model",
        created,
        owned_by: owned_by.to_owned(),
    };
    let provided = deps.relay.models(caller).into_iter();
    let provided = provided.map(|it| model(it.to_string(), it.provider()));
    if caller.relay_key().is_some() {
        return provided.collect();
    }
    let agents = deps.conversations.agents();
    let names = agents.iter().map(|agent| format!("openclaw/{agent}"));
    let fixed = ["openclaw", "openclaw/default"].map(str::to_owned);
    // An agent may be called `default`.
    let names = names.filter(|name| *name != fixed[1]);
    let names = fixed.clone().into_iter().chain(names);
    names.map(|name| model(name, "openclaw")).chain(provided).collect()
}

/// `raw` with `%2F` as `/`, as some clients write the name of a model in a
/// path. `None` if it is not an encoded text.
fn decode(raw: &str) -> Option<String> {
    let mut pieces = raw.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        let digits = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        bytes.push(digits.then(|| u8::from_str_radix(code, 16).ok())??);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[test]
fn names_in_paths_may_be_encoded() {
    #[rustfmt::skip]
    let table = [
        ("openclaw",          Some("openclaw")),
        ("openclaw/main",     Some("openclaw/main")),
        ("openclaw%2Fmain",   Some("openclaw/main")),
        ("%6f%C3%BC",         Some("oü")),
        ("a%2",               None),
        ("a%",                None),
        ("a%+1",              None),
        ("a%zz",              None),
        ("%ff",               None),
    ];
    for (raw, name) in table {
        assert_eq!(decode(raw).as_deref(), name, "{raw}");
    }
}
