//! What a model is shown: the end of the conversation, and the question.

use std::collections::HashSet;

use domain::{
    agent::{BYTES_PER_TOKEN, ModelRef},
    ids::AgentId,
    session::Session,
};
use ports::{
    driven::{HistoryQuery, ModelMessage, ModelPart, ModelRole, StoreError, ToolCall, ToolResult},
    view::{Content, Message, MessagePart, MessageRole},
};

use super::{
    Chat,
    run::{History, Purpose, Run},
};

/// At most so many messages are shown.
const MAX_MESSAGES: usize = 400;
/// How many tokens a model can have in mind when nobody says.
const DEFAULT_WINDOW: u64 = 128_000;
/// The share of the window left to the answer, in hundredths.
const ANSWER_SHARE: u64 = 25;

/// What the model is asked for when a conversation is compacted.
const SUM_UP: &str = "Summarise the conversation so far for yourself: facts about the person, \
                      decisions, open tasks, names, numbers and wording that must not be lost. \
                      The summary will replace the conversation. Write nothing else.";

/// Who reads a transcript, and what for.
pub(super) struct Reading<'a> {
    /// Nothing if there is nothing to be read.
    pub(super) session: Option<Session>,
    pub(super) agent: &'a AgentId,
    /// A model other than the agent's own.
    pub(super) model: Option<&'a ModelRef>,
}

impl Run {
    fn reading(&self) -> Reading<'_> {
        Reading {
            session: self.opened.session().filter(|session| session.id == self.session_id),
            agent: &self.agent,
            model: self.model.as_ref(),
        }
    }
}

impl Chat {
    /// The messages `run` shows the model, the question being the last.
    pub(super) async fn messages_for(&self, run: &Run) -> Result<Vec<ModelMessage>, StoreError> {
        let mut messages = match &run.history {
            History::Given(messages) => messages.clone(),
            History::Transcript => self.transcript(&run.reading()).await?,
        };
        messages.push(match run.purpose {
            Purpose::Answer => self.with_news(run),
            Purpose::Compact => ModelMessage::text(ModelRole::User, SUM_UP),
        });
        Ok(paired(messages))
    }

    /// The question, preceded by what happened since the last one.
    fn with_news(&self, run: &Run) -> ModelMessage {
        let news = self.0.deps.system_events.drain(&run.key);
        let mut message = run.message.clone();
        if !news.is_empty() {
            let lines: Vec<String> = news.iter().map(|line| format!("System: {line}")).collect();
            message.parts.insert(0, ModelPart::Text(lines.join("\n")));
        }
        message
    }

    /// What stands in the transcript.
    pub(super) async fn transcript(
        &self,
        reading: &Reading<'_>,
    ) -> Result<Vec<ModelMessage>, StoreError> {
        let Some(session) = &reading.session else { return Ok(Vec::new()) };
        let query = HistoryQuery {
            before: None,
            from: session.history_from,
            limit: MAX_MESSAGES,
            max_bytes: self.budget(reading),
        };
        let page = self.0.deps.archive.history(&session.id, query).await?;
        let messages: Vec<Message> = page
            .records
            .iter()
            // A record this version cannot read is not shown; it stays on disk.
            .filter_map(|record| serde_json::from_str(record.record.message.as_str()).ok())
            .collect();
        let lanes = self.lanes();
        let answered = |message: &Message| {
            // Questions that wait behind this one, and this one itself.
            let key = message.idempotency_key.as_deref();
            !key.and_then(|key| key.parse().ok()).is_some_and(|id| lanes.runs.contains_key(&id))
        };
        let messages = messages.iter().filter(|message| answered(message)).filter_map(shown);
        Ok(messages.collect())
    }

