//! What the wizard needs of the world.

use async_trait::async_trait;
use domain::wizard::{Answers, ProviderPlan, Reset};

use crate::BoxError;

/// Asks a provider that is not in use yet.
///
/// # Contract
///
/// - Takes ten seconds at most, and dropping the future ends it.
/// - What went wrong is told in words for a person, and never holds the key.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProviderCheck: Send + Sync {
    /// Providers whose key the environment or the configuration has.
    fn keys(&self) -> Vec<String>;

    /// The models of `provider`.
    async fn models(&self, provider: &ProviderPlan) -> Result<Vec<String>, String>;
}

/// Keeps what was answered until the wizard is through. Reads and writes the
/// disk; takes milliseconds.
///
/// # Contract
///
/// - Only the owner of the state directory can read it.
/// - What cannot be read counts as absent.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait WizardNotes: Send + Sync {
    /// What was answered before.
    fn load(&self) -> Answers;

    /// Keeps `answers`, which hold no secrets.
    fn keep(&self, answers: &Answers) -> Result<(), BoxError>;

    /// Forgets them.
    fn forget(&self) -> Result<(), BoxError>;

    /// The directory agents work in when nothing else is said.
    fn workspace(&self) -> String;

    /// Makes the directory agents work in, for its owner only. `~` is the home
    /// directory. Returns whether it was not there.
    fn make_workspace(&self, path: &str) -> Result<bool, BoxError>;
}

/// Puts away what is not wanted any more, so that it can be fetched back.
///
/// # Contract
///
/// - Refuses while a gateway works with it.
/// - Deletes nothing: all of it is where it was, or in the one place that is
///   told.
/// - The configuration stays where it is; a copy of it is put away.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Attic: Send + Sync {
    /// Puts away what `reset` takes of the state, and `workspace` if it takes
    /// that. Returns where.
    async fn put_away(&self, reset: Reset, workspace: &str) -> Result<String, BoxError>;
}
