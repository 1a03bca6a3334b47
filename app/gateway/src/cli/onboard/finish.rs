//! What is left to do when the questions are answered: the token, the service, a
//! look at the gateway.

use std::time::Duration;

use ports::{
    config::{AuthMode, GatewayMode},
    driven::{ConfigSource, ServiceKind},
};
use secrets_file::{Given, SecretsFile};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::summary::login;
use crate::cli::{
    connect::Rpc,
    context::Context,
    failure::Failure,
    health,
    lock::Holder,
    service::{Service, install},
};

/// How long a gateway that was just started may take until it answers.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often to look.
const LOOK: Duration = Duration::from_millis(100);

/// Makes the gateway's token if it is what clients show and there is none.
/// Returns where it is.
pub(super) fn make_token(context: &Context) -> Result<Option<String>, Failure> {
    let auth = &context.config.current().gateway.auth;
    let by_token = login(auth) == AuthMode::Token;
    if !by_token || auth.token.is_some() || context.variable("GATEWAY_TOKEN").is_some() {
        return Ok(None);
    }
    let state_dir = &context.paths.state_dir;
    let made = SecretsFile::open(state_dir, Given::default());
    made.map_err(|error| Failure::new(error.to_string()))?;
    Ok(Some(secrets_file::token_path(state_dir).display().to_string()))
}

/// Whether the system can start the gateway by itself.
pub(super) async fn has_services(context: &Context) -> bool {
    let service = Service::of(context, ServiceKind::Gateway, false);
    let status = service.manager.status(None).await;
    // It says why where nobody is there who would know.
    status.is_ok_and(|status| status.runtime.detail.is_none())
}

/// Whether the gateway is a service already.
pub(super) fn has_installed_service(context: &Context) -> bool {
    let service = Service::installed(context, ServiceKind::Gateway, false);
    service.manager.wording().path.exists()
}

/// Installs the service. Returns what to say about it, and what is odd.
pub(super) async fn install_service(context: &Context) -> Result<(String, Vec<String>), Failure> {
    // What went wrong is told once, by whoever asked for it.
    let context = Context { json: false, ..context.clone() };
    let service = Service::of(&context, ServiceKind::Gateway, false);
    let told = install::install(&context, &service, &install::Install::default()).await;
    let told = told.map_err(|failure| failure.with("Everything else is done."))?;
    let hints = told.hints.iter().map(|hint| format!("try {hint}"));
    Ok((told.message, told.warnings.iter().cloned().chain(hints).collect()))
}

/// How the gateway is.
pub(super) enum Health {
    /// Nobody wants to know.
    Skipped,
    /// There is none that runs here.
    Stopped,
    /// What it says.
    Answered(Value),
    /// Why it does not answer.
    Silent(Failure),
}

/// Asks the gateway how it is; one that was `just_started` may take its time.
pub(super) async fn look(context: &Context, just_started: bool) -> Health {
    let elsewhere = context.config.current().gateway.mode == Some(GatewayMode::Remote);
    if !elsewhere && !is_there(context, just_started).await {
        let late =
            "the service is installed, and no gateway answers: openclaw gateway status --deep";
        return if just_started { Health::Silent(Failure::new(late)) } else { Health::Stopped };
    }
    match health::ask(context, &Rpc::default()).await {
        Ok(answer) => Health::Answered(answer),
        Err(failure) => Health::Silent(failure),
    }
}

/// Whether a gateway of this state directory listens.
async fn is_there(context: &Context, just_started: bool) -> bool {
    let listens = || {
        let holder = Holder::of(&context.paths.state_dir);
        holder.is_some_and(|holder| holder.is_alive() && holder.url.is_some())
    };
    let begin = Instant::now();
    while just_started && !listens() && begin.elapsed() < PATIENCE {
        sleep(LOOK).await;
    }
    listens()
}

impl Health {
    /// In a few words.
    pub(super) fn told(&self) -> Option<String> {
        match self {
            Self::Skipped => None,
            Self::Stopped => Some("Gateway: not running".to_owned()),
            Self::Answered(answer) => Some(health::told(answer)),
            Self::Silent(failure) => Some(failure.message().to_owned()),
        }
    }

    pub(super) fn for_programs(&self) -> Value {
        match self {
            Self::Skipped => Value::Null,
            Self::Stopped => json!({ "running": false }),
            Self::Answered(answer) => json!({ "running": true, "ok": answer["ok"] }),
            Self::Silent(failure) => {
                json!({ "running": true, "ok": false, "error": failure.message() })
            }
        }
    }

    /// Whether a gateway that is there does not answer.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Silent(_))
    }
}
