//! Counting what a question would give a model to read, without asking it.

use async_trait::async_trait;
use domain::agent::FailureKind;
use ports::{
    driven::AgentTurn,
    driving::{CountError, Question, TokenCount, TokenCounter},
};
use tracing::warn;

use super::{
    Chat,
    context::{Reading, paired},
};

#[async_trait]
impl TokenCounter for Chat {
    async fn count(&self, question: Question) -> Result<TokenCount, CountError> {
        if self.0.deps.config.current().agents.find(&question.agent).is_none() {
            return Err(CountError::UnknownAgent(question.agent));
        }
        let session = if question.fresh {
            None
        } else {
            match self.0.deps.book.open(&question.session).await {
                Ok(opened) => opened.session(),
                // Asking would do without as well.
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "a session cannot be read");
                    None
                }
            }
        };
        let settings = session.as_ref().map(|session| session.settings.clone()).unwrap_or_default();
        let model = question.model.or(settings.model);
        let mut messages = question.history;
        if messages.is_empty() {
            let reading = Reading { session, agent: &question.agent, model: model.as_ref() };
            messages = self.transcript(&reading).await.map_err(|error| CountError::Failed {
                message: error.to_string(),
                kind: FailureKind::Overloaded,
                retry_after: None,
            })?;
        }
        messages.push(question.message);
        let turn = AgentTurn {
            run: question.run,
            agent: question.agent,
            session: question.session,
            model,
            thinking: question.thinking.or(settings.thinking),
            instructions: question.instructions,
            messages: paired(messages),
            sampling: question.sampling,
            tools: question.tools,
        };
        self.0.deps.agents.count(&turn).await
    }
}
