//! What was used and what is left, in memory and in a drawer of the store.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    agent::ModelRef,
    relay::{Allowance, Exhausted, Ledger, Quota, RowId, Standing, Tally},
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Change, Clock, Drawer, Entry, Journal, StoreError, Urgency},
    driving::UsageRow,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, warn};

use super::Deps;
use crate::calendar;

/// How long what was used waits for company on its way to the disk: what a power
/// cut may take along.
const COMPANY: Duration = Duration::from_secs(1);

/// What was used and what is left.
pub(super) struct Books {
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    stop: CancellationToken,
    tasks: TaskTracker,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ledger: Ledger,
    quotas: HashMap<Box<str>, Quota>,
    /// What is not on disk yet.
    unwritten: BTreeMap<RowId, Tally>,
    /// Whether somebody is about to write it.
    is_awaited: bool,
}

/// What a key is told when it asks for something.
pub(super) struct Limited {
    pub(super) standing: Standing,
    pub(super) refused: Option<Exhausted>,
}

impl Books {
    /// Reads what was used before.
    pub(super) async fn read(deps: &Deps) -> Result<Self, StoreError> {
        let mut rows = BTreeMap::new();
        for Entry { name, value } in deps.archive.entries(Drawer::RelayUsage).await? {
            match (row_of(&name), serde_json::from_str(value.as_str())) {
                (Some(id), Ok(tally)) => drop(rows.insert(id, tally)),
                _ => warn!(%name, "a row of what was used cannot be read"),
            }
        }
        let mut ledger = Ledger::default();
        for (id, tally) in rows {
            let _ = ledger.add(id, tally);
        }
        Ok(Self {
            clock: Arc::clone(&deps.clock),
            journal: Arc::clone(&deps.journal),
            stop: deps.stop.clone(),
            tasks: deps.tasks.clone(),
            state: Mutex::new(State { ledger, ..State::default() }),
        })
    }

    /// Takes a request of about so many `tokens` from what `key` has.
    pub(super) fn admit(
        &self,
        key: &str,
        allowance: &Allowance,
        tokens: u64,
        now: Timestamp,
    ) -> Limited {
        let mut state = self.state();
        let spent = state.ledger.spent(key, calendar::day(now));
        if !state.quotas.contains_key(key) {
            state.quotas.insert(key.into(), Quota::default());
        }
        let Some(quota) = state.quotas.get_mut(key) else {
            return Limited { standing: Standing::default(), refused: None };
        };
        let taken = allowance.has_left(spent).and_then(|()| quota.take(allowance, tokens, now));
        Limited { standing: quota.standing(now), refused: taken.err() }
    }

    /// Writes down what a request of `key` used that was `taken` to use something
    /// else.
    pub(super) fn settle(
        self: &Arc<Self>,
        key: Option<&str>,
        model: &ModelRef,
        taken: u64,
        tally: Tally,
    ) {
        let day = calendar::day(self.clock.now());
        let id = RowId { day, key: key.map(Into::into), model: model.to_string().into() };
        let mut state = self.state();
        if let Some(quota) = key.and_then(|key| state.quotas.get_mut(key)) {
            quota.settle(taken, tally.tokens());
        }
        let (id, row) = state.ledger.add(id, tally);
        state.unwritten.insert(id, row);
        if !std::mem::replace(&mut state.is_awaited, true) {
            drop(state);
            self.tasks.spawn(Arc::clone(self).write_soon());
        }
    }

    /// The rows since the day number `since`.
    pub(super) fn rows(&self, since: u32) -> Vec<UsageRow> {
        let state = self.state();
        let row = |(id, used): (&RowId, &Tally)| UsageRow {
            date: calendar::date_of(id.day.number),
            key: id.key.clone(),
            model: id.model.clone(),
            used: *used,
        };
        state.ledger.rows(since).map(row).collect()
    }

    async fn write_soon(self: Arc<Self>) {
        tokio::select! {
            () = self.stop.cancelled() => (),
            () = tokio::time::sleep(COMPANY) => (),
        }
        let today = calendar::day(self.clock.now());
        let (written, gone) = {
            let mut state = self.state();
            state.is_awaited = false;
            (std::mem::take(&mut state.unwritten), state.ledger.forget(today))
        };
        let put = written.into_iter().map(|(id, tally)| Change::PutEntry {
            drawer: Drawer::RelayUsage,
            name: name_of(&id),
            value: Json::of(&tally),
        });
        let dropped = gone
            .iter()
            .map(|id| Change::DropEntry { drawer: Drawer::RelayUsage, name: name_of(id) });
        let changes = put.chain(dropped).collect();
        if let Err(error) = self.journal.submit(changes, Urgency::Lazy).await {
            error!(error = &error as &dyn std::error::Error, "what was used is not on disk");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a row is called in the drawer: `20784/ci/openai/gpt-5`, with nothing where
/// the key would be if there is none. Names of keys have no slash.
fn name_of(id: &RowId) -> Box<str> {
    let key = id.key.as_deref().unwrap_or_default();
    format!("{}/{key}/{}", id.day.number, id.model).into()
}

fn row_of(name: &str) -> Option<RowId> {
    let (number, rest) = name.split_once('/')?;
    let (key, model) = rest.split_once('/')?;
    let day = calendar::day_of(number.parse().ok()?);
    let key = (!key.is_empty()).then(|| key.into());
    (!model.is_empty()).then(|| RowId { day, key, model: model.into() })
}

#[test]
fn rows_are_found_again_by_their_names() {
    for (number, key, model) in
        [(20_784, Some("ci"), "openrouter/meta/llama"), (0, None, "a/b"), (1, None, "(others)")]
    {
        let day = calendar::day_of(number);
        let id = RowId { day, key: key.map(Into::into), model: model.into() };
        assert_eq!(row_of(&name_of(&id)), Some(id));
    }
    for bad in ["", "1", "1/", "1/a", "1/a/", "x/a/b", "-1/a/b"] {
        assert_eq!(row_of(bad), None, "{bad:?}");
    }
}
