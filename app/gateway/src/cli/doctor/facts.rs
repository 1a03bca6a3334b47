//! Gathering what the checkup is about.

use std::{
    fs,
    net::IpAddr,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use config_file::Severity;
use domain::{
    checkup::{
        Author, Clock, Configuration, Exposed, Facts, Files, Holder, Other, Problem, Reached,
        Running, Unit, Weight,
    },
    exposure::{self, Login, Reach, Strength, Strengths, allows_tailscale},
};
use ports::{
    config::{AuthMode, Config},
    driven::{ConfigSource, OtherService, ServiceAuthor, ServiceKind, ServiceStatus},
};
use serde_json::{Value, json};

use super::disk;
use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    lock, port,
    service::{self, Service},
};

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How closely to look.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Whether it may take long.
    pub(super) deep: bool,
    /// Whether only security matters.
    pub(super) security_only: bool,
}

/// What was gathered. The facts borrow from it.
pub(super) struct Gathered {
    config: std::sync::Arc<Config>,
    configuration: Configuration,
    files: Files,
    listening: Option<(Vec<IpAddr>, Reach)>,
    secrets: Strengths,
    port: u16,
    running: Option<Running>,
    url: Option<String>,
    service: domain::checkup::Service,
    clock: Clock,
}

impl Gathered {
    pub(super) async fn gather(context: &Context, look: Look) -> Self {
        let config = context.config.current();
        let holder = lock::Holder::of(&context.paths.state_dir);
        let (files, newest_file) = disk::look(context, holder.is_some(), look).await;
        let asks = look.deep || !look.security_only;
        let (reached, url) = if asks { ask(context, holder.is_some()).await } else { nobody() };
        let unit = Service::installed(context, ServiceKind::Gateway, false);
        let status = service::status::of(context, &unit).await;
        let others = unit.manager.others(look.deep).await;
        let installed = status.installed.as_ref();
        let port = installed.and_then(|it| service::status::port_of(&it.command));
        let configured = || port::choose(context, None).unwrap_or(config.gateway.port);
        let port = port.unwrap_or_else(configured);
        Self {
            configuration: configuration(context),
            listening: gateway::reach(config.gateway.bind).ok(),
            secrets: secrets(context, &config),
            running: Some(running(port, holder.as_ref(), reached)),
            service: service(&unit, &status, others),
            clock: clock(newest_file),
            files,
            port,
            url,
            config,
        }
    }

    /// The facts.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            configuration: self.configuration.clone(),
            files: self.files.clone(),
            exposed: self.exposed(),
            running: self.running.clone(),
            service: Some(self.service.clone()),
            clock: self.clock,
        }
    }

    /// What asking the gateway came to.
    pub(super) fn reached(&self) -> Option<Value> {
        let running = self.running.as_ref()?;
        let (attempted, error) = match &running.reached {
            Reached::NotAsked => (false, Value::Null),
            Reached::Yes { .. } => (true, Value::Null),
            Reached::No(why) => (true, why.as_str().into()),
        };
        let ok = matches!(running.reached, Reached::Yes { .. });
        let told = json!({ "attempted": attempted, "url": self.url, "ok": ok, "error": error });
        Some(json!({ "gateway": told }))
    }

    fn exposed(&self) -> Option<Exposed<'_>> {
        let gateway = &self.config.gateway;
        let (auth, ui) = (&gateway.auth, &gateway.control_ui);
        let (listening, reach) = self.listening.as_ref()?;
        let by_secret = || {
            let password = self.secrets.password.is_some();
            if password { AuthMode::Password } else { AuthMode::Token }
        };
        let login = Login::from(auth.mode.unwrap_or_else(by_secret));
        let tailscale = gateway.tailscale.mode.exposure();
        Some(Exposed {
            facts: exposure::Facts {
                listening,
                port: self.port,
                reach: *reach,
                tailscale,
                login,
                allows_tailscale: allows_tailscale(auth.allow_tailscale, tailscale, login),
                secrets: self.secrets,
                tls: gateway.tls.enabled,
                trusted_proxies: !gateway.trusted_proxies.is_empty(),
                insecure_bind: gateway.allow_insecure_bind,
            },
            origins: &ui.allowed_origins,
            proxies: gateway.trusted_proxies.iter().map(|proxy| proxy.0).collect(),
            proxy_on_loopback: auth.trusted_proxy.allow_loopback,
            deviceless_scopes: auth.deviceless_scopes,
            local_auto_permit: auth.local_auto_permit,
            legacy_signatures: auth.legacy_device_signatures,
            insecure_ui: ui.allow_insecure_auth,
            no_device_auth: ui.dangerously_disable_device_auth,
            host_as_origin: ui.dangerously_allow_host_header_origin_fallback,
        })
    }
}

