//! What the service of this profile runs.

use std::{
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use ports::driven::{ConfigSource, ServiceDefinition, ServiceKind};
use rustix::process::getuid;
use serde_json::Value;
use service_manager::Scope;

use super::{Service, home};
use crate::cli::{context::Context, failure::Failure};

/// What closing connections and the store may take when the runs have ended.
const AFTER_DRAIN: Duration = Duration::from_secs(15);

/// The gateway on `port`, as its service would be installed now.
pub(crate) fn gateway(
    context: &Context,
    service: &Service,
    port: u16,
) -> Result<ServiceDefinition, Failure> {
    let arguments = ["gateway", "run", "--port"].map(str::to_owned);
    let arguments = arguments.into_iter().chain([port.to_string()]).collect();
    let drain = context.config.current().gateway.limits.drain_ms;
    Ok(ServiceDefinition {
        writable: writable(context),
        stop_timeout: Duration::from_secs(drain.div_ceil(1_000)) + AFTER_DRAIN,
        port: Some(port),
        ..definition(context, service, arguments)?
    })
}

/// This machine as a node, run with these arguments.
pub(super) fn node(
    context: &Context,
    service: &Service,
    arguments: Vec<String>,
) -> Result<ServiceDefinition, Failure> {
    let arguments = ["node", "run"].map(str::to_owned).into_iter().chain(arguments).collect();
    definition(context, service, arguments)
}

fn definition(
    context: &Context,
    service: &Service,
    arguments: Vec<String>,
) -> Result<ServiceDefinition, Failure> {
    let program = env::current_exe()
        .map_err(|error| Failure::new(format!("this program's own file is not known: {error}")))?;
    let state_dir = &context.paths.state_dir;
    let owner = fs::metadata(state_dir).map_or_else(|_| getuid().as_raw(), |about| about.uid());
    let port = arguments.iter().skip_while(|word| *word != "--port").nth(1).cloned();
    Ok(ServiceDefinition {
        kind: service.kind,
        environment: environment(context, service, port),
        command: std::iter::once(shown(&program)).chain(arguments).collect(),
        working_directory: state_dir.clone(),
        writable: Vec::new(),
        log_directory: context.paths.log_dir.clone(),
        stop_timeout: AFTER_DRAIN,
        port: None,
        user: owner,
    })
}

/// Nothing of it is secret, and nothing of it depends on who installs.
fn environment(
    context: &Context,
    service: &Service,
    port: Option<String>,
) -> Vec<(String, String)> {
    let home = home();
    let words = service.manager.wording();
    let named = match words.label {
        "systemd" => Some(("OPENCLAW_SYSTEMD_UNIT", words.name)),
        "LaunchAgent" => Some(("OPENCLAW_LAUNCHD_LABEL", words.name)),
        _ => None,
    };
    let gateway = service.kind == ServiceKind::Gateway;
    let all = [
        Some(("HOME", shown(&home))),
        Some(("PATH", path(&home, service.scope))),
        context.profile.clone().map(|profile| ("OPENCLAW_PROFILE", profile)),
        Some(("OPENCLAW_STATE_DIR", shown(&context.paths.state_dir))),
        Some(("OPENCLAW_CONFIG_PATH", shown(&context.paths.config_path))),
        port.filter(|_| gateway).map(|port| ("OPENCLAW_GATEWAY_PORT", port)),
        named,
        Some(("OPENCLAW_SERVICE_MARKER", "openclaw".into())),
        Some(("OPENCLAW_SERVICE_KIND", service.kind.word().into())),
        Some(("OPENCLAW_SERVICE_VERSION", env!("CARGO_PKG_VERSION").into())),
    ];
    all.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn path(home: &Path, scope: Scope) -> String {
    let own = match scope {
        Scope::User => format!("{}:", home.join(".local/bin").display()),
        Scope::System => String::new(),
    };
    let brewed = if cfg!(target_os = "macos") { "/opt/homebrew/bin:" } else { "" };
    format!("{own}{brewed}/usr/local/bin:/usr/bin:/bin")
}

/// The directories a gateway writes to: its state, its configuration, the
/// workspaces of its agents, its log, its certificates.
fn writable(context: &Context) -> Vec<PathBuf> {
    let config = context.config.current();
    let log = config.logging.file.as_deref().map(expand);
    let files = [Some(context.paths.config_path.clone()), log];
    let found = files.map(|file| Some(file?.parent()?.to_owned()));
    let certificates = config.gateway.tls.acme.cache_dir.clone();
    let mut all = vec![context.paths.state_dir.clone()];
    for place in found.into_iter().flatten().chain(certificates).chain(workspaces(context)) {
        // What is below another one needs no mention; all of the disk gets none.
        let covered = all.iter().any(|known| place.starts_with(known));
        if place.is_absolute() && place.parent().is_some() && !covered {
            all.push(place);
        }
    }
    all
}

/// What the file says about workspaces.
fn workspaces(context: &Context) -> Vec<PathBuf> {
    let parsed = context.config.snapshot().parsed;
    let parsed: Value = serde_json::from_str(parsed.as_str()).unwrap_or_default();
    let agents = &parsed["agents"];
    let listed = agents["list"].as_array().into_iter().flatten();
    let named = agents["entries"].as_object().into_iter().flat_map(|entries| entries.values());
    let all = std::iter::once(&agents["defaults"]).chain(listed).chain(named);
    all.filter_map(|agent| agent["workspace"].as_str()).map(expand).collect()
}

fn expand(path: &str) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => home().join(rest),
        None => PathBuf::from(path),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
