//! Which commands may run.

use domain::{approval::Rules, ids::AgentId};

use crate::{BoxError, view::ApprovalsFile};

/// The policy of this machine about commands, kept by its owner.
///
/// # Contract
///
/// - Both calls touch the disk and take milliseconds.
/// - [`load`](Self::load) never fails: where there is no policy, or none that
///   can be read, nothing may run, and the snapshot says why.
/// - [`store`](Self::store) replaces exactly the text whose hash is `base`, or
///   nothing. What is there is never replaced by somebody who has not seen it.
/// - When `store` returns, the new text is on disk, whole.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ApprovalPolicy: Send + Sync {
    /// The policy as it is on disk now.
    fn load(&self) -> PolicySnapshot;

    /// Writes `file` in place of the text whose hash is `base`; without a base
    /// only where there is no file.
    fn store(
        &self,
        file: &ApprovalsFile,
        base: Option<String>,
    ) -> Result<PolicySnapshot, PolicyError>;
}

/// The policy as it is on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySnapshot {
    /// Where it is.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// SHA-256 of the text, in hex; of the empty text when it is not there.
    pub hash: String,
    /// What it says; nothing when it cannot be read.
    pub file: ApprovalsFile,
    /// Why it cannot be read, if it cannot.
    pub problem: Option<String>,
}

impl PolicySnapshot {
    /// What holds for `agent`. Nothing runs under a policy that cannot be read.
    pub fn rules(&self, agent: &AgentId) -> Rules {
        match self.problem {
            Some(_) => Rules::DENY,
            None => self.file.policy().rules(agent),
        }
    }
}

/// Why a policy was not written.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// There is a file, and the writer does not say which.
    #[error("exec approvals base hash required; re-run exec.approvals.get and retry")]
    BaseRequired,
    /// Somebody else changed the file.
    #[error("exec approvals changed since last load; re-run exec.approvals.get and retry")]
    Changed,
    /// The disk is full, broken, or the file is not a plain one.
    #[error("the exec approvals cannot be written")]
    Unwritable(#[source] BoxError),
}
