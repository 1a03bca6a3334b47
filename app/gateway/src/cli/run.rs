//! `openclaw gateway run`: the gateway in the foreground.

use std::{
    fs::{self, Permissions},
    io::IsTerminal,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use config_file::{ConfigFile, Severity};
use gateway::{Discoverability, ExitReason, ExposureOptions, Gateway, StartError, StartOptions};
use ports::{
    config::{AuthMode, BindMode, GatewayConfig, LogLevel, TailscaleMode},
    driven::{ConfigSource, LogSource},
};
use secrets_file::{Given, SecretsFile};
use tracing::{info, warn};

use crate::cli::{
    connect::at,
    context::Context,
    failure::Failure,
    lock::{Lock, LockError},
    output, port,
};

/// How the gateway runs.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Run {
    /// The port to listen on; 0 picks a free one.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    port: Option<String>,
    /// Where to listen: loopback, lan, tailnet, auto, custom, or an address.
    #[arg(long, value_name = "MODE")]
    bind: Option<String>,
    /// What clients have to show: token or password.
    #[arg(long, value_name = "MODE")]
    auth: Option<String>,
    /// The token, instead of the one in the state directory.
    #[arg(long, allow_hyphen_values = true)]
    token: Option<String>,
    /// The password.
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// A file with the password in it.
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    password_file: Option<PathBuf>,
    /// Log more.
    #[arg(long, short)]
    verbose: bool,
    /// End whoever holds the port.
    #[arg(long)]
    force: bool,
    /// Accepted for old scripts: the gateway starts without configuration.
    #[arg(long, hide = true)]
    allow_unconfigured: bool,
    /// Listen beyond this machine and its tailnet without TLS.
    #[arg(long)]
    allow_insecure_bind: bool,
    /// Whom Tailscale brings to the gateway: off, serve (the tailnet) or funnel
    /// (the internet).
    #[arg(long, value_name = "MODE")]
    tailscale: Option<String>,
    /// Take that back when the gateway stops.
    #[arg(long)]
    tailscale_reset_on_exit: bool,
    /// Accepted for old scripts.
    #[arg(long, hide = true, value_name = "STYLE")]
    ws_log: Option<String>,
    /// Accepted for old scripts.
    #[arg(long, hide = true)]
    compact: bool,
}

/// Runs the gateway until it is told to stop.
pub(crate) async fn run(context: &Context, asked: Run) -> Result<(), Failure> {
    let port = port::choose(context, asked.port.as_deref())?;
    if asked.force && port != 0 {
        for ended in port::free(port).await? {
            output::note(&format!("ended pid {} ({})", ended.pid, output::tame(&ended.command)))?;
        }
    }
    let auth_mode = asked.auth.as_deref().map(auth_mode).transpose()?;
    let tailscale = asked.tailscale.as_deref().map(tailscale_mode).transpose()?;
    let config = Arc::clone(&context.config);
    if let Some(refusal) = config.refusal() {
        return Err(Failure::config(refusal));
    }
    let bind = bind_mode(asked.bind.as_deref(), &config.current().gateway)?;
    let given = given(context, &asked)?;

    context.paths.create().map_err(|error| {
        let place = context.paths.state_dir.display();
        Failure::new(format!("the state directory {place} cannot be made: {error}"))
    })?;
    let mut lock = Lock::acquire(&context.paths.state_dir).await.map_err(|error| {
        let failure = Failure::new(error.to_string());
        match error {
            LockError::Held(_) => failure.with("Stop it with: openclaw gateway stop"),
            LockError::Io { .. } => failure,
        }
    })?;
    let log = telemetry::init(log_options(context, asked.verbose), &config.current().logging)
        .map_err(|error| Failure::new(error.to_string()))?;
    tell_problems(&config);
    for issue in &log.issues {
        warn!(target: "config", "{}: {}", issue.path, issue.message);
    }
    protect(config.path());
    let secrets = SecretsFile::open(&context.paths.state_dir, given)
        .map_err(|error| Failure::new(error.to_string()))?;
    let secrets = Arc::new(secrets);

    let options = StartOptions {
        paths: context.paths.clone(),
        config,
        secrets: Arc::clone(&secrets),
        port,
        bind,
        logs: Arc::clone(&log.file),
        auth_mode,
        exposure: ExposureOptions {
            tailscale,
            reset_on_exit: asked.tailscale_reset_on_exit,
            allow_insecure_bind: asked.allow_insecure_bind,
        },
        discoverability: Discoverability::read(|name| context.variable(name)),
    };
    let gateway = Gateway::start(options).await.map_err(|error| explain(&error))?;
    if let Some(address) = gateway.addresses().first() {
        let secure = gateway.tls_fingerprint().is_some();
        lock.announce(at(address.ip(), address.port()).secured(secure).to_string())?;
    }
    introduce(&gateway, &secrets, &log.file.path());
    match gateway.run().await? {
        ExitReason::Stopped => Ok(()),
        ExitReason::StoreFailed => Err(Failure::new("not everything could be written down")),
    }
}

