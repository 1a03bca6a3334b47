//! Where somebody is: the facts of a connection, resolved once.

use domain::{
    origin::is_own_page,
    peer::{Peer, Seen, Trust, UnknownProxy},
    throttle::{Place, TooMany},
};
use ports::driving::Circumstances;

use super::{Auth, Refused, Rules};

/// The facts of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) peer: Peer,
    /// Whether it runs on this machine and nobody stands in between.
    pub(super) local: bool,
    /// Whether a page in a browser made the request.
    pub(super) page: bool,
    /// Whether that page is not the gateway's own.
    pub(super) foreign_page: bool,
}

/// A place for one verdict, taken before it is given.
pub(super) struct Turn<'a> {
    auth: &'a Auth,
    // None for those who never have to wait.
    place: Option<Place>,
}

impl Rules {
    /// Who is at the other end of a connection.
    pub fn peer(&self, circumstances: &Circumstances) -> Result<Peer, UnknownProxy> {
        let config = self.config.current();
        let proxies = self.proxies();
        let seen = Seen {
            socket: circumstances.peer,
            forwarded: circumstances.is_forwarded(),
            forwarded_for: circumstances.header("x-forwarded-for"),
            real_ip: circumstances.header("x-real-ip"),
        };
        let trust = Trust {
            proxies: &proxies,
            real_ip: config.gateway.allow_real_ip_fallback,
            tailnet: self.tailscale.is_some(),
        };
        Peer::resolve(&seen, &trust)
    }

    pub(super) fn facts(&self, circumstances: &Circumstances) -> Result<Facts, UnknownProxy> {
        let peer = self.peer(circumstances)?;
        let (origin, host) = (circumstances.origin.as_deref(), circumstances.host.as_deref());
        Ok(Facts {
            peer,
            local: peer.is_local(),
            page: origin.is_some(),
            foreign_page: origin.is_some_and(|origin| !is_own_page(origin, host)),
        })
    }
}

impl Auth {
    /// Takes a place for a verdict about somebody in `place`. Programs on this
    /// machine need not wait unless the configuration says otherwise; pages in
    /// a browser always do (V-05).
    pub(super) fn turn(&self, facts: &Facts, place: Place) -> Result<Turn<'_>, Refused> {
        let exempt = self.0.deps.config.current().gateway.auth.rate_limit.exempt_loopback;
        if exempt && facts.local && !facts.page {
            return Ok(Turn { auth: self, place: None });
        }
        let now = self.0.deps.clock.now();
        match self.throttle().take(&place, now) {
            Ok(()) => Ok(Turn { auth: self, place: Some(place) }),
            Err(TooMany { retry_after }) => Err(Refused::TooMany { retry_after }),
        }
    }
}

impl Turn<'_> {
    /// It was no attempt at all.
    pub(super) fn give_back(self) {
        if let Some(place) = &self.place {
            self.auth.throttle().give_back(place);
        }
    }

    /// It was right.
    pub(super) fn forgive(self) {
        if let Some(place) = &self.place {
            self.auth.throttle().forgive(place);
        }
    }
}
