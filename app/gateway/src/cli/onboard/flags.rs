//! What is typed behind `openclaw onboard`.

use std::{
    io::{self, BufRead, IsTerminal},
    path,
};

use clap::Args;
use domain::wizard::{Flags, Reset};

use super::keys::{Hidden, Keys};
use crate::cli::{context::Context, failure::Failure};

/// What `--help` says below the flags.
pub(crate) const ABOUT_SECRETS: &str = "\
Other users of this machine can read what is typed behind a command. A secret may be given as `-` \
instead: it is then read from the standard input, one line for each, in the order --remote-token, \
--<provider>-api-key, --custom-api-key, --gateway-token, --gateway-password. With \
--non-interactive, OPENCLAW_GATEWAY_TOKEN and OPENCLAW_GATEWAY_PASSWORD count where the flags are \
missing. A provider's key that is in the environment (OPENAI_API_KEY, …) is used from there and \
not written down.";

/// Every question as a flag.
#[derive(Debug, Default, PartialEq, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Onboard {
    /// Ask nothing: what no flag says is answered by saying nothing.
    #[arg(long)]
    pub(crate) non_interactive: bool,
    /// The risk of letting an agent act is understood.
    #[arg(long)]
    accept_risk: bool,
    /// How much is asked; `manual` is `advanced`.
    #[arg(long, value_parser = ["quickstart", "advanced", "manual"])]
    flow: Option<String>,
    /// Whether the gateway runs here.
    #[arg(long, value_parser = ["local", "remote"])]
    mode: Option<String>,
    /// Where the gateway elsewhere is.
    #[arg(long, value_name = "WS-URL")]
    remote_url: Option<String>,
    /// Its token.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    remote_token: Option<Hidden>,
    /// Begin anew. What was there is moved to `trash` in the state directory.
    #[arg(long)]
    pub(crate) reset: bool,
    /// What is begun anew; without it, `config+creds+sessions`.
    #[arg(long, requires = "reset", value_parser = Reset::ALL.map(Reset::word))]
    reset_scope: Option<String>,
    /// Where agents work.
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<String>,
    /// Who offers the model, as in `openai-api-key`, `ollama`, `custom` or `skip`.
    #[arg(long, value_name = "CHOICE")]
    auth_choice: Option<String>,
    #[command(flatten)]
    keys: Keys,
    /// Where a provider is that speaks like OpenAI.
    #[arg(long, value_name = "URL")]
    custom_base_url: Option<String>,
    /// The model, as its provider calls it.
    #[arg(long, alias = "custom-model-id")]
    model: Option<String>,
    /// The port to listen on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    gateway_port: Option<u16>,
    /// Who can reach the gateway.
    #[arg(long, value_name = "MODE", value_parser = ["loopback", "tailnet", "auto", "lan", "custom"])]
    gateway_bind: Option<String>,
    /// What clients have to show.
    #[arg(long, value_name = "MODE", value_parser = ["token", "password"])]
    gateway_auth: Option<String>,
    /// The gateway's token; without one, one is made up.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    gateway_token: Option<Hidden>,
    /// The gateway's password.
    #[arg(long, value_name = "PASSWORD", allow_hyphen_values = true)]
    gateway_password: Option<Hidden>,
    /// Whom Tailscale brings.
    #[arg(long, value_name = "MODE", value_parser = ["off", "serve", "funnel"])]
    tailscale: Option<String>,
    /// What Tailscale brings ends when the gateway does.
    #[arg(long)]
    tailscale_reset_on_exit: bool,
    /// Let the system start the gateway, and keep it running.
    #[arg(long, overrides_with_all = ["no_install_daemon", "skip_daemon"])]
    install_daemon: bool,
    /// Do not, and do not ask.
    #[arg(long, alias = "no-install-service")]
    no_install_daemon: bool,
    /// The same.
    #[arg(long, hide = true)]
    skip_daemon: bool,
    /// Do not ask the gateway in the end how it is.
    #[arg(long)]
    pub(crate) skip_health: bool,
    /// Accepted for old scripts: there are no channels to set up yet.
    #[arg(long, hide = true, aliases = ["skip-providers"])]
    skip_channels: bool,
    /// Accepted for old scripts: there are no skills to set up yet.
    #[arg(long, hide = true)]
    skip_skills: bool,
    /// Accepted for old scripts: there is no page to open yet.
    #[arg(long, hide = true)]
    skip_ui: bool,
    /// Accepted for old scripts: this program needs no runtime.
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) daemon_runtime: Option<String>,
    /// Refused: it is for skills.
    #[arg(long, hide = true, value_name = "NAME")]
    node_manager: Option<String>,
    /// Refused: it is for logins with an account.
    #[arg(long, hide = true, aliases = ["token", "token-profile-id", "token-expires-in"],
        allow_hyphen_values = true)]
    token_provider: Option<Hidden>,
}

