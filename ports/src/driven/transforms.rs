//! Programs that say what a webhook means.

use std::time::Duration;

use async_trait::async_trait;

use crate::{BoxError, Json};

/// Runs programs of the owner's that say what a call means.
///
/// # Contract
///
/// - Only programs in the one directory for them are run: by themselves, without
///   a shell, in an environment without anything of the gateway's.
/// - The program gets `input` and has to answer with one JSON value, in time and
///   within limits.
/// - Dropping the future ends the program.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Transforms: Send + Sync {
    /// Runs `transform` over `input`.
    async fn run(&self, transform: Transform, input: Json) -> Result<Json, TransformError>;
}

/// A program that says what a call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// The part of the directory it is in, if not in the directory itself.
    pub directory: Option<String>,
    /// Its name there.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Why a program did not say anything.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// It is not where such programs are, or not in a condition to be run.
    #[error("the transform cannot be run: {0}")]
    Forbidden(String),
    /// It did not end well.
    #[error("the transform failed: {0}")]
    Failed(String),
    /// The system could not run it.
    #[error("the transform could not be started")]
    Start(#[source] BoxError),
    /// What it said is no JSON.
    #[error("the transform did not answer with JSON")]
    Answer(#[source] BoxError),
}
