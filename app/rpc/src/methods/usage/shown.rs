//! What was used, as clients see it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    agent::ModelRef,
    spending::{Exchanges, Sums, Totals},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::Serialize;
use usecases::spending::{SessionSpent, date_of};

/// Whoever began a conversation of which that is not known.
pub(super) const UNATTRIBUTED: &str = "[\"unknown\"]";

/// What some answers used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Used {
    /// Tokens read anew.
    input: u64,
    /// Tokens written.
    output: u64,
    /// Tokens read from a cache.
    cache_read: u64,
    /// Tokens written to a cache.
    cache_write: u64,
    /// Tokens together.
    total_tokens: u64,
    /// Dollars, as far as prices are known.
    total_cost: f64,
    /// Dollars for what was read anew.
    input_cost: f64,
    /// Dollars for what was written.
    output_cost: f64,
    /// Dollars for what was read from a cache.
    cache_read_cost: f64,
    /// Dollars for what was written to a cache.
    cache_write_cost: f64,
    /// How many answers there are whose price is not known.
    missing_cost_entries: u64,
    /// The same by model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    missing_cost_by_model: BTreeMap<String, u64>,
}

impl Used {
    pub(super) fn of(totals: &Totals) -> Self {
        let Totals { tokens, cost, missing, .. } = totals;
        let by_model = missing.iter().map(|(model, count)| (name_of(model.as_ref()), *count));
        Self {
            input: tokens.input,
            output: tokens.output,
            cache_read: tokens.cache_read,
            cache_write: tokens.cache_write,
            total_tokens: tokens.total(),
            total_cost: cost.total().dollars(),
            input_cost: cost.input.dollars(),
            output_cost: cost.output.dollars(),
            cache_read_cost: cost.cache_read.dollars(),
            cache_write_cost: cost.cache_write.dollars(),
            missing_cost_entries: totals.missing(),
            missing_cost_by_model: by_model.collect(),
        }
    }
}

fn name_of(model: Option<&ModelRef>) -> String {
    model.map_or_else(|| "unknown".to_owned(), ModelRef::to_string)
}

/// A conversation and what it used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionUsage {
    /// The conversation.
    key: String,
    /// What to call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Its transcript.
    session_id: String,
    /// `instance`, or `family` with what was used before it was started over.
    scope: &'static str,
    /// What its transcripts have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_family_key: Option<String>,
    /// The newest of its transcripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_session_id: Option<String>,
    /// All that are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    included_session_ids: Option<Vec<String>>,
    /// How many those are.
    #[serde(skip_serializing_if = "Option::is_none")]
    historical_instance_count: Option<usize>,
    /// When it last changed.
    #[schemars(with = "u64")]
    updated_at: Timestamp,
    /// Whose it is.
    agent_id: Option<String>,
    /// Who began it.
    creator_key: &'static str,
    /// `direct` or `group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_type: Option<&'static str>,
    /// Who offers the model that was chosen for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_override: Option<String>,
    /// The model that was chosen for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_override: Option<String>,
    /// Who offers the model that answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_provider: Option<String>,
    /// The model that answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// What it used, if it used something in these days.
    usage: Option<SessionSum>,
    /// Whether it is known what its context is made of.
    has_context_weight: bool,
    /// What its context is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_weight: Option<()>,
}

/// What a conversation used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionSum {
    /// Its transcript.
    session_id: String,
    /// When the first of the answers was given.
    #[schemars(with = "u64")]
    first_activity: Timestamp,
    /// When the last one was.
    #[schemars(with = "u64")]
    last_activity: Timestamp,
    /// How long that took, in milliseconds.
    duration_ms: u64,
    /// The days in which it was used.
    activity_dates: BTreeSet<String>,
    /// What was used in each.
    daily_breakdown: Vec<DayBreakdown>,
    /// What was said in each.
    daily_message_counts: Vec<DayMessages>,
    /// What each model used in each.
    daily_model_usage: Vec<ModelDay>,
    /// What was said.
    message_counts: Messages,
    /// Which tools were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_usage: Option<ToolCounts>,
    /// What each model used.
    model_usage: Vec<ModelUsed>,
    #[serde(flatten)]
    used: Used,
}

/// What was used in a day.
#[derive(Debug, Serialize, JsonSchema)]
struct DayBreakdown {
    /// As in `2026-01-27`.
    date: String,
    /// Tokens together.
    tokens: u64,
    /// Dollars, as far as prices are known.
    cost: f64,
    #[serde(flatten)]
    used: Used,
}

/// What was said in a day.
#[derive(Debug, Serialize, JsonSchema)]
struct DayMessages {
    /// As in `2026-01-27`.
    date: String,
    #[serde(flatten)]
    messages: Messages,
}

/// What a model used in a day.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelDay {
    /// As in `2026-01-27`.
    date: String,
    /// Who offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Tokens together.
    tokens: u64,
    /// Dollars, as far as prices are known.
    cost: f64,
    /// How many answers.
    count: u64,
}