/// Says what a person needs to know to use it.
fn introduce(gateway: &Gateway, secrets: &SecretsFile, log: &str) {
    info!(target: "gateway", "agent model: {}", gateway.model());
    let fingerprint = gateway.tls_fingerprint();
    let scheme = if fingerprint.is_some() { "wss" } else { "ws" };
    let (pid, reach) = (std::process::id(), gateway.reach());
    for address in gateway.addresses() {
        info!(target: "gateway", "listening on {scheme}://{address} (PID {pid}), open to {reach}");
    }
    if let Some(fingerprint) = fingerprint {
        info!(target: "gateway", "tls fingerprint sha256 {fingerprint}");
    }
    info!(target: "gateway", "log file: {log}");
    match secrets.token_file() {
        Some(path) => info!(target: "gateway", "the token is in {}", path.display()),
        None => info!(target: "gateway", "the token is the one that was given"),
    }
    info!(target: "gateway", "to chat, run `openclaw chat` in another terminal");
}

fn auth_mode(word: &str) -> Result<AuthMode, Failure> {
    match word.trim() {
        "token" => Ok(AuthMode::Token),
        "password" => Ok(AuthMode::Password),
        _ => Err(Failure::new("Invalid --auth (use \"token\" or \"password\")")),
    }
}

fn tailscale_mode(word: &str) -> Result<TailscaleMode, Failure> {
    match word.trim() {
        "off" => Ok(TailscaleMode::Off),
        "serve" => Ok(TailscaleMode::Serve),
        "funnel" => Ok(TailscaleMode::Funnel),
        _ => Err(Failure::new("Invalid --tailscale (use \"off\", \"serve\", or \"funnel\")")),
    }
}

/// Where to listen: by flag, else by configuration.
fn bind_mode(flag: Option<&str>, config: &GatewayConfig) -> Result<BindMode, Failure> {
    let invalid = || {
        let words = "\"loopback\", \"lan\", \"tailnet\", \"auto\", \"custom\" or an IP address";
        Failure::new(format!("Invalid --bind (use {words})"))
    };
    match flag.map(str::trim) {
        None => Ok(config.bind),
        Some("loopback") => Ok(BindMode::Loopback),
        Some("lan") => Ok(BindMode::Lan),
        Some("tailnet") => Ok(BindMode::Tailnet),
        Some("auto") => Ok(BindMode::Auto),
        Some("custom") => match (config.bind, config.custom_bind_host) {
            (_, Some(host)) => Ok(BindMode::Address(host)),
            (BindMode::Address(_), None) => Ok(config.bind),
            _ => Err(Failure::new("--bind custom needs gateway.customBindHost in the config")),
        },
        Some(text) => text.parse::<IpAddr>().map(BindMode::Address).map_err(|_| invalid()),
    }
}

/// The secrets by flag, by variable, by configuration. A flag counts even when
/// it is blank, so that a mistake in a script is noticed.
fn given(context: &Context, asked: &Run) -> Result<Given, Failure> {
    let auth = context.config.current().gateway.auth.clone();
    let from_file = asked.password_file.as_deref().map(first_line).transpose()?;
    let variable = |name| context.variable(name);
    Ok(Given {
        token: asked.token.clone().or_else(|| variable("GATEWAY_TOKEN")).or(auth.token),
        password: asked
            .password
            .clone()
            .or(from_file)
            .or_else(|| variable("GATEWAY_PASSWORD"))
            .or(auth.password),
    })
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("--password-file {}: {}", path.display(), error.kind()))
    })?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// What the command line and the environment say about the log, whatever the
