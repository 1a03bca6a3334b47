//! Handing in what Slack sends.

use async_trait::async_trait;

/// Takes what Slack sends to an account, after it is certain that it was Slack.
///
/// # Contract
///
/// - When `deliver` returns well, the event is taken: Slack is told so, and does
///   not send it again. It returns within three seconds.
/// - An event that Slack sends again before that has the same name.
#[async_trait]
pub trait SlackInbox: Send + Sync {
    /// Hands in what was sent.
    async fn deliver(&self, delivery: SlackDelivery) -> Result<(), SlackRefusal>;
}

/// What Slack sent.
#[derive(Clone)]
pub struct SlackDelivery {
    /// The account it is for.
    pub account: Box<str>,
    /// Its name, if it has one.
    pub name: Option<Box<str>>,
    /// What was sent.
    pub body: SlackBody,
}

/// In which form it was sent.
#[derive(Clone, PartialEq, Eq)]
pub enum SlackBody {
    /// Something happened: JSON.
    Json(Vec<u8>),
    /// Somebody typed a command or pressed a button: the fields of a form.
    Form(Vec<(String, String)>),
}

/// Why nobody takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackRefusal {
    /// The channel is not there, or does not run.
    #[error("the Slack channel is not running")]
    NotRunning,
}

/// Nothing of what people said is shown.
impl std::fmt::Debug for SlackDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackDelivery")
            .field("account", &self.account)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SlackBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json",
            Self::Form(_) => "Form",
        })
    }
}
