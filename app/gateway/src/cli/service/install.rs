//! `openclaw gateway install` and `openclaw node install`.

use clap::Args;
use ports::{
    config::GatewayMode,
    driven::{ConfigSource, ServiceInstalled, ServiceKind, ServiceManager},
};

use super::{Service, Told, definition, failed};
use crate::cli::{context::Context, failure::Failure, node, output, port};

/// How the gateway's service is to be.
#[derive(Debug, Default, Args)]
pub(crate) struct Install {
    /// The port to listen on.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    port: Option<String>,
    /// The token. It is kept in the state directory, not in the definition.
    #[arg(long, allow_hyphen_values = true)]
    token: Option<String>,
    /// Accepted for old scripts: there is no runtime to choose.
    #[arg(long, hide = true, value_name = "NAME")]
    runtime: Option<String>,
    /// Accepted for old scripts.
    #[arg(long, hide = true, value_name = "PATH", alias = "wrapper")]
    runtime_path: Option<String>,
    #[command(flatten)]
    how: How,
}

/// How this machine as a node is to be.
#[derive(Debug, Args)]
pub(crate) struct InstallNode {
    #[command(flatten)]
    run: node::Run,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Default, Args)]
struct How {
    /// Write the definition also over one that differs, or is not ours.
    #[arg(long)]
    force: bool,
    /// For the whole system, started with the machine.
    #[arg(long)]
    system: bool,
}

/// Installs the gateway's service.
pub(crate) async fn gateway(context: &Context, asked: &Install) -> Result<(), Failure> {
    let service = Service::of(context, ServiceKind::Gateway, asked.how.system);
    install(context, &service, asked).await?.tell(context)
}

/// Installs the gateway's `service`, and says nothing yet.
pub(crate) async fn install<'a>(
    context: &Context,
    service: &'a Service,
    asked: &Install,
) -> Result<Told<'a>, Failure> {
    refuse_in_nix_mode(context)?;
    let port = port::choose(context, asked.port.as_deref())?;
    if port == 0 {
        return Err(Failure::new("a service needs a port of its own: --port N"));
    }
    let mut warnings = Vec::new();
    if asked.runtime.is_some() || asked.runtime_path.is_some() {
        warnings.push("--runtime has no meaning here: this program needs none".to_owned());
    }
    if context.config.current().gateway.mode == Some(GatewayMode::Remote) {
        warnings.push(
            "gateway.mode is remote, so commands of this machine talk to another one".to_owned(),
        );
    }
    make_state_dir(context)?;
    if let Some(token) = &asked.token {
        keep_token(context, token, &mut warnings)?;
    }
    let wanted = definition::gateway(context, service, port)?;
    let installed = service.manager.install(&wanted, asked.how.force).await;
    let installed = installed.map_err(|error| failed(context, "install", &error))?;
    Ok(told(service, installed, warnings).await)
}

/// Installs this machine as a node.
pub(crate) async fn node(context: &Context, asked: &InstallNode) -> Result<(), Failure> {
    refuse_in_nix_mode(context)?;
    if asked.run.has_secret() {
        let message = "a definition holds no secrets; connect once with `openclaw node run \
            --token …`, and the node keeps a token of its own";
        return Err(Failure::new(message));
    }
    let service = Service::of(context, ServiceKind::Node, asked.how.system);
    make_state_dir(context)?;
    let wanted = definition::node(context, &service, asked.run.arguments())?;
    let installed = service.manager.install(&wanted, asked.how.force).await;
    let installed = installed.map_err(|error| failed(context, "install", &error))?;
    told(&service, installed, Vec::new()).await.tell(context)
}

async fn told(
    service: &Service,
    installed: ServiceInstalled,
    mut warnings: Vec<String>,
) -> Told<'_> {
    let words = service.manager.wording();
    let (result, verb) = match installed {
        ServiceInstalled::Now => ("installed", "installed"),
        ServiceInstalled::Already | ServiceInstalled::AlreadyDifferent => {
            ("already-installed", "is installed already:")
        }
    };
    let message = match installed {
        ServiceInstalled::Now => format!("{verb} {} ({})", words.name, words.path.display()),
        _ => format!("{} {verb} {}", words.name, words.path.display()),
    };
    if installed == ServiceInstalled::AlreadyDifferent {
        warnings
            .push("it differs from what would be written now; --force writes it anew".to_owned());
    }
    let status = service.manager.status(None).await.unwrap_or_default();
    let mut hints = Vec::new();
    if status.outlives_login == Some(false) {
        warnings.push("it ends when you log out, and starts when you log in".to_owned());
        hints.push("loginctl enable-linger".to_owned());
    }
    warnings.extend(others(&*service.manager).await);
    let told = Told { hints, warnings, ..Told::new("install", result, message) };
    told.about(service, true)
}

/// Gateways that would be in each other's way.
async fn others(manager: &dyn ServiceManager) -> Vec<String> {
    let others = manager.others(false).await;
    let told =
        |label: String| format!("{label} looks like a gateway too; two on one port do not work");
    others.into_iter().map(|other| told(other.label)).collect()
}

/// Keeps the token where the gateway reads it from.
fn keep_token(context: &Context, token: &str, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let state_dir = &context.paths.state_dir;
    secrets_file::keep_token(state_dir, token).map_err(|error| Failure::new(error.to_string()))?;
    let path = secrets_file::token_path(state_dir);
    warnings.push(format!("the token is kept in {}, not in the definition", path.display()));
    if context.config.current().gateway.auth.token.is_some() {
        warnings.push("gateway.auth.token says another token, which counts".to_owned());
    }
    Ok(())
}

fn make_state_dir(context: &Context) -> Result<(), Failure> {
    context.paths.create().map_err(|error| {
        let place = context.paths.state_dir.display();
        Failure::new(format!("the state directory {place} cannot be made: {error}"))
    })
}

fn refuse_in_nix_mode(context: &Context) -> Result<(), Failure> {
    if context.variable("NIX_MODE").as_deref() != Some("1") {
        return Ok(());
    }
    let message = "OPENCLAW_NIX_MODE is set: services are installed by Nix";
    if context.json {
        output::json(&serde_json::json!({ "action": "install", "ok": false, "error": message }))?;
        return Err(Failure::new(""));
    }
    Err(Failure::new(message))
}
