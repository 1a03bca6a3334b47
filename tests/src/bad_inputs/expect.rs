//! What has to come of a case, and whether it did.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Connection, PATIENCE, excerpt},
    gateway::Start,
    generate::Words,
    http::Answer,
    secure,
};

/// What has to come of a case. Every member that is there must hold. A member
/// that is not here makes the case fail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the file")]
pub(super) struct Expect {
    res: Option<Response>,
    ws_close: Option<Closed>,
    http: Option<HttpAnswer>,
    /// The statuses of the answers, in the order in which they were asked for.
    pub(super) status_sequence: Vec<u16>,
    /// What is the same in all of them.
    same_field: Option<String>,
    /// What has to come first, before anything else that may come.
    first: Option<Box<Expect>>,
    /// What has to come of the last time, where steps are repeated. They are
    /// looked at no other time.
    last: Option<Box<Expect>>,
    /// What has to come on the connection called `b`.
    pub(super) conn_b: Option<Box<Expect>>,
    /// What must not come.
    res_not: Option<Value>,
    /// At least one of these.
    any_of: Vec<Expect>,
    /// Nothing is answered to a request.
    no_response_frame: bool,
    /// The gateway still answers on the same connection.
    connection_stays_open: bool,
    /// The gateway ends the connection.
    tcp_closed: bool,
    tcp_closed_within_ms: Option<u64>,
    /// The gateway says so in TLS.
    tls_alert: Option<String>,
    /// The gateway does not start, and this is its exit code.
    exit: Option<i32>,
    /// The gateway starts.
    starts: bool,
    /// What it says in either case.
    stderr_re: Option<String>,
    /// A refusal says that it pays to wait at least this long.
    retry_after_ms_min: Option<u64>,
    /// All of it within this time of the last thing that was sent.
    within_ms: Option<u64>,
    /// What the load was answered once the disk was full.
    pub(super) res_after_full: Option<Response>,
    /// Checks with a name; see [`invariant`](super::invariant).
    pub(super) invariants: Vec<String>,
}

/// A response to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Response {
    ok: bool,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    error: Option<ErrorShape>,
    /// Members that the payload has, perhaps among others.
    #[serde(default)]
    payload: Option<Value>,
    /// The payload's `type`.
    #[serde(default)]
    payload_type: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorShape {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message_re: Option<String>,
    #[serde(default)]
    retryable: Option<bool>,
    /// Members that its details have, perhaps among others.
    #[serde(default)]
    details: Option<Value>,
}

/// A close frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    code: u16,
    #[serde(default)]
    reason: Option<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpAnswer {
    status: Status,
    #[serde(default)]
    body_re: Option<String>,
    /// What the body must not have.
    #[serde(default)]
    body_not_re: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    absent_headers: Vec<String>,
    /// Members that the body has, perhaps among others.
    #[serde(default)]
    json: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Status {
    One(u16),
    AnyOf(Vec<u16>),
}

/// Where to look for what came of a case: the connection that was used last, and
/// what was sent on it last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) connection: Option<&'a Connection>,
    /// The connection called `b`.
    pub(super) conn_b: Option<&'a Connection>,
    /// How many messages had come when it was sent.
    pub(super) from: usize,
    /// The id of the request, if it was one.
    pub(super) id: Option<&'a str>,
    pub(super) sent: Instant,
    /// The alert that came encrypted, if one did.
    pub(super) alert: Option<u8>,
    /// All answers, where a case is about several.
    pub(super) answers: &'a [Answer],
    pub(super) words: &'a Words,
}

/// What was expected and did not come, and what came in its place.
pub(super) type Mismatch = String;

