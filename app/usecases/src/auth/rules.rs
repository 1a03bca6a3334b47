//! What the configuration says about letting somebody in: everything that is
//! decided without asking the store, the tailnet or the keeper of the secrets.

use std::{fmt, sync::Arc};

use domain::{
    access::Footing,
    exposure::{self, Exposure},
    peer::{Network, Via},
};
use ports::{config::AuthMode, driven::ConfigSource};

use super::place::Facts;

/// The part of letting somebody in that needs nothing but the configuration.
#[derive(Clone)]
pub struct Rules {
    /// How it is to be done.
    pub config: Arc<dyn ConfigSource>,
    /// What a client has to show, whatever the configuration says.
    pub chosen: Option<AuthMode>,
    /// Whether the gateway has a password.
    pub has_password: bool,
    /// Whom Tailscale on this machine brings to the gateway.
    pub tailscale: Option<Exposure>,
}

impl Rules {
    /// What a client has to show.
    pub fn mode(&self) -> AuthMode {
        let default = || if self.has_password { AuthMode::Password } else { AuthMode::Token };
        let configured = || self.config.current().gateway.auth.mode;
        self.chosen.or_else(configured).unwrap_or_else(default)
    }

    /// Whether being known to the tailnet is enough.
    pub(super) fn allows_tailnet(&self) -> bool {
        let allowed = self.config.current().gateway.auth.allow_tailscale;
        exposure::allows_tailscale(allowed, self.tailscale, self.mode().into())
    }

    /// Whether being known to the tailnet may be enough for somebody.
    pub(super) fn may_be_vouched_for(&self, facts: &Facts) -> bool {
        facts.peer.via == Via::Tailnet && self.allows_tailnet()
    }

    pub(super) fn proxies(&self) -> Vec<Network> {
        let config = self.config.current();
        config.gateway.trusted_proxies.iter().map(|it| it.0).collect()
    }

    /// Whether everybody on this machine is let in (the brief's "loopback
    /// auto-permits"), and this is somebody there: neither a proxy nor a page
    /// from elsewhere.
    pub(super) fn permits_locally(&self, facts: &Facts) -> bool {
        let permits = self.config.current().gateway.auth.local_auto_permit;
        permits && facts.local && !facts.foreign_page
    }

    /// Whether the dashboard is let in by the secret alone.
    pub(super) fn excuses_dashboard(&self) -> bool {
        let config = self.config.current();
        let ui = &config.gateway.control_ui;
        ui.allow_insecure_auth || ui.dangerously_disable_device_auth
    }

    /// What whoever knows the secret rests on.
    pub(super) fn footing(&self, facts: &Facts, excused: bool) -> Footing {
        let enough = self.config.current().gateway.auth.deviceless_scopes;
        if facts.local || enough || excused {
            Footing::Secret
        } else {
            Footing::SecretFromElsewhere
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("chosen", &self.chosen)
            .field("has_password", &self.has_password)
            .field("tailscale", &self.tailscale)
            .finish_non_exhaustive()
    }
}
