//! `sessions.*`: the list of conversations, and what is done to one besides
//! talking.

use std::str::FromStr;

use domain::{
    UnknownWord,
    access::{
        Access::Operator,
        Scope::{Admin, Read, Write},
    },
    client::Protocol,
    ids::AgentId,
    session::{ResponseUsage, Session, SessionKey},
    time::Timestamp,
};
use ports::{
    driving::RpcError,
    view::{MessageRole, SessionEntry, SessionRow},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::{
    models::DefaultModel,
    sessions::{
        Compacted, Create, Extras, Filter, ListQuery, Listed, Named, Preview, PreviewItem,
        PreviewStatus, SettingsPatch, Special,
    },
};

use super::send::{self, Files, Later, Outgoing, SendResult};
use crate::{
    method::{Context, methods},
    params::{
        Any, Count, IdempotencyKey, Label, List, Name, NonEmpty, Nullable, SessionName, Text,
    },
    refusal,
};

methods! {
    /// The sessions, the newest first.
    "sessions.list" [Operator(Read)] list(ListParams) -> SessionList;

    /// What was said last in some sessions.
    "sessions.preview" [Operator(Read)] preview(PreviewParams) -> Previews;

    /// The key of a session that is named by its key, its transcript or its
    /// label.
    "sessions.resolve" [Operator(Read)] resolve(ResolveParams) -> Resolved;

    /// One row of the list, or `null`.
    "sessions.describe" [Operator(Read)] describe(DescribeParams) -> Described;

    /// Creates a session, and says something in it if there is something to
    /// say. One that exists gets what is chosen here.
    "sessions.create" [Operator(Write)] create(CreateParams) -> Created;

    /// Changes what was chosen for a session: `null` goes back to the default,
    /// what is not mentioned stays. A session that does not exist is created.
    "sessions.patch" [Operator(Admin)] patch(PatchParams) -> Patched;

    /// Starts a session over under a new transcript. What runs there is stopped.
    "sessions.reset" [Operator(Admin)] reset(ResetParams) -> Reset;

    /// Forgets a session and what was said in it. What runs there is stopped.
    /// The main session stays.
    "sessions.delete" [Operator(Admin)] delete(DeleteParams) -> Forgotten;

    /// Leaves out everything but the newest entries of a conversation.
    "sessions.compact" [Operator(Admin)] compact(CompactParams) -> CompactResult;
}

/// Parameters of `sessions.list`.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct ListParams {
    /// At most so many. Default: 100; no more than 1,000.
    limit: Option<Count<1>>,
    /// Leaving out so many of the newest.
    offset: Option<Count<0>>,
    /// Changed within so many minutes.
    active_minutes: Option<Count<1>>,
    /// Whether the session `global` counts.
    include_global: Option<bool>,
    /// Whether the session `unknown` counts.
    include_unknown: Option<bool>,
    /// Whether to say what they are about.
    include_derived_titles: Option<bool>,
    /// Whether to show how their last messages begin.
    include_last_message: Option<bool>,
    /// With exactly this label.
    label: Option<Text<1, 512>>,
    /// Started by this session.
    spawned_by: Option<SessionName>,
    /// Of this agent.
    agent_id: Option<Name>,
    /// With this text in label, title, key or transcript name.
    search: Option<Any>,
    /// Without effect: the newest come first.
    sort_by: Later,
    /// Without effect.
    active_only: Later,
    /// Without effect.
    require_last_interaction: Later,
    /// Without effect.
    exclude_subagents: Later,
    /// Without effect.
    exclude_cron: Later,
    /// Without effect.
    exclude_system: Later,
    /// Without effect.
    configured_agents_only: Later,
    /// Without effect.
    include_activity_summary: Later,
    /// Without effect.
    include_people: Later,
    /// Without effect.
    owner_first: Later,
    /// Without effect: nothing is archived.
    archived: Later,
    /// Sessions with a board. There are none.
    has_board: Option<bool>,
    /// Sessions that were pinned. There are none.
    pinned: Option<bool>,
    /// Sessions of a group. There are none.
    group: Option<Any>,
    /// Sessions of a project. There are none.
    project_id: Option<Any>,
}

