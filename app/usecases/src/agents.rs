//! The built-in agent: asks a model, and the next one when that fails.

mod catalogue;
mod count;
mod turn;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{
    agent::{Cooldowns, FailureKind, ModelRef},
    ids::AgentId,
    session::Thinking,
};
use futures_util::stream;
use ports::{
    BoxStream,
    config::ModelChoice,
    driven::{
        AgentError, AgentEvent, AgentRuntime, AgentTurn, Clock, ConfigSource, ModelInfo,
        ModelRequest,
    },
};

pub use self::catalogue::Catalogue;
pub(crate) use self::count::tokens_of;
use self::turn::Turn;

/// What an agent is told about itself when the configuration says nothing.
const DEFAULT_PROMPT: &str = "You are a helpful personal assistant. Answer in the language you \
                              are addressed in, briefly and truthfully.";

/// Runs agents that are a model and a prompt.
#[derive(Clone)]
pub struct Agents(Arc<Inner>);

struct Inner {
    catalogue: Catalogue,
    config: Arc<dyn ConfigSource>,
    clock: Arc<dyn Clock>,
    cooldowns: Mutex<Cooldowns>,
}

impl Agents {
    /// Agents that ask the models of `catalogue`.
    pub fn new(catalogue: Catalogue, config: Arc<dyn ConfigSource>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { catalogue, config, clock, cooldowns: Mutex::default() }))
    }

    /// The models that answer for `agent`, in the order in which they are
    /// asked. Never none, unless there is no provider at all.
    pub fn models_of(&self, agent: &AgentId) -> Vec<ModelRef> {
        let config = self.0.config.current();
        let own = config.agents.find(agent).and_then(|agent| agent.model);
        let choice = own.or_else(|| config.agents.defaults.model.clone());
        match choice.as_ref().map(ModelChoice::candidates).filter(|chosen| !chosen.is_empty()) {
            Some(chosen) => chosen,
            None => self.0.catalogue.now().found.clone(),
        }
    }

    /// What is known about `model`, if its provider knows it.
    pub fn model_info(&self, model: &ModelRef) -> Option<ModelInfo> {
        let listed = self.0.catalogue.now();
        let provider = listed.provider(model.provider())?;
        provider.known_models().into_iter().find(|info| info.id == model.model())
    }

    /// Whether `model` can be asked: its provider is there, and either knows
    /// the model or does not know all of its models.
    pub fn offers(&self, model: &ModelRef) -> bool {
        self.0.catalogue.now().provider(model.provider()).is_some_and(|provider| {
            let known = provider.known_models();
            known.is_empty() || known.iter().any(|info| info.id == model.model())
        })
    }

    fn prompt_of(&self, agent: &AgentId) -> String {
        let config = self.0.config.current();
        let own = config.agents.find(agent).unwrap_or_default();
        let prompt = own.system_prompt.or_else(|| config.agents.defaults.system_prompt.clone());
        let prompt = prompt.unwrap_or_else(|| DEFAULT_PROMPT.to_owned());
        let name = own.identity.and_then(|identity| identity.name).or(own.name);
        match name {
            Some(name) => format!("Your name is {name}. {prompt}"),
            None => prompt,
        }
    }

    /// What `model` is asked in `turn`.
    fn request(&self, turn: &AgentTurn, model: &str) -> ModelRequest {
        let prompt = self.prompt_of(&turn.agent);
        let system = match &turn.instructions {
            Some(more) => format!("{prompt}\n\n{more}"),
            None => prompt,
        };
        let thinking = turn.thinking.or_else(|| self.default_thinking());
        ModelRequest {
            model: model.to_owned(),
            system: Some(system),
            messages: turn.messages.clone(),
            thinking: thinking.filter(|level| *level != Thinking::Off),
            sampling: turn.sampling.clone(),
            tools: turn.tools.clone(),
        }
    }

    /// The models to ask in `turn`, in that order.
    fn order(&self, turn: &AgentTurn) -> Vec<ModelRef> {
        let candidates = match &turn.model {
            Some(model) => vec![model.clone()],
            None => self.models_of(&turn.agent),
        };
        let cooldowns = self.cooldowns();
        cooldowns.order(&candidates, self.0.clock.now()).into_iter().cloned().collect()
    }

    fn default_thinking(&self) -> Option<Thinking> {
        self.0.config.current().agents.defaults.thinking_default
    }

    fn cooldowns(&self) -> MutexGuard<'_, Cooldowns> {
        self.0.cooldowns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AgentRuntime for Agents {
    async fn start(
        &self,
        turn: AgentTurn,
    ) -> Result<BoxStream<Result<AgentEvent, AgentError>>, AgentError> {
        let order = self.order(&turn);
        if order.is_empty() {
            return Err(AgentError {
                kind: FailureKind::UnknownModel,
                message: "no model is configured".to_owned(),
            });
        }
        let turn = Turn::new(self.clone(), turn, order);
        let events = stream::unfold(turn, |mut turn| async move {
            let event = turn.next().await?;
            Some((event, turn))
        });
        Ok(Box::pin(events))
    }
}

impl fmt::Debug for Agents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Agents").field(&self.0.catalogue).finish()
    }
}
