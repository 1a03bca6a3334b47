//! What an answer used, and what that cost.

use domain::{
    run::{RunStatus, Usage},
    spending::{Cost, Spending},
};
use ports::{driven::ModelPart, driving::Outcome};

use super::{
    Chat, RunSummary,
    run::{Purpose, Run},
    story::Story,
};
use crate::prices;

impl Chat {
    /// What a run has used so far costs by the prices of today.
    pub(super) fn cost_so_far(&self, story: &Story<'_>, usage: Usage) -> Option<Cost> {
        let price = prices::of(story.model.as_ref()?, &self.0.deps.config.current());
        price.of(usage.into())
    }
}

/// What is kept about what a run used; nothing where it used nothing.
pub(super) fn spending_of(
    run: &Run,
    summary: &RunSummary,
    outcome: &Outcome,
    cost: Option<Cost>,
) -> Option<Spending> {
    // What a tool said was asked for by the agent itself.
    let is_said = |part: &ModelPart| !matches!(part, ModelPart::Result(_));
    let asked = run.purpose == Purpose::Answer && run.message.parts.iter().any(is_said);
    let calls = match outcome {
        Outcome::Done { calls, .. } => calls.as_slice(),
        Outcome::Stopped { .. } | Outcome::Failed { .. } => &[],
    };
    (0 < summary.usage.total()).then(|| Spending {
        at: summary.ended_at,
        session: run.key.clone(),
        transcript: run.session_id.clone(),
        agent: run.agent.clone(),
        model: summary.model.clone(),
        tokens: summary.usage.into(),
        cost,
        asked,
        tools: calls.iter().map(|call| call.name.as_str().into()).collect(),
        failed: summary.status != RunStatus::Ok,
    })
}
