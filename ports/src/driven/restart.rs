//! Starting anew, and what is remembered across it.

use std::time::Duration;

use crate::{BoxError, view::RestartNote};

/// Lets the gateway start anew.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Restart: Send + Sync {
    /// Asks for a start with whatever program is installed by then, in `delay`
    /// and for `reason`, as clients are told it. Returns at once; of several
    /// requests the earliest counts.
    fn request(&self, reason: &str, delay: Duration);
}

/// Keeps what is to be told after the next start
/// (`gateway-reference.md` 3.5).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RestartNotes: Send + Sync {
    /// Leaves `note` in the place of an older one, and says where. It is on disk
    /// when this returns.
    fn leave(&self, note: &RestartNote) -> Result<String, BoxError>;

    /// Takes away what was left. A note that cannot be read is taken away too.
    fn take(&self) -> Option<RestartNote>;
}
