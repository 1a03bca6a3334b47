//! What a command line says before any question.

use super::{
    Answers, Reset, Value,
    choices::{self, CUSTOM, FOREIGN, LOGINS, PROVIDERS, SKIP},
    id,
};

/// What a command line says before any question. What is `None` is not said.
/// Shows nothing, because some of it is secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The risk is understood.
    pub accept_risk: bool,
    /// What is thrown away first.
    pub reset: Option<Reset>,
    /// Nobody can be asked.
    pub unattended: bool,
    /// `quickstart`, `advanced` or `manual`.
    pub flow: Option<String>,
    /// `local` or `remote`.
    pub mode: Option<String>,
    /// Where the gateway elsewhere is.
    pub remote_url: Option<String>,
    /// What it wants to be shown.
    pub remote_token: Option<String>,
    /// The provider, in any of the words OpenClaw has for it.
    pub auth_choice: Option<String>,
    /// Keys, by the names of their providers.
    pub keys: Vec<(&'static str, String)>,
    /// Where a provider is that is not known by name.
    pub provider_url: Option<String>,
    /// The model, as its provider calls it.
    pub model: Option<String>,
    /// Where agents work.
    pub workspace: Option<String>,
    /// The port.
    pub port: Option<String>,
    /// Who can reach it.
    pub bind: Option<String>,
    /// What clients show.
    pub auth: Option<String>,
    /// The token.
    pub token: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// How Tailscale brings others.
    pub tailscale: Option<String>,
    /// Whether that ends with the gateway.
    pub tailscale_reset: bool,
    /// Whether the gateway starts by itself.
    pub service: Option<bool>,
}

/// Why flags make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// There is no such choice.
    #[error("--auth-choice {0}: there is no such choice; there are {list}", list = offered())]
    Unknown(String),
    /// It is a login with an account.
    #[error(
        "--auth-choice {0}: this gateway logs in to providers with keys only, not with accounts"
    )]
    Login(String),
    /// The provider has to be described.
    #[error(
        "{0} is not a provider this gateway knows by name; where it speaks like OpenAI, use \
         --auth-choice custom --custom-base-url URL --custom-api-key KEY"
    )]
    Foreign(&'static str),
    /// There are several keys, and no choice.
    #[error("keys of several providers ({}): say which one with --auth-choice", .0.join(", "))]
    Several(Vec<&'static str>),
    /// The key is another one's.
    #[error("--{key}-api-key does not go with the provider {chosen}")]
    OtherKey {
        /// Whose key it is.
        key: &'static str,
        /// Who was chosen.
        chosen: &'static str,
    },
    /// `custom` means an address of its own.
    #[error(
        "--gateway-bind custom: set gateway.customBindHost and gateway.bind with `openclaw config \
         set`, and leave the flag out"
    )]
    CustomBind,
}

fn offered() -> String {
    let known = PROVIDERS.iter().map(|known| known.key_flag.unwrap_or(known.id));
    known.chain([CUSTOM, SKIP]).collect::<Vec<_>>().join(", ")
}

/// The flag that answers the question `id`.
pub fn flag(id: &str) -> Option<&'static str> {
    Some(match id {
        id::RISK => "--accept-risk",
        id::RESET => "--reset-scope",
        id::FLOW => "--flow",
        id::MODE => "--mode",
        id::REMOTE_URL => "--remote-url",
        id::REMOTE_TOKEN => "--remote-token",
        id::PROVIDER => "--auth-choice",
        id::PROVIDER_URL => "--custom-base-url",
        id::PROVIDER_KEY => "--<provider>-api-key",
        id::MODEL => "--model",
        id::WORKSPACE => "--workspace",
        id::PORT => "--gateway-port",
        id::BIND => "--gateway-bind",
        id::AUTH => "--gateway-auth",
        id::TOKEN => "--gateway-token",
        id::PASSWORD => "--gateway-password",
        id::TAILSCALE => "--tailscale",
        id::TAILSCALE_RESET => "--tailscale-reset-on-exit",
        id::SERVICE => "--install-daemon",
        _ => return None,
    })
}

