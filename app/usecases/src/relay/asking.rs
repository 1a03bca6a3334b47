//! Asking one model after the other, until the first byte of an answer is there.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use domain::{
    agent::{FailureKind, ModelRef},
    relay::{Fault, Form, Next, Patience},
};
use futures_util::{StreamExt, stream};
use ports::{
    BoxStream, Bytes,
    driven::{
        ModelError, ModelEvent, ModelProvider, ModelRequest, RelayBody, RelayError, RelayRequest,
        RelayStream, Used,
    },
    driving::{Meant, Misread, Passed, RelayRefusal},
};
use tracing::{debug, warn};

use super::{Deps, answering::Ticket};

/// A model that can be asked.
pub(super) struct Candidate {
    pub(super) model: ModelRef,
    pub(super) provider: Arc<dyn ModelProvider>,
}

/// How a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// With the bytes of the request.
    Copy,
    /// With what the request means.
    Tell,
}

/// An answer that has begun.
pub(super) enum Begun {
    /// Its provider's own words.
    Copied { status: u16, content_type: Box<str>, said: Beginning },
    /// What it says, from its beginning.
    Told(BoxStream<Result<ModelEvent, ModelError>>),
}

/// What is there of an answer.
pub(super) enum Beginning {
    /// All of it, and what it cost.
    Whole(Bytes, Used),
    /// The first piece.
    Stream(Bytes, Pin<Box<dyn RelayStream>>),
}

/// Why there is no answer of one model.
enum Failure {
    /// It failed.
    Failed(RelayError),
    /// It was not asked: it would not understand all of the request.
    Misread(Misread),
}

impl Candidate {
    /// How it is asked, if it can be.
    pub(super) fn way(&self, request: &Passed) -> Option<Way> {
        let forms = self.provider.forms();
        if forms.contains(&request.form) {
            return Some(Way::Copy);
        }
        let talks = |form: &Form| match form {
            Form::Chat | Form::Messages | Form::Responses => true,
            Form::Embeddings => false,
        };
        let can_be_told = request.meaning.is_some() && talks(&request.form);
        (can_be_told && forms.iter().any(talks)).then_some(Way::Tell)
    }
}

/// Asks `candidates`, of whom there is one at least, until one of them answers.
/// The `ticket` knows who was asked last.
pub(super) async fn ask(
    deps: &Deps,
    candidates: Vec<Candidate>,
    request: &Passed,
    ticket: &mut Ticket,
) -> Result<Begun, RelayRefusal> {
    let patience = Patience::default();
    let mut candidates = candidates.into_iter().peekable();
    let mut meaning = Understanding { request, meant: None };
    let mut last = None;
    while let Some(candidate) = candidates.next() {
        ticket.model = candidate.model.clone();
        let others = candidates.peek().is_some();
        let mut attempt = 1;
        loop {
            debug!(model = %candidate.model, attempt, "passing a request on");
            let error = match candidate.begin(&mut meaning).await {
                Ok(begun) => return Ok(begun),
                Err(Failure::Failed(error)) => error,
                // Whoever stands in is not who was asked for: then what that one
                // said counts.
                Err(Failure::Misread(misread)) => match last {
                    Some(_) => break,
                    None => return Err(misread.into()),
                },
            };
            let RelayError { fault, error: why, .. } = &error;
            warn!(model = %candidate.model, ?fault, error = why as &dyn std::error::Error, "a model failed");
            let dice = u8::from_str_radix(&deps.entropy.uuid()[..2], 16).unwrap_or_default();
            match patience.after(*fault, attempt, why.retry_after, others, dice) {
                Next::Again(pause) => tokio::time::sleep(pause).await,
                Next::Other => {
                    last = Some(error);
                    break;
                }
                Next::End => return Err(error.into()),
            }
            attempt += 1;
        }
    }
    Err(last.unwrap_or_else(|| said_nothing("there was nobody to ask")).into())
}

/// What a request means, once somebody needs to know.
struct Understanding<'a> {
    request: &'a Passed,
    meant: Option<Result<Meant, Misread>>,
}

