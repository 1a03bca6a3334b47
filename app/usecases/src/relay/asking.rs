//! Asking one model after the other, until the first byte of an answer is there.

use std::{future::poll_fn, pin::Pin, sync::Arc};

use domain::{
    agent::{FailureKind, ModelRef},
    relay::{Fault, Next, Patience},
};
use ports::{
    Bytes,
    driven::{ModelError, ModelProvider, RelayBody, RelayError, RelayRequest, RelayStream, Used},
    driving::Passed,
};
use tracing::{debug, warn};

use super::{Deps, answering::Ticket};

/// A model that can be asked.
pub(super) struct Candidate {
    pub(super) model: ModelRef,
    pub(super) provider: Arc<dyn ModelProvider>,
}

/// An answer that has begun.
pub(super) struct Begun {
    pub(super) status: u16,
    pub(super) content_type: Box<str>,
    pub(super) said: Beginning,
}

/// What is there of an answer.
pub(super) enum Beginning {
    /// All of it, and what it cost.
    Whole(Bytes, Used),
    /// The first piece.
    Stream(Bytes, Pin<Box<dyn RelayStream>>),
}

/// Asks `candidates`, of whom there is one at least, until one of them answers.
/// The `ticket` knows who was asked last.
pub(super) async fn ask(
    deps: &Deps,
    candidates: Vec<Candidate>,
    request: &Passed,
    ticket: &mut Ticket,
) -> Result<Begun, RelayError> {
    let patience = Patience::default();
    let mut candidates = candidates.into_iter().peekable();
    let mut last = None;
    while let Some(candidate) = candidates.next() {
        ticket.model = candidate.model.clone();
        let others = candidates.peek().is_some();
        let mut attempt = 1;
        loop {
            debug!(model = %candidate.model, attempt, "passing a request on");
            let error = match begin(&candidate, request).await {
                Ok(begun) => return Ok(begun),
                Err(error) => error,
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
                Next::End => return Err(error),
            }
            attempt += 1;
        }
    }
    Err(last.unwrap_or_else(|| said_nothing("there was nobody to ask")))
}

/// Asks one model, and waits for the first byte.
async fn begin(candidate: &Candidate, request: &Passed) -> Result<Begun, RelayError> {
    let passed = RelayRequest {
        form: request.form,
        model: candidate.model.model().to_owned(),
        body: request.body.clone(),
        name_at: request.name_at.clone(),
        headers: request.headers.clone(),
    };
    let answer = candidate.provider.relay(passed).await?;
    let said = match answer.body {
        RelayBody::Whole { bytes, used } => Beginning::Whole(bytes, used),
        RelayBody::Stream(mut stream) => match poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            Some(first) => Beginning::Stream(first?, stream),
            None => return Err(said_nothing("the answer is empty")),
        },
    };
    Ok(Begun { status: answer.status, content_type: answer.content_type, said })
}

fn said_nothing(why: &str) -> RelayError {
    let error = ModelError::new(FailureKind::Format, why);
    RelayError { fault: Fault::Garbled, error, said: None }
}