fn configuration(context: &Context) -> Configuration {
    let file = context.config.path().display().to_string();
    let problem = |it: &config_file::Problem| {
        let place = it.place.as_ref();
        Problem {
            weight: match it.severity {
                Severity::Fatal => Weight::Fatal,
                Severity::Error => Weight::Error,
                Severity::Warning if it.message.starts_with("has moved to") => Weight::OldSpelling,
                Severity::Warning => Weight::Notice,
            },
            file: place.map_or_else(|| file.clone(), |place| place.file.display().to_string()),
            line: place.map(|place| place.line),
            key: it.key.clone(),
            message: it.message.clone(),
        }
    };
    Configuration { problems: context.config.problems().iter().map(problem).collect() }
}

/// How good the secrets are that a gateway would have now. Where no token is, it
/// makes a good one.
fn secrets(context: &Context, config: &Config) -> Strengths {
    let auth = &config.gateway.auth;
    let of = |secret: String| Strength::of(&secret);
    let given = context.variable("GATEWAY_TOKEN").or_else(|| auth.token.clone());
    let kept = || match secrets_file::token_for_cli(&context.paths.state_dir) {
        Ok(Some(token)) => Strength::of(&token),
        Ok(None) | Err(_) => Strength::Good,
    };
    let password = context.variable("GATEWAY_PASSWORD").or_else(|| auth.password.clone());
    Strengths { token: Some(given.map_or_else(kept, of)), password: password.map(of) }
}

/// Asks the gateway for its version, if there may be one.
async fn ask(context: &Context, runs: bool) -> (Reached, Option<String>) {
    let timeout = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
    let rpc = Rpc { timeout, ..Rpc::default() };
    let Ok(destination) = Destination::choose(context, &rpc) else { return nobody() };
    let url = Some(destination.target.to_string());
    if !runs && !destination.is_elsewhere() {
        return (Reached::NotAsked, url);
    }
    let reached = match destination.connect(context, PATIENCE).await {
        Ok(client) => {
            let version = client.hello().server.version.clone();
            client.close().await;
            Reached::Yes { version }
        }
        Err(error) => Reached::No(error.to_string()),
    };
    (reached, url)
}

fn nobody() -> (Reached, Option<String>) {
    (Reached::NotAsked, None)
}

fn running(port: u16, holder: Option<&lock::Holder>, reached: Reached) -> Running {
    let listeners = port::listeners(port).into_iter();
    Running {
        port,
        pid: holder.map(|holder| holder.pid),
        holders: listeners.map(|it| Holder { pid: it.pid, program: it.command }).collect(),
        is_taken: port::is_taken(port),
        reached,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What is known of a service, for the rules.
pub(super) fn service(
    service: &Service,
    status: &ServiceStatus,
    others: Vec<OtherService>,
) -> domain::checkup::Service {
    let unit = status.installed.as_ref().map(|installed| Unit {
        path: installed.path.display().to_string(),
        author: match installed.author {
            ServiceAuthor::Ours => Author::Ours,
            ServiceAuthor::OpenClaw => Author::OpenClaw,
            ServiceAuthor::Stranger => Author::Stranger,
        },
        is_current: installed.is_current.unwrap_or(true),
        program: installed.command.first().cloned().unwrap_or_default(),
        program_exists: installed.command.first().is_some_and(|it| Path::new(it).exists()),
        secrets: installed.secrets.clone(),
    });
    let others = others.into_iter().map(|other| Other {
        label: other.label,
        detail: other.detail,
        is_legacy: other.is_legacy,
        is_system: other.is_system,
    });
    domain::checkup::Service {
        name: service.manager.wording().name,
        unit,
        is_loaded: status.loaded,
        outlives_login: status.outlives_login,
        others: others.collect(),
    }
}

fn clock(newest_file: Option<SystemTime>) -> Clock {
    let hardware = fs::read_to_string("/sys/class/rtc/rtc0/since_epoch").ok();
    Clock {
        now: seconds(SystemTime::now()),
        newest_file: newest_file.map(seconds),
        hardware: hardware.and_then(|text| text.trim().parse().ok()),
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
