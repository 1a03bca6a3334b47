//! Why a call failed.

use std::{
    error::Error,
    io::{self, ErrorKind},
    time::Duration,
};

use domain::agent::FailureKind;
use ports::BoxError;

use rustls::Error as TlsError;

use crate::connect::{NotInTime, Unresolved};

/// Why a call failed. The texts name what happened, never an address's query, a
/// header or a body.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection.
    #[error("cannot connect: {0}")]
    Connect(NoConnection, #[source] BoxError),
    /// There is no connection yet.
    #[error("cannot connect in time")]
    ConnectTimeout,
    /// There was a connection.
    #[error("the connection broke")]
    Broken(#[source] BoxError),
    /// What it says is no HTTP.
    #[error("it does not speak HTTP")]
    Nonsense(#[source] BoxError),
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

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoConnection {
    /// Nobody listens there.
    #[error("the connection was refused")]
    Refused,
    /// There is no address of that name.
    #[error("its name leads nowhere")]
    Unresolved,
    /// The network does not lead there.
    #[error("the network does not lead there")]
    NoRoute,
    /// Whoever listens there hung up at once.
    #[error("it hung up at once")]
    HungUp,
    /// Whoever listens there has no certificate that is trusted, or does not speak
    /// TLS.
    #[error("no secure connection comes about")]
    Insecure,
    /// Something else, which the source tells.
    #[error("it did not work")]
    Other,
}

impl CallError {
    /// What it means when the service offers models.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Connect(..) => FailureKind::Unreachable,
            Self::Broken(_) => FailureKind::Disconnected,
            Self::ConnectTimeout | Self::Silent(_) | Self::TooLong(_) => FailureKind::Timeout,
            Self::Nonsense(_) | Self::TooMuch(_) | Self::EventTooLong(_) | Self::Request(_) => {
                FailureKind::Format
            }
        }
    }

    /// There was a connection.
    pub(crate) fn in_the_middle(error: impl Error + Send + Sync + 'static) -> Self {
        let is_nonsense = |cause: &(dyn Error + 'static)| {
            cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
        };
        if causes(&error).any(is_nonsense) {
            Self::Nonsense(error.into())
        } else {
            Self::Broken(error.into())
        }
    }

    /// What the library said.
    pub(crate) fn into_source(self) -> Option<BoxError> {
        match self {
            Self::Connect(_, source)
            | Self::Broken(source)
            | Self::Nonsense(source)
            | Self::Request(source) => Some(source),
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
            true if causes(&error).any(<dyn Error>::is::<NotInTime>) => Self::ConnectTimeout,
            true => Self::Connect(NoConnection::of(&error), error.into()),
            false => Self::in_the_middle(error),
        }
    }
}

impl NoConnection {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let told = causes(error).find_map(|cause| {
            if cause.is::<Unresolved>() {
                return Some(Self::Unresolved);
            }
            if cause.is::<TlsError>() {
                return Some(Self::Insecure);
            }
            match cause.downcast_ref::<io::Error>()?.kind() {
                ErrorKind::ConnectionRefused => Some(Self::Refused),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some(Self::NoRoute),
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => Some(Self::HungUp),
                _ => None,
            }
        });
        told.unwrap_or(Self::Other)
    }
}

/// `error`, what caused it, what caused that, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // An error of input or output holds another one without being caused by it.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => Some(held),
        None => error.source(),
    }
}

fn seconds(duration: &Duration) -> f64 {
    duration.as_secs_f64()
}
