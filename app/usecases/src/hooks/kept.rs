//! Which calls came before, also before the gateway was last started.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{
    hooks::{Deliveries, DeliveryKeys, WakeMode},
    ids::RunId,
    time::Timestamp,
};
use ports::{
    BoxFuture, Json,
    driven::{Archive, Change, CommitError, Committed, Drawer, Journal, StoreError, Urgency},
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

/// The calls of the last day.
pub(super) struct Kept(Mutex<Deliveries<Arc<Delivery>>>);

/// A call that can be known again.
#[derive(Debug)]
pub(super) struct Delivery {
    /// A name nobody else has; its runs are named after it.
    pub(super) run: String,
    /// What was sent, by its fingerprint.
    pub(super) digest: String,
    /// What came of it, once something has. Whoever comes meanwhile waits.
    pub(super) done: OnceCell<Done>,
    keys: Vec<Box<str>>,
    at: Timestamp,
    /// Whether it was on disk when the gateway started.
    is_stored: bool,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Done {
    /// Somebody is told something.
    Woken(WakeMode),
    /// Nothing, on purpose.
    Nothing,
    /// Agents are asked.
    #[serde(rename_all = "camelCase")]
    Asked {
        /// The runs.
        runs: Vec<RunId>,
        /// Whether it was about a list.
        is_list: bool,
        /// Whether somebody wanted the answers to be sent on, which nobody does.
        is_undelivered: bool,
    },
}

/// How it stands in the drawer, under the name of its run.
#[derive(Serialize, Deserialize)]
struct Stored {
    at: Timestamp,
    keys: Vec<Box<str>>,
    digest: String,
    #[serde(default)]
    done: Option<Done>,
}

impl Kept {
    /// Reads what was kept. What cannot be understood is left out, and what is too
    /// old or too much is kept no longer.
    pub(super) async fn read(
        archive: &dyn Archive,
        journal: &dyn Journal,
    ) -> Result<Self, StoreError> {
        let mut all: Vec<Delivery> = Vec::new();
        for entry in archive.entries(Drawer::HookDeliveries).await? {
            let Ok(stored) = serde_json::from_str::<Stored>(entry.value.as_str()) else { continue };
            all.push(Delivery {
                run: entry.name.into(),
                digest: stored.digest,
                done: OnceCell::new_with(stored.done),
                keys: stored.keys,
                at: stored.at,
                is_stored: true,
            });
        }
        all.sort_by_key(|delivery| delivery.at);
        let (mut deliveries, mut outdated) = (Deliveries::default(), Vec::new());
        for delivery in all {
            let (keys, at) = (DeliveryKeys::of(delivery.keys.clone()), delivery.at);
            let (_, gone) = deliveries.put(keys, Arc::new(delivery), at);
            outdated.extend(gone.iter().map(|gone: &Arc<Delivery>| gone.taken_out()));
        }
        if !outdated.is_empty() {
            // If it is lost, the next start does it again.
            drop(journal.submit(outdated, Urgency::Lazy));
        }
        Ok(Self(Mutex::new(deliveries)))
    }

    /// The call that is known by `keys`, or else a new one called `run`.
    pub(super) fn find_or_put(
        &self,
        keys: &DeliveryKeys,
        run: String,
        digest: String,
        now: Timestamp,
    ) -> (Arc<Delivery>, Option<NewDelivery>) {
        let mut deliveries = self.lock();
        if let Some(known) = deliveries.find(keys, now) {
            return (Arc::clone(known), None);
        }
        let delivery = Arc::new(Delivery {
            run,
            digest,
            done: OnceCell::new(),
            keys: keys.names().to_vec(),
            at: now,
            is_stored: false,
        });
        let (place, gone) = deliveries.put(keys.clone(), Arc::clone(&delivery), now);
        let outdated = gone.iter().map(|gone| gone.taken_out()).collect();
        (delivery, Some(NewDelivery { place, outdated }))
    }

    /// Forgets a call that came to nothing, so that it may come again.
    pub(super) fn forget(&self, place: u64) -> Option<Change> {
        Some(self.lock().forget(place)?.taken_out())
    }

    fn lock(&self) -> MutexGuard<'_, Deliveries<Arc<Delivery>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was not known before.
pub(super) struct NewDelivery {
    /// Its number.
    pub(super) place: u64,
    /// What is kept no longer: changes for the journal.
    pub(super) outdated: Vec<Change>,
}

impl Delivery {
    /// Writes down that it came.
    pub(super) async fn begin(&self, journal: &dyn Journal) -> Result<(), CommitError> {
        if !self.is_stored {
            journal.submit(vec![self.put(None)], Urgency::Now).await?;
        }
        Ok(())
    }

    /// Writes down what came of it, behind the answer.
    pub(super) fn finish(
        &self,
        done: &Done,
        journal: &dyn Journal,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        journal.submit(vec![self.put(Some(done.clone()))], Urgency::Lazy)
    }

    fn put(&self, done: Option<Done>) -> Change {
        let (at, keys, digest) = (self.at, self.keys.clone(), self.digest.clone());
        let value = Json::of(&Stored { at, keys, digest, done });
        Change::PutEntry { drawer: Drawer::HookDeliveries, name: self.run.as_str().into(), value }
    }

    fn taken_out(&self) -> Change {
        Change::DropEntry { drawer: Drawer::HookDeliveries, name: self.run.as_str().into() }
    }
}
