//! After a crash: runs that were accepted and never ended are marked.

use domain::run::{RunStatus, StopReason};
use futures_util::future::try_join_all;
use ports::{
    driven::{Change, CommitError, RunEnd, RunRecord, Urgency},
    view::{Content, Message, MessageRole},
};
use tracing::warn;

use super::Chat;

/// What is said about a run nobody finished.
const WHY: &str = "the gateway stopped before this was answered";

impl Chat {
    /// Marks the runs the last process left behind: their sessions say so, their
    /// transcripts say so, and repeated calls get to know it. To be called
    /// before anybody is let in. Returns how many there were.
    pub async fn recover(&self) -> Result<usize, CommitError> {
        let open = self.0.deps.archive.open_runs().await?;
        // All at once, so that they share a sync.
        try_join_all(open.iter().map(|run| self.mark_interrupted(run))).await?;
        if !open.is_empty() {
            warn!(runs = open.len(), "the last gateway died during these runs");
        }
        Ok(open.len())
    }

    async fn mark_interrupted(&self, run: &RunRecord) -> Result<(), CommitError> {
        let now = self.0.deps.clock.now();
        let opened = self.0.deps.book.open(&run.session).await?;
        let message = Message {
            content: Content::Parts(Vec::new()),
            stop_reason: Some("interrupted".to_owned()),
            error_message: Some(WHY.to_owned()),
            run_id: Some(run.run.to_string()),
            ..Message::text(MessageRole::Assistant, "", now)
        };
        let record = self.record(&message);
        let end = RunEnd {
            status: RunStatus::Aborted,
            stop: Some(StopReason::Interrupted),
            error: None,
            at: now,
        };
        let (receipt, ()) = opened.edit(Urgency::Now, |slot| {
            let mut changes = vec![Change::EndRun { run: run.run.clone(), end }];
            if let Some(session) = slot.as_mut().filter(|session| session.id == run.session_id) {
                session.aborted_last_run = true;
                changes.push(Change::Append { session: run.session_id.clone(), record });
            }
            Ok::<_, CommitError>((changes, ()))
        })?;
        receipt.await?;
        Ok(())
    }
}
