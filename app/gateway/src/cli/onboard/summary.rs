//! What setting up came to, told.

use ports::{
    config::{AuthConfig, AuthMode},
    driven::ConfigSource,
};
use serde_json::{Value, json};

use super::{Health, Onboard, Outcome};
use crate::cli::{context::Context, failure::Failure, output};

/// What setting up came to.
pub(super) struct Summary {
    pub(super) outcome: Outcome,
    /// Where the token is that clients show.
    pub(super) token: Option<String>,
    /// What became of the service.
    pub(super) service: Option<String>,
    pub(super) health: Health,
    pub(super) warnings: Vec<String>,
}

impl Summary {
    /// Tells all of it.
    pub(super) fn tell(&self, context: &Context, asked: &Onboard) -> Result<(), Failure> {
        if context.json {
            output::json(&self.for_programs(context, asked))?;
        } else {
            let path = context.paths.config_path.display();
            self.tell_lines(&format!("Configuration: {path}"))?;
            output::line("\nNext:")?;
            for command in self.next() {
                output::line(&format!("  {command}"))?;
            }
        }
        if self.is_well() { Ok(()) } else { Err(Failure::silent()) }
    }

    /// Whether a gateway here that should answer does. One elsewhere may be
    /// started later than it is told about.
    fn is_well(&self) -> bool {
        self.outcome.plan.remote.is_some() || !self.health.is_silent()
    }

    /// Tells what became of one part.
    pub(super) fn tell_part(&self) -> Result<(), Failure> {
        let line = match self.outcome.changed.as_slice() {
            [] => "Nothing changes in the configuration.".to_owned(),
            changed => format!("Changed: {}", changed.join(", ")),
        };
        self.tell_lines(&line)
    }

    fn tell_lines(&self, first: &str) -> Result<(), Failure> {
        let Outcome { made, put_away, .. } = &self.outcome;
        let told = |what: &str, place: &Option<String>| {
            place.as_ref().map(|place| format!("{what}: {place}"))
        };
        let lines = [
            told("What was there before", put_away),
            Some(first.to_owned()),
            told("Made the workspace", made),
            told("The token clients show is in", &self.token),
            told("Service", &self.service),
            self.health.told(),
        ];
        for line in lines.into_iter().flatten() {
            output::line(&output::tame(&line))?;
        }
        for warning in &self.warnings {
            output::note(&output::tame(&format!("Warning: {warning}")))?;
        }
        Ok(())
    }

    /// What to type next.
    fn next(&self) -> Vec<&'static str> {
        let starts = self.outcome.plan.remote.is_none() && self.service.is_none();
        let start = "openclaw gateway run        start the gateway";
        let known = [
            "openclaw chat               talk with an agent",
            "openclaw configure          change what was set up",
            "openclaw doctor             find out what is the matter",
        ];
        let running = matches!(self.health, Health::Answered(_));
        (starts && !running).then_some(start).into_iter().chain(known).collect()
    }

    fn for_programs(&self, context: &Context, asked: &Onboard) -> Value {
        let config = context.reread().config.current();
        let (gateway, agents) = (&config.gateway, &config.agents.defaults);
        let Outcome { plan, changed, made, put_away, .. } = &self.outcome;
        json!({
            "ok": self.is_well(),
            "mode": gateway.mode,
            "workspace": agents.workspace,
            "workspaceMade": made.is_some(),
            "authChoice": plan.provider.as_ref().map_or("skip", |provider| provider.id.as_str()),
            "model": agents.model,
            "gateway": {
                "port": gateway.port, "bind": gateway.bind,
                "authMode": login(&gateway.auth),
                "tailscaleMode": gateway.tailscale.mode, "tokenPath": self.token,
            },
            "remoteUrl": plan.remote.as_ref().map(|remote| &remote.url),
            "installDaemon": self.service.is_some(),
            "service": self.service,
            "skipHealth": asked.skip_health,
            "health": self.health.for_programs(),
            "configPath": context.paths.config_path,
            "changed": changed,
            "putAway": put_away,
            "warnings": self.warnings,
        })
    }
}

/// What clients show.
pub(super) fn login(auth: &AuthConfig) -> AuthMode {
    auth.mode.unwrap_or(match auth.password {
        Some(_) => AuthMode::Password,
        None => AuthMode::Token,
    })
}