impl Flags {
    /// The answers they are.
    pub fn answers(&self) -> Result<Answers, Contradiction> {
        if self.bind.as_deref() == Some("custom") {
            return Err(Contradiction::CustomBind);
        }
        let mut answers = Answers::default();
        if self.accept_risk {
            answers.set(id::RISK, Value::Flag(true));
        }
        self.set_before(&mut answers);
        let chosen = self.provider()?;
        if let Some(chosen) = chosen {
            answers.set(id::PROVIDER, chosen.into());
        }
        if let Some((_, key)) = self.keys.iter().find(|(whose, _)| Some(*whose) == chosen) {
            answers.set(id::PROVIDER_KEY, key.as_str().into());
        }
        // A secret says what clients have to show.
        let auth = match (&self.auth, &self.token, &self.password) {
            (Some(auth), ..) => Some(auth.as_str()),
            (None, Some(_), None) => Some("token"),
            (None, None, Some(_)) => Some("password"),
            (None, ..) => None,
        };
        let texts = [
            (id::MODE, self.mode.as_deref()),
            (id::REMOTE_URL, self.remote_url.as_deref()),
            (id::REMOTE_TOKEN, self.remote_token.as_deref()),
            (id::PROVIDER_URL, self.provider_url.as_deref()),
            (id::MODEL, self.model.as_deref()),
            (id::WORKSPACE, self.workspace.as_deref()),
            (id::PORT, self.port.as_deref()),
            (id::BIND, self.bind.as_deref()),
            (id::AUTH, auth),
            (id::TOKEN, self.token.as_deref()),
            (id::PASSWORD, self.password.as_deref()),
            (id::TAILSCALE, self.tailscale.as_deref()),
        ];
        for (id, text) in texts {
            // Scripts pass variables that may be empty.
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                answers.set(id, text.into());
            }
        }
        if self.tailscale_reset {
            answers.set(id::TAILSCALE_RESET, Value::Flag(true));
        }
        if let Some(service) = self.service {
            answers.set(id::SERVICE, Value::Flag(service));
        }
        Ok(answers)
    }

    /// What becomes of what there is, and how much is asked.
    fn set_before(&self, answers: &mut Answers) {
        match self.reset {
            Some(reset) => {
                answers.set(id::EXISTING, "reset".into());
                answers.set(id::RESET, reset.word().into());
            }
            None if self.unattended => answers.set(id::EXISTING, "modify".into()),
            None => (),
        }
        let flow = self.flow.as_deref().map(|flow| match flow {
            "manual" => "advanced",
            flow => flow,
        });
        if let Some(flow) = flow {
            answers.set(id::FLOW, flow.into());
        }
    }

    /// The provider that is meant.
    fn provider(&self) -> Result<Option<&'static str>, Contradiction> {
        let keys: Vec<_> = self.keys.iter().map(|(whose, _)| *whose).collect();
        if let Some(foreign) = FOREIGN.iter().find(|foreign| keys.contains(&foreign.id)) {
            return Err(Contradiction::Foreign(foreign.label));
        }
        let Some(choice) = self.auth_choice.as_deref().filter(|choice| !choice.is_empty()) else {
            return match keys.as_slice() {
                [] => Ok(self.provider_url.as_ref().map(|_| CUSTOM)),
                [one] => Ok(Some(one)),
                _ => Err(Contradiction::Several(keys)),
            };
        };
        let chosen = named(choice)?;
        match keys.iter().find(|key| **key != chosen) {
            Some(key) => Err(Contradiction::OtherKey { key, chosen }),
            None => Ok(Some(chosen)),
        }
    }
}

/// The provider that `choice` means.
fn named(choice: &str) -> Result<&'static str, Contradiction> {
    let name = choice.strip_suffix("-api-key").unwrap_or(choice);
    match name {
        "apiKey" => return Ok("anthropic"),
        CUSTOM => return Ok(CUSTOM),
        SKIP => return Ok(SKIP),
        _ => (),
    }
    if let Some(known) = choices::provider(name) {
        return Ok(known.id);
    }
    if LOGINS.contains(&name) {
        return Err(Contradiction::Login(name.to_owned()));
    }
    // Some have several, as in `minimax-api` and `minimax-cloud`.
    match FOREIGN.iter().find(|foreign| name.starts_with(foreign.id)) {
        Some(foreign) => Err(Contradiction::Foreign(foreign.label)),
        None => Err(Contradiction::Unknown(choice.to_owned())),
    }
}

impl std::fmt::Debug for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flags").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
