//! Logging in and calling methods.

use std::{net::IpAddr, time::Duration};

use serde_json::{Value, json};

use super::{
    client::Connection,
    fixture::Manner,
    generate::{Words, merged},
    http,
    site::Site,
};

/// The id of every `connect` request.
pub(super) const CONNECT_ID: &str = "c";

/// The parameters of a `connect` request that is accepted by a gateway with a
/// token.
pub(super) fn connect_params() -> Value {
    json!({
        "minProtocol": 3,
        "maxProtocol": 3,
        "client": {
            "id": "gateway-client",
            "version": "1.0.0",
            "platform": "linux",
            "mode": "backend",
        },
        "role": "operator",
        "scopes": ["operator.admin"],
        "auth": Manner::Token.auth(),
    })
}

/// The text of a request. `params` may hold generators.
pub(super) fn request(
    words: &Words,
    id: &str,
    method: &str,
    params: &Value,
) -> Result<String, String> {
    let mut frame = json!({ "type": "req", "id": id, "method": method });
    if !params.is_null() {
        frame["params"] = params.clone();
    }
    words.json(&frame).map_err(|error| error.to_string())
}

/// The headers of a request for a WebSocket.
pub(super) fn upgrade_headers(host: &str) -> Vec<(String, String)> {
    [
        ("Host", host),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Opens a WebSocket, from this address of the gateway's machine.
pub(super) async fn open(site: &Site, from: Option<IpAddr>) -> Result<Connection, String> {
    open_with(site, from, &upgrade_headers(&site.host(from))).await
}

/// Opens a WebSocket with these headers.
pub(super) async fn open_with(
    site: &Site,
    from: Option<IpAddr>,
    headers: &[(String, String)],
) -> Result<Connection, String> {
    let connection =
        Connection::open(site, from).await.map_err(|error| format!("cannot connect: {error}"))?;
    connection.send(&http::request("GET", "/", "HTTP/1.1", headers, &[])).await;
    let answer = connection.answer().await?;
    if answer.status == 101 {
        return Ok(connection);
    }
    Err(format!("no WebSocket but {} {}", answer.status, answer.text()))
}

/// Opens a WebSocket and logs in as the gateway expects it. `changes` are put
/// over the usual parameters.
pub(super) async fn login(site: &Site, changes: &Value) -> Result<Connection, String> {
    let mut headers = upgrade_headers(&site.host(None));
    let more = site.manner.headers().iter();
    headers.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let connection = open_with(site, None, &headers).await?;
    connection.nonce().await?;
    let mut params = connect_params();
    params["auth"] = site.manner.auth();
    connection
        .call_as(CONNECT_ID, "connect", &merged(params, changes))
        .await
        .map_err(|got| format!("cannot log in: {got}"))?;
    Ok(connection)
}

impl Connection {
    /// The nonce of the challenge with which the gateway begins.
    pub(super) async fn nonce(&self) -> Result<String, String> {
        let challenged = |message: &Value| message["event"] == "connect.challenge";
        let challenge = self.message(0, challenged).await;
        let challenge = challenge.map_err(|got| format!("no challenge but {got}"))?;
        let nonce = challenge["payload"]["nonce"].as_str();
        nonce.map(str::to_owned).ok_or_else(|| format!("a challenge without a nonce: {challenge}"))
    }

    /// Calls a method and returns its payload, or what came in its place.
    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, String> {
        let id = format!("runner-{}", self.messages());
        self.call_as(&id, method, &params).await
    }

    pub(super) async fn call_as(
        &self,
        id: &str,
        method: &str,
        params: &Value,
    ) -> Result<Value, String> {
        let mut response = self.response(id, method, params).await?;
        if response["ok"] == true {
            return Ok(response["payload"].take());
        }
        Err(format!("{method}: {}", response["error"]))
    }

    /// Calls a method and returns the whole response.
    pub(super) async fn response(
        &self,
        id: &str,
        method: &str,
        params: &Value,
    ) -> Result<Value, String> {
        let from = self.messages();
        let text = request(&Words::default(), id, method, params)?;
        self.send_text(text.as_bytes()).await;
        self.message(from, |message| message["type"] == "res" && message["id"] == *id).await
    }

    /// Calls `health` and waits for its response, but only for so long.
    pub(super) async fn health(&self, patience: Duration) -> bool {
        let from = self.messages();
        let id = format!("health-{from}");
        let text = format!(r#"{{"type":"req","id":"{id}","method":"health"}}"#);
        self.send_text(text.as_bytes()).await;
        let answered = |message: &Value| message["id"] == *id;
        self.wait(patience, |seen| seen.is_over() || seen.message(from, answered).is_some()).await;
        self.seen().message(from, answered).is_some()
    }

    /// The messages of a conversation, oldest first.
    pub(super) async fn history(&self, session: &str) -> Result<Vec<Said>, String> {
        let params = json!({ "sessionKey": session, "limit": 1000 });
        let mut history = self.call("chat.history", params).await?;
        let Value::Array(messages) = history["messages"].take() else {
            return Err(format!("chat.history without messages: {history}"));
        };
        Ok(messages.iter().map(Said::from).collect())
    }

    /// The keys of all conversations.
    pub(super) async fn sessions(&self) -> Result<Vec<String>, String> {
        let params = json!({ "limit": 1000, "includeGlobal": true, "includeUnknown": true });
        let list = self.call("sessions.list", params).await?;
        let rows = list["sessions"].as_array().ok_or("sessions.list without sessions")?;
        Ok(rows.iter().filter_map(|row| row["key"].as_str().map(str::to_owned)).collect())
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) role: String,
    pub(super) text: String,
}

impl From<&Value> for Said {
    fn from(message: &Value) -> Self {
        let content = &message["content"];
        let parts = content.as_array().into_iter().flatten();
        let texts = parts.filter_map(|part| part["text"].as_str()).chain(content.as_str());
        Self {
            role: message["role"].as_str().unwrap_or_default().to_owned(),
            text: texts.collect(),
        }
    }
}