impl Onboard {
    /// Whether anything but the workspace is said.
    pub(crate) fn is_more_than_a_workspace(&self) -> bool {
        Self { workspace: self.workspace.clone(), ..Self::default() } != *self
    }

    /// What is said, with the secrets that are elsewhere fetched.
    pub(crate) fn flags(&self, context: &Context) -> Result<Flags, Failure> {
        self.refuse_what_is_not_here()?;
        let mut lines = Lines::default();
        let remote_token = lines.resolve(self.remote_token.as_ref())?;
        let mut keys = Vec::new();
        for (whose, key) in &self.keys.0 {
            keys.extend(lines.resolve(Some(key))?.map(|key| (*whose, key)));
        }
        let token = lines.resolve(self.gateway_token.as_ref())?;
        let password = lines.resolve(self.gateway_password.as_ref())?;
        let auth = self.gateway_auth.as_deref();
        let variable = |name: &str| context.variable(name).filter(|_| self.non_interactive);
        let is_remote = self.mode.as_deref() == Some("remote");
        let by_password = auth == Some("password") || (auth.is_none() && password.is_some());
        let from_outside = |name: &str, wanted: bool| variable(name).filter(|_| wanted);
        Ok(Flags {
            accept_risk: self.accept_risk,
            reset: self.reset.then(|| self.reset_scope()),
            unattended: self.non_interactive,
            flow: self.flow.clone(),
            mode: self.mode.clone(),
            remote_url: self.remote_url.clone(),
            remote_token: remote_token.or_else(|| from_outside("GATEWAY_TOKEN", is_remote)),
            auth_choice: self.auth_choice.clone(),
            keys,
            provider_url: self.custom_base_url.clone(),
            model: self.model.clone(),
            workspace: self.workspace()?,
            port: self.gateway_port.map(|port| port.to_string()),
            bind: self.gateway_bind.clone(),
            auth: self.gateway_auth.clone(),
            token: token.or_else(|| from_outside("GATEWAY_TOKEN", !is_remote && !by_password)),
            password: password
                .or_else(|| from_outside("GATEWAY_PASSWORD", !is_remote && by_password)),
            tailscale: self.tailscale.clone(),
            tailscale_reset: self.tailscale_reset_on_exit,
            service: self.service(),
        })
    }

    fn reset_scope(&self) -> Reset {
        let named = self.reset_scope.as_deref().and_then(Reset::of);
        named.unwrap_or(Reset::Access)
    }

    /// Whether the gateway is to start by itself, if anything is said about it.
    pub(crate) fn service(&self) -> Option<bool> {
        let not = self.no_install_daemon || self.skip_daemon;
        (self.install_daemon || not).then_some(self.install_daemon)
    }

    /// The workspace as a path that means the same everywhere.
    pub(crate) fn workspace(&self) -> Result<Option<String>, Failure> {
        let Some(given) = self.workspace.as_deref().filter(|given| !given.is_empty()) else {
            return Ok(None);
        };
        if given == "~" || given.starts_with("~/") {
            return Ok(Some(given.to_owned()));
        }
        Ok(Some(path::absolute(given)?.display().to_string()))
    }

    fn refuse_what_is_not_here(&self) -> Result<(), Failure> {
        let what = if self.node_manager.is_some() {
            "--node-manager is for skills, and this gateway has none yet"
        } else if self.token_provider.is_some() {
            "--token and its like are for logins with an account; this gateway logs in to \
             providers with keys only: --<provider>-api-key"
        } else {
            return Ok(());
        };
        Err(Failure::new(what))
    }
}

/// Secrets on the standard input, a line for each.
#[derive(Default)]
struct Lines {
    read: usize,
}

impl Lines {
    /// The secret, or the next line where it is `-`. An empty one is none.
    fn resolve(&mut self, given: Option<&Hidden>) -> Result<Option<String>, Failure> {
        let Some(Hidden(given)) = given else { return Ok(None) };
        if given != "-" {
            return Ok(Some(given.clone()).filter(|given| !given.is_empty()));
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            let message =
                "a secret given as - is read from the standard input, which is a terminal";
            return Err(Failure::new(message));
        }
        let mut line = String::new();
        self.read += 1;
        if stdin.lock().read_line(&mut line)? == 0 || line.trim().is_empty() {
            let number = self.read;
            return Err(Failure::new(format!("the standard input has no secret in line {number}")));
        }
        Ok(Some(line.trim().to_owned()))
    }
}