/// Result of `sessions.list`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionList {
    /// When the list was made.
    #[schemars(with = "u64")]
    ts: Timestamp,
    /// What the store is called.
    path: String,
    /// How many are here.
    count: usize,
    /// How many sessions there are in all.
    total_count: u64,
    /// How many were asked for.
    limit_applied: usize,
    /// The `offset` of the next part, if there is one.
    next_offset: Option<usize>,
    /// Whether there are more.
    has_more: bool,
    /// What answers when nothing was chosen.
    defaults: Defaults,
    /// The sessions.
    sessions: Vec<SessionRow>,
}

/// What answers in a session where nothing was chosen.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Defaults {
    /// Who offers the model.
    model_provider: Option<String>,
    /// The model.
    model: Option<String>,
    /// How many tokens it is shown at most.
    context_tokens: Option<u64>,
}

impl Defaults {
    pub(super) fn of(cx: &Context) -> Self {
        cx.services.models.default_of(&cx.keys().default_agent).into()
    }
}

impl From<DefaultModel> for Defaults {
    fn from(default: DefaultModel) -> Self {
        let model = default.model.as_ref();
        Self {
            model_provider: model.map(|model| model.provider().to_owned()),
            model: model.map(|model| model.model().to_owned()),
            context_tokens: default.context_tokens,
        }
    }
}

impl ListParams {
    /// Whether nothing was asked for.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn read(self, cx: &Context) -> Result<ListQuery, RpcError> {
        Ok(ListQuery {
            agent: self.agent_id.map(|agent| AgentId::normalize(agent.as_str())),
            label: self.label.map(Text::into_string),
            spawned_by: self.spawned_by.map(|name| cx.key(&name)).transpose()?,
            search: self.search.map(Any::into_string),
            active_minutes: self.active_minutes.map(Count::get),
            special: Special {
                global: self.include_global.unwrap_or_default(),
                unknown: self.include_unknown.unwrap_or_default(),
            },
            extras: Extras {
                titles: self.include_derived_titles.unwrap_or_default(),
                last_messages: self.include_last_message.unwrap_or_default(),
            },
            limit: self.limit.map(Count::size),
            offset: self.offset.map_or(0, Count::size),
        })
    }

    /// Whether something is asked for that no session is.
    fn asks_for_what_is_not(&self) -> bool {
        self.has_board == Some(true)
            || self.pinned == Some(true)
            || self.group.is_some()
            || self.project_id.is_some()
    }
}

async fn list(cx: Context, params: ListParams) -> Result<SessionList, RpcError> {
    listed(&cx, params).await
}

pub(super) async fn listed(cx: &Context, params: ListParams) -> Result<SessionList, RpcError> {
    let none = params.asks_for_what_is_not();
    let query = params.read(cx)?;
    let mut listed = cx.services.sessions.list(query).await.map_err(refusal::store)?;
    if none {
        listed.rows.clear();
        listed.more = false;
    }
    let Listed { at, rows, limit, offset, more, total, defaults } = listed;
    Ok(SessionList {
        ts: at,
        path: cx.services.sessions.store().to_owned(),
        count: rows.len(),
        total_count: total,
        limit_applied: limit,
        next_offset: more.then_some(offset + rows.len()),
        has_more: more,
        defaults: defaults.into(),
        sessions: rows,
    })
}

/// Previews in one answer; what is asked for beyond is passed over.
const MAX_PREVIEWS: usize = 64;

/// Parameters of `sessions.preview`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PreviewParams {
    /// The sessions; the first 64 count.
    keys: List<SessionName, 1, 1000>,
    /// How many messages of each. Default: 12; no more than 50.
    limit: Option<Count<1>>,
    /// How many characters of each message. Default: 240; no more than 2,000.
    max_chars: Option<Count<20>>,
}

/// Result of `sessions.preview`.
#[derive(Debug, Serialize, JsonSchema)]
struct Previews {
    /// When it was made.
    #[schemars(with = "u64")]
    ts: Timestamp,
    /// The sessions in the order in which they were asked for.
    previews: Vec<OnePreview>,
}