impl Expect {
    /// Whether all of it holds, the invariants aside; and when the last of it
    /// came.
    pub(super) async fn check(&self, scene: &Scene<'_>) -> Result<Instant, Mismatch> {
        let mut last = scene.sent;
        for other in [&self.first, &self.last].into_iter().flatten() {
            last = last.max(Box::pin(other.check(scene)).await?);
        }
        if let (Some(expected), Some(other)) = (&self.conn_b, scene.conn_b) {
            let there = Scene { connection: Some(other), from: 0, id: None, ..*scene };
            last = last.max(Box::pin(expected.check(&there)).await?);
        }
        if let Some(part) = &self.res_not {
            response_lacks(scene, part).await?;
        }
        if let Some(response) = &self.res {
            last = last.max(response.check(scene).await?);
        }
        if let Some(close) = &self.ws_close {
            last = last.max(close.check(scene).await?);
        }
        if let Some(http) = &self.http {
            last = last.max(http.check(scene).await?);
        }
        self.check_answers(scene.answers)?;
        if let Some(least) = self.retry_after_ms_min {
            retry_after(scene, least).await?;
        }
        if self.no_response_frame {
            no_response(scene)?;
        }
        if self.tcp_closed || self.tcp_closed_within_ms.is_some() {
            let within = self.tcp_closed_within_ms.map(Duration::from_millis);
            tcp_closed(scene, within).await?;
        }
        if let Some(alert) = &self.tls_alert {
            tls_alert(scene, alert).await?;
        }
        if let Some(within) = self.within_ms.map(Duration::from_millis) {
            let took = last.saturating_duration_since(scene.sent);
            if within < took {
                return Err(format!("within {within:?}; took {took:?}"));
            }
        }
        if self.connection_stays_open {
            stays_open(scene).await?;
        }
        self.check_any(scene).await?;
        Ok(last)
    }

    /// Whether a start went as expected.
    pub(super) fn check_start(&self, start: &Start) -> Result<(), Mismatch> {
        let Start { ended, said, took } = start;
        match (self.exit, ended) {
            (Some(expected), None) => {
                return Err(format!("exit code {expected}; it runs: {}", excerpt(said)));
            }
            (Some(expected), Some(status)) if Some(expected) != status.code() => {
                return Err(format!("exit code {expected}; got {status}: {}", excerpt(said)));
            }
            (_, Some(status)) if self.starts => {
                return Err(format!("it starts; it ended ({status}): {}", excerpt(said)));
            }
            _ => {}
        }
        if let Some(within) = self.within_ms.map(Duration::from_millis)
            && within < *took
        {
            return Err(format!("within {within:?}; took {took:?}"));
        }
        let said_so = self.stderr_re.as_deref().map(|pattern| matches(pattern, said));
        said_so.unwrap_or(Ok(())).map_err(|what| format!("{what}; got {}", excerpt(said)))
    }

    /// Whether it is about how fast a gateway starts.
    pub(super) fn is_timed_start(&self) -> bool {
        self.starts && self.within_ms.is_some()
    }

    fn check_answers(&self, answers: &[Answer]) -> Result<(), Mismatch> {
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        if statuses != self.status_sequence {
            return Err(format!("the statuses {:?}; got {statuses:?}", self.status_sequence));
        }
        let Some(field) = &self.same_field else { return Ok(()) };
        let said = answers.iter().map(|answer| serde_json::from_slice::<Value>(&answer.body));
        let said: Result<Vec<Value>, _> = said.collect();
        let said = said.map_err(|error| format!("answers in JSON; {error}"))?;
        let first = said.first().map(|first| &first[field]).filter(|first| !first.is_null());
        if first.is_some_and(|first| said.iter().all(|other| other[field] == *first)) {
            return Ok(());
        }
        Err(format!("the same {field}; got {said:?}"))
    }

    async fn check_any(&self, scene: &Scene<'_>) -> Result<(), Mismatch> {
        let mut mismatches = Vec::new();
        for branch in &self.any_of {
            match Box::pin(branch.check(scene)).await {
                Ok(_) => return Ok(()),
                Err(mismatch) => mismatches.push(mismatch),
            }
        }
        if mismatches.is_empty() { Ok(()) } else { Err(mismatches.join("; or ")) }
    }
}

impl Response {
    async fn check(&self, scene: &Scene<'_>) -> Result<Instant, Mismatch> {
        let connection = connection(scene)?;
        let id = self.id.as_deref().or(scene.id);
        let wanted = |message: &Value| {
            message["type"] == "res" && id.is_none_or(|id| message["id"].as_str() == Some(id))
        };
        let response = connection
            .message(scene.from, wanted)
            .await
            .map_err(|got| format!("response {}; got {got}", id.unwrap_or("of any id")))?;
        self.matches(&response)?;
        let seen = connection.seen();
        Ok(seen.message(scene.from, wanted).map_or(scene.sent, |message| message.at))
    }

