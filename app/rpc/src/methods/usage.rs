//! `usage.*` and `sessions.usage*`: what was used and what that cost.

mod asked;
mod shown;
#[cfg(test)]
mod tests;

use domain::{
    access::{Access::Operator, Scope::Read},
    ids::AgentId,
    session::SessionKey,
    time::Timestamp,
};
use ports::driving::RpcError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::spending::{CostSummary, Period, SessionsAsked, SessionsSpent, SpendingError};

use self::{
    asked::{AgentScope, Days, Mode, Range, UsageAsked},
    shown::{Aggregates, Creator, SessionUsage, UNATTRIBUTED, Used},
};
use crate::{
    method::{Context, methods},
    params::{Any, Count, Name, NonEmpty, Nothing, SessionName},
    refusal,
};

methods! {
    /// What answers used and what that cost, day by day: of the default agent, of
    /// the one that is named, or with `agentScope: "all"` of all. An answer costs
    /// what it cost when it was given; where no price was known then, what it
    /// would cost today, and where none is known now, it is counted in
    /// `missingCostEntries`. What was told is told again for 30 seconds.
    "usage.cost" [Operator(Read)] cost(CostParams) -> CostTold;

    /// What is left of the quotas of providers. No provider this gateway speaks to
    /// says so without a key of another kind, so there are none.
    "usage.status" [Operator(Read)] status(Nothing) -> StatusTold;

    /// What conversations used, the newest one by one, and all of them by day,
    /// model, provider and agent. What was used before a conversation was started
    /// over, or in one that was deleted, is in the sums.
    "sessions.usage" [Operator(Read)] sessions(SessionsParams) -> SessionsTold;

    /// What a conversation used over time, in at most 200 points.
    "sessions.usage.timeseries" [Operator(Read)] timeseries(SeriesParams) -> SeriesTold;

    /// The newest messages of a conversation with what they used: 200, or as many
    /// as `limit` says, up to 1000.
    "sessions.usage.logs" [Operator(Read)] logs(LogsParams) -> LogsTold;
}

/// Parameters of `usage.cost`. Unknown ones are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CostParams {
    /// So many days up to today, from 1 to 36600. Default: 30.
    days: Option<Days>,
    /// The days by name, instead.
    range: Option<Range>,
    /// The first day, as in `2026-01-27`, together with `endDate`.
    start_date: Option<Any>,
    /// The last day.
    end_date: Option<Any>,
    /// Where days begin. Default: `utc`.
    mode: Option<Mode>,
    /// With `mode: "specific"`: as `UTC+5:30`.
    utc_offset: Option<Any>,
    /// With `mode: "specific"`: as `Europe/Vienna`. Counts before `utcOffset`.
    time_zone: Option<Any>,
    /// Only this agent.
    agent_id: Option<Name>,
    /// Every agent.
    agent_scope: Option<AgentScope>,
}

/// Result of `usage.cost`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CostTold {
    /// When it was put together.
    #[schemars(with = "u64")]
    updated_at: Timestamp,
    /// How many days are meant.
    days: u32,
    /// The days in which something was used.
    daily: Vec<UsedDay>,
    /// All of them.
    totals: Used,
}

/// What was used in a day.
#[derive(Debug, Serialize, JsonSchema)]
struct UsedDay {
    /// As in `2026-01-27`.
    date: String,
    #[serde(flatten)]
    used: Used,
}

async fn cost(cx: Context, params: CostParams) -> Result<CostTold, RpcError> {
    let CostParams { agent_id, agent_scope, .. } = params;
    let asked = UsageAsked {
        days: params.days,
        range: params.range,
        start_date: params.start_date,
        end_date: params.end_date,
        mode: params.mode,
        utc_offset: params.utc_offset,
        time_zone: params.time_zone,
    };
    let period = period(&cx, asked)?;
    if agent_scope.is_some() && agent_id.is_some() {
        return Err(RpcError::invalid("agentScope=all cannot be combined with agentId"));
    }
    let agent = whose(&cx, agent_scope, agent_id.as_ref());
    let summary = cx.services.spendings.cost(&period, agent).await.map_err(refusal::store)?;
    let CostSummary { updated_at, days, daily, totals } = &*summary;
    let day = |(date, used): &(String, _)| UsedDay { date: date.clone(), used: Used::of(used) };
    Ok(CostTold {
        updated_at: *updated_at,
        days: *days,
        daily: daily.iter().map(day).collect(),
        totals: Used::of(totals),
    })
}

fn period(cx: &Context, asked: UsageAsked) -> Result<Period, RpcError> {
    let period = cx.services.spendings.period(&asked.into());
    period.map_err(|unclear| RpcError::invalid(unclear.to_string()))
}

