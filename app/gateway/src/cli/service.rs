//! `openclaw gateway install|uninstall|start|stop|restart`, and the same for
//! `openclaw node`.

mod definition;
pub(crate) mod install;
pub(crate) mod status;

use std::{env, path::PathBuf};

use clap::Args;
use ports::driven::{ServiceError, ServiceKind, ServiceManager, ServiceStatus};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use service_manager::{Identity, Options, Programs, Scope};

use crate::cli::{context::Context, failure::Failure, lock::Holder, output, stop};

pub(crate) use definition::gateway as gateway_definition;

/// Which of the services of that name.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Which {
    /// The service of the whole system, not the user's.
    #[arg(long)]
    pub(crate) system: bool,
    /// Accepted for old scripts: a gateway always ends its runs in order.
    #[arg(long, hide = true)]
    force: bool,
    /// Accepted for old scripts.
    #[arg(long, hide = true, aliases = ["wait", "skip-deferral", "disable"], overrides_with = "safe")]
    safe: bool,
}

/// A service in the hands of the system.
pub(crate) struct Service {
    pub(crate) kind: ServiceKind,
    pub(crate) scope: Scope,
    pub(crate) manager: Box<dyn ServiceManager>,
}

impl Service {
    /// The service of this profile: the user's, unless `system` says otherwise.
    pub(crate) fn of(context: &Context, kind: ServiceKind, system: bool) -> Self {
        let scope = if system { Scope::System } else { Scope::User };
        let options = Options {
            identity: Identity { kind, profile: context.profile.clone(), scope },
            home: home(),
            state_dir: context.paths.state_dir.clone(),
            programs: Programs::of_this_process(),
            root: PathBuf::from("/"),
        };
        Self { kind, scope, manager: service_manager::native(options) }
    }

    /// The one that is installed: the system's if only that is.
    pub(crate) fn installed(context: &Context, kind: ServiceKind, system: bool) -> Self {
        let user = Self::of(context, kind, system);
        if system || user.manager.wording().path.exists() {
            return user;
        }
        let whole = Self::of(context, kind, true);
        if whole.manager.wording().path.exists() { whole } else { user }
    }

    fn install_command(&self) -> String {
        format!("openclaw {} install", self.kind.word())
    }
}

/// The user's directory.
pub(crate) fn home() -> PathBuf {
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    home.unwrap_or_else(|| PathBuf::from("/"))
}

/// What a command did, in the shape of OpenClaw's.
pub(crate) struct Told<'a> {
    action: &'static str,
    result: &'static str,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    pub(crate) warnings: Vec<String>,
    service: Option<(&'a Service, bool)>,
}

impl<'a> Told<'a> {
    fn new(action: &'static str, result: &'static str, message: impl Into<String>) -> Self {
        let (hints, warnings) = (Vec::new(), Vec::new());
        Self { action, result, message: message.into(), hints, warnings, service: None }
    }

    /// There is no such service, and what to do about it.
    fn not_loaded(action: &'static str, service: &'a Service, message: &str) -> Self {
        let mut told = Self::new(action, "not-loaded", message);
        told.hints =
            vec![service.install_command(), format!("openclaw {} run", service.kind.word())];
        told.about(service, false)
    }

    fn about(self, service: &'a Service, loaded: bool) -> Self {
        Self { service: Some((service, loaded)), ..self }
    }

    fn tell(self, context: &Context) -> Result<(), Failure> {
        if context.json {
            return Ok(output::json(&self.for_programs())?);
        }
        output::line(&self.message)?;
        for warning in &self.warnings {
            output::note(&format!("Warning: {warning}"))?;
        }
        for hint in &self.hints {
            output::line(&format!("Try: {hint}"))?;
        }
        Ok(())
    }

    fn for_programs(&self) -> Value {
        let mut told = json!({
            "action": self.action, "ok": true, "result": self.result, "message": self.message,
        });
        for (name, texts) in [("hints", &self.hints), ("warnings", &self.warnings)] {
            if !texts.is_empty() {
                told[name] = json!(texts);
            }
        }
        if let Some((service, loaded)) = self.service {
            told["service"] = wording(service, loaded);
        }
        told
    }
}

/// How the system speaks about the service.
fn wording(service: &Service, loaded: bool) -> Value {
    let words = service.manager.wording();
    json!({
        "label": words.label, "loaded": loaded,
        "loadedText": words.loaded, "notLoadedText": words.not_loaded,
    })
}

/// A command that did not work out, in the shape of OpenClaw's.
fn failed(context: &Context, action: &str, error: &ServiceError) -> Failure {
    let hint = match error {
        ServiceError::Unavailable(_) => {
            Some("openclaw gateway run, under a supervisor of your own")
        }
        _ => None,
    };
    if !context.json {
        let failure = Failure::new(error.to_string());
        return hint
            .into_iter()
            .fold(failure, |failure, hint| failure.with(format!("Try: {hint}")));
    }
    let mut told = json!({ "action": action, "ok": false, "error": error.to_string() });
    if let Some(hint) = hint {
        told["hints"] = json!([hint]);
    }
    match output::json(&told) {
        Ok(()) => Failure::new(""),
        Err(error) => error.into(),
    }
}

