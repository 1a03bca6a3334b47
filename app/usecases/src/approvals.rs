//! Consent for commands: asking for it, giving it, and what follows from it.
//!
//! Questions wait in memory and end with their deadline; when the gateway ends,
//! they end without an answer. Answers are on disk before anybody hears of them
//! and are final.

mod kept;
mod policy;
mod question;
mod redeem;
#[cfg(test)]
mod tests;

pub use policy::Unreadable;
pub use question::Question;
pub use redeem::{Claim, NotApproved, Redeemed};

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    approval::{Board, Decided, Decision, NotOpened, Owner, Pending, UnknownApproval},
    client::Client,
    event::EventKind,
    ids::RequestId,
    time::Timestamp,
};
use ports::{
    driven::{
        ApprovalPolicy, Archive, Clock, CommitError, Digests, Entropy, EventSink, Journal,
        StoreError, Urgency,
    },
    event::Event,
    view::{ApprovalStatus, ExecApproval, ExecApprovalRequested, ExecApprovalResolved, ExecGrant},
};
use serde::Serialize;
use tokio::{sync::watch, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info};

use kept::{Granted, Kept, Prepared, Record};

/// How many questions wait at the same time.
const MAX_PENDING: usize = 256;

/// What approvals are made with.
pub struct Deps {
    /// Where answers are read from.
    pub archive: Arc<dyn Archive>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fingerprints of what was asked.
    pub digests: Arc<dyn Digests>,
    /// Names for questions that have none.
    pub entropy: Arc<dyn Entropy>,
    /// Where clients are told.
    pub events: Arc<dyn EventSink>,
    /// Where answers are written down.
    pub journal: Arc<dyn Journal>,
    /// The policy of this machine.
    pub policy: Arc<dyn ApprovalPolicy>,
    /// Ends the waiting.
    pub stop: CancellationToken,
    /// Where deadlines are waited for.
    pub tasks: TaskTracker,
}

/// Consent for commands.
#[derive(Clone)]
pub struct Approvals(Arc<Inner>);

struct Inner {
    deps: Deps,
    state: Mutex<State>,
}

struct State {
    board: Board<Question>,
    // Invariant: one for every question that was asked and not answered yet,
    // whether it is on the board or its answer is being written down.
    waiting: HashMap<RequestId, watch::Sender<Option<Outcome>>>,
    kept: Kept,
}

/// A question that was put, or answered already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Names it.
    pub id: RequestId,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When nobody has to answer any more.
    pub expires_at: Timestamp,
}

/// How a question ended. No decision is a no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The question.
    pub asked: Asked,
    /// The answer.
    pub decision: Option<Decision>,
}

/// Why there is no answer to a question.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not taken.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// It got no name.
    #[error("no name for the approval")]
    NoName,
    /// The gateway stops.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why an answer does not count.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is no such question.
    #[error(transparent)]
    Unknown(#[from] UnknownApproval),
    /// Whoever asked does not offer this answer.
    #[error("invalid decision")]
    Invalid,
    /// Others were asked.
    #[error("this approval is for other reviewers")]
    NotAsked,
    /// It could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The gateway stops.
    #[error("the gateway is stopping")]
    Stopping,
}

/// An answer on its way to the disk.
struct Answer {
    decided: Decided<Question>,
    record: Prepared,
    grant: Option<Granted>,
}

impl Approvals {
    /// Nothing waits and nothing is remembered yet.
    pub fn new(deps: Deps) -> Self {
        let state = State {
            board: Board::new(MAX_PENDING),
            waiting: HashMap::new(),
            kept: Kept::default(),
        };
        Self(Arc::new(Inner { deps, state: Mutex::new(state) }))
    }

