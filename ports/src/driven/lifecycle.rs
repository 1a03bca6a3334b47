//! Putting parts of the gateway into force anew.

use async_trait::async_trait;
use domain::reload::Part;

use crate::{BoxError, config::Config};

/// Puts parts of the gateway into force as the configuration has them now.
///
/// # Contract
///
/// - A part is renewed as a whole or not at all: on an error, what ran before goes
///   on running.
/// - Runs and connections go on, except those of clients whose way in was closed.
/// - Renewing a part that does not exist in this gateway does nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Lifecycle: Send + Sync {
    /// Whether it would be safe and possible to be reached as `after` has it. Says
    /// why not, and changes nothing.
    fn check(&self, after: &Config) -> Result<(), BoxError>;

    /// Renews `part`, which was as `before` has it, as `after` has it.
    async fn renew(&self, part: &Part, before: &Config, after: &Config) -> Result<(), BoxError>;
}
