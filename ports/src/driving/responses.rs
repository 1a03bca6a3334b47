//! Answers that can be asked for again.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{approval::Owner, session::SessionKey, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Json, driven::CommitError};

/// Keeps answers for those who asked.
///
/// # Contract
///
/// - What is kept is found at once, and soon after also by the next gateway. It
///   is kept for a while, and only so much of it.
/// - Nobody finds what somebody else asked.
/// - What was forgotten is off the disk when [`Responses::forget`] says so.
#[async_trait]
pub trait Responses: Send + Sync {
    /// Keeps an answer.
    fn keep(&self, response: KeptResponse);

    /// The answer called `id`, if it was `owner` who asked.
    fn find(&self, owner: &Owner, id: &str) -> Option<Arc<KeptResponse>>;

    /// Forgets it. Answers whether there was one.
    async fn forget(&self, owner: &Owner, id: &str) -> Result<bool, CommitError>;
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptResponse {
    /// Names it.
    pub id: String,
    /// Who asked ([`Owner::as_str`]).
    pub owner: String,
    /// The conversation it belongs to.
    pub session: SessionKey,
    /// When it was asked for.
    pub at: Timestamp,
    /// The answer, as it is handed out.
    pub resource: Json,
    /// What was asked, as it is handed out; nothing if it was too large.
    pub input: Option<Json>,
}
