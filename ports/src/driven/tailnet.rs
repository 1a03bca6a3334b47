//! The tailnet this machine is in.

use std::net::IpAddr;

use async_trait::async_trait;
use domain::exposure::Exposure;

/// Asks Tailscale on this machine.
///
/// # Contract
///
/// - Every question is answered in time, by an error if need be: about a user
///   within 5 seconds, about this machine within 10, and what is served is changed
///   within 30. Dropping the future is a way to stop asking.
/// - Answers about users are remembered for a minute, errors for 5 seconds.
/// - An address outside of the ranges of tailnets belongs to nobody, nor does one
///   of a machine that is tagged instead of somebody's.
/// - What others have told Tailscale to serve stays as it is:
///   [`expose`](Self::expose) adds one route and refuses where one is taken,
///   [`withdraw`](Self::withdraw) removes only what was added.
/// - Nobody is let in by it who would not have been let in by the mode: serving
///   to the tailnet is refused where a funnel of others would carry it on.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Tailnet: Send + Sync {
    /// Who is behind an address of the tailnet, as the daemon on this machine
    /// knows it.
    async fn whois(&self, address: IpAddr) -> Result<Option<TailnetUser>, TailnetError>;

    /// How this machine is known to the tailnet.
    async fn status(&self) -> Result<TailnetStatus, TailnetError>;

    /// Brings others to `port` of the loopback, until somebody takes it back.
    async fn expose(&self, how: Exposure, port: u16) -> Result<Exposed, TailnetError>;

    /// Takes back what [`expose`](Self::expose) did in this process.
    async fn withdraw(&self, how: Exposure) -> Result<(), TailnetError>;
}

/// Somebody in the tailnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailnetUser {
    /// The name to log in with, as in `owner@example.com`.
    pub login: String,
    /// The name to be called by.
    pub name: Option<String>,
    /// Where a picture of them is.
    pub picture: Option<String>,
}

/// How this machine is known to its tailnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailnetStatus {
    /// Its name, without a final dot.
    pub dns_name: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// What Tailscale says about itself, as in `Running` or `NeedsLogin`.
    pub state: String,
}

/// Where others find the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The address to open, as in `https://host.tailnet.ts.net/`.
    pub url: String,
    /// Whether the whole internet finds it there.
    pub public: bool,
}

/// Why Tailscale did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailnetError {
    /// There is no Tailscale here, or it does not run.
    #[error("Tailscale does not run on this machine")]
    Absent,
    /// It runs, but is not connected to the tailnet; this is its state, as in
    /// `NeedsLogin`.
    #[error("Tailscale is {0}, not Running")]
    NotConnected(String),
    /// It does not do that for the user the gateway runs as.
    #[error(
        "Tailscale does not let this user do that; allow it with: sudo tailscale set \
         --operator=$USER"
    )]
    Denied,
    /// It did not answer in time.
    #[error("Tailscale did not answer within {0} s")]
    Silent(u64),
    /// Its answer cannot be understood.
    #[error("Tailscale's answer about {0} cannot be understood")]
    Garbled(&'static str),
    /// Somebody else uses the place the route would take.
    #[error("{0}; it is left as it is")]
    Taken(String),
    /// The tailnet is not set up for it.
    #[error("{0}")]
    NotAllowed(String),
    /// It said no.
    #[error("Tailscale says: {0}")]
    Refused(String),
}

impl TailnetError {
    /// Whether it may work later without anybody doing anything here, as when
    /// the machine has just been switched on.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Absent | Self::NotConnected(_) | Self::Silent(_) => true,
            Self::Denied
            | Self::Garbled(_)
            | Self::Taken(_)
            | Self::NotAllowed(_)
            | Self::Refused(_) => false,
        }
    }
}