    /// Whether `response` is what is described.
    pub(super) fn matches(&self, response: &Value) -> Result<(), Mismatch> {
        let wrong = |what: String| format!("{what}; got {}", excerpt(&response.to_string()));
        if response["ok"] != self.ok {
            return Err(wrong(format!("ok: {}", self.ok)));
        }
        if let Some(error) = &self.error {
            error.check(&response["error"]).map_err(wrong)?;
        }
        if let Some(payload) = &self.payload
            && !includes(&response["payload"], payload)
        {
            return Err(wrong(format!("payload with {payload}")));
        }
        if let Some(kind) = &self.payload_type
            && response["payload"]["type"] != **kind
        {
            return Err(wrong(format!("payload of type {kind}")));
        }
        Ok(())
    }
}

impl ErrorShape {
    fn check(&self, error: &Value) -> Result<(), Mismatch> {
        if let Some(code) = &self.code
            && error["code"] != **code
        {
            return Err(format!("error code {code}"));
        }
        if let Some(pattern) = &self.message_re {
            matches(pattern, error["message"].as_str().unwrap_or_default())?;
        }
        if let Some(retryable) = self.retryable
            && error["retryable"].as_bool().unwrap_or(false) != retryable
        {
            return Err(format!("retryable: {retryable}"));
        }
        if let Some(details) = &self.details
            && !includes(&error["details"], details)
        {
            return Err(format!("details with {details}"));
        }
        Ok(())
    }
}

impl Closed {
    async fn check(&self, scene: &Scene<'_>) -> Result<Instant, Mismatch> {
        let connection = connection(scene)?;
        connection.wait(PATIENCE, super::client::Seen::is_over).await;
        let seen = connection.seen();
        let reason = self.reason.as_deref();
        match &seen.close {
            Some((at, close))
                if close.code == Some(self.code)
                    && reason.is_none_or(|reason| reason == close.reason) =>
            {
                Ok(*at)
            }
            _ => {
                let reason = reason.map(|reason| format!(" '{reason}'")).unwrap_or_default();
                Err(format!("close {}{reason}; got {}", self.code, seen.summary(scene.from)))
            }
        }
    }
}

impl HttpAnswer {
    async fn check(&self, scene: &Scene<'_>) -> Result<Instant, Mismatch> {
        let answer =
            connection(scene)?.answer().await.map_err(|got| format!("{self}; got {got}"))?;
        self.matches(&answer, scene.words)
            .map_err(|what| format!("{what}; got {} {}", answer.status, excerpt(&answer.text())))?;
        Ok(answer.at)
    }

    fn matches(&self, answer: &Answer, words: &Words) -> Result<(), Mismatch> {
        let right = match &self.status {
            Status::One(status) => answer.status == *status,
            Status::AnyOf(statuses) => statuses.contains(&answer.status),
        };
        if !right {
            return Err(self.to_string());
        }
        if let Some(pattern) = &self.body_re {
            matches(pattern, &answer.text())?;
        }
        if let Some(pattern) = &self.body_not_re
            && matches(pattern, &answer.text()).is_ok()
        {
            return Err(format!("a body without /{pattern}/"));
        }
        for (name, value) in &self.headers {
            let value = words.fill(value).map_err(|error| error.to_string())?;
            if !answer.header(name).is_some_and(|found| is_header(&value, found)) {
                return Err(format!("header {name}: {value}"));
            }
        }
        if let Some(part) = &self.json
            && !serde_json::from_slice(&answer.body).is_ok_and(|body| includes(&body, part))
        {
            return Err(format!("a body with {part}"));
        }
        match self.absent_headers.iter().find(|name| answer.header(name).is_some()) {
            Some(name) => Err(format!("no header {name}")),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for HttpAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.status {
            Status::One(status) => write!(f, "status {status}"),
            Status::AnyOf(statuses) => write!(f, "one of the statuses {statuses:?}"),
        }
    }
}

fn connection<'a>(scene: &Scene<'a>) -> Result<&'a Connection, Mismatch> {
    scene.connection.ok_or_else(|| "runner does not know which connection is meant".to_owned())
}

