//! The policy of this machine, as clients read and write it.

use std::sync::Arc;

use ports::{
    driven::{PolicyError, PolicySnapshot},
    view::ApprovalsFile,
};

use super::Approvals;

/// Reading the policy ended in a crash of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the exec approvals cannot be read")]
pub struct Unreadable;

impl Approvals {
    /// The policy as it is on disk, without what only its owner may know.
    pub async fn policy(&self) -> Result<PolicySnapshot, Unreadable> {
        let policy = Arc::clone(&self.0.deps.policy);
        let read = tokio::task::spawn_blocking(move || policy.load());
        read.await.map(without_secrets).map_err(|_| Unreadable)
    }

    /// Writes `file` in place of the text whose hash is `base`. What was not sent
    /// along about the socket stays, and every entry gets an id.
    pub async fn set_policy(
        &self,
        file: ApprovalsFile,
        base: Option<String>,
    ) -> Result<PolicySnapshot, PolicyError> {
        let policy = Arc::clone(&self.0.deps.policy);
        let entropy = Arc::clone(&self.0.deps.entropy);
        let write = move || {
            let before = policy.load();
            // What is not understood is not read from.
            let file = file.in_place_of(&before.file, || entropy.uuid());
            policy.store(&file, base)
        };
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.map_err(|_| PolicyError::Unwritable(Box::new(Unreadable)))?;
        written.map(without_secrets)
    }
}

fn without_secrets(snapshot: PolicySnapshot) -> PolicySnapshot {
    PolicySnapshot { file: snapshot.file.without_secrets(), ..snapshot }
}
