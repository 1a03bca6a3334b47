//! Pictures of agents.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{ids::AgentId, plain_path::PlainPath};

/// Reads pictures out of the workspaces of agents.
///
/// # Contract
///
/// - Nothing outside the workspace is read, wherever links in there lead.
/// - Nothing is read that is larger than [`domain::agent::LARGEST_AVATAR`].
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Portraits: Send + Sync {
    /// The picture at `path` in the workspace of `agent`; nothing where there is
    /// none.
    async fn portrait(&self, agent: &AgentId, path: &PlainPath) -> Option<Portrait>;

    /// `content` in base64, as it stands in a `data:` URL.
    fn in_text(&self, content: &[u8]) -> String;
}

/// A picture that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    /// The bytes.
    pub content: Bytes,
    /// Another one as soon as the picture is another one.
    pub version: String,
}