fn no_response(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let seen = connection(scene)?.seen();
    match seen.message(scene.from, |message| message["type"] == "res") {
        None => Ok(()),
        Some(response) => Err(format!("no response; got {}", response.json)),
    }
}

async fn retry_after(scene: &Scene<'_>, least: u64) -> Result<(), Mismatch> {
    let is_meant = |message: &Value| {
        message["type"] == "res" && scene.id.is_none_or(|id| message["id"].as_str() == Some(id))
    };
    let response = connection(scene)?.message(scene.from, is_meant).await;
    let response = response.map_err(|got| format!("a response; got {got}"))?;
    match response["error"]["retryAfterMs"].as_u64() {
        Some(after) if least <= after => Ok(()),
        _ => Err(format!("retryAfterMs of at least {least}; got {response}")),
    }
}

async fn response_lacks(scene: &Scene<'_>, part: &Value) -> Result<(), Mismatch> {
    let is_meant = |message: &Value| {
        message["type"] == "res" && scene.id.is_none_or(|id| message["id"].as_str() == Some(id))
    };
    let response = connection(scene)?.message(scene.from, is_meant).await;
    let response = response.map_err(|got| format!("a response; got {got}"))?;
    if includes(&response, part) {
        return Err(format!("a response without {part}; got {}", excerpt(&response.to_string())));
    }
    Ok(())
}

async fn tcp_closed(scene: &Scene<'_>, within: Option<Duration>) -> Result<(), Mismatch> {
    let connection = connection(scene)?;
    let limit = within.unwrap_or(PATIENCE);
    let left = (scene.sent + limit).saturating_duration_since(Instant::now());
    if connection.wait(left.max(Duration::from_millis(1)), |seen| seen.ended.is_some()).await {
        return Ok(());
    }
    Err(format!("the connection ends within {limit:?}; it did not"))
}

async fn tls_alert(scene: &Scene<'_>, expected: &str) -> Result<(), Mismatch> {
    let number = secure::number(expected)
        .ok_or_else(|| format!("runner does not know the alert {expected}"))?;
    let connection = connection(scene)?;
    if scene.alert.is_none() {
        connection.wait(PATIENCE, |seen| secure::alert(&seen.bytes).is_some()).await;
    }
    let seen = connection.seen();
    match scene.alert.or_else(|| secure::alert(&seen.bytes)) {
        Some(alert) if alert == number => Ok(()),
        Some(alert) => Err(format!("the alert {expected}; got {alert}")),
        None => Err(format!("the alert {expected}; got {}", seen.summary(0))),
    }
}

async fn stays_open(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let connection = connection(scene)?;
    let from = connection.messages();
    connection.send_text(br#"{"type":"req","id":"still-there","method":"health"}"#).await;
    let answer = connection.message(from, |message| message["id"] == "still-there").await;
    match answer {
        Ok(answer) if answer["ok"] == true || may_not(&answer) => Ok(()),
        Ok(got) => Err(format!("the connection still works; got {got}")),
        Err(got) => Err(format!("the connection stays open; got {got}")),
    }
}

/// Whether a request was understood, and refused for who made it.
fn may_not(response: &Value) -> bool {
    let message = response["error"]["message"].as_str().unwrap_or_default();
    message.starts_with("missing scope: ") || message.starts_with("unauthorized role: ")
}

/// Whether every member of `part` is in `whole`, all the way down. `<uuid>` is
/// any UUID.
fn includes(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::String(whole), Value::String(part)) if part == "<uuid>" => {
            uuid::Uuid::try_parse(whole).is_ok()
        }
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| includes(whole, value))),
        (whole, part) => whole == part,
    }
}

fn matches(pattern: &str, text: &str) -> Result<(), Mismatch> {
    let regex = regex_lite::Regex::new(pattern)
        .map_err(|error| format!("runner does not know the pattern {pattern}: {error}"))?;
    if regex.is_match(text) { Ok(()) } else { Err(format!("/{pattern}/")) }
}

