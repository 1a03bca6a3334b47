//! launchd: agents of a user who is logged in.

mod render;

use std::path::PathBuf;

use async_trait::async_trait;
use ports::driven::{
    InstalledService, OtherService, ServiceAuthor, ServiceDefinition, ServiceError,
    ServiceInstalled, ServiceManager, ServiceRuntime, ServiceStatus, ServiceWording,
};

pub use render::render;

use self::render::Plist;
use crate::{
    Options, Scope,
    definition::{self, Placed},
    name, recognise,
    run::{ANSWER, CHANGE, Ended},
};

/// A service of launchd.
#[derive(Debug)]
pub struct LaunchAgent {
    options: Options,
}

impl LaunchAgent {
    /// The service `options` name.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn label(&self) -> String {
        self.options.identity.label()
    }

    fn directory(&self) -> PathBuf {
        self.options.home.join("Library/LaunchAgents")
    }

    fn path(&self) -> PathBuf {
        self.directory().join(format!("{}.plist", self.label()))
    }

    /// The part of launchd that is the user's.
    fn domain() -> String {
        format!("gui/{}", rustix::process::getuid().as_raw())
    }

    fn target(&self) -> String {
        format!("{}/{}", Self::domain(), self.label())
    }

    async fn launchctl(&self, arguments: &[&str], change: bool) -> Result<Ended, ServiceError> {
        if self.options.identity.scope == Scope::System {
            let only = "services of the whole system are installed with systemd only";
            return Err(ServiceError::Unavailable(only.into()));
        }
        let limit = if change { CHANGE } else { ANSWER };
        self.options.programs.run("launchctl", arguments, limit).await
    }

    async fn change(&self, arguments: &[&str]) -> Result<(), ServiceError> {
        self.launchctl(arguments, true).await?.into_output().map(drop)
    }

    /// What launchd knows of the service, if it does.
    async fn print(&self) -> Result<Option<String>, ServiceError> {
        let ended = self.launchctl(&["print", &self.target()], false).await?;
        Ok(ended.well.then_some(ended.output))
    }

    fn read(&self) -> Result<Option<(String, InstalledService)>, ServiceError> {
        let path = self.path();
        let failed = |source| ServiceError::Io { path: path.clone(), source };
        let text = definition::read(&path).map_err(failed)?;
        Ok(text.map(|text| {
            let installed = installed(&text, path);
            (text, installed)
        }))
    }

    /// Makes launchd know the service, and starts it.
    async fn load(&self) -> Result<(), ServiceError> {
        let (path, target) = (self.path(), self.target());
        let path = path.to_string_lossy();
        self.change(&["enable", &target]).await?;
        self.change(&["bootstrap", &Self::domain(), &path]).await?;
        self.change(&["kickstart", "-k", &target]).await
    }
}

fn installed(text: &str, path: PathBuf) -> InstalledService {
    let Plist { command, working_directory, mut environment } = Plist::read(text);
    let secrets = recognise::without_secrets(&mut environment);
    let author = recognise::author(text, &command);
    InstalledService {
        command,
        working_directory,
        environment,
        path,
        author,
        secrets,
        is_current: None,
    }
}

#[async_trait]
impl ServiceManager for LaunchAgent {
    fn wording(&self) -> ServiceWording {
        ServiceWording {
            label: "LaunchAgent",
            loaded: "loaded",
            not_loaded: "not loaded",
            name: self.label(),
            path: self.path(),
        }
    }

    async fn install(
        &self,
        service: &ServiceDefinition,
        replace: bool,
    ) -> Result<ServiceInstalled, ServiceError> {
        let text = render(service, &self.options.identity)?;
        let known = self.print().await?.is_some();
        let author = |text: &str| recognise::author(text, &Plist::read(text).command);
        match definition::place(&self.path(), &text, replace, author)? {
            Placed::Different => return Ok(ServiceInstalled::AlreadyDifferent),
            Placed::Same if known => return Ok(ServiceInstalled::Already),
            Placed::Same | Placed::New => (),
        }
        if known {
            self.change(&["bootout", &self.target()]).await?;
        }
        self.load().await?;
        Ok(ServiceInstalled::Now)
    }

    async fn uninstall(&self) -> Result<bool, ServiceError> {
        let Some((_, installed)) = self.read()? else { return Ok(false) };
        if installed.author == ServiceAuthor::Stranger {
            return Err(ServiceError::NotOurs(installed.path));
        }
        if self.print().await?.is_some() {
            self.change(&["bootout", &self.target()]).await?;
        }
        definition::remove(&installed.path)?;
        Ok(true)
    }