/// What was said last in a session.
#[derive(Debug, Serialize, JsonSchema)]
struct OnePreview {
    /// The session, as the caller spelled it.
    key: String,
    /// `ok`, `empty`, `missing` or `error`.
    status: &'static str,
    /// What was said, the oldest first.
    items: Vec<PreviewLine>,
}

/// One thing that was said.
#[derive(Debug, Serialize, JsonSchema)]
struct PreviewLine {
    /// `user`, `assistant`, `tool`, `system` or `other`.
    role: &'static str,
    /// How it begins.
    text: String,
}

async fn preview(cx: Context, params: PreviewParams) -> Result<Previews, RpcError> {
    let limit = params.limit.map_or(12, Count::size).min(50);
    let max_chars = params.max_chars.map_or(240, Count::size).min(2000);
    let mut previews = Vec::new();
    for name in params.keys.into_vec().into_iter().take(MAX_PREVIEWS) {
        let Preview { status, items } = match cx.key(&name) {
            Ok(key) => cx.services.sessions.preview(&key, limit, max_chars).await,
            // What cannot be a key names no session.
            Err(_) => Preview { status: PreviewStatus::Missing, items: Vec::new() },
        };
        let status = match status {
            PreviewStatus::Ok => "ok",
            PreviewStatus::Empty => "empty",
            PreviewStatus::Missing => "missing",
            PreviewStatus::Error => "error",
        };
        let items = items.into_iter().map(PreviewLine::from).collect();
        previews.push(OnePreview { key: name.into_string(), status, items });
    }
    Ok(Previews { ts: cx.services.clock.now(), previews })
}

impl From<PreviewItem> for PreviewLine {
    fn from(item: PreviewItem) -> Self {
        let role = match item.role {
            Some(MessageRole::User) => "user",
            Some(MessageRole::Assistant) => "assistant",
            Some(MessageRole::System) => "system",
            Some(MessageRole::ToolResult) => "tool",
            None => "other",
        };
        Self { role, text: item.text }
    }
}

/// Parameters of `sessions.resolve`: exactly one of `key`, `sessionId` and
/// `label`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct ResolveParams {
    /// By its key, or a short name for it.
    key: Option<SessionName>,
    /// By its transcript.
    session_id: Option<NonEmpty>,
    /// By its label.
    label: Option<Label>,
    /// It belongs to this agent.
    agent_id: Option<Name>,
    /// It was started by this session.
    spawned_by: Option<SessionName>,
    /// Without effect: special sessions are found by their keys.
    include_global: Option<bool>,
    /// Without effect.
    include_unknown: Option<bool>,
}

/// Result of `sessions.resolve`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Resolved {
    /// Always true.
    ok: bool,
    /// The session.
    key: String,
    /// Its agent. Not for protocol 3, which knows two keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
}

async fn resolve(cx: Context, params: ResolveParams) -> Result<Resolved, RpcError> {
    let missing = |asked: &str| RpcError::invalid(format!("No session found: {asked}"));
    let (named, asked) = match (params.key, params.session_id, params.label) {
        (None, None, None) => {
            return Err(RpcError::invalid("Either key, sessionId, or label is required"));
        }
        (Some(key), None, None) => {
            (Named::Key(cx.key_of(&key, params.agent_id.as_ref())?), key.into_string())
        }
        (None, Some(id), None) => {
            (Named::Id(id.as_str().parse().map_err(|_| missing(id.as_str()))?), id.into_string())
        }
        (None, None, Some(label)) => (Named::Label(label.as_str().to_owned()), label.into_string()),
        _ => {
            let several = "Provide either key, sessionId, or label (not multiple)";
            return Err(RpcError::invalid(several));
        }
    };
    let filter = Filter {
        agent: params.agent_id.map(|agent| AgentId::normalize(agent.as_str())),
        spawned_by: params.spawned_by.map(|name| cx.key(&name)).transpose()?,
    };
    let key = cx.services.sessions.resolve(named, &filter, &asked).await;
    let key = key.map_err(refusal::sessions)?;
    let agent = key.agent().filter(|_| cx.caller.protocol != Protocol::V3);
    Ok(Resolved { ok: true, key: key.to_string(), agent_id: agent.map(String::from) })
}