/// What a model used, or all those of a provider.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelUsed {
    /// Who offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// How many answers.
    count: u64,
    /// What they used.
    totals: Used,
}

/// How many messages there were, as far as they belong to answers that used
/// something.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Messages {
    /// Questions and answers.
    total: u64,
    /// Questions.
    user: u64,
    /// Answers.
    assistant: u64,
    /// Tools that were asked for.
    tool_calls: u64,
    /// What tools said. Not counted.
    tool_results: u64,
    /// Answers that came to a bad end.
    errors: u64,
}

impl From<Exchanges> for Messages {
    fn from(exchanges: Exchanges) -> Self {
        let Exchanges { asked, answered, tools, failed } = exchanges;
        Self {
            total: asked + answered,
            user: asked,
            assistant: answered,
            tool_calls: tools,
            tool_results: 0,
            errors: failed,
        }
    }
}

/// Which tools were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ToolCounts {
    /// How often.
    total_calls: u64,
    /// How many different ones.
    unique_tools: usize,
    /// Each, the most wanted first.
    tools: Vec<Tool>,
}

/// A tool.
#[derive(Debug, Serialize, JsonSchema)]
struct Tool {
    /// Its name.
    name: String,
    /// How often it was asked for.
    count: u64,
}

impl ToolCounts {
    fn of(sums: &Sums) -> Self {
        let tool = |(name, count): (&str, u64)| Tool { name: name.to_owned(), count };
        let mut tools: Vec<Tool> = sums.tools().map(tool).collect();
        tools.sort_by_key(|tool| std::cmp::Reverse(tool.count));
        let total_calls = tools.iter().map(|tool| tool.count).sum();
        Self { total_calls, unique_tools: tools.len(), tools }
    }
}

impl SessionUsage {
    pub(super) fn of(spent: SessionSpent, family: bool, with_weight: bool) -> Self {
        let SessionSpent { session, sums, transcripts } = spent;
        let key = session.key.to_string();
        let id = session.id.to_string();
        let mut included: Vec<String> = transcripts.iter().map(ToString::to_string).collect();
        if !included.contains(&id) {
            included.push(id.clone());
        }
        let chosen = session.settings.model.as_ref();
        Self {
            label: session.settings.label.as_deref().map(str::to_owned),
            scope: if family { "family" } else { "instance" },
            session_family_key: family.then(|| key.clone()),
            current_session_id: family.then(|| id.clone()),
            historical_instance_count: family.then_some(included.len()),
            included_session_ids: family.then_some(included),
            updated_at: session.updated_at,
            agent_id: session.key.agent().map(String::from),
            creator_key: UNATTRIBUTED,
            chat_type: session
                .key
                .agent()
                .map(|_| if session.key.is_group() { "group" } else { "direct" }),
            provider_override: chosen.map(|model| model.provider().to_owned()),
            model_override: chosen.map(|model| model.model().to_owned()),
            model_provider: session.model_provider.as_deref().map(str::to_owned),
            model: session.model.as_deref().map(str::to_owned),
            usage: SessionSum::of(&id, &sums),
            has_context_weight: false,
            context_weight: with_weight.then_some(()),
            session_id: id,
            key,
        }
    }
}

impl SessionSum {
    fn of(id: &str, sums: &Sums) -> Option<Self> {
        let (first_activity, last_activity) = sums.span()?;
        let days = sums.by(|place| place.day);
        let total = sums.total();
        let tools = ToolCounts::of(sums);
        let breakdown = |(day, it): (&u32, &Totals)| DayBreakdown {
            date: date_of(*day),
            tokens: it.tokens.total(),
            cost: it.cost.total().dollars(),
            used: Used::of(it),
        };
        let took = last_activity.since(first_activity).as_millis();
        Some(Self {
            session_id: id.to_owned(),
            first_activity,
            last_activity,
            duration_ms: u64::try_from(took).unwrap_or(u64::MAX),
            activity_dates: days.keys().map(|day| date_of(*day)).collect(),
            daily_breakdown: days.iter().map(breakdown).collect(),
            daily_message_counts: days
                .iter()
                .map(|(day, it)| DayMessages { date: date_of(*day), messages: it.exchanges.into() })
                .collect(),
            daily_model_usage: ModelDay::all(sums),
            message_counts: total.exchanges.into(),
            tool_usage: (0 < tools.total_calls).then_some(tools),
            model_usage: ModelUsed::by_model(sums),
            used: Used::of(&total),
        })
    }
}

impl ModelDay {
    fn all(sums: &Sums) -> Vec<Self> {
        let by_day = sums.by(|place| (place.day, place.model.clone()));
        let day = |((day, model), it): ((u32, Option<ModelRef>), Totals)| Self {
            date: date_of(day),
            provider: model.as_ref().map(|model| model.provider().to_owned()),
            model: model.as_ref().map(|model| model.model().to_owned()),
            tokens: it.tokens.total(),
            cost: it.cost.total().dollars(),
            count: it.exchanges.answered,
        };
        by_day.into_iter().map(day).collect()
    }
}

