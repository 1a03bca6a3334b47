//! An agent that is made up.

use std::sync::Mutex;

use async_trait::async_trait;
use domain::ids::AgentId;
use futures_util::{StreamExt, stream};
use ports::driving::{
    Answer, AskError, Conversations, CountError, Question, Reply, TokenCount, TokenCounter,
};
use tokio::sync::{Notify, oneshot};

use super::locked;

/// Says what it is told to say, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Agent {
    pub(super) says: Mutex<Vec<Reply>>,
    /// Told when the answer that is read is dropped. Makes the answer endless.
    pub(super) hangs: Mutex<Option<oneshot::Sender<()>>>,
    pub(super) refuses: Mutex<Option<AskError>>,
    pub(super) counts: Mutex<Option<Result<TokenCount, CountError>>>,
    pub(super) asked: Mutex<Option<Question>>,
    pub(super) was_asked: Notify,
}

#[async_trait]
impl Conversations for Agent {
    async fn ask(&self, question: Question) -> Result<Answer, AskError> {
        *locked(&self.asked) = Some(question);
        self.was_asked.notify_one();
        if let Some(error) = locked(&self.refuses).clone() {
            return Err(error);
        }
        let says = stream::iter(locked(&self.says).clone());
        match locked(&self.hangs).take() {
            None => Ok(Box::pin(says)),
            Some(kept) => Ok(Box::pin(says.chain(stream::once(async move {
                let () = std::future::pending().await;
                drop(kept);
                Reply::Text(String::new())
            })))),
        }
    }

    fn agents(&self) -> Vec<AgentId> {
        ["main", "work"].map(AgentId::normalize).to_vec()
    }
}

#[async_trait]
impl TokenCounter for Agent {
    async fn count(&self, question: Question) -> Result<TokenCount, CountError> {
        *locked(&self.asked) = Some(question);
        locked(&self.counts).clone().expect("something to count")
    }
}
