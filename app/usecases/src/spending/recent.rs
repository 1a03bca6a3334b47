//! What was told lately, so that it need not be read again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{ids::AgentId, time::Timestamp};
use ports::config::Config;

use super::{CostSummary, period::PeriodId};

/// How long what was told is told again.
const FRESH: Duration = Duration::from_secs(30);
/// At most so many answers are kept.
const MOST: usize = 256;

/// What somebody asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) period: PeriodId,
    pub(super) agent: Option<AgentId>,
}

/// What was told lately.
#[derive(Debug, Default)]
pub(super) struct Recent(HashMap<Question, Told>);

struct Told {
    at: Timestamp,
    /// With other prices it is another answer.
    config: Arc<Config>,
    summary: Arc<CostSummary>,
}

impl Recent {
    pub(super) fn get(
        &self,
        question: &Question,
        config: &Arc<Config>,
        now: Timestamp,
    ) -> Option<Arc<CostSummary>> {
        let told = self.0.get(question)?;
        let is_fresh = now.since(told.at) < FRESH && Arc::ptr_eq(&told.config, config);
        is_fresh.then(|| Arc::clone(&told.summary))
    }

    pub(super) fn put(
        &mut self,
        question: Question,
        config: Arc<Config>,
        summary: Arc<CostSummary>,
        now: Timestamp,
    ) {
        self.0.retain(|_, told| now.since(told.at) < FRESH);
        if self.0.len() < MOST {
            self.0.insert(question, Told { at: now, config, summary });
        }
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("at", &self.at).finish_non_exhaustive()
    }
}
