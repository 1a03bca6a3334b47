//! Who may see the canvas: passes, which stand in the address of a page because
//! the frame it is shown in can show nothing else.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    canvas::{pass_in, with_pass},
    client::ClientId,
    time::Timestamp,
};
use ports::{
    driven::{Clock, ConfigSource, Digests, Entropy},
    driving::Canvas,
};

/// How long a pass is good when nobody uses it.
const UNUSED: Duration = Duration::from_mins(10);
/// How long a pass without a holder is good, however much it is used.
const UNHELD: Duration = Duration::from_hours(1);
/// How many passes without a holder there are at a time.
const MOST_UNHELD: usize = 256;
/// How much of a fingerprint is a pass: 160 bits.
const LENGTH: usize = 40;

/// What passes need.
#[derive(Clone)]
pub struct Deps {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Says whether there is a canvas.
    pub config: Arc<dyn ConfigSource>,
    /// Turns randomness into passes, and passes into what is kept of them.
    pub digests: Arc<dyn Digests>,
    /// Makes passes up.
    pub entropy: Arc<dyn Entropy>,
    /// Whether there is none, whatever the configuration says.
    pub is_skipped: bool,
}

/// The passes there are. Cloning gives the same ones.
#[derive(Clone)]
pub struct Passes(Arc<Inner>);

struct Inner {
    deps: Deps,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By their fingerprints: how long a search takes says nothing about them.
    passes: HashMap<String, Pass>,
    holders: HashMap<ClientId, Holder>,
}

struct Pass {
    /// Good until then, unless it is used before.
    until: Timestamp,
    /// Good until then at most.
    end: Option<Timestamp>,
}

/// A connection that can have a pass.
struct Holder {
    /// Under which address it reaches the gateway.
    base: Box<str>,
    /// The fingerprint of its pass, and the address with it.
    current: Option<(String, String)>,
}

/// An address that brings a pass along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The address. Any path can be put behind it.
    pub url: String,
    /// Until when it is good if nobody uses it. Nothing when it is one that was
    /// good already.
    pub until: Option<Timestamp>,
}

impl Passes {
    /// No passes yet.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner { deps, kept: Mutex::default() }))
    }

    /// A client reaches the gateway under `base`, as in `http://host:18789`.
    pub fn arrived(&self, client: ClientId, base: String) {
        let holder = Holder { base: base.into(), current: None };
        self.kept().holders.insert(client, holder);
    }

    /// The client is gone, and its pass is worth nothing any more.
    pub fn left(&self, client: ClientId) {
        let mut kept = self.kept();
        let holder = kept.holders.remove(&client);
        if let Some((fingerprint, _)) = holder.and_then(|holder| holder.current) {
            kept.passes.remove(&fingerprint);
        }
    }

    /// An address for `client` that brings a pass along, in place of the one it
    /// had. One that holds an outdated address, as in `observed`, gets the newer
    /// one it did not hear of yet. Nothing where there is no canvas, or nobody
    /// knows how the client reaches the gateway.
    pub fn fresh(&self, client: ClientId, observed: Option<&str>) -> Option<Fresh> {
        if !self.is_shown() {
            return None;
        }
        let (pass, fingerprint) = self.make_up();
        let now = self.0.deps.clock.now();
        let mut kept = self.kept();
        kept.sweep(now);
        let Kept { passes, holders } = &mut *kept;
        let holder = holders.get_mut(&client)?;
        if let Some((fingerprint, url)) = holder.current.take() {
            let is_newer =
                observed.and_then(pass_in).is_some_and(|pass| pass_in(&url) != Some(pass));
            if is_newer && passes.contains_key(&fingerprint) {
                holder.current = Some((fingerprint, url.clone()));
                return Some(Fresh { url, until: None });
            }
            passes.remove(&fingerprint);
        }
        let (url, until) = (with_pass(&holder.base, &pass), now + UNUSED);
        passes.insert(fingerprint.clone(), Pass { until, end: None });
        holder.current = Some((fingerprint, url.clone()));
        Some(Fresh { url, until: Some(until) })
    }

    /// A pass, and its fingerprint.
    fn make_up(&self) -> (String, String) {
        let Deps { digests, entropy, .. } = &self.0.deps;
        let random = format!("{}{}", entropy.uuid(), entropy.uuid());
        let mut pass = digests.sha256(random.as_bytes());
        pass.truncate(LENGTH);
        let fingerprint = digests.sha256(pass.as_bytes());
        (pass, fingerprint)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is kept is good at every moment.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets passes that are worth nothing any more.
    fn sweep(&mut self, now: Timestamp) {
        self.passes.retain(|_, pass| now < pass.until);
    }

    /// Makes room for one more pass without a holder.
    fn make_room(&mut self) {
        let unheld = || self.passes.iter().filter(|(_, pass)| pass.end.is_some());
        if unheld().count() < MOST_UNHELD {
            return;
        }
        let oldest = unheld().min_by_key(|(_, pass)| pass.until).map(|(name, _)| name.clone());
        if let Some(oldest) = oldest {
            self.passes.remove(&oldest);
        }
    }
}

impl Canvas for Passes {
    fn is_shown(&self) -> bool {
        let Deps { config, is_skipped, .. } = &self.0.deps;
        !is_skipped && config.current().canvas_host.enabled != Some(false)
    }

    fn is_good(&self, pass: &str) -> bool {
        // None is longer, and nothing longer is looked at.
        if pass.len() != LENGTH {
            return false;
        }
        let fingerprint = self.0.deps.digests.sha256(pass.as_bytes());
        let now = self.0.deps.clock.now();
        let mut kept = self.kept();
        let Some(pass) = kept.passes.get_mut(&fingerprint) else { return false };
        let is_good = now < pass.until;
        if is_good {
            let until = now + UNUSED;
            pass.until = pass.end.map_or(until, |end| until.min(end));
        } else {
            kept.passes.remove(&fingerprint);
        }
        is_good
    }

    fn issue(&self) -> String {
        let (pass, fingerprint) = self.make_up();
        let now = self.0.deps.clock.now();
        let mut kept = self.kept();
        kept.sweep(now);
        kept.make_room();
        kept.passes.insert(fingerprint, Pass { until: now + UNUSED, end: Some(now + UNHELD) });
        pass
    }
}

impl fmt::Debug for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passes").finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("is_skipped", &self.is_skipped).finish_non_exhaustive()
    }
}