/// Parameters of `sessions.describe`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DescribeParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Whether to say what it is about.
    include_derived_titles: Option<bool>,
    /// Whether to show how its last message begins.
    include_last_message: Option<bool>,
}

/// Result of `sessions.describe`.
#[derive(Debug, Serialize, JsonSchema)]
struct Described {
    /// Its row in the list, or `null`.
    session: Option<SessionRow>,
}

async fn describe(cx: Context, params: DescribeParams) -> Result<Described, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let extras = Extras {
        titles: params.include_derived_titles.unwrap_or_default(),
        last_messages: params.include_last_message.unwrap_or_default(),
    };
    let session = cx.services.sessions.describe(&key, extras).await;
    Ok(Described { session: session.map_err(refusal::store)? })
}

/// Parameters of `sessions.create`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct CreateParams {
    /// The session; a new name is made up when absent.
    key: Option<SessionName>,
    /// Whose it is, when no key is given.
    agent_id: Option<Name>,
    /// A name for people, unique among sessions.
    label: Option<Label>,
    /// Which model answers.
    model: Option<NonEmpty>,
    /// How long it thinks.
    thinking_level: Option<NonEmpty>,
    /// What to say first.
    message: Option<Any>,
    /// The same, when there is no `message`.
    task: Option<Any>,
    /// Pictures to look at.
    attachments: Option<Files>,
    /// How long the first run may take; 0 is the default.
    timeout_ms: Option<Count<0>>,
    /// Names the first run.
    idempotency_key: Option<IdempotencyKey>,
    /// Without effect.
    display_name: Later,
    /// Without effect.
    title_source: Later,
    /// Without effect.
    category: Later,
    /// Without effect.
    parent_session_key: Later,
    /// Without effect.
    emit_command_hooks: Later,
    /// Without effect.
    fast_mode: Later,
    /// Without effect.
    mentions: Later,
}

/// Result of `sessions.create`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Created {
    /// Always true.
    ok: bool,
    /// The session.
    key: String,
    /// Its transcript.
    session_id: String,
    /// What is remembered about it.
    entry: SessionEntry,
    /// Whether something was said in it.
    run_started: bool,
    /// The run of what was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    /// What answers in it.
    resolved: Answering,
}

/// What answers in a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answering {
    /// Who offers the model.
    model_provider: Option<String>,
    /// The model.
    model: Option<String>,
}

impl Answering {
    fn of(cx: &Context, session: &Session) -> Self {
        let agent = session.key.agent().unwrap_or_else(|| cx.keys().default_agent);
        let default = || cx.services.models.default_of(&agent).model;
        let model = session.settings.model.clone().or_else(default);
        Self {
            model_provider: model.as_ref().map(|model| model.provider().to_owned()),
            model: model.as_ref().map(|model| model.model().to_owned()),
        }
    }
}

async fn create(cx: Context, params: CreateParams) -> Result<Created, RpcError> {
    let agent = params.agent_id.as_ref();
    let key = params.key.as_ref().map(|name| cx.key_of(name, agent)).transpose()?;
    let create = Create {
        key,
        agent: agent.map(|agent| AgentId::normalize(agent.as_str())),
        label: params.label.map(|label| label.as_str().trim().into()),
        model: params.model.map(Text::into_string),
        thinking: params.thinking_level.map(|it| word("thinkingLevel", &it)).transpose()?,
    };
    let session = cx.services.sessions.create(create).await.map_err(refusal::sessions)?;
    let first = params.message.or(params.task).map(Any::into_string);
    let first = first.filter(|text| !text.trim().is_empty());
    let run_id = match first {
        None => None,
        Some(message) => {
            let idempotency_key = match params.idempotency_key {
                Some(key) => key,
                None => cx.fresh_key()?,
            };
            let run = idempotency_key.as_str().to_owned();
            let outgoing = Outgoing {
                client_key: session.key.to_string(),
                key: session.key.clone(),
                message,
                thinking: None,
                files: params.attachments,
                timeout: send::timeout(params.timeout_ms),
                idempotency_key,
            };
            match send::send(&cx, outgoing.read(&cx)?).await? {
                SendResult::Run(_) => Some(run),
                SendResult::Stopped(_) => None,
            }
        }
    };
    Ok(Created {
        ok: true,
        key: session.key.to_string(),
        session_id: session.id.to_string(),
        entry: SessionEntry::from(&session),
        run_started: run_id.is_some(),
        run_id,
        resolved: Answering::of(&cx, &session),
    })
}

