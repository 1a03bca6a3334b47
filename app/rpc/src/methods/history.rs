//! Reading what was said: `chat.history`, `chat.startup`, `chat.message.get`.

use std::fmt::Write as _;

use domain::{
    access::{Access::Operator, Scope::Read},
    ids::MessageId,
    session::{Session, SessionKey},
};
use ports::{
    Json,
    driven::{HistoryQuery, StoredRecord},
    driving::RpcError,
    view::{Message, SessionRow},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::chat::History;

use super::{
    offers::{ChatMetadata, metadata},
    send::Later,
    sessions::Defaults,
};
use crate::{
    method::{Context, methods},
    params::{Count, Int, Name, SessionName},
    refusal,
};

methods! {
    /// The newest messages of a session, the oldest first.
    ///
    /// What was compacted away is left out. A session that does not exist has
    /// no messages.
    "chat.history" [Operator(Read)] history(HistoryParams) -> HistoryResult;

    /// What a chat page needs to begin with: the history of a session, and what
    /// can be chosen in it.
    "chat.startup" [Operator(Read)] startup(StartupParams) -> Startup;

    /// One message, in full.
    "chat.message.get" [Operator(Read)] message(MessageParams) -> OneMessage;
}

/// Messages when nobody says how many.
const DEFAULT_LIMIT: usize = 200;
/// The most bytes of messages in one answer.
const MAX_BYTES: usize = 6 << 20;

/// Parameters of `chat.history`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct HistoryParams {
    /// The session.
    session_key: SessionName,
    /// At most so many messages. Default: 200.
    limit: Option<Int<1, 1000>>,
    /// Leaving out so many of the newest.
    offset: Option<Count<0>>,
    /// At most so many bytes of messages, but one message at least.
    max_bytes: Option<Count<1024>>,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Without effect: messages are handed out in full.
    max_chars: Later,
    /// Without effect.
    cursor: Later,
    /// Without effect.
    pending_before: Later,
    /// Without effect.
    input_run_ids: Later,
    /// Without effect.
    message_id: Later,
    /// Without effect.
    session_id: Later,
}

/// Result of `chat.history`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryResult {
    /// The session, as the caller spelled it.
    session_key: String,
    /// Its current transcript, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// The messages, each with its `id` and its place `seq` under `__openclaw`.
    #[schemars(with = "Vec<Message>")]
    messages: Json,
    /// How long its model thinks.
    thinking_level: &'static str,
    /// Whether there are older ones.
    has_more: bool,
    /// How many messages the conversation has.
    total_messages: u64,
    /// The `offset` of the next older part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<u64>,
    /// What answers when nothing was chosen.
    defaults: Defaults,
    /// Its row in the list, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_info: Option<SessionRow>,
}

async fn history(cx: Context, params: HistoryParams) -> Result<HistoryResult, RpcError> {
    let part = Part {
        key: cx.key_of(&params.session_key, params.agent_id.as_ref())?,
        client_key: params.session_key.into_string(),
        limit: params.limit.map_or(DEFAULT_LIMIT, Int::size),
        offset: params.offset.map_or(0, Count::get),
        max_bytes: params.max_bytes.map_or(MAX_BYTES, Count::size).min(MAX_BYTES),
    };
    part.read(&cx).await
}

/// Which part of which conversation is asked for.
struct Part {
    key: SessionKey,
    client_key: String,
    limit: usize,
    offset: u64,
    max_bytes: usize,
}

impl Part {
    async fn read(self, cx: &Context) -> Result<HistoryResult, RpcError> {
        let newest =
            HistoryQuery { before: None, from: 0, limit: self.limit, max_bytes: self.max_bytes };
        let mut found = self.query(cx, newest).await?;
        let last = found.records.last().map_or(0, |stored| stored.offset);
        if let Some(before) = (last + 1).checked_sub(self.offset).filter(|_| 0 < self.offset) {
            let older = HistoryQuery { before: Some(before), ..newest };
            found = self.query(cx, older).await?;
        }
        let shown = found.records.len() as u64;
        let session = found.session.as_ref();
        Ok(HistoryResult {
            session_key: self.client_key,
            session_id: session.map(|session| session.id.to_string()),
            messages: written(&found.records)?,
            thinking_level: found.thinking.as_str(),
            has_more: found.more,
            total_messages: session.map_or(0, |session| total(session, last)),
            next_offset: found.more.then_some(self.offset + shown),
            defaults: Defaults::of(cx),
            session_info: session.map(|session| cx.services.sessions.row(session)),
        })
    }

    async fn query(&self, cx: &Context, query: HistoryQuery) -> Result<History, RpcError> {
        cx.services.chat.history(&self.key, query).await.map_err(refusal::store)
    }
}

/// Places grow by one, so the last one says how many there are.
fn total(session: &Session, last: u64) -> u64 {
    (last + 1).saturating_sub(session.history_from.max(1))
}