/// configuration says.
fn log_options(context: &Context, verbose: bool) -> telemetry::Options {
    let named = context.variable("LOG_LEVEL").and_then(|word| {
        serde_json::from_value(serde_json::Value::String(word.to_lowercase())).ok()
    });
    let level = if verbose { Some(LogLevel::Debug) } else { named };
    telemetry::Options {
        directory: context.paths.log_dir.clone(),
        file_level: level,
        terminal_level: level,
        colour: std::io::stderr().is_terminal() && output::coloured(),
    }
}

fn tell_problems(config: &ConfigFile) {
    for problem in config.problems() {
        let line = problem.place.as_ref().map(|place| place.line);
        let given_up = match problem.severity {
            Severity::Warning => "",
            Severity::Error | Severity::Fatal => "; its section has the defaults",
        };
        warn!(target: "config", line, "{problem}{given_up}");
    }
}

/// The configuration may hold secrets, so it is for its owner only.
fn protect(config: &Path) {
    let Ok(about) = fs::metadata(config) else { return };
    let others = about.permissions().mode() & 0o077;
    if others == 0 {
        return;
    }
    let path = config.display();
    match fs::set_permissions(config, Permissions::from_mode(0o600)) {
        Ok(()) => warn!(target: "config", %path, "others could read it; they no longer can"),
        Err(_) => warn!(target: "config", %path, "others can read it: chmod 600 it"),
    }
}

/// Why the gateway did not start, and what to do about it.
fn explain(error: &StartError) -> Failure {
    match error {
        StartError::PortInUse(address) => {
            let mut failure = Failure::new(error.to_string());
            for listener in port::listeners(address.port()) {
                let command = output::tame(&listener.command);
                failure = failure.with(format!("held by pid {}: {command}", listener.pid));
            }
            failure.with(
                "Stop it with `openclaw gateway stop`, end it with --force, or choose another --port.",
            )
        }
        StartError::Refused(_) | StartError::LeftOut { .. } | StartError::Config { .. } => {
            Failure::config(error)
        }
        StartError::NoAddress(_) => Failure::new(error.to_string()),
        _ => Failure::new(format!("Gateway failed to start: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_binding() {
        let address = |last| BindMode::Address([192, 0, 2, last].into());
        let loopback = BindMode::Address([127, 0, 0, 1].into());
        let host = Some([192, 0, 2, 2].into());
        #[rustfmt::skip]
        let table = [
            // flag              bind           customBindHost  chosen
            (None,               address(1),    None,           Some(address(1))),
            (Some("lan"),        address(1),    None,           Some(BindMode::Lan)),
            (Some("tailnet"),    address(1),    None,           Some(BindMode::Tailnet)),
            (Some("auto"),       BindMode::Lan, None,           Some(BindMode::Auto)),
            (Some("127.0.0.1"),  BindMode::Lan, None,           Some(loopback)),
            (Some("custom"),     address(1),    None,           Some(address(1))),
            (Some("custom"),     BindMode::Lan, host,           Some(address(2))),
            (Some("custom"),     BindMode::Lan, None,           None),
            (Some("wide"),       BindMode::Lan, None,           None),
            (Some(""),           BindMode::Lan, None,           None),
        ];
        for (flag, bind, custom_bind_host, expected) in table {
            let config = GatewayConfig { bind, custom_bind_host, ..GatewayConfig::default() };
            assert_eq!(bind_mode(flag, &config).ok(), expected, "{flag:?}");
        }
    }

    #[test]
    fn odd_words_are_refused_by_name() {
        let auth = auth_mode("none").unwrap_err();
        assert_eq!(auth.message(), "Invalid --auth (use \"token\" or \"password\")");
        let tailscale = tailscale_mode("on").unwrap_err();
        assert!(tailscale.message().starts_with("Invalid --tailscale (use \"off\""));
        assert_eq!(tailscale_mode(" serve ").ok(), Some(TailscaleMode::Serve));
    }
}
