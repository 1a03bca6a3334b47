//! What an answer used, and what that cost.

use std::fmt::Write;

use domain::{
    run::{RunStatus, Usage},
    session::SessionKey,
    spending::{Cost, Spending, Sums, Totals},
    time::Timestamp,
};
use ports::{
    driven::{ModelPart, SpendingPage, SpendingPlace, SpendingQuery, StoreError},
    driving::Outcome,
};

use super::{
    Chat, RunSummary,
    run::{Purpose, Run},
    story::Story,
};
use crate::{calendar, prices};

/// So many answers are read at once.
const PAGE: usize = 500;

impl Chat {
    /// What a conversation cost, for a person: all of it, and today.
    pub(super) async fn spent_in(&self, key: &SessionKey) -> Result<String, StoreError> {
        let config = self.0.deps.config.current();
        let mut sums = Sums::default();
        let mut after = Some(SpendingPlace::default());
        while let Some(place) = after {
            let page = self.0.deps.archive.spendings(SpendingQuery {
                after: place,
                until: Timestamp::from_millis(u64::MAX),
                session: Some(key.clone()),
                limit: PAGE,
            });
            let SpendingPage { spendings, next } = page.await?;
            for spending in spendings {
                let today = || prices::of(spending.model.as_ref()?, &config).of(spending.tokens);
                let cost = spending.cost.or_else(today);
                sums.add(calendar::day(spending.at).number, &spending, cost);
            }
            after = next;
        }
        let today = calendar::day(self.0.deps.clock.now()).number;
        let of_today = sums.by(|place| place.day == today).remove(&true).unwrap_or_default();
        let all = sums.total();
        let mut text = format!("This conversation: {}\nToday: {}", told(&all), told(&of_today));
        if 0 < all.missing() {
            // Writing to a text cannot fail.
            let _ = write!(text, "\nAnswers without a known price: {}", all.missing());
        }
        Ok(text)
    }

    /// What a run has used so far costs by the prices of today.
    pub(super) fn cost_so_far(&self, story: &Story<'_>, usage: Usage) -> Option<Cost> {
        let price = prices::of(story.model.as_ref()?, &self.0.deps.config.current());
        price.of(usage.into())
    }
}

fn told(used: &Totals) -> String {
    format!("${:.4}, {} tokens", used.cost.total().dollars(), used.tokens.total())
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
