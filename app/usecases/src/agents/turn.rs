//! One turn of an agent: the attempts, one model after the other.

use std::{collections::VecDeque, fmt::Write};

use domain::agent::{FailureKind, ModelRef};
use futures_util::StreamExt;
use ports::{
    BoxStream,
    driven::{AgentError, AgentEvent, AgentTurn, ModelError, ModelEvent},
};
use tracing::{
    Instrument, Span, debug, debug_span,
    field::{self, Empty},
    warn,
};

use super::Agents;

/// A turn that has begun.
pub(super) struct Turn {
    agents: Agents,
    asked: AgentTurn,
    left: VecDeque<ModelRef>,
    // What to say next, before anything else happens.
    pending: VecDeque<Result<AgentEvent, AgentError>>,
    failures: Vec<(ModelRef, ModelError)>,
    state: State,
}

enum State {
    /// The next model in `left` is to be asked.
    Ask,
    /// This model answers.
    Answering {
        model: ModelRef,
        events: BoxStream<Result<ModelEvent, ModelError>>,
        // Once something was said, nobody else can be asked any more.
        spoke: bool,
        // The answer is part of what was asked for.
        span: Span,
    },
    Over,
}

impl Turn {
    pub(super) fn new(agents: Agents, turn: AgentTurn, order: Vec<ModelRef>) -> Self {
        Self {
            agents,
            asked: turn,
            left: order.into(),
            pending: VecDeque::new(),
            failures: Vec::new(),
            state: State::Ask,
        }
    }

    /// The next event, or `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<AgentEvent, AgentError>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            match &mut self.state {
                State::Over => return None,
                State::Ask => self.ask().await,
                State::Answering { model, events, spoke, span } => match next(events, span).await {
                    Some(Ok(event)) => {
                        *spoke |=
                            matches!(event, ModelEvent::Text(_) | ModelEvent::CallBegun { .. });
                        let event = match event {
                            ModelEvent::Text(text) => AgentEvent::Text(text),
                            ModelEvent::Thinking(text) => AgentEvent::Thinking(text),
                            ModelEvent::CallBegun { at, id, name } => {
                                AgentEvent::CallBegun { at, id, name }
                            }
                            ModelEvent::CallArguments { at, piece } => {
                                AgentEvent::CallArguments { at, piece }
                            }
                            ModelEvent::Usage(usage) => AgentEvent::Usage(usage),
                            ModelEvent::End(finish) => {
                                self.agents.cooldowns().succeeded(model.provider());
                                self.state = State::Over;
                                AgentEvent::End(finish)
                            }
                        };
                        return Some(Ok(event));
                    }
                    failed => {
                        let error = failed.and_then(Result::err).unwrap_or_else(|| {
                            let message = "the answer broke off in the middle";
                            ModelError::new(FailureKind::Timeout, message)
                        });
                        span.record("failure", field::display(&error.kind));
                        let (model, spoke) = (model.clone(), *spoke);
                        self.failed(model, error, spoke);
                    }
                },
            }
        }
    }

    async fn ask(&mut self) {
        let Some(model) = self.left.pop_front() else {
            let error = self.give_up();
            return self.end_with(error);
        };
        let listed = self.agents.0.catalogue.now();
        let Some(provider) = listed.provider(model.provider()).cloned() else {
            let message = format!("there is no model provider \"{}\"", model.provider());
            let error = ModelError::new(FailureKind::UnknownModel, message);
            return self.failed(model, error, false);
        };
        let span = debug_span!("model", %model, failure = Empty);
        let request = self.agents.request(&self.asked, model.model());
        let asking = async {
            debug!(%model, "asking a model");
            provider.stream(request).await
        };
        match asking.instrument(span.clone()).await {
            Ok(events) => {
                self.pending.push_back(Ok(AgentEvent::Model(model.clone())));
                self.state = State::Answering { model, events, spoke: false, span };
            }
            Err(error) => {
                span.record("failure", field::display(&error.kind));
                self.failed(model, error, false);
            }
        }
    }

    fn failed(&mut self, model: ModelRef, error: ModelError, spoke: bool) {
        warn!(%model, kind = %error.kind, error = &error as &dyn std::error::Error, "a model failed");
        let now = self.agents.0.clock.now();
        self.agents.cooldowns().failed(model.provider(), error.kind, error.retry_after, now);
        let kind = error.kind;
        self.failures.push((model.clone(), error));
        if spoke || !kind.try_next() || self.left.is_empty() {
            let error = self.give_up();
            return self.end_with(error);
        }
        self.pending.push_back(Ok(AgentEvent::Fallback { from: model, kind }));
        self.state = State::Ask;
    }

    fn end_with(&mut self, error: AgentError) {
        self.pending.push_back(Err(error));
        self.state = State::Over;
    }

    /// What is said when nobody could answer: the last failure, and the others
    /// when there was more than one attempt.
    fn give_up(&self) -> AgentError {
        let Some((_, last)) = self.failures.last() else {
            let message = "no model is configured".to_owned();
            return AgentError { kind: FailureKind::UnknownModel, message };
        };
        let mut message = last.message.clone();
        if 1 < self.failures.len() {
            message = format!("all {} models failed", self.failures.len());
            for (model, error) in &self.failures {
                // Writing to a text cannot fail.
                let _ = write!(message, "; {model}: {}", error.message);
            }
        }
        AgentError { kind: last.kind, message }
    }
}

/// The next event of an answer. Where nobody wants to know how long it took, it
/// is not told apart from what is around it.
async fn next(
    events: &mut BoxStream<Result<ModelEvent, ModelError>>,
    span: &Span,
) -> Option<Result<ModelEvent, ModelError>> {
    if span.is_disabled() {
        return events.next().await;
    }
    events.next().instrument(span.clone()).await
}