/// Parameters of `sessions.patch`. `null` goes back to the default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PatchParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// A name for people, unique among sessions.
    #[serde(default)]
    label: Nullable<Label>,
    /// How long the model thinks.
    #[serde(default)]
    thinking_level: Nullable<NonEmpty>,
    /// Whether the steps of tools are shown: `off`, `on`, `full`.
    #[serde(default)]
    verbose_level: Nullable<NonEmpty>,
    /// Whether what the model thinks is shown: `off`, `on`, `stream`.
    #[serde(default)]
    reasoning_level: Nullable<NonEmpty>,
    /// Whether an answer says what it cost.
    #[serde(default)]
    response_usage: Nullable<UsageWord>,
    /// Whether commands may leave the sandbox: `off`, `on`, `ask`, `full`.
    #[serde(default)]
    elevated_level: Nullable<NonEmpty>,
    /// Where commands run: `sandbox`, `gateway`, `node`.
    #[serde(default)]
    exec_host: Nullable<NonEmpty>,
    /// Which commands run: `deny`, `allowlist`, `full`.
    #[serde(default)]
    exec_security: Nullable<NonEmpty>,
    /// When a person is asked: `off`, `on-miss`, `always`.
    #[serde(default)]
    exec_ask: Nullable<NonEmpty>,
    /// On which node commands run.
    #[serde(default)]
    exec_node: Nullable<Name>,
    /// Which model answers.
    #[serde(default)]
    model: Nullable<NonEmpty>,
    /// Whether the conversation may be spoken in.
    #[serde(default)]
    send_policy: Nullable<SendPolicy>,
    /// What wakes the agent in a group.
    #[serde(default)]
    group_activation: Nullable<GroupActivation>,
    /// The session that started this one. Set once.
    #[serde(default)]
    spawned_by: Nullable<SessionName>,
}

/// Whether an answer says what it cost.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum UsageWord {
    /// No.
    Off,
    /// In tokens.
    Tokens,
    /// In full.
    Full,
    /// In tokens.
    On,
}

/// Whether the conversation may be spoken in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SendPolicy {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// What wakes the agent in a group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum GroupActivation {
    /// Being mentioned.
    Mention,
    /// Every message.
    Always,
}

/// Reads one of the words of a closed set, or says which there are.
fn word<T: FromStr<Err = UnknownWord>>(field: &str, text: &NonEmpty) -> Result<T, RpcError> {
    text.as_str().parse().map_err(|unknown: UnknownWord| {
        let words = unknown.allowed.join("|");
        RpcError::invalid(format!("invalid {field} (use {words})"))
    })
}

impl PatchParams {
    fn read(self, cx: &Context) -> Result<SettingsPatch, RpcError> {
        use domain::session::{GroupActivation as Activation, SendPolicy as Policy};

        let usage = |usage: UsageWord| match usage {
            UsageWord::Off => ResponseUsage::Off,
            UsageWord::Tokens | UsageWord::On => ResponseUsage::Tokens,
            UsageWord::Full => ResponseUsage::Full,
        };
        let policy = |policy: SendPolicy| match policy {
            SendPolicy::Allow => Policy::Allow,
            SendPolicy::Deny => Policy::Deny,
        };
        let activation = |activation: GroupActivation| match activation {
            GroupActivation::Mention => Activation::Mention,
            GroupActivation::Always => Activation::Always,
        };
        Ok(SettingsPatch {
            label: self.label.try_map(|label| read_label(&label))?,
            thinking: self.thinking_level.try_map(|it| word("thinkingLevel", &it))?,
            verbose: self.verbose_level.try_map(|it| word("verboseLevel", &it))?,
            reasoning: self.reasoning_level.try_map(|it| word("reasoningLevel", &it))?,
            response_usage: self.response_usage.map(usage),
            elevated: self.elevated_level.try_map(|it| word("elevatedLevel", &it))?,
            exec_host: self.exec_host.try_map(|it| word("execHost", &it))?,
            exec_security: self.exec_security.try_map(|it| word("execSecurity", &it))?,
            exec_ask: self.exec_ask.try_map(|it| word("execAsk", &it))?,
            exec_node: self.exec_node.map(|node| node.as_str().trim().into()),
            model: self.model.map(Text::into_string),
            send_policy: self.send_policy.map(policy),
            group_activation: self.group_activation.map(activation),
            spawned_by: self.spawned_by.try_map(|name| cx.key(&name))?,
        })
    }
}

