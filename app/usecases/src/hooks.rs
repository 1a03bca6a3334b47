//! Webhooks: somebody outside calls, and something is done about it
//! (`gateway-reference.md` 1.10).
//!
//! A call is let in without its body (`knock`), and taken with it (`hooks/take.rs`)
//! in a task of its own, so that a caller who leaves changes nothing. What it
//! means is decided in `domain::hooks`.

mod kept;
mod perform;
mod settings;
mod take;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::throttle::{Place, Throttle, ThrottleLimits};
use ports::{
    driven::{Archive, Clock, ConfigSource, Digests, Entropy, Journal, Macs, Secrets, Transforms},
    driving::{HookAnswer, HookCall, HookEnd, HookEntry, HookKnock, HookRefusal, Hooks},
};
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, error, info_span, warn};

use self::{kept::Kept, settings::Settings, take::Taken};
use crate::{chat::Chat, system::System};

/// So many wrong tokens or signatures of one address within a minute, and there
/// is no verdict until it is over.
const LIMITS: ThrottleLimits = ThrottleLimits {
    attempts: 20,
    window: Duration::from_mins(1),
    lockout: Duration::from_mins(1),
    everybody: 1_000,
    remembered: 4_096,
};

/// How many transforms run at once; others wait.
const TRANSFORMS: usize = 4;

/// Takes the calls of webhooks.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

/// What taking calls takes.
pub struct Deps {
    /// Reads which calls came before.
    pub archive: Arc<dyn Archive>,
    /// Asks agents.
    pub chat: Chat,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// Tells what was sent from what else was sent.
    pub digests: Arc<dyn Digests>,
    /// Makes up names.
    pub entropy: Arc<dyn Entropy>,
    /// Remembers which calls came.
    pub journal: Arc<dyn Journal>,
    /// Compares tokens and signatures.
    pub macs: Arc<dyn Macs>,
    /// Knows the gateway's own token, which is none for webhooks.
    pub secrets: Arc<dyn Secrets>,
    /// No more calls are taken.
    pub stop: CancellationToken,
    /// Tells the main conversation.
    pub system: System,
    /// Owns the tasks.
    pub tasks: TaskTracker,
    /// Runs the owner's programs.
    pub transforms: Arc<dyn Transforms>,
}

struct Inner {
    deps: Deps,
    throttle: Mutex<Throttle>,
    /// What came before, once somebody needs to know.
    kept: OnceCell<Kept>,
    /// How many runs calls have at the moment.
    active: Arc<AtomicUsize>,
    /// How many transforms may run at once.
    transforming: Semaphore,
    /// Whether somebody was told that the token is the gateway's own.
    told: AtomicBool,
}

impl Webhooks {
    /// Takes calls.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner {
            deps,
            throttle: Mutex::new(Throttle::new(LIMITS)),
            kept: OnceCell::new(),
            active: Arc::default(),
            transforming: Semaphore::new(TRANSFORMS),
            told: AtomicBool::new(false),
        }))
    }

    /// What is configured, if webhooks are served at all. A token that is the
    /// gateway's own would let callers do everything, so it serves nobody.
    fn settings(&self) -> Result<Settings, HookRefusal> {
        let settings = Settings::of(&self.0.deps.config.current()).ok_or(HookRefusal::NotFound)?;
        if self.0.deps.secrets.is_token(&settings.token) {
            if !self.0.told.swap(true, Relaxed) {
                error!("no webhooks are served, because hooks.token is the gateway's own");
            }
            return Err(HookRefusal::NotFound);
        }
        Ok(settings)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.0.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a verdict about somebody at `place`.
    fn judge(&self, place: &Place) -> Result<(), HookRefusal> {
        let now = self.0.deps.clock.now();
        let taken = self.throttle().take(place, now);
        taken.map_err(|too_many| HookRefusal::TooMany { retry_after: too_many.retry_after })
    }

    /// Turns away somebody who showed something wrong.
    fn turn_away(&self, entry: &HookEntry) -> HookRefusal {
        match self.judge(&Place::of(Some(entry.place))) {
            Ok(()) => HookRefusal::Unauthorized,
            Err(too_many) => too_many,
        }
    }

    /// Waits for the ends of the runs of a call.
    async fn ends(&self, taken: &Taken) -> Result<Vec<HookEnd>, HookRefusal> {
        let mut ends = Vec::new();
        for run in taken.runs() {
            let summary = self.end_of(run).await.map_err(perform::unavailable)?;
            ends.push(HookEnd {
                run: run.clone(),
                status: summary.status,
                text: summary.text.to_string(),
                error: summary.error.clone(),
            });
        }
        Ok(ends)
    }
}

#[async_trait]
impl Hooks for Webhooks {
    fn holds(&self, path: &str) -> bool {
        let config = self.0.deps.config.current();
        settings::base(&config).is_some_and(|base| base.behind(path).is_some())
    }

    fn knock(&self, knock: &HookKnock<'_>) -> Result<HookEntry, HookRefusal> {
        let settings = self.settings()?;
        let path = settings.base.behind(knock.path).ok_or(HookRefusal::NotFound)?;
        if !knock.is_post {
            return Err(HookRefusal::WrongMethod);
        }
        if knock.has_query_token {
            return Err(HookRefusal::TokenInQuery);
        }
        let place = Place::of(Some(knock.place));
        self.judge(&place)?;
        let is_known = knock.token.map(|token| self.0.deps.macs.is_same(&settings.token, token));
        match is_known {
            Some(true) => self.throttle().forgive(&place),
            // Stays counted.
            Some(false) => return Err(HookRefusal::Unauthorized),
            None => {
                self.throttle().give_back(&place);
                if !settings.has_signers(path) {
                    return Err(HookRefusal::Unauthorized);
                }
            }
        }
        if path.is_empty() || path.starts_with('/') {
            return Err(HookRefusal::NotFound);
        }
        Ok(HookEntry {
            path: path.into(),
            place: knock.place,
            is_known: is_known == Some(true),
            body_limit: settings.body_limit,
        })
    }

    async fn call(&self, entry: HookEntry, call: HookCall) -> Result<HookAnswer, HookRefusal> {
        if self.0.deps.stop.is_cancelled() {
            return Err(perform::stopping());
        }
        let span = info_span!("hook", path = %entry.path);
        let webhooks = self.clone();
        let taking = async move { webhooks.take(entry, call).await }.instrument(span);
        let taken = self.0.deps.tasks.spawn(taking).await.unwrap_or_else(|error| {
            warn!(%error, "taking a webhook broke off");
            Err(HookRefusal::Broken)
        })?;
        if taken.waits() {
            let ends = self.ends(&taken).await?;
            return Ok(HookAnswer::Ended { ends, is_list: taken.is_list(), note: taken.note() });
        }
        Ok(taken.answer())
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("active", &self.0.active.load(Relaxed))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
