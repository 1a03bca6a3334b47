//! The frames, as far as a client looks into them.

use std::fmt;

use ports::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::CallError;

/// Something the gateway says without having been asked.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it is, as in `chat`.
    pub name: String,
    /// More about it.
    pub payload: Json,
}

/// How the gateway says no.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayError {
    /// What kind of problem it is, as in `INVALID_REQUEST`.
    pub code: String,
    /// What is wrong, for a person.
    #[serde(default)]
    pub message: String,
    /// More, for programs.
    #[serde(default)]
    pub details: Details,
}

/// What else the gateway says about a refusal, as far as we look into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "serde_json::Value")]
pub struct Details {
    /// What kind of problem it is, in more detail than the code of the error.
    pub code: Option<String>,
    /// The request somebody has to decide about.
    pub request_id: Option<String>,
    /// What a person can do about it: something to type, where there is.
    pub next: Option<String>,
}

impl From<serde_json::Value> for Details {
    fn from(details: serde_json::Value) -> Self {
        let text = |name: &str| details.get(name)?.as_str().map(str::to_owned);
        Self { code: text("code"), request_id: text("requestId"), next: text("next") }
    }
}

/// How the gateway says yes to a connection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Who answers.
    #[serde(default)]
    pub server: Server,
    /// What it is like now.
    #[serde(default)]
    pub snapshot: Snapshot,
    /// As whom we were let in.
    #[serde(default)]
    pub auth: Option<Admission>,
}

/// As whom we were let in.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    /// The token of our device, for the next time.
    #[serde(default)]
    pub device_token: Option<String>,
    /// What we are to the gateway.
    #[serde(default)]
    pub role: String,
    /// What we may do.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("device_token", &self.device_token.is_some())
            .field("role", &self.role)
            .field("scopes", &self.scopes)
            .finish()
    }
}

/// Who answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// What the gateway is like.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// How long it has been running, in milliseconds.
    #[serde(default)]
    pub uptime_ms: u64,
}

/// A frame from the gateway.
#[derive(Debug)]
pub(crate) enum Frame {
    Response { id: String, answer: Result<Json, GatewayError> },
    Event(Event),
}

/// Any frame. One struct, because raw JSON cannot be borrowed through a tagged
/// enum.
#[derive(Deserialize)]
struct Raw {
    r#type: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    payload: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<GatewayError>,
}

/// Reads a frame.
pub(crate) fn decode(text: &[u8]) -> Result<Frame, CallError> {
    let raw: Raw = serde_json::from_slice(text).map_err(|_| CallError::Nonsense)?;
    let payload = raw.payload.map_or_else(Json::null, Json::from);
    match (raw.r#type.as_str(), raw.id, raw.event) {
        ("res", Some(id), _) if raw.ok => Ok(Frame::Response { id, answer: Ok(payload) }),
        ("res", Some(id), _) => {
            let unexplained =
                || GatewayError { code: "UNAVAILABLE".into(), ..GatewayError::default() };
            Ok(Frame::Response { id, answer: Err(raw.error.unwrap_or_else(unexplained)) })
        }
        ("event", _, Some(name)) => Ok(Frame::Event(Event { name, payload })),
        _ => Err(CallError::Nonsense),
    }
}

/// A call.
#[derive(Serialize)]
struct Request<'a, P> {
    r#type: &'static str,
    id: &'a str,
    method: &'a str,
    params: &'a P,
}

/// Writes a call.
pub(crate) fn request(id: &str, method: &str, params: &impl Serialize) -> Vec<u8> {
    let request = Request { r#type: "req", id, method, params };
    serde_json::to_vec(&request).expect("keys are texts")
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(&self.code),
            message => f.write_str(message),
        }
    }
}
