//! Telling somebody why he is not let in, so that he knows what to do.

use domain::{
    access::{Scope, Scopes},
    client::ClientInfo,
    pairing::Request,
};
use ports::driving::{ErrorCode, Refusal, RpcError};
use serde::Serialize;
use tracing::error;
use usecases::auth::{Refused, Telling};

/// What programs make of a refusal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    code: &'static str,
    reason: &'static str,
    auth_reason: &'static str,
    can_retry_with_device_token: bool,
    recommended_next_step: &'static str,
    next: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    request: Option<Waiting<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approved_scopes: Vec<&'static str>,
}

/// The request that waits for somebody's decision.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting<'a> {
    request_id: &'a str,
    device_id: &'a str,
    requested_role: &'static str,
    requested_scopes: Vec<&'static str>,
    expires_at_ms: u64,
}

/// What a client like `info` is told, and how its connection ends.
pub(super) fn refusal(refused: &Refused, info: &ClientInfo) -> Refusal {
    Refusal::policy(error(refused, info))
}

/// The same, where there is no connection to be closed.
pub(super) fn error(refused: &Refused, info: &ClientInfo) -> RpcError {
    let Telling { message, code, reason, step, next } = refused.telling(info);
    if let Refused::Store(failed) = refused {
        error!(error = failed as &dyn std::error::Error, "the store failed");
    }
    let kind = match refused {
        Refused::NoDevice | Refused::NotPaired { .. } => ErrorCode::NotPaired,
        Refused::Store(_) => ErrorCode::Unavailable,
        _ => ErrorCode::InvalidRequest,
    };
    let request = match refused {
        Refused::NotPaired { request: Some(request), .. } => Some(Waiting::from(&**request)),
        _ => None,
    };
    let approved = match refused {
        Refused::NotPaired { approved, .. } => *approved,
        _ => Scopes::NONE,
    };
    let retry = matches!(refused, Refused::Unproven { has_device_token: true, .. });
    let details = Details {
        code,
        reason,
        auth_reason: reason,
        can_retry_with_device_token: retry,
        recommended_next_step: step,
        next: &next,
        request,
        approved_scopes: approved.iter().map(Scope::as_str).collect(),
    };
    let error = RpcError::new(kind, message).with_details(&details);
    match refused {
        Refused::TooMany { retry_after } => error.retry_after(*retry_after),
        _ => error,
    }
}

impl<'a> From<&'a Request> for Waiting<'a> {
    fn from(request: &'a Request) -> Self {
        Self {
            request_id: request.id.as_str(),
            device_id: request.ask.device.as_str(),
            requested_role: request.ask.role.as_str(),
            requested_scopes: request.ask.scopes.iter().map(Scope::as_str).collect(),
            expires_at_ms: request.expires_at().as_millis(),
        }
    }
}
