//! How a run ended, for those who ask afterwards.

use std::{sync::Arc, time::Duration};

use domain::{
    agent::ModelRef,
    ids::RunId,
    run::{RunStatus, StopReason, Usage},
    time::Timestamp,
};
use ports::{
    BoxFuture,
    driven::{RunEnd, RunRecord, StoreError},
};
use tokio::sync::oneshot;

use super::Chat;

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Well or not.
    pub status: RunStatus,
    /// Why it was stopped, if it was.
    pub stop: Option<StopReason>,
    /// Why it failed, for a person.
    pub error: Option<String>,
    /// What was said. Empty for runs that ended before the gateway started.
    pub text: Arc<str>,
    /// What it used.
    pub usage: Usage,
    /// Which model answered.
    pub model: Option<ModelRef>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What became of waiting for a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Waited {
    /// It ended, now or before.
    Ended(Arc<RunSummary>),
    /// It did not end in time, or nobody ever heard of it.
    TimedOut,
}

impl RunSummary {
    /// What the store knows about a run that ended.
    pub(super) fn of_record(record: &RunRecord, end: &RunEnd) -> Self {
        Self {
            run: record.run.clone(),
            status: end.status,
            stop: end.stop,
            error: end.error.clone(),
            text: "".into(),
            usage: Usage::default(),
            model: None,
            started_at: record.accepted_at,
            ended_at: end.at,
        }
    }

    /// The same, as the store keeps it.
    pub(super) fn end(&self) -> RunEnd {
        RunEnd {
            status: self.status,
            stop: self.stop,
            error: self.error.clone(),
            at: self.ended_at,
        }
    }
}

impl Chat {
    /// Waits until `run` ends, but not longer than `patience`. A run nobody has
    /// heard of yet is waited for as well.
    pub async fn wait(&self, run: &RunId, patience: Duration) -> Result<Waited, StoreError> {
        let ending = match self.ending(run) {
            Ending::Known(summary) => return Ok(Waited::Ended(summary)),
            Ending::Awaited(ending) => ending,
        };
        let running = self.lanes().runs.contains_key(run);
        if !running
            && let Some(record) = self.0.deps.archive.run(run).await?
            && let Some(end) = &record.end
        {
            return Ok(Waited::Ended(Arc::new(RunSummary::of_record(&record, end))));
        }
        Ok(match tokio::time::timeout(patience, ending).await {
            Ok(Ok(summary)) => Waited::Ended(summary),
            Ok(Err(_)) | Err(_) => Waited::TimedOut,
        })
    }

    /// The end of `run`, which is active or waiting now; `None` when the gateway
    /// stops first.
    pub fn finished(&self, run: &RunId) -> BoxFuture<Option<Arc<RunSummary>>> {
        let ending = self.ending(run);
        Box::pin(async move {
            match ending {
                Ending::Known(summary) => Some(summary),
                Ending::Awaited(ending) => ending.await.ok(),
            }
        })
    }

    /// How `run` ended, if that is remembered.
    pub(super) fn summary(&self, run: &RunId) -> Option<Arc<RunSummary>> {
        let now = self.0.deps.clock.now();
        self.ended().summaries.get(run, now).cloned()
    }

    /// Remembers how a run ended, and tells those who wait for it.
    pub(super) fn remember(&self, summary: &Arc<RunSummary>) {
        let now = self.0.deps.clock.now();
        let mut ended = self.ended();
        ended.summaries.put(summary.run.clone(), Arc::clone(summary), now);
        let waiting = ended.waiting.remove(&summary.run).unwrap_or_default();
        drop(ended);
        for waiting in waiting {
            // Whoever gave up waiting does not need to know.
            let _ = waiting.send(Arc::clone(summary));
        }
    }

    fn ending(&self, run: &RunId) -> Ending {
        let now = self.0.deps.clock.now();
        let mut ended = self.ended();
        if let Some(summary) = ended.summaries.get(run, now) {
            return Ending::Known(Arc::clone(summary));
        }
        // Those who gave up are forgotten whenever somebody new waits.
        ended.waiting.retain(|_, waiting| {
            waiting.retain(|waiting| !waiting.is_closed());
            !waiting.is_empty()
        });
        let (sender, ending) = oneshot::channel();
        ended.waiting.entry(run.clone()).or_default().push(sender);
        Ending::Awaited(ending)
    }
}

enum Ending {
    Known(Arc<RunSummary>),
    Awaited(oneshot::Receiver<Arc<RunSummary>>),
}
