//! What the questions depend on, looked up.

use domain::wizard::{Check, Circumstances, InForce};
use ports::config::{AuthMode, Config, ModelChoice};

use super::{Deps, Options, edits::word};

/// What the questions depend on now, and the hash of the file it was read from.
pub(super) fn of(deps: &Deps, options: &Options, interrupted: bool) -> (Circumstances, String) {
    let snapshot = deps.config.snapshot();
    let anew = deps.notes.workspace();
    let around = Circumstances {
        scope: options.scope.clone(),
        interrupted,
        configured: snapshot.exists && !matches!(snapshot.parsed.as_str(), "{}" | "null"),
        resets_state: deps.attic.is_some(),
        now: in_force(&deps.config.current(), &anew),
        anew,
        given: options.given.ids().map(str::to_owned).collect(),
        keys: deps.check.keys(),
        check: if options.check { Check::Due } else { Check::Off },
        service: options.service,
        written: false,
    };
    (around, snapshot.hash)
}

fn in_force(config: &Config, workspace: &str) -> InForce {
    let (gateway, agents) = (&config.gateway, &config.agents.defaults);
    let password = gateway.auth.password.is_some();
    let by_secret = if password { AuthMode::Password } else { AuthMode::Token };
    let model = agents.model.as_ref().map(ModelChoice::candidates).unwrap_or_default();
    InForce {
        port: gateway.port,
        bind: word(&gateway.bind).unwrap_or_default(),
        auth: word(&gateway.auth.mode.unwrap_or(by_secret)).unwrap_or_default(),
        token: gateway.auth.token.is_some(),
        password,
        tailscale: word(&gateway.tailscale.mode).unwrap_or_default(),
        workspace: agents.workspace.clone().unwrap_or_else(|| workspace.to_owned()),
        model: model.first().map(ToString::to_string),
    }
}
