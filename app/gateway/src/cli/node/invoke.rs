//! What the gateway asks of a node, and what it is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Payload of `node.invoke.request`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    /// Names it.
    pub(super) id: String,
    /// Whom it is for.
    pub(super) node_id: String,
    /// What to do.
    pub(super) command: String,
    /// With which parameters: JSON in a text.
    #[serde(rename = "paramsJSON", default)]
    pub(super) params_json: Option<String>,
}

/// Payload of `node.invoke.cancel`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancel {
    /// What nobody waits for any more.
    pub(super) invoke_id: String,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refused {
    /// What kind of problem it is.
    pub(super) code: &'static str,
    /// What is wrong, for a person.
    pub(super) message: String,
}

impl Refused {
    /// The parameters are wrong.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: "INVALID_REQUEST", message: message.into() }
    }

    /// It cannot be done.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self { code: "UNAVAILABLE", message: message.into() }
    }

    /// It may not be done.
    pub(super) fn denied(reason: &str) -> Self {
        Self::unavailable(format!("SYSTEM_RUN_DENIED: {reason}"))
    }
}

/// A call of the gateway.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// The method.
    pub(super) method: &'static str,
    /// Its parameters.
    pub(super) params: Value,
}

impl Said {
    /// What came of a request.
    pub(super) fn result(request: &Request, answer: Result<Value, Refused>) -> Self {
        let (id, node) = (&request.id, &request.node_id);
        let params = match answer {
            Ok(payload) => serde_json::json!({ "id": id, "nodeId": node, "ok": true,
                "payloadJSON": payload.to_string() }),
            Err(error) => serde_json::json!({ "id": id, "nodeId": node, "ok": false,
                "error": error }),
        };
        Self { method: "node.invoke.result", params }
    }

    /// Something that happened.
    pub(super) fn event(name: &str, payload: &Value) -> Self {
        let params = serde_json::json!({ "event": name, "payloadJSON": payload.to_string() });
        Self { method: "node.event", params }
    }
}

/// Reads the parameters of a request.
pub(super) fn params<T: for<'a> Deserialize<'a>>(request: &Request) -> Result<T, Refused> {
    let text = request.params_json.as_deref().unwrap_or("{}");
    serde_json::from_str(text)
        .map_err(|error| Refused::invalid(format!("invalid {} params: {error}", request.command)))
}
