//! `openclaw gateway run`: the gateway in the foreground.

use std::{
    fs::{self, Permissions},
    io::IsTerminal,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use clap::Args;
use config_file::{ConfigFile, Severity};
use gateway::{
    BindChoice, Discoverability, ExitReason, ExposureOptions, Gateway, Overrides, StartError,
    StartOptions, bind_choice,
};
use ports::{
    config::{AuthMode, BindMode, LogLevel, TailscaleMode},
    driven::{ConfigSource, LogSource},
};
use secrets_file::{Given, SecretsFile};
use telemetry::Log;
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
    let overrides = overrides(context, &asked)?;
    let port = overrides.port(&context.config.current());
    if asked.force && port != 0 {
        for ended in port::free(port).await? {
            output::note(&format!("ended pid {} ({})", ended.pid, output::tame(&ended.command)))?;
        }
    }
    may_start(&context.config, &overrides)?;

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
    let log =
        telemetry::init(log_options(context, asked.verbose), &context.config.current().logging)
            .map_err(|error| Failure::new(error.to_string()))?;
    let program = Program::running();
    loop {
        let options = prepare(context, &overrides, &log)?;
        let secrets = Arc::clone(&options.secrets);
        let gateway = Gateway::start(options).await.map_err(|error| explain(&error))?;
        announce(&mut lock, &gateway)?;
        introduce(&gateway, &secrets, &log.file.path());
        let moved = |gateway: &Gateway| {
            if announce(&mut lock, gateway).is_err() {
                warn!("other commands are not told that the gateway listens elsewhere");
            }
        };
        match gateway.run(moved).await? {
            ExitReason::Stopped => return Ok(()),
            ExitReason::Restart => program.become_newer(),
            ExitReason::StoreFailed => {
                return Err(Failure::new("not everything could be written down"));
            }
        }
    }
}

/// The program this process runs, as it was on disk when it began.
struct Program {
    path: Option<PathBuf>,
    stamp: Option<(u64, u64, i64)>,
}

impl Program {
    fn running() -> Self {
        let path = std::env::current_exe().ok();
        let stamp = path.as_deref().and_then(stamp);
        Self { path, stamp }
    }

    /// Runs the program that lies there now in the place of this one, if it is
    /// another: an update was installed. The number of the process stays.
    fn become_newer(&self) {
        let Some(path) = self.path.as_deref() else { return };
        let now = stamp(path);
        if now.is_none() || now == self.stamp {
            return;
        }
        info!(target: "gateway", "going on with the program that was installed meanwhile");
        let error = Command::new(path).args(std::env::args_os().skip(1)).exec();
        warn!(target: "gateway", %error, "the new program does not start; the old one goes on");
    }
}

/// What tells one file from another in its place.
fn stamp(path: &Path) -> Option<(u64, u64, i64)> {
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino(), about.mtime()))
}

/// Refuses what the file forbids, and to serve others while it is not known whom.
fn may_start(config: &ConfigFile, overrides: &Overrides) -> Result<(), Failure> {
    if let Some(refusal) = config.refusal() {
        return Err(Failure::config(refusal));
    }
    let Some(why) = config.is_in_safe_mode() else { return Ok(()) };
    let near = [None, Some(BindChoice::Mode(BindMode::Loopback))].contains(&overrides.bind);
    let alone = overrides.exposure.tailscale.and_then(TailscaleMode::exposure).is_none();
    if near && alone {
        return Ok(());
    }
    let failure = Failure::config(why);
    Err(failure.with("Until that is mended, the gateway serves this machine only."))
}

/// What a gateway is made from: read anew for every start.
fn prepare(context: &Context, overrides: &Overrides, log: &Log) -> Result<StartOptions, Failure> {
    let config = context.read_config();
    may_start(&config, overrides)?;
    tell_problems(&config);
    for issue in log.control.apply(&config.current().logging) {
        warn!(target: "config", "{}: {}", issue.path, issue.message);
    }
    protect(config.path());
    let given = overrides.given(&config.current().gateway);
    let secrets = SecretsFile::open(&context.paths.state_dir, given)
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(StartOptions {
        paths: context.paths.clone(),
        config,
        secrets: Arc::new(secrets),
        logs: Arc::clone(&log.file),
        log: Some(log.control.clone()),
        overrides: overrides.clone(),
        discoverability: Discoverability::read(|name| context.variable(name)),
    })
}

/// Tells other commands where the gateway is.
fn announce(lock: &mut Lock, gateway: &Gateway) -> std::io::Result<()> {
    let Some(address) = gateway.addresses().first().copied() else { return Ok(()) };
    let secure = gateway.tls_fingerprint().is_some();
    lock.announce(at(address.ip(), address.port()).secured(secure).to_string())
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
    info!(target: "gateway", "to chat, run `openclaw dashboard` or `openclaw chat` in another terminal");
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

/// What the command line and the environment say. A secret by flag counts even
/// when it is blank, so that a mistake in a script is noticed.
fn overrides(context: &Context, asked: &Run) -> Result<Overrides, Failure> {
    let from_file = asked.password_file.as_deref().map(first_line).transpose()?;
    let variable = |name| context.variable(name);
    Ok(Overrides {
        port: port::asked_for(context, asked.port.as_deref())?,
        default_port: context.default_port(),
        bind: asked.bind.as_deref().map(bind).transpose()?,
        auth_mode: asked.auth.as_deref().map(auth_mode).transpose()?,
        given: Given {
            token: asked.token.clone().or_else(|| variable("GATEWAY_TOKEN")),
            password: asked.password.clone().or(from_file).or_else(|| variable("GATEWAY_PASSWORD")),
        },
        exposure: ExposureOptions {
            tailscale: asked.tailscale.as_deref().map(tailscale_mode).transpose()?,
            reset_on_exit: asked.tailscale_reset_on_exit,
            allow_insecure_bind: asked.allow_insecure_bind,
        },
    })
}

fn bind(word: &str) -> Result<BindChoice, Failure> {
    let words = "\"loopback\", \"lan\", \"tailnet\", \"auto\", \"custom\" or an IP address";
    bind_choice(word).ok_or_else(|| Failure::new(format!("Invalid --bind (use {words})")))
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
    for problem in &config.problems() {
        let line = problem.place.as_ref().map(|place| place.line);
        let given_up = match problem.severity {
            Severity::Warning => "",
            Severity::Error | Severity::Fatal => "; its section has the defaults",
        };
        warn!(target: "config", line, "{problem}{given_up}");
    }
    if let Some(why) = config.is_in_safe_mode() {
        warn!(target: "gateway", "SAFE MODE: this machine only, no Tailscale, no proxies: {why}");
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
        _ => Failure::new(format!("Gateway failed to start: {}", with_causes(error))),
    }
}

/// An error with what caused it, as far as it does not say so itself.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_refused_by_name() {
        let auth = auth_mode("none").unwrap_err();
        assert_eq!(auth.message(), "Invalid --auth (use \"token\" or \"password\")");
        let tailscale = tailscale_mode("on").unwrap_err();
        assert!(tailscale.message().starts_with("Invalid --tailscale (use \"off\""));
        assert_eq!(tailscale_mode(" serve ").ok(), Some(TailscaleMode::Serve));
    }
}
