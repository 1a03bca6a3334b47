//! Asking models without an agent, on behalf of HTTP clients.

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::Principal,
    agent::ModelRef,
    ids::AgentId,
    relay::{Exhausted, Form, Standing, Tally},
};

use super::{Answer, TokenCount};
use crate::{
    BoxStream,
    driven::{ModelRequest, RelayError},
};

/// Passes requests on to providers.
///
/// # Contract
///
/// - Nothing is said to an agent and nothing written into a transcript. What was
///   used is written down, by day, key and model.
/// - A request is tried again, or elsewhere, until the first byte of an answer is
///   there, and never after that.
/// - A provider that takes the form of the request gets its bytes, and its own are
///   the answer. Another one is asked what the request means, where it has a
///   [`Meaning`]; what would be lost on the way is refused.
/// - Dropping the future or the stream ends the request at the provider; what was
///   used until then counts.
#[async_trait]
pub trait Relay: Send + Sync {
    /// Whether `model`, as a request names it, means that the request goes straight
    /// to a provider. Never unless the configuration wants that.
    fn takes(&self, model: &str) -> bool;

    /// The model that turns texts into numbers for `agent`, or for whoever has no
    /// agent, if one is configured.
    fn embedder(&self, agent: Option<&AgentId>) -> Option<ModelRef>;

    /// The models `caller` may ask, as far as they are known without asking.
    fn models(&self, caller: &Principal) -> Vec<ModelRef>;

    /// Asks a provider on behalf of `caller`, who may.
    async fn relay(&self, caller: &Principal, request: Passed) -> Relayed;

    /// How many tokens `request` gives `model` to read, on behalf of `caller`, who
    /// may ask it. It counts as a request, and uses nothing.
    async fn count(
        &self,
        caller: &Principal,
        model: &ModelRef,
        request: ModelRequest,
    ) -> Result<TokenCount, RelayRefusal>;

    /// What was used in the last so many days, today included.
    async fn usage(&self, days: u32) -> Result<Vec<UsageRow>, RelayRefusal>;
}

/// A request that shall be passed on.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Its form.
    pub form: Form,
    /// The model.
    pub model: ModelRef,
    /// The body: a JSON object.
    pub body: Bytes,
    /// Where in it the name of the model stands, quotes included.
    pub name_at: Range<usize>,
    /// Its headers that may matter to a provider, names in lower case.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// What it means, if that can be said in another form. It is looked up when a
    /// provider is asked who does not take this one.
    pub meaning: Option<Arc<dyn Meaning>>,
}

/// Knows what a request means.
#[async_trait]
pub trait Meaning: fmt::Debug + Send + Sync {
    /// What it means. Is asked once.
    async fn read(&self) -> Result<Meant, Misread>;
}

/// What a request means.
#[derive(Clone, Debug, PartialEq)]
pub struct Meant {
    /// What is asked; of whom is left open.
    pub request: ModelRequest,
    /// Whether the answer is wanted piece by piece.
    pub stream: bool,
}

/// Why it cannot be said what a request means: it is wrong, or says something
/// that would be lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misread {
    /// Which part of it is at fault, if it is one.
    pub param: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

/// What became of a request.
#[derive(Debug)]
pub struct Relayed {
    /// How the caller's key stands, if it has one.
    pub standing: Standing,
    /// The answer.
    pub answer: Result<Passing, RelayRefusal>,
}

/// A good answer.
pub enum Passing {
    /// As its provider says it.
    Copied(Copied),
    /// From a provider that speaks another form: whoever asked puts it into words.
    Told {
        /// Who gives it.
        model: ModelRef,
        /// What it says.
        answer: Answer,
    },
}

/// An answer that is passed on as it is.
#[derive(Debug)]
pub struct Copied {
    /// Its status.
    pub status: u16,
    /// What it is.
    pub content_type: Box<str>,
    /// Who gave it.
    pub model: ModelRef,
    /// What it says.
    pub body: PassingBody,
}

/// What an answer says.
pub enum PassingBody {
    /// All of it.
    Whole(Bytes),
    /// One piece after the other: server-sent events.
    Stream(BoxStream<Result<Bytes, RelayError>>),
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum RelayRefusal {
    /// There is no such model for whoever asks.
    #[error("there is no model `{0}`")]
    UnknownModel(ModelRef),
    /// Its provider does not understand requests of this form.
    #[error("the provider of {model} takes no {form}{}", others(.takes))]
    WrongForm {
        /// The model.
        model: ModelRef,
        /// The form.
        form: Form,
        /// What it does take.
        takes: Vec<Form>,
    },
    /// It cannot be said in the form its provider takes.
    #[error(transparent)]
    Misread(#[from] Misread),
    /// The key may not ask for so much.
    #[error("{why}")]
    Exhausted {
        /// Why.
        why: Exhausted,
        /// When it may ask again.
        retry_after: Duration,
    },
    /// The provider did not answer.
    #[error(transparent)]
    Provider(#[from] RelayError),
    /// It is not known what was used before.
    #[error("what was used before cannot be read")]
    NoLedger,
}

/// What was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The day, as in `2026-01-27`, in UTC.
    pub date: String,
    /// The key, or none for those who may ask agents, too.
    pub key: Option<Box<str>>,
    /// The model.
    pub model: Box<str>,
    /// What.
    pub used: Tally,
}

fn others(takes: &[Form]) -> String {
    let names: Vec<_> = takes.iter().map(|form| form.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(", only {}", names.join(", ")) }
}

impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copied(copied) => f.debug_tuple("Copied").field(copied).finish(),
            Self::Told { model, .. } => f.debug_tuple("Told").field(model).finish(),
        }
    }
}

impl fmt::Debug for PassingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Self::Stream(_) => f.write_str("Stream(…)"),
        }
    }
}