    async fn start(&self) -> Result<bool, ServiceError> {
        if self.read()?.is_none() {
            return Ok(false);
        }
        if self.print().await?.is_some() {
            self.change(&["kickstart", &self.target()]).await?;
        } else {
            self.load().await?;
        }
        Ok(true)
    }

    async fn stop(&self) -> Result<bool, ServiceError> {
        let known = self.print().await?.is_some();
        if known {
            // Killed only, it would be started again.
            self.change(&["bootout", &self.target()]).await?;
        }
        Ok(known)
    }

    async fn restart(&self) -> Result<bool, ServiceError> {
        if self.print().await?.is_some() {
            self.change(&["kickstart", "-k", &self.target()]).await?;
            return Ok(true);
        }
        self.start().await
    }

    async fn status(
        &self,
        expected: Option<ServiceDefinition>,
    ) -> Result<ServiceStatus, ServiceError> {
        let expected = expected.and_then(|it| render(&it, &self.options.identity).ok());
        let installed = self.read()?.map(|(text, installed)| InstalledService {
            is_current: expected.map(|expected| expected == text),
            ..installed
        });
        let (loaded, runtime) = match self.print().await {
            Ok(Some(text)) => (true, runtime(&text)),
            Ok(None) => (false, ServiceRuntime { running: Some(false), ..Default::default() }),
            Err(error) => {
                let detail = Some(error.to_string());
                (false, ServiceRuntime { detail, ..Default::default() })
            }
        };
        Ok(ServiceStatus { loaded, installed, runtime, outlives_login: None })
    }

    async fn others(&self, deep: bool) -> Vec<OtherService> {
        let mut places = vec![(self.directory(), false)];
        if deep {
            let root = &self.options.root;
            places.push((root.join("Library/LaunchAgents"), false));
            places.push((root.join("Library/LaunchDaemons"), true));
        }
        let own = self.path();
        let files = places.into_iter().flat_map(|(directory, is_system)| {
            let files = definition::with_suffix(&directory, ".plist");
            files.into_iter().map(move |file| (file, is_system))
        });
        let looks = files.filter(|(file, _)| *file != own).filter_map(|(file, is_system)| {
            let text = definition::read(&file).ok()??;
            let installed = installed(&text, file.clone());
            let label = file.file_stem()?.to_str()?.to_owned();
            let is_legacy = name::is_legacy(&label);
            let is_marked = installed.author != ServiceAuthor::Stranger;
            let is_node = installed.command.iter().any(|word| word == "node");
            let is_gateway = is_marked || recognise::runs_gateway(&installed.command);
            (!is_node && (is_legacy || is_gateway)).then(|| OtherService {
                platform: "darwin",
                label,
                detail: format!("plist: {}", file.display()),
                is_system,
                is_legacy,
                author: installed.author,
            })
        });
        looks.collect()
    }

    async fn outlive_login(&self) -> Result<(), ServiceError> {
        let never = "an agent of launchd runs while its user is logged in";
        Err(ServiceError::Unavailable(never.into()))
    }
}

/// What `launchctl print` says about the process.
fn runtime(text: &str) -> ServiceRuntime {
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        // Sections of their own repeat some of the words further down.
        let mut found = lines.filter(|(name, _)| name.trim() == key);
        found.next().map(|(_, value)| value.trim().to_owned())
    };
    let state = value("state");
    ServiceRuntime {
        running: state.as_ref().map(|state| state == "running"),
        pid: value("pid").and_then(|pid| pid.parse().ok()),
        last_exit_status: value("last exit code").and_then(|code| code.parse().ok()),
        last_exit_reason: value("last exit reason").or_else(|| value("last terminating signal")),
        state,
        ..ServiceRuntime::default()
    }
}

#[test]
fn what_launchd_prints_is_read() {
    let text = "gui/501/ai.openclaw.gateway = {\n\tstate = running\n\tpid = 812\n\
        \tlast exit code = 78\n\tspawn type = adaptive\n\tstate = active\n}\n";
    let runtime = runtime(text);
    assert_eq!((runtime.running, runtime.pid), (Some(true), Some(812)));
    assert_eq!(runtime.last_exit_status, Some(78));
}