impl Understanding<'_> {
    async fn get(&mut self) -> Result<&Meant, Misread> {
        if self.meant.is_none() {
            let nowhere = || Misread { param: None, message: "it means nothing".to_owned() };
            self.meant = Some(match &self.request.meaning {
                Some(meaning) => meaning.read().await,
                None => Err(nowhere()),
            });
        }
        match &self.meant {
            Some(Ok(meant)) => Ok(meant),
            Some(Err(misread)) => Err(misread.clone()),
            None => unreachable!("it was just read"),
        }
    }
}

impl Candidate {
    /// Asks it, and waits for the first byte.
    async fn begin(&self, meaning: &mut Understanding<'_>) -> Result<Begun, Failure> {
        let request = meaning.request;
        let refused = match self.way(request) {
            None => return Err(Failure::Failed(said_nothing("it cannot be asked"))),
            Some(Way::Tell) => return self.tell(meaning).await,
            Some(Way::Copy) => match self.copy(request).await {
                Err(error) if is_unserved(request, error.fault) => error,
                copied => return copied.map_err(Failure::Failed),
            },
        };
        // Most servers that speak OpenAI's protocol only have chat completions.
        match self.tell(meaning).await {
            Err(Failure::Misread(_)) => Err(Failure::Failed(refused)),
            Err(Failure::Failed(error)) if error.fault == refused.fault => {
                Err(Failure::Failed(refused))
            }
            told => told,
        }
    }

    async fn copy(&self, request: &Passed) -> Result<Begun, RelayError> {
        let passed = RelayRequest {
            form: request.form,
            model: self.model.model().to_owned(),
            body: request.body.clone(),
            name_at: request.name_at.clone(),
            headers: request.headers.clone(),
        };
        let answer = self.provider.relay(passed).await?;
        let said = match answer.body {
            RelayBody::Whole { bytes, used } => Beginning::Whole(bytes, used),
            RelayBody::Stream(mut stream) => {
                match poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                    Some(first) => Beginning::Stream(first?, stream),
                    None => return Err(said_nothing("the answer is empty")),
                }
            }
        };
        Ok(Begun::Copied { status: answer.status, content_type: answer.content_type, said })
    }

    async fn tell(&self, meaning: &mut Understanding<'_>) -> Result<Begun, Failure> {
        let form = meaning.request.form;
        let Meant { request, stream } = meaning.get().await.map_err(Failure::Misread)?;
        let request = ModelRequest { model: self.model.model().to_owned(), ..request.clone() };
        if let Some(unspoken) = self.provider.leaves_out(&request) {
            let param = unspoken.setting.called(form);
            let message = format!("{param}: {} for {}", unspoken.why, self.model);
            return Err(Failure::Misread(Misread { param: Some(param.to_owned()), message }));
        }
        let failed = |error: ModelError| Failure::Failed(error.into());
        let mut events = self.provider.stream(request).await.map_err(failed)?;
        // An answer that is wanted as a whole can be asked for again until it is
        // whole.
        let mut heard = Vec::new();
        loop {
            let event = match events.next().await {
                Some(event) => event.map_err(failed)?,
                None => return Err(Failure::Failed(said_nothing("the answer is empty"))),
            };
            let is_enough = match event {
                ModelEvent::End(_) => true,
                ModelEvent::Usage(_) => false,
                _ => *stream,
            };
            heard.push(Ok(event));
            if is_enough {
                return Ok(Begun::Told(Box::pin(stream::iter(heard).chain(events))));
            }
        }
    }
}

/// Whether a provider seems not to serve what the request asks for at all.
fn is_unserved(request: &Passed, fault: Fault) -> bool {
    request.form == Form::Responses
        && request.meaning.is_some()
        && matches!(fault, Fault::Refused(404 | 405 | 501))
}

fn said_nothing(why: &str) -> RelayError {
    let error = ModelError::new(FailureKind::Format, why);
    RelayError { fault: Fault::Garbled, error, said: None }
}
