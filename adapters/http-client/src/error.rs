//! Why a call failed.

use std::{error::Error, time::Duration};

use domain::agent::FailureKind;
use ports::BoxError;

use crate::connect::NotInTime;

/// Why a call failed. The texts name what happened, never an address's query, a
/// header or a body.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection.
    #[error("cannot connect")]
    Connect(#[source] BoxError),
    /// There is no connection yet.
    #[error("cannot connect in time")]
    ConnectTimeout,
    /// There was a connection.
    #[error("the connection broke")]
    Broken(#[source] BoxError),
    /// It said nothing for so long.
    #[error("nothing was heard for {} s", seconds(.0))]
    Silent(Duration),
    /// It was not finished after so long.
    #[error("the answer was not finished after {} s", seconds(.0))]
    TooLong(Duration),
    /// It said too much.
    #[error("the answer is larger than {0} bytes")]
    TooMuch(usize),
    /// It said too much at once.
    #[error("one event of the answer is larger than {0} bytes")]
    EventTooLong(usize),
    /// The request cannot be put into words.
    #[error("the request cannot be sent")]
    Request(#[source] BoxError),
}

impl CallError {
    /// What it means when the service offers models.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Broken(_)
            | Self::Silent(_)
            | Self::TooLong(_) => FailureKind::Timeout,
            Self::TooMuch(_) | Self::EventTooLong(_) | Self::Request(_) => FailureKind::Format,
        }
    }

    /// What the library said.
    pub(crate) fn into_source(self) -> Option<BoxError> {
        match self {
            Self::Connect(source) | Self::Broken(source) | Self::Request(source) => Some(source),
            Self::ConnectTimeout
            | Self::Silent(_)
            | Self::TooLong(_)
            | Self::TooMuch(_)
            | Self::EventTooLong(_) => None,
        }
    }
}

impl From<hyper_util::client::legacy::Error> for CallError {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        match error.is_connect() {
            true if caused_by::<NotInTime>(&error) => Self::ConnectTimeout,
            true => Self::Connect(error.into()),
            false => Self::Broken(error.into()),
        }
    }
}

fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn seconds(duration: &Duration) -> f64 {
    duration.as_secs_f64()
}