/// Whether a header is as `wanted`: those words, or behind `re:` a pattern, which
/// may say what does not come behind it.
fn is_header(wanted: &str, found: &str) -> bool {
    let Some(pattern) = wanted.strip_prefix("re:") else { return found == wanted };
    let ahead = pattern.strip_suffix(')').and_then(|it| it.split_once("(?!.*"));
    match ahead {
        Some((begin, unwanted)) => {
            matches(begin, found).is_ok() && matches(unwanted, found).is_err()
        }
        None => matches(pattern, found).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_words_or_patterns() {
        let sandbox = "re:sandbox allow-scripts(?!.*allow-same-origin)";
        #[rustfmt::skip]
        let table = [
            ("nosniff",     "nosniff",                                 true),
            ("nosniff",     "sniff",                                   false),
            ("re:sandbox",  "sandbox allow-scripts",                   true),
            ("re:sandbox",  "default-src",                             false),
            (sandbox,       "sandbox allow-scripts",                   true),
            (sandbox,       "sandbox",                                 false),
            (sandbox,       "sandbox allow-scripts allow-same-origin", false),
        ];
        for (wanted, found, expected) in table {
            assert_eq!(is_header(wanted, found), expected, "{wanted}: {found}");
        }
    }

    #[test]
    fn responses() {
        let expected = |value: Value| serde_json::from_value::<Response>(value).unwrap();
        let got = json!({
            "type": "res", "id": "r1", "ok": false, "payload": {"a": 1, "b": [2]},
            "error": {
                "code": "INVALID_REQUEST", "message": "unknown method: x",
                "details": {"requestId": "0e1b5f2a-4f3e-4f7a-9d0c-0e7d5b8f6a11", "code": "X", "more": 1},
            },
        });
        let holds = |value: Value| expected(value).matches(&got);

        assert!(holds(json!({"ok": false})).is_ok());
        assert!(holds(json!({"ok": true})).is_err());
        assert!(holds(json!({"ok": false, "error": {"code": "INVALID_REQUEST"}})).is_ok());
        assert!(holds(json!({"ok": false, "error": {"code": "UNAVAILABLE"}})).is_err());
        assert!(
            holds(json!({"ok": false, "error": {"message_re": "^unknown method: x$"}})).is_ok()
        );
        assert!(holds(json!({"ok": false, "error": {"message_re": "^x"}})).is_err());
        assert!(holds(json!({"ok": false, "error": {"retryable": true}})).is_err());
        let details = |value: Value| holds(json!({"ok": false, "error": {"details": value}}));
        assert!(details(json!({"requestId": "<uuid>"})).is_ok());
        assert!(details(json!({"code": "<uuid>"})).is_err());
        assert!(details(json!({"code": "Y"})).is_err());
        assert!(holds(json!({"ok": false, "payload": {"b": [2]}})).is_ok());
        assert!(holds(json!({"ok": false, "payload": {"b": []}})).is_err());
    }

    #[test]
    fn an_expectation_the_runner_does_not_know_is_refused() {
        let read = |value: Value| serde_json::from_value::<Expect>(value);

        assert!(read(json!({"res": {"ok": true}, "invariants": ["process_alive"]})).is_ok());
        assert!(read(json!({"smells_good": true})).is_err());
        assert!(read(json!({"res": {"ok": true, "colour": "red"}})).is_err());
        assert!(read(json!({"any_of": [{"http": {"status": 200, "taste": 1}}]})).is_err());
    }

    #[test]
    fn every_pattern_of_the_file_is_understood() {
        fn patterns<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            for (key, value) in value.as_object().into_iter().flatten() {
                if key.ends_with("_re") {
                    found.extend(value.as_str());
                }
                patterns(value, found);
            }
            for item in value.as_array().into_iter().flatten() {
                patterns(item, found);
            }
        }
        let cases = super::super::cases::load().unwrap().cases;
        let mut found = Vec::new();
        for case in &cases {
            patterns(&case.expect, &mut found);
        }

        assert!(100 < found.len());
        for pattern in found {
            assert!(regex_lite::Regex::new(pattern).is_ok(), "{pattern}");
        }
    }
}
