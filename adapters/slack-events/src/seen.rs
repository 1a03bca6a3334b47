//! What Slack sent before.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{run::Dedupe, time::Timestamp};

/// For how long names are remembered: longer than a signature is good for.
const REMEMBER: Duration = Duration::from_mins(10);
/// How many names are remembered.
const MOST: usize = 5_000;

/// The names of what Slack sent.
#[derive(Clone)]
pub(crate) struct Seen(Arc<Mutex<Names>>);

struct Names {
    done: Dedupe<Arc<str>, ()>,
    under_way: HashSet<Arc<str>>,
}

impl Default for Seen {
    fn default() -> Self {
        let names = Names { done: Dedupe::new(REMEMBER, MOST), under_way: HashSet::new() };
        Self(Arc::new(Mutex::new(names)))
    }
}

/// Whether something is to be handed on.
pub(crate) enum Begun {
    /// It is, by whoever has this.
    Turn(Turn),
    /// It was already.
    Done,
    /// Somebody is about to.
    UnderWay,
}

/// Somebody hands something on. Dropping it means that this came to nothing, and
/// that it may be sent again.
pub(crate) struct Turn {
    seen: Seen,
    name: Arc<str>,
}

impl Seen {
    /// Begins to hand on what is called `name`.
    pub(crate) fn begin(&self, name: String, now: Timestamp) -> Begun {
        let name: Arc<str> = name.into();
        let mut names = self.lock();
        if names.done.get(&name, now).is_some() {
            return Begun::Done;
        }
        if !names.under_way.insert(Arc::clone(&name)) {
            return Begun::UnderWay;
        }
        Begun::Turn(Turn { seen: self.clone(), name })
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// It was handed on.
    pub(crate) fn done(self, now: Timestamp) {
        self.seen.lock().done.put(Arc::clone(&self.name), (), now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.seen.lock().under_way.remove(&self.name);
    }
}

#[test]
fn what_came_is_not_handed_on_again_unless_it_came_to_nothing() {
    let seen = Seen::default();
    let at = Timestamp::from_millis;
    let begin = |now| match seen.begin("a".to_owned(), now) {
        Begun::Turn(turn) => Ok(turn),
        Begun::Done => Err("done"),
        Begun::UnderWay => Err("under way"),
    };
    let Ok(first) = begin(at(0)) else { panic!("nothing came yet") };
    assert_eq!(begin(at(1)).err(), Some("under way"));
    drop(first);
    let Ok(second) = begin(at(2)) else { panic!("it came to nothing") };
    second.done(at(3));
    assert_eq!(begin(at(599_999)).err(), Some("done"));
    assert!(begin(at(600_003)).is_ok());
    assert!(seen.lock().under_way.is_empty());
}