/// The agent that is meant; nobody in particular where all are.
fn whose(cx: &Context, scope: Option<AgentScope>, agent: Option<&Name>) -> Option<AgentId> {
    match (scope, agent) {
        (Some(AgentScope::All), _) => None,
        (None, Some(agent)) => Some(AgentId::normalize(agent.as_str())),
        (None, None) => Some(cx.keys().default_agent),
    }
}

/// Result of `usage.status`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StatusTold {
    /// When it was looked up.
    #[schemars(with = "u64")]
    updated_at: Timestamp,
    /// Those who said something. None do.
    providers: [(); 0],
}

async fn status(cx: Context, _: Nothing) -> Result<StatusTold, RpcError> {
    Ok(StatusTold { updated_at: cx.services.clock.now(), providers: [] })
}

/// Parameters of `sessions.usage`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SessionsParams {
    /// Only this conversation.
    key: Option<SessionName>,
    /// Only those of this agent. Default: the default one.
    agent_id: Option<Name>,
    /// Those of every agent.
    agent_scope: Option<AgentScope>,
    /// Only those somebody began. Nobody is known to have begun any, so this is
    /// `["unknown"]`, or there are none.
    creator_key: Option<NonEmpty>,
    /// The first day, as in `2026-01-27`, together with `endDate`.
    start_date: Option<Any>,
    /// The last day.
    end_date: Option<Any>,
    /// Where days begin. Default: `utc`.
    mode: Option<Mode>,
    /// The days by name. Default: `30d`.
    range: Option<Range>,
    /// Whether what was used before a conversation was started over is counted
    /// with it.
    group_by: Option<GroupBy>,
    /// The same as `groupBy: "family"`.
    include_historical: Option<bool>,
    /// With `mode: "specific"`: as `UTC+5:30`.
    utc_offset: Option<Any>,
    /// With `mode: "specific"`: as `Europe/Vienna`. Counts before `utcOffset`.
    time_zone: Option<NonEmpty>,
    /// So many are told one by one. Default: 50; more than 1000 are not.
    limit: Option<Count<1>>,
    /// Whether to say what the context is made of. That is not known.
    include_context_weight: Option<bool>,
}

/// What is counted with a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum GroupBy {
    /// What was used since it was last started over.
    Instance,
    /// What was used before, too.
    Family,
}

/// Result of `sessions.usage`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionsTold {
    /// When it was put together.
    #[schemars(with = "u64")]
    updated_at: Timestamp,
    /// The first day.
    start_date: String,
    /// The last day.
    end_date: String,
    /// The newest conversations.
    sessions: Vec<SessionUsage>,
    /// All of them.
    totals: Used,
    /// The same in other ways.
    aggregates: Aggregates,
    /// Whose conversations there are.
    creator_options: Vec<Creator>,
}

async fn sessions(cx: Context, params: SessionsParams) -> Result<SessionsTold, RpcError> {
    let asked = UsageAsked {
        days: None,
        range: params.range,
        start_date: params.start_date,
        end_date: params.end_date,
        mode: params.mode,
        utc_offset: params.utc_offset,
        time_zone: params.time_zone.and_then(|zone| Any::new(zone.into_string())),
    };
    let period = period(&cx, asked)?;
    let (scope, agent) = (params.agent_scope, params.agent_id.as_ref());
    if scope.is_some() && (agent.is_some() || params.key.is_some()) {
        return Err(RpcError::invalid("agentScope=all cannot be combined with key or agentId"));
    }
    let session = params.key.as_ref().map(|key| cx.key_of(key, agent)).transpose()?;
    let family =
        params.group_by == Some(GroupBy::Family) || params.include_historical == Some(true);
    let agent = if session.is_some() { None } else { whose(&cx, scope, agent) };
    let limit = params.limit.map_or(50, Count::size);
    let asked = SessionsAsked { period, agent, session, family, limit };
    let spent = cx.services.spendings.sessions(asked).await.map_err(|refused| {
        let key = params.key.as_ref().map_or("", SessionName::as_str);
        unknown(refused, || format!("Invalid session reference: {key}"))
    })?;
    let is_of_nobody = params.creator_key.is_none_or(|key| key.as_str() == UNATTRIBUTED);
    let spent = if is_of_nobody { spent } else { spent.without_any() };
    let with_weight = params.include_context_weight == Some(true);
    let SessionsSpent { updated_at, dates: (start_date, end_date), sessions, sums, count } = spent;
    Ok(SessionsTold {
        updated_at,
        start_date,
        end_date,
        totals: Used::of(&sums.total()),
        aggregates: Aggregates::of(&sums, count),
        creator_options: if sessions.is_empty() { Vec::new() } else { vec![Creator::nobody()] },
        sessions: sessions
            .into_iter()
            .map(|session| SessionUsage::of(session, family, with_weight))
            .collect(),
    })
}

