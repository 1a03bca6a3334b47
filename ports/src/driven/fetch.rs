//! Getting what others name by its address.

use std::time::Duration;

use async_trait::async_trait;
use domain::outbound::Blocked;

/// Gets pictures and files whose addresses come from outside.
///
/// # Contract
///
/// - Nothing is connected to that [`domain::outbound`] does not allow, wherever a
///   name or an answer leads; what was judged is what is connected to.
/// - No more is read than [`FetchTerms`] allow, and it takes no longer, however
///   many fetch at the same time.
/// - Nothing is sent along that could tell who asks.
/// - Dropping the future hangs up.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Gets what is at `url`.
    async fn fetch(&self, url: &str, terms: &FetchTerms) -> Result<Fetched, FetchError>;
}

/// How far one goes to get something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchTerms {
    /// Hosts it may be at, as in [`domain::outbound::WebAddress::is_listed`].
    pub hosts: Vec<String>,
    /// How large it may be, in bytes.
    pub max_bytes: usize,
    /// How often an answer may lead to another address.
    pub max_redirects: usize,
    /// How long it may take altogether.
    pub timeout: Duration,
}

/// What was at an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// What the server says it is, as in `image/png`, in lower case.
    pub mime: Option<String>,
    /// What it is called there.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why there is nothing. The texts are for whoever sent the address and say
/// nothing about the network of this machine.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The gateway does not go there.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// Nobody is there, or nobody who can be understood.
    #[error("the address cannot be reached")]
    Unreachable(#[source] crate::BoxError),
    /// The server does not hand it out.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// Answers lead on and on.
    #[error("the address leads to too many others")]
    Redirects,
    /// It is too large.
    #[error("what is there is larger than {0} bytes")]
    TooLarge(usize),
    /// It took too long.
    #[error("it took longer than {} ms", .0.as_millis())]
    TooLong(Duration),
}
