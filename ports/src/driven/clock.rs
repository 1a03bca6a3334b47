//! Time and randomness.

use domain::time::Timestamp;

/// Tells the time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now. Does not run backwards while the process lives.
    fn now(&self) -> Timestamp;
}

/// Makes things up.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// A random UUID (version 4), in lower case with dashes.
    fn uuid(&self) -> String;
}
