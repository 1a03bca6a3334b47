//! Reads everything back through the front door and compares it with the ledger.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tests::ledger::{Marker, Seen, Violation, ViolationKind};

use crate::{
    client::{CallError, Client},
    dice::Dice,
    load::{Shared, sending},
};

/// Messages per page of history.
const PAGE: usize = 100;
/// How long a run that was cut off may take to be resumed or marked.
const RESUMPTION: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);
/// How long a repeated message may take to be answered.
const RUN_MS: u64 = 5_000;
/// Acknowledged messages that are sent once more after every restart.
const REPEATED: usize = 5;
/// Sessions looked at after a restart although nobody asked anything of them.
const BYSTANDERS: usize = 5;

/// What came of one look.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) interrupted: usize,
    pub(crate) in_doubt: usize,
    /// How long after the first login a run was still not marked.
    pub(crate) marked_late: Duration,
}

/// Looks at the sessions something was asked about, or at all of them.
pub(crate) async fn look(
    client: &Client,
    shared: &Shared,
    dice: &mut Dice,
    all: bool,
) -> io::Result<Findings> {
    let mut sessions: BTreeSet<String> = shared.ledger.touched().into_iter().collect();
    let known = shared.ledger.sessions();
    if all {
        sessions.extend(known);
    } else if !known.is_empty() {
        for _ in 0..BYSTANDERS {
            let which = dice.roll() % known.len() as u64;
            sessions.extend(known.get(usize::try_from(which).unwrap_or_default()).cloned());
        }
    }
    let mut findings = Findings::default();
    let mut again = BTreeSet::new();
    let mut runs = Vec::new();
    let started = Instant::now();
    let mut rows = rows(client).await?;
    for session in &sessions {
        let mut seen = seen(client, session, &rows).await?;
        let mut violations = shared.ledger.compare(session, &seen);
        // Whoever resumes or marks the runs may do so while we are looking.
        while violations.iter().any(|violation| violation.kind == ViolationKind::Unmarked)
            && started.elapsed() < RESUMPTION
        {
            findings.marked_late = started.elapsed();
            tokio::time::sleep(POLL).await;
            rows = self::rows(client).await?;
            seen = self::seen(client, session, &rows).await?;
            violations = shared.ledger.compare(session, &seen);
        }
        findings.violations.extend(violations);
        findings.interrupted += usize::from(seen.interrupted);
        for marker in shared.ledger.settle(session, &seen) {
            findings.in_doubt += 1;
            runs.extend(repeat(client, shared, session, &marker).await?);
            again.insert(session.clone());
        }
        if again.len() < REPEATED
            && let Some(marker) = seen.messages.iter().rfind(|marker| marker.starts_with('s'))
        {
            runs.extend(repeat(client, shared, session, marker).await?);
            again.insert(session.clone());
        }
    }
    for run in runs {
        ask(client, "agent.wait", json!({ "runId": run, "timeoutMs": RUN_MS })).await?;
    }
    if !again.is_empty() {
        let rows = self::rows(client).await?;
        for session in &again {
            let seen = seen(client, session, &rows).await?;
            for violation in shared.ledger.compare(session, &seen) {
                if !findings.violations.contains(&violation) {
                    findings.violations.push(violation);
                }
            }
            shared.ledger.settle(session, &seen);
        }
    }
    Ok(findings)
}

/// Asks for a message that was asked for before; gives back its run if it has one now.
async fn repeat(
    client: &Client,
    shared: &Shared,
    session: &str,
    marker: &Marker,
) -> io::Result<Option<Marker>> {
    match client.call("chat.send", sending(session, marker)).await {
        Ok(answer) => {
            shared.ledger.repeated(session, marker);
            let runs = answer["status"] == "started" || answer["status"] == "in_flight";
            Ok(runs.then(|| marker.clone()))
        }
        // A cached failure is an answer too; what counts is what is there.
        Err(error @ CallError::Refused { .. }) => {
            shared.refused("chat.send again", &error);
            Ok(None)
        }
        Err(error @ CallError::Gone) => Err(io::Error::other(error.to_string())),
    }
}

/// The rows of `sessions.list`, by key.
async fn rows(client: &Client) -> io::Result<HashMap<String, Value>> {
    let list = ask(client, "sessions.list", json!({ "search": "kl-", "limit": 10_000 })).await?;
    let rows = list["sessions"].as_array().cloned().unwrap_or_default();
    Ok(rows.into_iter().filter_map(|row| Some((row["key"].as_str()?.to_owned(), row))).collect())
}

async fn seen(client: &Client, session: &str, rows: &HashMap<String, Value>) -> io::Result<Seen> {
    let history = history(client, session).await?;
    let row = rows.get(session);
    let mut seen = Seen {
        exists: row.is_some(),
        label: row.and_then(|row| row["label"].as_str()).map(str::to_owned),
        ..Seen::default()
    };
    for message in &history {
        let text = text_of(message);
        seen.messages.extend(between(&text, "[[", "]]"));
        if message["role"] == "assistant" {
            seen.answers.extend(between(&text, "re:", ";"));
        }
    }
    let flagged = row.is_some_and(|row| row["abortedLastRun"] == json!(true));
    seen.interrupted = flagged || says_so(&history, &seen);
    Ok(seen)
}

/// Whether the history itself says that the last run without an answer was cut off.
fn says_so(history: &[Value], seen: &Seen) -> bool {
    let cut = history.iter().rposition(|message| {
        message["role"] == "user"
            && between(&text_of(message), "[[", "]]")
                .iter()
                .any(|marker| !seen.answers.contains(marker))
    });
    let words = |message: &Value| message.to_string().to_lowercase();
    cut.is_some_and(|cut| {
        history[cut..]
            .iter()
            .map(words)
            .any(|text| text.contains("interrupt") || text.contains("abort"))
    })
}

/// The whole history, oldest first, page by page from the end.
async fn history(client: &Client, session: &str) -> io::Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let params = json!({ "sessionKey": session, "limit": PAGE, "offset": all.len() });
        let page = ask(client, "chat.history", params).await?;
        let messages = page["messages"].as_array().cloned().unwrap_or_default();
        let is_last = messages.len() < PAGE && page["hasMore"] != json!(true);
        if messages.is_empty() {
            return Ok(all);
        }
        all.splice(0..0, messages);
        if is_last {
            return Ok(all);
        }
    }
}

async fn ask(client: &Client, method: &str, params: Value) -> io::Result<Value> {
    client
        .call(method, params)
        .await
        .map_err(|error| io::Error::other(format!("{method}: {error}")))
}

fn text_of(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn between(text: &str, open: &str, close: &str) -> Vec<Marker> {
    text.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close))
        .map(|(marker, _)| marker.to_owned())
        .collect()
}
