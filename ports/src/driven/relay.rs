//! Passing requests on to a provider as they are.

use std::{ops::Range, pin::Pin};

use bytes::Bytes;
use domain::{
    relay::{Fault, Form},
    run::Usage,
};
use futures_core::Stream;

use super::ModelError;

/// A request that is passed on.
#[derive(Clone, Debug)]
pub struct RelayRequest {
    /// Its form.
    pub form: Form,
    /// What its provider calls the model.
    pub model: String,
    /// The body as it came: a JSON object.
    pub body: Bytes,
    /// Where in it the name of the model stands, quotes included. It is replaced
    /// by [`Self::model`]; everything else stays as it is.
    pub name_at: Range<usize>,
    /// Headers of the request, names in lower case; a provider sends those it
    /// knows.
    pub headers: Vec<(Box<str>, Box<str>)>,
}

/// A good answer, as the provider says it.
#[derive(Debug)]
pub struct RelayAnswer {
    /// Its status.
    pub status: u16,
    /// What it is, as in `application/json`.
    pub content_type: Box<str>,
    /// What it says.
    pub body: RelayBody,
}

/// What an answer says.
pub enum RelayBody {
    /// All of it.
    Whole {
        /// The bytes.
        bytes: Bytes,
        /// What it cost.
        used: Used,
    },
    /// One piece after the other: server-sent events.
    Stream(Pin<Box<dyn RelayStream>>),
}

/// An answer that is on its way. Dropping it ends the request at the provider.
pub trait RelayStream: Stream<Item = Result<Bytes, RelayError>> + Send {
    /// What it cost, as far as it has been said.
    fn used(&self) -> Used;
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// As the provider counts, if it told.
    pub usage: Option<Usage>,
    /// How many events there were, each about a token.
    pub events: u64,
}

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct RelayError {
    /// What happened.
    pub fault: Fault,
    /// The same in words, and how long the provider wants to be left alone.
    pub error: ModelError,
    /// What the provider said, if it said something that can be passed on. Never
    /// holds a key.
    pub said: Option<Box<Said>>,
}

impl From<ModelError> for RelayError {
    /// The failure of a provider that was asked in a form of its own: what it said
    /// cannot be passed on.
    fn from(error: ModelError) -> Self {
        let error = error.discreetly();
        Self { fault: Fault::of(error.kind, error.status), error, said: None }
    }
}

/// What a provider said in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub content_type: Box<str>,
    /// The bytes, of which there are few.
    pub body: Bytes,
}

impl std::fmt::Debug for RelayBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole { bytes, used } => {
                f.debug_struct("Whole").field("bytes", &bytes.len()).field("used", used).finish()
            }
            Self::Stream(_) => f.write_str("Stream(…)"),
        }
    }
}