/// The messages as they are stored, each with its name and place put in as
/// text: nothing is read and written again.
fn written(records: &[StoredRecord]) -> Result<Json, RpcError> {
    let size: usize = records.iter().map(|stored| stored.record.message.as_str().len() + 96).sum();
    let mut list = String::with_capacity(size + 2);
    list.push('[');
    for stored in records {
        if 1 < list.len() {
            list.push(',');
        }
        put(stored, &mut list);
    }
    list.push(']');
    Json::parse(list).map_err(|_| RpcError::unavailable("the stored transcript cannot be read"))
}

fn put(stored: &StoredRecord, list: &mut String) {
    let message = stored.record.message.as_str().trim();
    let fields = message.strip_prefix('{').unwrap_or("}").trim_start();
    let id = Json::of(&stored.record.id.as_str());
    let comma = if fields.starts_with('}') { "" } else { "," };
    let seq = stored.offset;
    // Writing to a text cannot fail.
    let _ = write!(
        list,
        r#"{{"__openclaw":{{"id":{id},"seq":{seq}}}{comma}{fields}"#,
        id = id.as_str()
    );
}

/// Parameters of `chat.startup`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct StartupParams {
    /// The session; the main one when absent.
    session_key: Option<SessionName>,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// At most so many messages. Default: 200.
    limit: Option<Int<1, 1000>>,
    /// Leaving out so many of the newest.
    offset: Option<Count<0>>,
    /// At most so many bytes of messages, but one message at least.
    max_bytes: Option<Count<1024>>,
    /// Without effect.
    cursor: Later,
    /// Without effect.
    pending_before: Later,
    /// Without effect.
    input_run_ids: Later,
    /// Without effect.
    message_id: Later,
    /// Without effect.
    session_id: Later,
    /// Without effect: messages are handed out in full.
    max_chars: Later,
    /// Without effect.
    short_id: Later,
    /// Without effect.
    slug_hint: Later,
}

/// Result of `chat.startup`.
#[derive(Debug, Serialize, JsonSchema)]
struct Startup {
    /// The history.
    #[serde(flatten)]
    history: HistoryResult,
    /// What can be chosen.
    metadata: ChatMetadata,
}

async fn startup(cx: Context, params: StartupParams) -> Result<Startup, RpcError> {
    let agent = params.agent_id.as_ref();
    let key = match &params.session_key {
        Some(name) => cx.key_of(name, agent)?,
        None => cx.main_of(agent),
    };
    let part = Part {
        client_key: params.session_key.map_or_else(|| key.to_string(), SessionName::into_string),
        key,
        limit: params.limit.map_or(DEFAULT_LIMIT, Int::size),
        offset: params.offset.map_or(0, Count::get),
        max_bytes: params.max_bytes.map_or(MAX_BYTES, Count::size).min(MAX_BYTES),
    };
    Ok(Startup { history: part.read(&cx).await?, metadata: metadata(&cx) })
}

/// Parameters of `chat.message.get`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct MessageParams {
    /// The session.
    session_key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// The message, by the `id` it has under `__openclaw` in the history.
    message_id: Name,
    /// Without effect: messages are handed out in full.
    max_chars: Option<Int<1, 2_000_000>>,
}

/// Result of `chat.message.get`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OneMessage {
    /// Whether it was found.
    ok: bool,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Message>")]
    message: Option<Json>,
    /// `not_found`, when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable_reason: Option<&'static str>,
}

async fn message(cx: Context, params: MessageParams) -> Result<OneMessage, RpcError> {
    let key = cx.key_of(&params.session_key, params.agent_id.as_ref())?;
    let found = match params.message_id.as_str().parse::<MessageId>() {
        Ok(id) => cx.services.chat.message(&key, &id).await.map_err(refusal::store)?,
        // What cannot be a name names nothing.
        Err(_) => None,
    };
    let message = found.map(|stored| {
        let mut text = String::new();
        put(&stored, &mut text);
        Json::parse(text)
    });
    let message = message.transpose();
    let message =
        message.map_err(|_| RpcError::unavailable("the stored transcript cannot be read"))?;
    let unavailable_reason = message.is_none().then_some("not_found");
    Ok(OneMessage { ok: message.is_some(), message, unavailable_reason })
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use ports::driven::Record;

    use super::*;

    #[test]
    fn messages_are_handed_out_as_stored_with_their_names_and_places() {
        let record = |offset, id: &str, message: &str| StoredRecord {
            offset,
            record: Record {
                id: id.parse().unwrap(),
                at: Timestamp::default(),
                message: Json::parse(message.to_owned()).unwrap(),
            },
        };
        assert_eq!(written(&[]).unwrap().as_str(), "[]");
        let list = written(&[
            record(7, "a", r#"{"role":"user","content":"x"}"#),
            record(8, "b\"", "{}"),
            record(9, "c", r#"  { "role": "assistant" }"#),
        ]);
        assert_eq!(
            list.unwrap().as_str(),
            concat!(
                r#"[{"__openclaw":{"id":"a","seq":7},"role":"user","content":"x"},"#,
                r#"{"__openclaw":{"id":"b\"","seq":8}},"#,
                r#"{"__openclaw":{"id":"c","seq":9},"role": "assistant" }]"#
            )
        );
    }
}
