//! What the wizard needs of the world.

use async_trait::async_trait;
use domain::wizard::{Answers, ProviderPlan};

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

    /// Makes the directory agents work in, for its owner only. `~` is the home
    /// directory.
    fn make_workspace(&self, path: &str) -> Result<(), BoxError>;
}