fn unknown(refused: SpendingError, words: impl FnOnce() -> String) -> RpcError {
    match refused {
        SpendingError::UnknownSession => RpcError::invalid(words()),
        SpendingError::Store(failed) => refusal::store(failed),
    }
}

/// Parameters of `sessions.usage.timeseries`. Unknown ones are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SeriesParams {
    /// The conversation.
    key: Option<SessionName>,
    /// The agent it belongs to.
    agent_id: Option<Name>,
}

/// Result of `sessions.usage.timeseries`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SeriesTold {
    /// The transcript.
    session_id: String,
    /// What was used, in the order of time.
    points: Vec<SeriesPoint>,
}

/// What was used between two points.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SeriesPoint {
    /// When the last of the answers was given that are put together here.
    #[schemars(with = "u64")]
    timestamp: Timestamp,
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
    cost: f64,
    /// Tokens up to here.
    cumulative_tokens: u64,
    /// Dollars up to here.
    cumulative_cost: f64,
}

async fn timeseries(cx: Context, params: SeriesParams) -> Result<SeriesTold, RpcError> {
    let (name, key) = one(&cx, params.key, params.agent_id.as_ref(), "timeseries")?;
    let (transcript, points) = cx.services.spendings.series(&key).await.map_err(|refused| {
        unknown(refused, || format!("Invalid session key: {}", name.as_str()))
    })?;
    let mut sum = domain::spending::Point::default();
    let points = points.into_iter().map(|point| {
        sum.tokens = sum.tokens.plus(point.tokens);
        sum.cost = sum.cost.plus(point.cost);
        SeriesPoint {
            timestamp: point.at,
            input: point.tokens.input,
            output: point.tokens.output,
            cache_read: point.tokens.cache_read,
            cache_write: point.tokens.cache_write,
            total_tokens: point.tokens.total(),
            cost: point.cost.dollars(),
            cumulative_tokens: sum.tokens.total(),
            cumulative_cost: sum.cost.dollars(),
        }
    });
    Ok(SeriesTold { session_id: transcript.to_string(), points: points.collect() })
}

/// The conversation that is meant, by its name and its key.
fn one(
    cx: &Context,
    name: Option<SessionName>,
    agent: Option<&Name>,
    what: &str,
) -> Result<(SessionName, SessionKey), RpcError> {
    let name = name.ok_or_else(|| RpcError::invalid(format!("key is required for {what}")))?;
    let key = cx.key_of(&name, agent)?;
    Ok((name, key))
}

/// Parameters of `sessions.usage.logs`. Unknown ones are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LogsParams {
    /// The conversation.
    key: Option<SessionName>,
    /// The agent it belongs to.
    agent_id: Option<Name>,
    /// At most so many messages. Default: 200; more than 1000 are not told.
    limit: Option<f64>,
}

/// Result of `sessions.usage.logs`.
#[derive(Debug, Serialize, JsonSchema)]
struct LogsTold {
    /// The messages, in the order in which they were said.
    logs: Vec<LogLine>,
}

/// A message, and what it used.
#[derive(Debug, Serialize, JsonSchema)]
struct LogLine {
    /// When it was said.
    #[schemars(with = "u64")]
    timestamp: Timestamp,
    /// `user`, `assistant` or `toolResult`.
    role: String,
    /// What was said: at most 2000 characters.
    content: String,
    /// Tokens, where it used some.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    /// Dollars, where it used something whose price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

async fn logs(cx: Context, params: LogsParams) -> Result<LogsTold, RpcError> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and less than nothing is nothing"
    )]
    let limit = params.limit.map_or(200, |limit| limit as usize);
    let (name, key) = one(&cx, params.key, params.agent_id.as_ref(), "logs")?;
    let messages = cx.services.spendings.messages(&key, limit).await.map_err(|refused| {
        unknown(refused, || format!("Invalid session key: {}", name.as_str()))
    })?;
    let line = |message: usecases::spending::SpentMessage| LogLine {
        timestamp: message.at,
        role: message.role,
        content: message.text,
        tokens: message.used.map(|(tokens, _)| tokens),
        cost: message.used.and_then(|(_, cost)| cost),
    };
    Ok(LogsTold { logs: messages.into_iter().map(line).collect() })
}
