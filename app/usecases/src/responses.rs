//! Answers that can be asked for again: in memory, and in a drawer of the store.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    approval::Owner,
    remembered::{MemoryLimits, Remembered},
};
use ports::{
    Json,
    driven::{Archive, Change, Clock, CommitError, Drawer, Entry, Journal, StoreError, Urgency},
    driving::{self, KeptResponse},
};
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

/// How much is kept. All of it is held in memory.
const LIMITS: MemoryLimits =
    MemoryLimits { count: 2000, bytes: 8 * 1024 * 1024, age: Duration::from_hours(30 * 24) };

/// What keeping answers takes.
pub struct Deps {
    /// Where they are read from.
    pub archive: Arc<dyn Archive>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where they are written down.
    pub journal: Arc<dyn Journal>,
    /// Where what comes after an answer is done.
    pub tasks: TaskTracker,
}

/// Keeps answers.
#[derive(Clone)]
pub struct Responses(Arc<Inner>);

struct Inner {
    deps: Deps,
    kept: Mutex<Remembered<Arc<KeptResponse>>>,
}

impl Responses {
    /// Reads what was kept before.
    pub async fn open(deps: Deps) -> Result<Self, StoreError> {
        let now = deps.clock.now();
        let mut kept = Remembered::new(LIMITS);
        let mut gone = Vec::new();
        for Entry { name, value } in deps.archive.entries(Drawer::Responses).await? {
            match serde_json::from_str::<KeptResponse>(value.as_str()) {
                Ok(response) => {
                    let (at, bytes) = (response.at, value.as_str().len());
                    gone.extend(kept.put(&name, at, bytes, Arc::new(response), now));
                }
                Err(error) => warn!(%name, %error, "a kept response cannot be read"),
            }
        }
        let responses = Self(Arc::new(Inner { deps, kept: Mutex::new(kept) }));
        if !gone.is_empty() {
            responses.write(gone.iter().map(|name| dropped(name)).collect());
        }
        Ok(responses)
    }

    fn kept(&self) -> MutexGuard<'_, Remembered<Arc<KeptResponse>>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `changes` down while nobody waits.
    fn write(&self, changes: Vec<Change>) {
        let receipt = self.0.deps.journal.submit(changes, Urgency::Lazy);
        self.0.deps.tasks.spawn(async move {
            if let Err(error) = receipt.await {
                error!(error = &error as &dyn std::error::Error, "a response is not on disk");
            }
        });
    }
}

#[async_trait]
impl driving::Responses for Responses {
    fn keep(&self, response: KeptResponse) {
        let now = self.0.deps.clock.now();
        let (id, at) = (response.id.clone(), response.at);
        let value = Json::of(&response);
        // The order of the journal has to be that of the memory.
        let mut kept = self.kept();
        let gone = kept.put(&id, at, value.as_str().len(), Arc::new(response), now);
        let put = Change::PutEntry { drawer: Drawer::Responses, name: id.as_str().into(), value };
        let changes = std::iter::once(put).chain(gone.iter().map(|name| dropped(name)));
        self.write(changes.collect());
    }

    fn find(&self, owner: &Owner, id: &str) -> Option<Arc<KeptResponse>> {
        let now = self.0.deps.clock.now();
        let kept = self.kept();
        let response = kept.get(id, now).filter(|response| response.owner == owner.as_str());
        response.cloned()
    }

    async fn forget(&self, owner: &Owner, id: &str) -> Result<bool, CommitError> {
        if self.find(owner, id).is_none() {
            return Ok(false);
        }
        let receipt = {
            let mut kept = self.kept();
            kept.take(id);
            self.0.deps.journal.submit(vec![dropped(id)], Urgency::Now)
        };
        receipt.await.map(|_| true)
    }
}

fn dropped(name: &str) -> Change {
    Change::DropEntry { drawer: Drawer::Responses, name: name.into() }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responses").finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use ports::driven::{Committed, MockArchive, MockClock, MockJournal};

    use super::*;
    use crate::responses::driving::Responses as _;

    fn kept(id: &str, owner: &str, at: u64) -> KeptResponse {
        KeptResponse {
            id: id.to_owned(),
            owner: owner.to_owned(),
            session: "agent:main:openresponses:1".parse().unwrap(),
            at: Timestamp::from_millis(at),
            resource: Json::of(&id),
            input: None,
        }
    }

    fn entry(response: &KeptResponse) -> Entry {
        Entry { name: response.id.as_str().into(), value: Json::of(response) }
    }

    /// The changes somebody submitted, in words.
    fn said(changes: &[Change]) -> Vec<String> {
        let words = |change: &Change| match change {
            Change::PutEntry { drawer, name, value } => {
                let response: KeptResponse = serde_json::from_str(value.as_str()).unwrap();
                assert_eq!(*drawer, Drawer::Responses);
                format!("put {name} of {}", response.owner)
            }
            Change::DropEntry { drawer, name } => {
                assert_eq!(*drawer, Drawer::Responses);
                format!("drop {name}")
            }
            other => panic!("{other:?}"),
        };
        changes.iter().map(words).collect()
    }

    async fn open(
        entries: Vec<Entry>,
        now: Timestamp,
    ) -> (Responses, Arc<Mutex<Vec<(Urgency, String)>>>) {
        let mut archive = MockArchive::new();
        archive.expect_entries().return_once(move |_| Ok(entries));
        let mut clock = MockClock::new();
        clock.expect_now().return_const(now);
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut journal = MockJournal::new();
        let log = Arc::clone(&written);
        journal.expect_submit().returning(move |changes, urgency| {
            log.lock().unwrap().extend(said(&changes).into_iter().map(|it| (urgency, it)));
            Box::pin(async { Ok(Committed::default()) })
        });
        let deps = Deps {
            archive: Arc::new(archive),
            clock: Arc::new(clock),
            journal: Arc::new(journal),
            tasks: TaskTracker::new(),
        };
        (Responses::open(deps).await.unwrap(), written)
    }

    #[tokio::test]
    async fn what_is_kept_is_found_by_whoever_asked_until_it_is_forgotten() {
        let (responses, written) = open(Vec::new(), Timestamp::from_millis(10)).await;
        let (ada, bob) = (Owner::named("user:ada"), Owner::named("user:bob"));
        let response = kept("r", "user:ada", 10);
        responses.keep(response.clone());
        assert_eq!(responses.find(&ada, "r").as_deref(), Some(&response));
        assert_eq!(responses.find(&bob, "r"), None);
        assert!(!responses.forget(&bob, "r").await.unwrap());
        assert!(responses.forget(&ada, "r").await.unwrap());
        assert_eq!(responses.find(&ada, "r"), None);
        assert!(!responses.forget(&ada, "r").await.unwrap());
        let expected =
            [(Urgency::Lazy, "put r of user:ada".to_owned()), (Urgency::Now, "drop r".to_owned())];
        assert_eq!(*written.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn what_was_kept_before_is_found_unless_it_is_too_old() {
        let day = 24 * 60 * 60 * 1000;
        let old = kept("old", "user:ada", day);
        let young = kept("young", "user:ada", 2 * day);
        let broken = Entry { name: "broken".into(), value: Json::of(&1) };
        let now = Timestamp::from_millis(31 * day + 1);
        let (responses, written) = open(vec![broken, entry(&old), entry(&young)], now).await;
        let ada = Owner::named("user:ada");
        assert_eq!(responses.find(&ada, "old"), None);
        assert_eq!(responses.find(&ada, "young").as_deref(), Some(&young));
        assert_eq!(*written.lock().unwrap(), [(Urgency::Lazy, "drop old".to_owned())]);
    }
}