fn read_label(label: &Label) -> Result<Box<str>, RpcError> {
    match label.as_str().trim() {
        "" => Err(RpcError::invalid("invalid label: empty")),
        label => Ok(label.into()),
    }
}

/// Result of `sessions.patch`.
#[derive(Debug, Serialize, JsonSchema)]
struct Patched {
    /// Always true.
    ok: bool,
    /// What the store is called.
    path: String,
    /// The session.
    key: String,
    /// How it is now.
    entry: SessionEntry,
    /// What answers in it.
    resolved: Answering,
}

async fn patch(cx: Context, params: PatchParams) -> Result<Patched, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let patched = cx.services.sessions.patch(&key, params.read(&cx)?).await;
    let session = patched.map_err(refusal::sessions)?;
    Ok(Patched {
        ok: true,
        path: cx.services.sessions.store().to_owned(),
        key: key.to_string(),
        entry: SessionEntry::from(&session),
        resolved: Answering::of(&cx, &session),
    })
}

/// Parameters of `sessions.reset`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct ResetParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Without effect.
    reason: Later,
}

/// Result of `sessions.reset`.
#[derive(Debug, Serialize, JsonSchema)]
struct Reset {
    /// Always true.
    ok: bool,
    /// The session.
    key: String,
    /// How it is now.
    entry: SessionEntry,
}

async fn reset(cx: Context, params: ResetParams) -> Result<Reset, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let session = cx.services.sessions.reset(&key).await.map_err(refusal::sessions)?;
    Ok(Reset { ok: true, key: key.to_string(), entry: SessionEntry::from(&session) })
}

/// Parameters of `sessions.delete`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct DeleteParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Whether what was said goes too. Default: yes.
    delete_transcript: Option<bool>,
    /// Without effect.
    emit_lifecycle_hooks: Later,
}

/// Result of `sessions.delete`.
#[derive(Debug, Serialize, JsonSchema)]
struct Forgotten {
    /// Always true.
    ok: bool,
    /// The session.
    key: String,
    /// Whether there was such a session.
    deleted: bool,
    /// Files that were set aside. There are none: what goes is gone.
    archived: Vec<String>,
}

async fn delete(cx: Context, params: DeleteParams) -> Result<Forgotten, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let with_transcript = params.delete_transcript.unwrap_or(true);
    let deleted = cx.services.sessions.delete(&key, with_transcript).await;
    let deleted = deleted.map_err(refusal::sessions)?;
    Ok(Forgotten { ok: true, key: key.to_string(), deleted, archived: Vec::new() })
}

/// Parameters of `sessions.compact`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CompactParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// How many entries stay. Default: 400.
    max_lines: Option<Count<1>>,
}

/// Result of `sessions.compact`.
#[derive(Debug, Serialize, JsonSchema)]
struct CompactResult {
    /// Always true.
    ok: bool,
    /// The session.
    key: String,
    /// Whether something was left out.
    compacted: bool,
    /// How many entries are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<u64>,
    /// Why nothing was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn compact(cx: Context, params: CompactParams) -> Result<CompactResult, RpcError> {
    let key: SessionKey = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let keep = params.max_lines.map_or(400, Count::get);
    let compacted = cx.services.sessions.compact(&key, keep).await;
    let Compacted { changed, kept } = compacted.map_err(refusal::sessions)?;
    let reason = kept.is_none().then_some("no such session");
    Ok(CompactResult { ok: true, key: key.to_string(), compacted: changed, kept, reason })
}
