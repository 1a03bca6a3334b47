//! Where the gateway can be reached, by whom, and when it must not be
//! (`gateway-reference.md` 5.1 and 5.2, `security.md` 1.11).
//!
//! Nothing here widens what was asked for: an address that is not there is an
//! error, never a reason to listen everywhere.

mod addresses;
mod guards;
mod reach;
mod strength;

pub use addresses::{Bind, Interface, ListenOn, NoAddress, is_tailnet};
pub use guards::{Facts, Login, Refusal, Secret, Verdict, Warning, allows_tailscale};
pub use reach::Reach;
pub use strength::{Strength, Strengths};

use std::fmt;

/// How Tailscale brings others to a port of the loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exposure {
    /// To the tailnet.
    Serve,
    /// To the whole internet.
    Funnel,
}

impl Exposure {
    /// The word for it, which is also the name of Tailscale's command.
    pub fn word(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Funnel => "funnel",
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