impl ModelUsed {
    fn by_model(sums: &Sums) -> Vec<Self> {
        let parts = |model: Option<ModelRef>| {
            model.map(|model| (model.provider().to_owned(), Some(model.model().to_owned())))
        };
        Self::sorted(sums.by(|place| parts(place.model.clone())))
    }

    fn by_provider(sums: &Sums) -> Vec<Self> {
        let provider = |model: &ModelRef| (model.provider().to_owned(), None);
        Self::sorted(sums.by(|place| place.model.as_ref().map(provider)))
    }

    /// The dearest first, and among those that cost the same the busiest.
    fn sorted(parts: BTreeMap<Option<(String, Option<String>)>, Totals>) -> Vec<Self> {
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_key(|(_, it)| std::cmp::Reverse((it.cost.total(), it.tokens.total())));
        let part = |(name, it): (Option<(String, Option<String>)>, Totals)| {
            let (provider, model) = name.unzip();
            Self {
                provider,
                model: model.flatten(),
                count: it.exchanges.answered,
                totals: Used::of(&it),
            }
        };
        parts.into_iter().map(part).collect()
    }
}

/// What all conversations used, in several ways.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Aggregates {
    /// How many of them used something.
    session_count: usize,
    /// What was said.
    messages: Messages,
    /// Which tools were asked for.
    tools: ToolCounts,
    /// By model, the dearest first.
    by_model: Vec<ModelUsed>,
    /// By provider, the dearest first.
    by_provider: Vec<ModelUsed>,
    /// By agent, the dearest first.
    by_agent: Vec<AgentUsed>,
    /// By channel. Conversations of no channel are not among them, and there are
    /// no others.
    by_channel: [(); 0],
    /// By whoever began the conversations.
    by_creator: Vec<CreatorUsed>,
    /// What was used, day by day.
    cost_daily: Vec<DayUsed>,
    /// How long answers took, day by day. Not counted.
    daily_latency: [(); 0],
    /// What each model used, day by day.
    model_daily: Vec<ModelDay>,
    /// In short, day by day.
    daily: Vec<DayInShort>,
}

/// What an agent used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AgentUsed {
    /// The agent.
    agent_id: String,
    /// What it used.
    totals: Used,
}

/// What the conversations used that somebody began.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreatorUsed {
    /// Who.
    key: &'static str,
    /// What they used.
    totals: Used,
    /// How many they are.
    session_count: usize,
    /// The same, day by day.
    daily: Vec<DayUsed>,
}

/// What was used in a day.
#[derive(Debug, Serialize, JsonSchema)]
struct DayUsed {
    /// As in `2026-01-27`.
    date: String,
    #[serde(flatten)]
    used: Used,
}

/// A day in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DayInShort {
    /// As in `2026-01-27`.
    date: String,
    /// Tokens together.
    tokens: u64,
    /// Dollars, as far as prices are known.
    cost: f64,
    /// Questions and answers.
    messages: u64,
    /// Tools that were asked for.
    tool_calls: u64,
    /// Answers that came to a bad end.
    errors: u64,
}

impl Aggregates {
    pub(super) fn of(sums: &Sums, session_count: usize) -> Self {
        let days = sums.by(|place| place.day);
        let day = |(day, it): (&u32, &Totals)| DayUsed { date: date_of(*day), used: Used::of(it) };
        let in_short = |(day, it): (&u32, &Totals)| DayInShort {
            date: date_of(*day),
            tokens: it.tokens.total(),
            cost: it.cost.total().dollars(),
            messages: it.exchanges.asked + it.exchanges.answered,
            tool_calls: it.exchanges.tools,
            errors: it.exchanges.failed,
        };
        let mut agents: Vec<_> = sums.by(|place| place.agent.clone()).into_iter().collect();
        agents.sort_by_key(|(_, it)| std::cmp::Reverse((it.cost.total(), it.tokens.total())));
        let total = sums.total();
        let everybody = CreatorUsed {
            key: UNATTRIBUTED,
            totals: Used::of(&total),
            session_count,
            daily: days.iter().map(day).collect(),
        };
        Self {
            session_count,
            messages: total.exchanges.into(),
            tools: ToolCounts::of(sums),
            by_model: ModelUsed::by_model(sums),
            by_provider: ModelUsed::by_provider(sums),
            by_agent: agents
                .into_iter()
                .map(|(agent, it)| AgentUsed { agent_id: agent.into(), totals: Used::of(&it) })
                .collect(),
            by_channel: [],
            by_creator: if session_count == 0 { Vec::new() } else { vec![everybody] },
            cost_daily: days.iter().map(day).collect(),
            daily_latency: [],
            model_daily: ModelDay::all(sums),
            daily: days.iter().map(in_short).collect(),
        }
    }
}

/// Somebody who began conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Creator {
    /// Who.
    key: &'static str,
}

impl Creator {
    /// Nobody who is known.
    pub(super) const fn nobody() -> Self {
        Self { key: UNATTRIBUTED }
    }
}
