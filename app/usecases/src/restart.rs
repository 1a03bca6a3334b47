//! Starting the gateway anew in the process it runs in.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::restart::PAUSE;
use ports::{
    Json,
    driven::{Restart, RestartNotes},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::system::System;

/// How long a patient restart waits for the runs that are going on
/// (`gateway-reference.md` 3.4).
pub const PATIENCE: Duration = Duration::from_mins(5);
/// When clients are told to expect the gateway back.
pub const EXPECTED: Duration = Duration::from_millis(1500);

/// Restarts that were asked for. Cloning gives the same ones.
///
/// Many requests are one restart: it comes when the earliest is due, and says the
/// reason of the first.
#[derive(Clone, Default)]
pub struct Restarts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: Mutex<Option<Asked>>,
    changed: Notify,
}

struct Asked {
    because: Box<str>,
    due: Instant,
    patient: bool,
}

/// A restart whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Why.
    pub because: Box<str>,
    /// Whether it waits for the runs that are going on, for a while.
    pub patient: bool,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// How long it takes until the restart.
    pub delay: Duration,
    /// Whether one had been asked for before.
    pub coalesced: bool,
    /// Why the gateway restarts.
    pub because: Box<str>,
}

impl Restarts {
    /// Asks for a restart after `delay`; a `patient`
    /// one waits for the runs that are going on then. One impatient request makes
    /// it impatient.
    pub fn request(&self, because: &str, delay: Duration, patient: bool) -> Scheduled {
        let now = Instant::now();
        let due = now + delay;
        let scheduled = {
            let mut asked = self.asked();
            let coalesced = asked.is_some();
            let asked =
                asked.get_or_insert_with(|| Asked { because: because.into(), due, patient });
            asked.due = asked.due.min(due);
            asked.patient &= patient;
            let delay = asked.due.saturating_duration_since(now);
            Scheduled { delay, coalesced, because: asked.because.clone() }
        };
        self.0.changed.notify_one();
        scheduled
    }

    /// Waits until a restart is due, and returns why. One waiter is told.
    pub async fn due(&self) -> Due {
        loop {
            let changed = self.0.changed.notified();
            let due = self.asked().as_ref().map(|asked| asked.due);
            match due {
                None => changed.await,
                Some(due) => tokio::select! {
                    () = changed => (),
                    () = sleep_until(due) => {
                        if let Some(asked) = self.asked().take() {
                            let Asked { because, patient, .. } = asked;
                            return Due { because, patient };
                        }
                    }
                },
            }
        }
    }

    fn asked(&self) -> MutexGuard<'_, Option<Asked>> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells what the gateway that ran before left to be told, a moment after the
/// start: to the session that asked, else to the main one.
pub async fn tell(notes: Arc<dyn RestartNotes>, system: System, stop: CancellationToken) {
    if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
        return;
    }
    let taken = tokio::task::spawn_blocking(move || notes.take()).await;
    let Ok(Some(note)) = taken else { return };
    let session = note.payload.session_key.as_deref();
    let text = format!("GatewayRestart:\n{}", Json::of(&note.payload).as_str());
    system.remind_named(session, &text);
}

impl Restart for Restarts {
    fn request(&self, reason: &str, delay: Duration) {
        self.request(reason, delay, true);
    }
}

impl fmt::Debug for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restarts").field("asked", &self.asked().is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_requests_are_one_restart_at_the_earliest_time() {
        let restarts = Restarts::default();
        let begun = Instant::now();
        let mut due = Box::pin(restarts.due());
        assert!(poll!(&mut due).is_pending());
        let (soon, late) = (Duration::from_secs(2), Duration::from_mins(1));
        let first = restarts.request("an edit", late, true);
        assert_eq!((first.delay, first.coalesced), (late, false));
        assert!(poll!(&mut due).is_pending());
        let second = restarts.request("another", soon, false);
        assert_eq!((second.delay, second.coalesced, &*second.because), (soon, true, "an edit"));
        let third = restarts.request("a third", late, true);
        assert_eq!(third.delay, soon, "a later one does not put it off");

        assert_eq!(due.await, Due { because: "an edit".into(), patient: false });
        assert_eq!(begun.elapsed(), soon);
        assert!(poll!(Box::pin(restarts.due())).is_pending(), "it is done once");
    }
}
