//! What is answered (`gateway-reference.md` 1.3 and 1.10).

use std::time::Duration;

use domain::{ids::RunId, run::RunStatus};
use http::{HeaderValue, Response, StatusCode, header};
use http_kit::{Body, BodyError, empty, json, text};
use ports::driving::{HookAnswer, HookEnd, HookRefusal};
use serde::Serialize;

/// Everything an answer may say.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_ids: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<Vec<Outcome<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How one run of several ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    run_id: &'a str,
    status: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    fn of(end: &'a HookEnd) -> Self {
        let HookEnd { run, status, text, error } = end;
        Self { run_id: run.as_str(), status: status.as_str(), text, error: error.as_deref() }
    }
}

/// Why there is nothing else to answer.
pub(crate) enum Refused {
    /// The call is not taken.
    Call(HookRefusal),
    /// Its body was not read.
    Body(BodyError),
}

impl From<HookRefusal> for Refused {
    fn from(refusal: HookRefusal) -> Self {
        Self::Call(refusal)
    }
}

impl Refused {
    /// What is answered.
    pub(crate) fn into_response(self) -> Response<Body> {
        match self {
            Self::Call(refused) => refusal(&refused),
            Self::Body(error) => unread(&error),
        }
    }
}

/// What came of a call.
pub(crate) fn answer(answer: &HookAnswer) -> Response<Body> {
    match answer {
        HookAnswer::Woken(mode) => {
            let mode = Some(mode.as_str());
            json(StatusCode::OK, &Told { ok: true, mode, ..Told::default() })
        }
        HookAnswer::Nothing => empty(StatusCode::NO_CONTENT),
        HookAnswer::Asked { runs, is_list, note } => {
            let ids = || runs.iter().map(RunId::as_str).collect();
            let told = Told {
                ok: true,
                run_id: runs.first().map(RunId::as_str),
                run_ids: is_list.then(ids),
                note: *note,
                ..Told::default()
            };
            json(StatusCode::ACCEPTED, &told)
        }
        HookAnswer::Ended { ends, is_list, note } => ended(ends, *is_list, *note),
    }
}

fn ended(ends: &[HookEnd], is_list: bool, note: Option<&'static str>) -> Response<Body> {
    let ok = ends.iter().all(|end| end.status == RunStatus::Ok);
    let first = ends.first();
    let told = Told {
        ok,
        run_id: first.map(|end| end.run.as_str()),
        run_ids: is_list.then(|| ends.iter().map(|end| end.run.as_str()).collect()),
        status: first.filter(|_| !is_list).map(|end| end.status.as_str()),
        text: first.filter(|_| !is_list).map(|end| end.text.as_str()),
        error: first.filter(|_| !is_list).and_then(|end| end.error.clone()),
        outcomes: is_list.then(|| ends.iter().map(Outcome::of).collect()),
        note,
        ..Told::default()
    };
    json(if ok { StatusCode::OK } else { StatusCode::BAD_GATEWAY }, &told)
}

/// Why a call is not taken.
fn refusal(refusal: &HookRefusal) -> Response<Body> {
    let said = refusal.to_string();
    let told = |status| json(status, &Told { error: Some(said.clone()), ..Told::default() });
    match refusal {
        HookRefusal::NotFound => text(StatusCode::NOT_FOUND, said),
        HookRefusal::Unauthorized => text(StatusCode::UNAUTHORIZED, said),
        HookRefusal::WrongMethod => {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, said);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        }
        HookRefusal::TooMany { retry_after } => {
            later(text(StatusCode::TOO_MANY_REQUESTS, said), *retry_after)
        }
        HookRefusal::TokenInQuery | HookRefusal::Invalid(_) => told(StatusCode::BAD_REQUEST),
        HookRefusal::Conflict => told(StatusCode::CONFLICT),
        HookRefusal::Broken => told(StatusCode::INTERNAL_SERVER_ERROR),
        HookRefusal::Unavailable { retry_after, .. } => {
            later(told(StatusCode::SERVICE_UNAVAILABLE), *retry_after)
        }
    }
}

/// Why a body was not read.
fn unread(error: &BodyError) -> Response<Body> {
    let told = Told { error: Some(error.to_string().to_lowercase()), ..Told::default() };
    json(error.status(), &told)
}

fn later(mut response: Response<Body>, pause: Duration) -> Response<Body> {
    let seconds = pause.as_millis().div_ceil(1_000).max(1);
    if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