    /// How many bytes of history fit.
    fn budget(&self, reading: &Reading<'_>) -> usize {
        let config = self.0.deps.config.current();
        let model = reading
            .model
            .cloned()
            .or_else(|| self.0.deps.agents.models_of(reading.agent).into_iter().next());
        let window = model
            .and_then(|model| self.0.deps.agents.model_info(&model))
            .and_then(|info| info.context_window)
            .unwrap_or(DEFAULT_WINDOW);
        let tokens = config.agents.defaults.context_tokens.unwrap_or(window).min(window);
        let bytes = tokens * (100 - ANSWER_SHARE) / 100 * BYTES_PER_TOKEN;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// A message of the transcript as a model is shown it. Commands and their
/// answers, and what went wrong, are between the person and the gateway.
fn shown(message: &Message) -> Option<ModelMessage> {
    let role = match (message.role, message.stop_reason.as_deref()) {
        (_, Some("command" | "error" | "interrupted")) | (MessageRole::System, _) => return None,
        (MessageRole::Assistant, Some("compaction"))
        | (MessageRole::User | MessageRole::ToolResult, _) => ModelRole::User,
        (MessageRole::Assistant, _) => ModelRole::Assistant,
    };
    let heading = (message.stop_reason.as_deref() == Some("compaction"))
        .then(|| ModelPart::Text("Summary of the conversation so far:".to_owned()));
    if let (MessageRole::ToolResult, Some(call)) = (message.role, &message.tool_call_id) {
        let (call, text) = (call.clone(), message.plain_text());
        let result = ToolResult { call, text, failed: message.is_error.unwrap_or_default() };
        return Some(ModelMessage { role, parts: vec![ModelPart::Result(result)] });
    }
    let said: Vec<ModelPart> = match &message.content {
        Content::Text(text) => vec![ModelPart::Text(text.clone())],
        Content::Parts(parts) => parts.iter().filter_map(part).collect(),
    };
    let parts: Vec<ModelPart> = heading.into_iter().chain(said).collect();
    (!parts.is_empty()).then_some(ModelMessage { role, parts })
}

fn part(part: &MessagePart) -> Option<ModelPart> {
    match part {
        MessagePart::Text { text } => Some(ModelPart::Text(text.clone())),
        MessagePart::Image { data, mime_type } => {
            Some(ModelPart::Image { mime: mime_type.clone(), data: data.clone() })
        }
        MessagePart::ToolCall { id, name, arguments } => Some(ModelPart::Call(ToolCall {
            id: id.clone(),
            name: name.clone(),
            arguments: arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned),
        })),
        MessagePart::Thinking { .. } => None,
    }
}

/// `messages` without what providers refuse: calls nobody answered are left out,
/// and what came of calls that are not there is told as text. Both happen where
/// the history was cut or a client lost interest.
pub(super) fn paired(mut messages: Vec<ModelMessage>) -> Vec<ModelMessage> {
    let mut asked = HashSet::new();
    let mut answered = HashSet::new();
    for part in messages.iter_mut().flat_map(|message| &mut message.parts) {
        match part {
            ModelPart::Call(call) => drop(asked.insert(call.id.clone())),
            ModelPart::Result(result) if asked.contains(&result.call) => {
                answered.insert(result.call.clone());
            }
            ModelPart::Result(result) => *part = ModelPart::Text(format!("Tool: {}", result.text)),
            ModelPart::Text(_) | ModelPart::Image { .. } => (),
        }
    }
    for message in &mut messages {
        message.parts.retain(|part| match part {
            ModelPart::Call(call) => answered.contains(&call.id),
            ModelPart::Result(_) | ModelPart::Text(_) | ModelPart::Image { .. } => true,
        });
    }
    messages.retain(|message| !message.parts.is_empty());
    messages
}

#[test]
fn calls_and_what_came_of_them_belong_together() {
    let call = |id: &str| {
        let (id, name) = (id.to_owned(), "look".to_owned());
        ModelPart::Call(ToolCall { id, name, arguments: "{}".to_owned() })
    };
    let result = |call: &str| {
        let call = call.to_owned();
        ModelPart::Result(ToolResult { call, text: "seen".to_owned(), failed: false })
    };
    let text = |text: &str| ModelPart::Text(text.to_owned());
    let user = |parts| ModelMessage { role: ModelRole::User, parts };
    let assistant = |parts| ModelMessage { role: ModelRole::Assistant, parts };

    let messages = vec![
        user(vec![result("cut away")]),
        user(vec![result("b")]),
        assistant(vec![text("hm"), call("a"), call("nobody answered")]),
        user(vec![result("a")]),
        assistant(vec![call("nobody answered either")]),
        assistant(vec![call("b")]),
        user(vec![text("now"), result("b")]),
    ];
    let expected = [
        user(vec![text("Tool: seen")]),
        user(vec![text("Tool: seen")]),
        assistant(vec![text("hm"), call("a")]),
        user(vec![result("a")]),
        assistant(vec![call("b")]),
        user(vec![text("now"), result("b")]),
    ];
    assert_eq!(paired(messages), expected);
}