    /// Reads what was answered before the gateway started.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let entries = self.0.deps.archive.entries(Kept::DRAWER).await?;
        let (kept, over) = Kept::read(entries, self.0.deps.clock.now());
        self.state().kept = kept;
        if !over.is_empty() {
            drop(self.0.deps.journal.submit(over, Urgency::Lazy));
        }
        Ok(())
    }

    /// Puts a question on behalf of `caller`. One that was answered once and for
    /// all has its answer at once.
    pub fn ask(
        &self,
        caller: &Client,
        id: Option<RequestId>,
        question: Question,
        patience: Option<Duration>,
    ) -> Result<Asked, AskError> {
        let Deps { clock, entropy, .. } = &self.0.deps;
        let id = match id {
            Some(id) => id,
            None => entropy.uuid().parse().map_err(|_| AskError::NoName)?,
        };
        let (now, owner) = (clock.now(), Owner::of(&caller.principal));
        let shown = question.shown(&*self.0.deps.digests);

        let mut state = self.state();
        if state.waiting.contains_key(&id) || state.kept.record(&id).is_some() {
            return Err(NotOpened::Known.into());
        }
        let grant = state.kept.grant_for(&owner, &question, now);
        let pending = state.board.open(id.clone(), owner, question, patience, now)?;
        let asked = Asked::from(pending);
        if let Some(grant) = grant {
            let by = format!("grant:{grant}");
            let decided = state.board.decide(&id, Decision::AllowAlways, &by, now);
            let decided = decided.map_err(|_| NotOpened::Known)?;
            let mut changes = state.kept.note_use(&grant, now);
            changes.extend(state.kept.put(Record::of(&decided, shown), now));
            drop(state);
            // Nobody decided anything now: what is lost with the power is only
            // that the grant was of use.
            drop(self.0.deps.journal.submit(changes, Urgency::Lazy));
            return Ok(asked);
        }
        let (outcome, _) = watch::channel(None);
        state.waiting.insert(id.clone(), outcome);
        drop(state);

        let told = ExecApprovalRequested {
            id: id.as_str(),
            request: &shown,
            created_at_ms: asked.created_at,
            expires_at_ms: asked.expires_at,
        };
        self.tell(EventKind::ExecApprovalRequested, &told);
        info!(%id, "a command waits for consent");
        self.0.deps.tasks.spawn(self.clone().deadline(asked.clone()));
        Ok(asked)
    }

    /// Waits until a question is answered or its time is over. Whoever gives up
    /// waiting takes nothing back.
    pub async fn outcome(&self, id: &RequestId) -> Result<Outcome, AskOutcomeError> {
        let mut receiver = {
            let state = self.state();
            match (state.waiting.get(id), state.kept.record(id)) {
                (Some(sender), _) => sender.subscribe(),
                (None, Some(record)) => return Ok(record.outcome()),
                (None, None) => return Err(UnknownApproval.into()),
            }
        };
        let answered = receiver.wait_for(Option::is_some);
        let answered = self.0.deps.stop.run_until_cancelled(answered).await;
        let outcome = answered.and_then(Result::ok).and_then(|outcome| outcome.clone());
        outcome.ok_or(AskOutcomeError::Stopping)
    }

    /// Answers a question. The first answer counts and is final.
    pub async fn resolve(
        &self,
        caller: &Client,
        id: &RequestId,
        decision: Decision,
        grant_for: Option<Duration>,
    ) -> Result<(), ResolveError> {
        let by = caller.info.display_name.as_ref().unwrap_or(&caller.info.id);
        let now = self.0.deps.clock.now();
        let answer = {
            let mut state = self.state();
            let pending = state.board.get(id, now).ok_or(UnknownApproval)?;
            pending.about.takes(decision, caller)?;
            let decided = state.board.decide(id, decision, by, now)?;
            let shown = decided.pending.about.shown(&*self.0.deps.digests);
            let record = state.kept.prepare(Record::of(&decided, shown), now);
            let grant = (decision == Decision::AllowAlways).then(|| self.0.deps.entropy.uuid());
            let digests = &*self.0.deps.digests;
            let grant = grant.and_then(|id| kept::grant(&id, &decided, grant_for, digests));
            Answer { decided, record, grant }
        };
        // The question is off the board, so its answer goes on even if whoever
        // gave it leaves.
        let written = self.0.deps.tasks.spawn(self.clone().write_down(answer)).await;
        written.unwrap_or(Err(ResolveError::Stopping))
    }

    /// Tells of an answer as soon as it is on disk.
    async fn write_down(self, answer: Answer) -> Result<(), ResolveError> {
        let Answer { decided, record: Prepared { record, dropped, mut changes }, grant } = answer;
        changes.extend(grant.as_ref().map(Granted::change));
        if let Err(failed) = self.0.deps.journal.submit(changes, Urgency::Now).await {
            // Nobody heard of it, so the question waits on.
            let asked = Asked::from(&decided.pending);
            self.state().board.restore(decided.pending);
            self.0.deps.tasks.spawn(self.clone().deadline(asked));
            return Err(failed.into());
        }
        let made_room = {
            let mut state = self.state();
            state.kept.insert(record, &dropped);
            grant.and_then(|grant| state.kept.insert_grant(grant))
        };
        if let Some(change) = made_room {
            drop(self.0.deps.journal.submit(vec![change], Urgency::Lazy));
        }
        let (id, decision) = (&decided.pending.id, decided.decision.map(Decision::as_str));
        info!(%id, decision, "a command was decided about");
        self.conclude(&decided);
        Ok(())
    }

    /// The questions that wait, the oldest first.
    pub fn pending(&self) -> Vec<ExecApproval> {
        let state = self.state();
        let now = self.0.deps.clock.now();
        state.board.list(now).into_iter().map(|pending| self.view(pending)).collect()
    }

    /// One question, whether it waits or not.
    pub fn get(&self, id: &RequestId) -> Option<ExecApproval> {
        let state = self.state();
        let waits = state.board.get(id, self.0.deps.clock.now()).map(|pending| self.view(pending));
        waits.or_else(|| state.kept.record(id).map(Record::view))
    }

    /// Answers of the last thirty days, the newest first: at most `limit` of
    /// those behind `after`. The second value says where to go on.
    pub fn history(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<ExecApproval>, Option<String>) {
        self.state().kept.history(after, limit)
    }

    /// Consent that was given once and for all, the newest first.
    pub fn grants(&self, limit: usize) -> Vec<ExecGrant> {
        self.state().kept.grants(limit, self.0.deps.clock.now())
    }

    /// Takes such consent back. Says whether it was there.
    pub async fn revoke(&self, grant: &str) -> Result<bool, CommitError> {
        // First in memory: from now on nobody gets anything by it.
        let Some((granted, change)) = self.state().kept.drop_grant(grant) else { return Ok(false) };
        let written = self.0.deps.journal.submit(vec![change], Urgency::Now).await;
        if let Err(failed) = written {
            // It would be back after a restart, so it is not gone now either.
            let made_room = self.state().kept.insert_grant(granted);
            drop(made_room.map(|change| self.0.deps.journal.submit(vec![change], Urgency::Lazy)));
            return Err(failed);
        }
        Ok(true)
    }

    async fn deadline(self, asked: Asked) {
        let left = asked.expires_at.since(self.0.deps.clock.now());
        let answered = self.outcome(&asked.id);
        tokio::select! {
            () = self.0.deps.stop.cancelled() => return,
            _ = answered => return,
            () = time::sleep(left) => (),
        }
        // Its answer may be on its way to the disk; then it is not on the board.
        let now = self.0.deps.clock.now().max(asked.expires_at);
        let (decided, changes) = {
            let mut state = self.state();
            let Some(decided) = state.board.expire(&asked.id, now) else { return };
            let shown = decided.pending.about.shown(&*self.0.deps.digests);
            let changes = state.kept.put(Record::of(&decided, shown), now);
            (decided, changes)
        };
        if let Err(failed) = self.0.deps.journal.submit(changes, Urgency::Lazy).await {
            error!(
                error = &failed as &dyn std::error::Error,
                "an expired approval is not on record"
            );
        }
        self.conclude(&decided);
    }

    /// Tells everybody who waits, and the clients.
    fn conclude(&self, decided: &Decided<Question>) {
        let asked = Asked::from(&decided.pending);
        let sender = self.state().waiting.remove(&asked.id);
        if let Some(sender) = sender {
            let outcome = Outcome { asked: asked.clone(), decision: decided.decision };
            sender.send_replace(Some(outcome));
        }
        let told = ExecApprovalResolved {
            id: asked.id.as_str(),
            decision: decided.decision,
            resolved_by: decided.by.as_deref(),
            ts: decided.at,
        };
        self.tell(EventKind::ExecApprovalResolved, &told);
    }

    fn tell(&self, kind: EventKind, payload: &impl Serialize) {
        self.0.deps.events.publish(Event::notice(kind, payload));
    }

    fn view(&self, pending: &Pending<Question>) -> ExecApproval {
        ExecApproval {
            id: pending.id.to_string(),
            kind: kept::KIND.to_owned(),
            status: ApprovalStatus::Pending,
            request: pending.about.shown(&*self.0.deps.digests),
            created_at_ms: pending.created_at,
            expires_at_ms: pending.expires_at,
            decision: None,
            resolved_by: None,
            resolved_at_ms: None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskOutcomeError {
    /// There is no such question.
    #[error(transparent)]
    Unknown(#[from] UnknownApproval),
    /// The gateway stops.
    #[error("the gateway is stopping")]
    Stopping,
}

impl From<&Pending<Question>> for Asked {
    fn from(pending: &Pending<Question>) -> Self {
        Self {
            id: pending.id.clone(),
            created_at: pending.created_at,
            expires_at: pending.expires_at,
        }
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

impl fmt::Debug for Approvals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approvals").field("waiting", &self.state().waiting.len()).finish()
    }
}
