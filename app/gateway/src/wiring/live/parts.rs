//! One part after the other.

use async_trait::async_trait;
use domain::{
    access::Proof,
    exposure::{Exposure, Login, allows_tailscale},
    reload::Part,
    ways_in::WaysIn,
};
use ports::{
    BoxError,
    config::Config,
    driven::{Connections, Lifecycle, Secrets},
};
use tls::Certificates;
use tracing::info;

use super::{Moving, encryption};
use crate::{
    StartError, StartOptions,
    listen::{self, Plan},
    wiring::{models, tailnet},
};

/// What a client is told whose way in was closed.
const CLOSED: (u16, &str) = (4001, "authorization revoked: the gateway's credentials changed");

impl Moving {
    /// What is to be done under `config`; refused where it would not be safe.
    fn plan(&self, config: &Config) -> Result<Plan, StartError> {
        let options = &self.around().options;
        listen::plan(&options.overrides, config, options.secrets.strengths())
    }

    /// Other secrets, or others who are let in. Whoever came in by a way that is
    /// closed now has to leave.
    fn secrets(&self, before: &Config, config: &Config) -> Result<(), StartError> {
        let around = self.around();
        let options = &around.options;
        let held = options.secrets.prepare(options.overrides.given(&config.gateway))?;
        let plan = listen::plan(&options.overrides, config, held.strengths())?;
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
        let proxies = &config.gateway.trusted_proxies;
        if before.gateway.trusted_proxies.iter().any(|it| !proxies.contains(it))
            || before.gateway.auth.trusted_proxy != config.gateway.auth.trusted_proxy
        {
            lost.push(Proof::TrustedProxy);
        }
        let (code, reason) = CLOSED;
        let left: usize =
            lost.iter().map(|proof| around.hub.close_proven_by(*proof, code, reason)).sum();
        info!(target: "gateway/reload", left, "secrets changed");
        Ok(())
    }

    /// Another certificate, or none.
    async fn certificates(&self, config: &Config) -> Result<(), StartError> {
        let plan = self.plan(config)?;
        let names = self.names_of(&plan).await;
        let certificates = self.open(config, &plan, &names)?;
        self.keep(certificates);
        self.treat(config)?;
        self.show(&names);
        Ok(())
    }

    /// Another place to listen at, encrypted or not, for others.
    async fn listener(&self, config: &Config) -> Result<(), StartError> {
        let around = self.around();
        let plan = self.plan(config)?;
        encryption::promise(&config.gateway)?;
        let names = self.names_of(&plan).await;
        let certificates = self.open(config, &plan, &names)?;
        listen::follow(&around.server, &plan).await?;
        self.state().plan = plan;
        self.keep(certificates);
        self.treat(config)?;
        self.show(&names);
        let fingerprint = self.certificates_now().as_ref().map(Certificates::fingerprint);
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

    /// What Tailscale is asked for.
    async fn tailscale(&self, config: &Config) -> Result<(), StartError> {
        let plan = self.plan(config)?;
        self.state().plan.tailscale = plan.tailscale;
        self.state().plan.reset_on_exit = plan.reset_on_exit;
        let names = self.names_of(&plan).await;
        self.show(&names);
        self.expose().await;
        Ok(())
    }

    /// What this machine is called in its tailnet, where `plan` lets others come
    /// from there.
    async fn names_of(&self, plan: &Plan) -> Vec<String> {
        let file = &self.around().options.config;
        let tailnet = tailnet::tailnet(file, plan.login, plan.tls);
        tailnet::names(tailnet.as_deref(), plan.reach()).await
    }

    fn open(
        &self,
        config: &Config,
        plan: &Plan,
        names: &[String],
    ) -> Result<Option<Certificates>, StartError> {
        let around = self.around();
        let (paths, now) = (&around.options.paths, around.clock.now());
        encryption::open(&config.gateway, paths, &plan.listening(), names, now)
    }

    /// Being found by others.
    async fn discovery(&self) {
        let names = self.names().await;
        self.announce(names.into_iter().next()).await;
    }

    /// Other models.
    async fn models(&self) {
        let around = self.around();
        let found = models::find(&around.options.config, &around.options.tracing).await;
        info!(target: "gateway", "agent model: {}", found.choice);
        around.catalogue.replace(found.providers, found.models);
    }

    /// Another way to write the log, and to send traces.
    fn log(&self, config: &Config) -> Result<(), BoxError> {
        let StartOptions { config: file, log, tracing, .. } = &self.around().options;
        let Some(control) = log else { return Ok(()) };
        tracing.apply(config, file)?;
        match control.apply(&config.logging).first() {
            Some(issue) => Err(format!("{}: {}", issue.path, issue.message).into()),
            None => Ok(()),
        }
    }

    /// Other limits, for what comes from now on.
    fn limits(&self, config: &Config) -> Result<(), StartError> {
        self.around().shown.limits.set(config.gateway.limits.clone());
        self.treat(config)
    }
}

#[async_trait]
impl Lifecycle for Moving {
    fn check(&self, after: &Config) -> Result<(), BoxError> {
        let options = &self.around().options;
        let held = options.secrets.prepare(options.overrides.given(&after.gateway))?;
        listen::plan(&options.overrides, after, held.strengths())?;
        encryption::promise(&after.gateway)?;
        Ok(())
    }

    async fn renew(&self, part: &Part, before: &Config, after: &Config) -> Result<(), BoxError> {
        match part {
            Part::Exposure => self.check(after)?,
            Part::Secrets => self.secrets(before, after)?,
            Part::Limits => self.limits(after)?,
            Part::Headers => self.treat(after)?,
            Part::Models => self.models().await,
            Part::Certificates => self.certificates(after).await?,
            Part::Listener => self.listener(after).await?,
            Part::Tailscale => self.tailscale(after).await?,
            Part::Discovery => self.discovery().await,
            Part::Logging => self.log(after)?,
            // Webhooks and the canvas look up what counts for every request; the
            // rest is not in this gateway yet.
            Part::Hooks
            | Part::HooksGmail
            | Part::Heartbeat
            | Part::Cron
            | Part::Browser
            | Part::Plugins
            | Part::Mcp
            | Part::Canvas
            | Part::Channels
            | Part::Channel(_) => (),
        }
        Ok(())
    }
}
