//! A value that may change while it is used.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// A part of the configuration, always as it is in force. Cloning gives the same
/// one.
///
/// Whoever needs it asks when it is needed, and keeps what it got for as long as
/// one piece of work takes: a connection, a request.
pub struct Live<T>(Arc<RwLock<Arc<T>>>);

impl<T> Live<T> {
    /// One that is `value` at first.
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// What it is now. Takes some 20 nanoseconds.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes it `value` from now on.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.get()).finish()
    }
}

#[test]
fn everybody_sees_the_newest_and_keeps_what_they_took() {
    let live = Live::new(1);
    let (other, before) = (live.clone(), live.get());
    other.set(2);
    assert_eq!((*before, *live.get()), (1, 2));
}
