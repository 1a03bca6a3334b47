//! Who is let in, and as whom (`ws-protocol.md` 4, `security.md` 1.1).
//!
//! The one place where a principal is made: from the facts of the connection,
//! resolved once, and from what the client shows. Everybody else gets it.

mod admission;
mod device;
mod explain;
mod identity;
mod place;
mod relay_key;
mod rules;
mod secret;
mod telling;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    access::{Principal, Scopes},
    device::DeviceFault,
    exposure::Exposure,
    pairing::{Reason, Request, SetupRefused},
    peer::{Peer, UnknownProxy},
    throttle::{Throttle, ThrottleLimits},
};
use ports::{
    config::{AuthMode, Live, RateLimitConfig},
    driven::{Clock, ConfigSource, Macs, Secrets, Signatures, StoreError, Tailnet},
    driving::Circumstances,
};

use crate::pairing::{Pairing, Standing};

pub use self::{
    explain::{Explained, Scene, Step},
    identity::NoIdentity,
    rules::Rules,
    secret::{Field, Unproven},
    telling::Telling,
};

/// What letting somebody in needs.
pub struct Deps {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How it is to be done.
    pub config: Arc<dyn ConfigSource>,
    /// Compares keys for asking models.
    pub macs: Arc<dyn Macs>,
    /// The devices that were let in.
    pub pairing: Pairing,
    /// The gateway's own secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Checks what devices sign.
    pub signatures: Arc<dyn Signatures>,
    /// Whom Tailscale on this machine brings to the gateway.
    pub tailscale: Live<Option<Exposure>>,
    /// Who is in the tailnet, if this machine is in one.
    pub tailnet: Option<Arc<dyn Tailnet>>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Decides who is let in.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    deps: Deps,
    chosen: Option<AuthMode>,
    throttle: Mutex<Throttle>,
}

/// Somebody who was let in.
#[derive(Debug)]
pub struct Admitted {
    /// As whom.
    pub principal: Principal,
    /// Where it comes from, unless it is local.
    pub remote: Option<IpAddr>,
    /// Where its device stands, if it brought one.
    pub standing: Option<Standing>,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Somebody forwards the request, and nobody knows him.
    #[error(transparent)]
    Proxy(#[from] UnknownProxy),
    /// It has to be a device, and brought no proof of one.
    #[error("device identity required")]
    NoDevice,
    /// The dashboard has to be a device, and a browser lets it be none here.
    #[error("control ui requires HTTPS or localhost (secure context)")]
    NotSecure,
    /// It is not the device it says it is.
    #[error(transparent)]
    Device(#[from] DeviceFault),
    /// It was wrong too often.
    #[error("unauthorized: too many failed authentication attempts")]
    TooMany {
        /// How long it has to wait.
        retry_after: Duration,
    },
    /// What it shows is not enough.
    #[error("unauthorized")]
    Unproven {
        /// Why.
        why: Unproven,
        /// Whether its device has a token that it did not show.
        has_device_token: bool,
    },
    /// The token of a device it shows is none.
    #[error("unauthorized: device token mismatch")]
    DeviceToken,
    /// The setup code it shows is no good.
    #[error("unauthorized: {}", .0.map_or("unknown setup code".to_owned(), |it| it.to_string()))]
    SetupCode(Option<SetupRefused>),
    /// Nobody vouches for it.
    #[error("unauthorized: {0}")]
    Identity(#[from] NoIdentity),
    /// Somebody has to decide about its device first.
    #[error("pairing required")]
    NotPaired {
        /// Why.
        reason: Reason,
        /// The request that waits, unless too many do.
        request: Option<Box<Request>>,
        /// What it may do already, if it only asks for more.
        approved: Scopes,
    },
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Auth {
    /// Decides in the manner the configuration asks for, wanting `chosen`
    /// whatever it says, if there is one.
    pub fn new(deps: Deps, chosen: Option<AuthMode>) -> Self {
        let limits = throttle_limits(&deps.config.current().gateway.auth.rate_limit);
        Self(Arc::new(Inner { deps, chosen, throttle: Mutex::new(Throttle::new(limits)) }))
    }

    /// What a client has to show.
    pub fn mode(&self) -> AuthMode {
        self.rules().mode()
    }

    /// Who is at the other end of a connection.
    pub fn peer(&self, circumstances: &Circumstances) -> Result<Peer, UnknownProxy> {
        self.rules().peer(circumstances)
    }

    /// What is to be done now.
    fn rules(&self) -> Rules {
        let deps = &self.0.deps;
        Rules {
            config: Arc::clone(&deps.config),
            chosen: self.0.chosen,
            has_password: deps.secrets.has_password(),
            tailscale: *deps.tailscale.get(),
        }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        let limits = throttle_limits(&self.0.deps.config.current().gateway.auth.rate_limit);
        let mut throttle = self.0.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.keep_to(limits);
        throttle
    }
}

fn throttle_limits(limit: &RateLimitConfig) -> ThrottleLimits {
    ThrottleLimits {
        attempts: limit.max_attempts.max(1),
        window: Duration::from_millis(limit.window_ms),
        lockout: Duration::from_millis(limit.lockout_ms),
        ..ThrottleLimits::default()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
