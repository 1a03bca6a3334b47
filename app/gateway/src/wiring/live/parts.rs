//! One part after the other.

use std::net::IpAddr;

use domain::{
    access::Proof,
    exposure::{Exposure, Login, Strengths, allows_tailscale},
    ways_in::WaysIn,
};
use ports::{
    config::Config,
    driven::{Connections, Secrets},
};
use tls::Certificates;
use tracing::info;

use super::{Moving, encryption};
use crate::{
    StartError,
    listen::{self, Plan},
    wiring::{models, tailnet},
};

/// What a client is told whose way in was closed.
const CLOSED: (u16, &str) = (4001, "authorization revoked: the gateway's credentials changed");

impl Moving {
    /// What is to be done under `config` with secrets that are so hard to guess;
    /// refused where it would not be safe.
    fn plan(&self, config: &Config, secrets: Strengths) -> Result<Plan, StartError> {
        listen::plan(&self.around().options.overrides, config, secrets)
    }

    /// Other secrets, or others who are let in. Whoever came in by a way that is
    /// closed now has to leave.
    pub(crate) fn secrets(&self, before: &Config, config: &Config) -> Result<(), StartError> {
        let around = self.around();
        let options = &around.options;
        let held = options.secrets.prepare(options.overrides.given(&config.gateway))?;
        let plan = self.plan(config, held.strengths())?;
        let had_password = options.secrets.has_password();
        let ways = |config: &Config, has_password: bool, tailscale: Option<Exposure>| {
            let gateway = &config.gateway;
            let login: Login = options.overrides.login(gateway, has_password);
            let allowed = gateway.auth.allow_tailscale;
            let tailnet = allows_tailscale(allowed, tailscale, login);
            WaysIn { login, tailnet, local: gateway.auth.local_auto_permit }
        };
        let old = ways(before, had_password, self.state().plan.tailscale);
        let changed = options.secrets.adopt(held);
        let new = ways(config, options.secrets.has_password(), plan.tailscale);
        self.state().plan.login = plan.login;

        let mut lost: Vec<Proof> = old.closed_by(new).collect();
        let replaced = [(changed.token, Proof::Token), (changed.password, Proof::Password)];
        lost.extend(replaced.into_iter().filter_map(|(changed, proof)| changed.then_some(proof)));
        let (code, reason) = CLOSED;
        let left: usize =
            lost.iter().map(|proof| around.hub.close_proven_by(*proof, code, reason)).sum();
        info!(target: "gateway/reload", left, "secrets changed");
        Ok(())
    }

    /// Another place to listen at, encrypted or not, for others.
    pub(crate) async fn place(&self, config: &Config) -> Result<(), StartError> {
        let around = self.around();
        let plan = self.plan(config, around.options.secrets.strengths())?;
        encryption::promise(&config.gateway)?;
        let tailnet = tailnet::tailnet(&around.options.config, plan.login, plan.tls);
        let names = tailnet::names(tailnet.as_deref(), plan.reach()).await;
        let addresses: Vec<IpAddr> = plan.listening();
        let paths = &around.options.paths;
        let now = around.clock.now();
        let certificates = encryption::open(&config.gateway, paths, &addresses, &names, now)?;

        let before = self.addresses();
        listen::follow(&around.server, &plan).await?;
        let was = std::mem::replace(&mut self.state().plan, plan);
        self.keep(certificates);
        self.treat(config)?;
        self.show(&names);
        let moved = before != self.addresses();
        if moved || was.tailscale.is_some() || self.state().plan.tailscale.is_some() {
            self.expose().await;
        }
        self.announce(names.into_iter().next()).await;
        let fingerprint = self.certificates().as_ref().map(Certificates::fingerprint);
        let scheme = if fingerprint.is_some() { "wss" } else { "ws" };
        for address in self.addresses() {
            info!(target: "gateway", "listening on {scheme}://{address}, open to {}", self.reach());
        }
        if let Some(fingerprint) = fingerprint {
            info!(target: "gateway", "tls fingerprint sha256 {fingerprint}");
        }
        around.moved.notify_one();
        Ok(())
    }

    /// Being found by others.
    pub(crate) async fn discovery(&self) {
        let names = self.names().await;
        self.announce(names.into_iter().next()).await;
    }

    /// Other models.
    pub(crate) async fn models(&self) {
        let around = self.around();
        let found = models::find(&around.options.config).await;
        info!(target: "gateway", "agent model: {}", found.choice);
        around.catalogue.replace(found.providers, found.models);
    }

    /// Other limits, for what comes from now on.
    pub(crate) fn limits(&self, config: &Config) -> Result<(), StartError> {
        self.around().shown.limits.set(config.gateway.limits.clone());
        self.treat(config)
    }
}
