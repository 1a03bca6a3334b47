//! What the answers amount to.

use super::{Answers, Reset, Scope, Section, Value, choices, id};

/// What the answers amount to. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is thrown away first.
    pub reset: Option<Reset>,
    /// The gateway elsewhere. Without one, the gateway runs here, or nothing is
    /// said about it.
    pub remote: Option<RemotePlan>,
    /// Whether the gateway is said to run here.
    pub local: bool,
    /// Who offers models.
    pub provider: Option<ProviderPlan>,
    /// The model, as its provider calls it.
    pub model: Option<String>,
    /// Where agents work.
    pub workspace: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Who can reach it.
    pub bind: Option<String>,
    /// What clients show.
    pub auth: Option<String>,
    /// The token, if it was chosen.
    pub token: Option<Secret>,
    /// The password.
    pub password: Option<Secret>,
    /// How Tailscale brings others.
    pub tailscale: Option<String>,
    /// Whether that ends with the gateway.
    pub tailscale_reset: Option<bool>,
    /// Whether the gateway should start by itself.
    pub service: Option<bool>,
}

/// A gateway elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePlan {
    /// Where it is.
    pub url: String,
    /// What it wants to be shown.
    pub token: Option<Secret>,
}

/// Who offers models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPlan {
    /// Its name in names of models.
    pub id: String,
    /// Where it is, if that is not known from its name.
    pub url: Option<String>,
    /// Its key, if it was typed.
    pub key: Option<Secret>,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The provider that was chosen.
pub(super) fn provider(answers: &Answers) -> Option<ProviderPlan> {
    let chosen = answers.text(id::PROVIDER).filter(|chosen| *chosen != choices::SKIP)?;
    let url = answers.text(id::PROVIDER_URL).filter(|_| chosen == choices::CUSTOM);
    let key = answers.text(id::PROVIDER_KEY).map(|key| Secret(key.to_owned()));
    Some(ProviderPlan { id: chosen.to_owned(), url: url.map(str::to_owned), key })
}

/// What `answers` amount to.
pub(super) fn plan(scope: &Scope, answers: &Answers) -> Plan {
    let text = |id: &str| answers.text(id).map(str::to_owned);
    let secret = |id: &str| answers.text(id).map(|secret| Secret(secret.to_owned()));
    let flag = |id: &str| match answers.get(id) {
        Some(Value::Flag(flag)) => Some(*flag),
        Some(Value::Text(_)) | None => None,
    };
    let reset = answers.text(id::RESET).and_then(Reset::of).unwrap_or(Reset::Config);
    let reset = answers.resets().then_some(reset);
    let service = flag(id::SERVICE);
    if answers.text(id::EXISTING) == Some("keep") {
        return Plan { service, ..Plan::default() };
    }
    if answers.text(id::MODE) == Some("remote") {
        let remote = text(id::REMOTE_URL);
        let remote = remote.map(|url| RemotePlan { url, token: secret(id::REMOTE_TOKEN) });
        return Plan { reset, remote, ..Plan::default() };
    }
    let auth = text(id::AUTH);
    let given = |of: &str, id: &str| secret(id).filter(|_| auth.as_deref() == Some(of));
    let given_up = answers.text(id::PROVIDER_FAILED) == Some(choices::SKIP);
    let provider = provider(answers).filter(|_| !given_up);
    Plan {
        reset,
        remote: None,
        local: *scope == Scope::All || scope.includes(Section::Gateway),
        model: text(id::MODEL).filter(|_| provider.is_some()),
        provider,
        workspace: text(id::WORKSPACE),
        port: answers.text(id::PORT).and_then(|port| port.parse().ok()),
        bind: text(id::BIND),
        token: given("token", id::TOKEN),
        password: given("password", id::PASSWORD),
        auth,
        tailscale: text(id::TAILSCALE),
        tailscale_reset: flag(id::TAILSCALE_RESET),
        service,
    }
}