async fn status_of(service: &Service) -> Result<ServiceStatus, ServiceError> {
    service.manager.status(None).await
}

/// Whether the system's word is that the service runs, or tries to.
fn is_run(status: &ServiceStatus) -> bool {
    let state = status.runtime.state.as_deref();
    status.runtime.running == Some(true) || matches!(state, Some("activating" | "reloading"))
}

/// Removes the service.
pub(crate) async fn uninstall(
    context: &Context,
    kind: ServiceKind,
    which: &Which,
) -> Result<(), Failure> {
    let service = Service::installed(context, kind, which.system);
    let removed = service.manager.uninstall().await;
    let name = service.manager.wording().name;
    let removed = removed.map_err(|error| failed(context, "uninstall", &error))?;
    let told = if removed {
        Told::new("uninstall", "uninstalled", format!("removed {name}"))
    } else {
        Told::new("uninstall", "not-loaded", format!("{name} is not installed"))
    };
    told.about(&service, false).tell(context)
}

/// Starts the service.
pub(crate) async fn start(
    context: &Context,
    kind: ServiceKind,
    which: &Which,
) -> Result<(), Failure> {
    let service = Service::installed(context, kind, which.system);
    let name = service.manager.wording().name;
    let started = service.manager.start().await;
    let started = started.map_err(|error| failed(context, "start", &error))?;
    let told = if started {
        Told::new("start", "started", format!("started {name}")).about(&service, true)
    } else {
        Told::not_loaded("start", &service, &format!("{name} is not installed"))
    };
    told.tell(context)
}

/// Stops the service, or the gateway that runs without one.
pub(crate) async fn stop(
    context: &Context,
    kind: ServiceKind,
    which: &Which,
) -> Result<(), Failure> {
    let service = Service::installed(context, kind, which.system);
    let by_hand = by_hand(context, kind);
    let status = match status_of(&service).await {
        Ok(status) => status,
        Err(_) if by_hand.is_some() => ServiceStatus::default(),
        Err(error) => return Err(failed(context, "stop", &error)),
    };
    if let Some(holder) = by_hand.filter(|_| !is_run(&status)) {
        let message = stop::stop(&holder).await?;
        return Told::new("stop", "stopped", message).about(&service, status.loaded).tell(context);
    }
    if !status.loaded {
        let message = match kind {
            ServiceKind::Gateway => "no gateway is running here",
            ServiceKind::Node => "no node is installed here",
        };
        return Told::not_loaded("stop", &service, message).tell(context);
    }
    service.manager.stop().await.map_err(|error| failed(context, "stop", &error))?;
    let message = format!("stopped {}", service.manager.wording().name);
    Told::new("stop", "stopped", message).about(&service, true).tell(context)
}

/// Starts the service anew, or asks the gateway that runs without one to start
/// anew.
pub(crate) async fn restart(
    context: &Context,
    kind: ServiceKind,
    which: &Which,
) -> Result<(), Failure> {
    let service = Service::installed(context, kind, which.system);
    let by_hand = by_hand(context, kind);
    let status = match status_of(&service).await {
        Ok(status) => status,
        Err(_) if by_hand.is_some() => ServiceStatus::default(),
        Err(error) => return Err(failed(context, "restart", &error)),
    };
    if let Some(holder) = by_hand.filter(|_| !is_run(&status)) {
        let pid = Pid::from_raw(holder.pid.cast_signed());
        let pid = pid.ok_or_else(|| Failure::new("the gateway's lock names no process"))?;
        kill_process(pid, Signal::USR1)
            .map_err(|error| Failure::new(format!("cannot restart pid {}: {error}", holder.pid)))?;
        let message = format!("asked the gateway (pid {}) to start anew", holder.pid);
        return Told::new("restart", "restarted", message)
            .about(&service, status.loaded)
            .tell(context);
    }
    let restarted = service.manager.restart().await;
    let name = service.manager.wording().name;
    let restarted = restarted.map_err(|error| failed(context, "restart", &error))?;
    let told = if restarted {
        Told::new("restart", "restarted", format!("restarted {name}")).about(&service, true)
    } else {
        Told::not_loaded("restart", &service, &format!("{name} is not installed"))
    };
    told.tell(context)
}

/// The gateway of this state directory that runs, by its lock.
fn by_hand(context: &Context, kind: ServiceKind) -> Option<Holder> {
    match kind {
        // The lock says that somebody holds it; the start time says that it is
        // still the same somebody.
        ServiceKind::Gateway => Holder::of(&context.paths.state_dir).filter(Holder::is_alive),
        ServiceKind::Node => None,
    }
}
