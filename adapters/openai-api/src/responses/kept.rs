//! What can be done with a response that was made: see it again, see what was
//! asked, stop it, have it forgotten. Only whoever asked for it can.

use std::sync::Arc;

use domain::{access::Scope, approval::Owner};
use http::{Request, Response, StatusCode};
use http_kit::{Body, json};
use ports::{Json, driving::KeptResponse};
use serde::Serialize;
use serde_json::Value;

use super::making::Running;
use crate::{Visit, caller::caller, not_served, refusal::Refusal};

/// `GET /v1/responses/{id}`.
pub(crate) async fn retrieve<B>(
    visit: &Visit,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    let Some(owner) = owner(visit, request, Scope::Read).await? else { return Ok(not_served()) };
    let kept = find(visit, &owner, id(request))?;
    Ok(json(StatusCode::OK, &kept.resource))
}

/// `DELETE /v1/responses/{id}`. It is off the disk when this is answered.
pub(crate) async fn delete<B>(
    visit: &Visit,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    #[derive(Serialize)]
    struct Forgotten<'a> {
        id: &'a str,
        object: &'static str,
        deleted: bool,
    }

    let Some(owner) = owner(visit, request, Scope::Write).await? else { return Ok(not_served()) };
    let id = id(request);
    match visit.deps.responses.forget(&owner, id).await {
        Ok(true) => Ok(json(StatusCode::OK, &Forgotten { id, object: "response", deleted: true })),
        Ok(false) => Err(Refusal::no_response(id, "response_id")),
        Err(error) => Err(Refusal::unkept(&error)),
    }
}

/// `POST /v1/responses/{id}/cancel`: stops a response that is being made.
pub(crate) async fn cancel<B>(
    visit: &Visit,
    request: &Request<B>,
    running: &Running,
) -> Result<Response<Body>, Refusal> {
    let Some(owner) = owner(visit, request, Scope::Write).await? else { return Ok(not_served()) };
    let id = id(request);
    if let Some(label) = running.stop(&owner, id) {
        return Ok(json(StatusCode::OK, &label.cancelled()));
    }
    let kept = find(visit, &owner, id)?;
    let resource: Value = serde_json::from_str(kept.resource.as_str()).unwrap_or_default();
    let status = resource["status"].as_str().unwrap_or("completed");
    if status == "cancelled" {
        return Ok(json(StatusCode::OK, &resource));
    }
    let message = format!("Cannot cancel a response that is {status}.");
    Err(Refusal::invalid("response_id", message))
}

/// `GET /v1/responses/{id}/input_items`: what was asked, on one page.
pub(crate) async fn input_items<B>(
    visit: &Visit,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    #[derive(Serialize)]
    struct List<'a> {
        object: &'static str,
        first_id: Option<&'a str>,
        last_id: Option<&'a str>,
        has_more: bool,
        data: &'a [Value],
    }

    let Some(owner) = owner(visit, request, Scope::Read).await? else { return Ok(not_served()) };
    let id = id(request);
    let kept = find(visit, &owner, id)?;
    let mut items = items(id, kept.input.as_ref())
        .ok_or_else(|| Refusal::invalid("response_id", "The input was too large to be kept."))?;
    let newest_first = !request.uri().query().unwrap_or_default().contains("order=asc");
    if newest_first {
        items.reverse();
    }
    let name = |item: Option<&'_ Value>| item.and_then(|it| it["id"].as_str()).map(str::to_owned);
    let (first, last) = (name(items.first()), name(items.last()));
    Ok(json(
        StatusCode::OK,
        &List {
            object: "list",
            first_id: first.as_deref(),
            last_id: last.as_deref(),
            has_more: false,
            data: &items,
        },
    ))
}

/// The items of `input`, each with an id; a text is one message of a user.
fn items(response: &str, input: Option<&Json>) -> Option<Vec<Value>> {
    let mut items = match serde_json::from_str(input?.as_str()).ok()? {
        Value::Array(items) => items,
        text => vec![serde_json::json!({
            "type": "message",
            "role": "user",
            "content": [{ "type": "input_text", "text": text }],
        })],
    };
    let uuid = response.trim_start_matches("resp_");
    for (at, item) in items.iter_mut().enumerate() {
        let Some(fields) = item.as_object_mut() else { continue };
        fields.entry("type").or_insert_with(|| "message".into());
        fields.entry("id").or_insert_with(|| format!("item_{uuid}_{at}").into());
    }
    Some(items)
}

/// Who asks, if the routes are served and they hold `scope`.
async fn owner<B>(
    visit: &Visit,
    request: &Request<B>,
    scope: Scope,
) -> Result<Option<Owner>, Refusal> {
    if !visit.deps.serves_responses(&visit.deps.config.current()) {
        return Ok(None);
    }
    Ok(Some(Owner::of(&caller(&visit.deps, request, scope).await?)))
}

fn find(visit: &Visit, owner: &Owner, id: &str) -> Result<Arc<KeptResponse>, Refusal> {
    let kept = visit.deps.responses.find(owner, id);
    kept.ok_or_else(|| Refusal::no_response(id, "response_id"))
}

/// The name in the path.
fn id<B>(request: &Request<B>) -> &str {
    let rest = request.uri().path().strip_prefix("/v1/responses/").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}
