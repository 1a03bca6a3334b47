//! Using consent that was given.

use std::time::Duration;

use domain::{
    access::Principal,
    approval::{Decision, Owner},
    ids::RequestId,
};

use super::Approvals;

/// For how long consent for one time can be used after it was given.
const GOOD_FOR: Duration = Duration::from_mins(10);

/// What somebody who has consent is about to have run. It has to be what he
/// asked for.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// On which node.
    pub node: &'a str,
    /// Program and arguments.
    pub argv: &'a [String],
    /// Where.
    pub cwd: Option<&'a str>,
    /// The variables that are set, by name.
    pub env: &'a [String],
    /// For which session.
    pub session: Option<&'a str>,
}

/// Consent, used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// What was said.
    pub decision: Decision,
    /// The fingerprint of what it was said about, for the machine that runs the
    /// command to compare with what it is about to run. Without one that machine
    /// has to remember by itself what it was asked for.
    pub binding: Option<String>,
}

/// Why there is no consent for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// Nobody said yes to such a question, or not to one of this caller.
    #[error("approval required")]
    Unknown,
    /// Yes was said to something else.
    #[error("approval does not match the request")]
    Mismatch,
    /// It was good for one time, and that is over.
    #[error("approval was used or has expired")]
    Used,
}

impl Approvals {
    /// Uses the consent `caller` got for the question `id`. Consent for one time
    /// can be used one time, soon, and not across a restart.
    pub fn redeem(
        &self,
        caller: &Principal,
        id: &RequestId,
        claim: &Claim<'_>,
    ) -> Result<Redeemed, NotApproved> {
        let now = self.0.deps.clock.now();
        let mut state = self.state();
        let record = state.kept.record_mut(id).ok_or(NotApproved::Unknown)?;
        let decision = record.decision.filter(|decision| decision.allows());
        let decision = decision.ok_or(NotApproved::Unknown)?;
        if record.owner() != Owner::of(caller) {
            return Err(NotApproved::Unknown);
        }
        let binding = record.binding.clone();
        if !record.is_about(claim) {
            return Err(NotApproved::Mismatch);
        }
        if decision == Decision::AllowOnce {
            if record.used || GOOD_FOR < now.since(record.at) {
                return Err(NotApproved::Used);
            }
            record.used = true;
        }
        Ok(Redeemed { decision, binding })
    }
}
