//! The task scheduler of Windows: a script that runs when the user logs in.

mod render;

use std::path::PathBuf;

use async_trait::async_trait;
use ports::driven::{
    InstalledService, OtherService, ServiceAuthor, ServiceDefinition, ServiceError,
    ServiceInstalled, ServiceManager, ServiceRuntime, ServiceStatus, ServiceWording,
};

pub use render::render;

use self::render::Script;
use crate::{
    Options, Scope,
    definition::{self, Placed},
    name, recognise,
    run::{ANSWER, CHANGE, Ended},
};

/// A task of Windows.
#[derive(Debug)]
pub struct ScheduledTask {
    options: Options,
}

impl ScheduledTask {
    /// The service `options` name.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn task(&self) -> String {
        self.options.identity.task()
    }

    fn path(&self) -> PathBuf {
        self.options.state_dir.join(format!("{}.cmd", self.options.identity.kind.word()))
    }

    async fn schtasks(&self, arguments: &[&str], change: bool) -> Result<Ended, ServiceError> {
        if self.options.identity.scope == Scope::System {
            let only = "services of the whole system are installed with systemd only";
            return Err(ServiceError::Unavailable(only.into()));
        }
        let limit = if change { CHANGE } else { ANSWER };
        self.options.programs.run("schtasks", arguments, limit).await
    }

    async fn change(&self, arguments: &[&str]) -> Result<(), ServiceError> {
        self.schtasks(arguments, true).await?.into_output().map(drop)
    }

    /// What the scheduler knows of the task, if it does.
    async fn query(&self) -> Result<Option<String>, ServiceError> {
        let task = self.task();
        let asked = ["/Query", "/TN", &task, "/V", "/FO", "LIST"];
        let ended = self.schtasks(&asked, false).await?;
        Ok(ended.well.then_some(ended.output))
    }

    fn read(&self) -> Result<Option<(String, InstalledService)>, ServiceError> {
        let path = self.path();
        let failed = |source| ServiceError::Io { path: path.clone(), source };
        let Some(text) = definition::read(&path).map_err(failed)? else { return Ok(None) };
        let Script { command, working_directory, mut environment } = Script::read(&text);
        let secrets = recognise::without_secrets(&mut environment);
        let author = recognise::author(&text, &command);
        let installed = InstalledService {
            command,
            working_directory,
            environment,
            path,
            author,
            secrets,
            is_current: None,
        };
        Ok(Some((text, installed)))
    }

    /// Does something to the task if there is one.
    async fn to_registered(&self, verbs: &[&str]) -> Result<bool, ServiceError> {
        if self.query().await?.is_none() {
            return Ok(false);
        }
        for verb in verbs {
            let ended = self.schtasks(&[verb, "/TN", &self.task()], true).await?;
            // Ending what does not run is a failure to Windows.
            if *verb != "/End" {
                ended.into_output()?;
            }
        }
        Ok(true)
    }
}

#[async_trait]
impl ServiceManager for ScheduledTask {
    fn wording(&self) -> ServiceWording {
        ServiceWording {
            label: "Scheduled Task",
            loaded: "registered",
            not_loaded: "missing",
            name: self.task(),
            path: self.path(),
        }
    }

    async fn install(
        &self,
        service: &ServiceDefinition,
        replace: bool,
    ) -> Result<ServiceInstalled, ServiceError> {
        let text = render(service, &self.options.identity)?;
        let known = self.query().await?.is_some();
        let author = |text: &str| recognise::author(text, &Script::read(text).command);
        match definition::place(&self.path(), &text, replace, author)? {
            Placed::Different => return Ok(ServiceInstalled::AlreadyDifferent),
            Placed::Same if known => return Ok(ServiceInstalled::Already),
            Placed::Same | Placed::New => (),
        }
        let (task, script) = (self.task(), format!("\"{}\"", self.path().display()));
        let when = ["/Create", "/F", "/SC", "ONLOGON", "/RL", "LIMITED"];
        self.change(&[&when[..], &["/TN", &task, "/TR", &script]].concat()).await?;
        self.change(&["/Run", "/TN", &task]).await?;
        Ok(ServiceInstalled::Now)
    }

    async fn uninstall(&self) -> Result<bool, ServiceError> {
        let script = self.read()?;
        if let Some((_, InstalledService { author: ServiceAuthor::Stranger, path, .. })) = script {
            return Err(ServiceError::NotOurs(path));
        }
        let known = self.to_registered(&["/End"]).await?;
        if known {
            self.change(&["/Delete", "/F", "/TN", &self.task()]).await?;
        }
        definition::remove(&self.path())?;
        Ok(known || script.is_some())
    }

    async fn start(&self) -> Result<bool, ServiceError> {
        self.to_registered(&["/Run"]).await
    }

    async fn stop(&self) -> Result<bool, ServiceError> {
        self.to_registered(&["/End"]).await
    }

    async fn restart(&self) -> Result<bool, ServiceError> {
        self.to_registered(&["/End", "/Run"]).await
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
        let (loaded, runtime) = match self.query().await {
            Ok(Some(text)) => (true, runtime(&text)),
            Ok(None) => (false, ServiceRuntime { running: Some(false), ..Default::default() }),
            Err(error) => {
                let detail = Some(error.to_string());
                (false, ServiceRuntime { detail, ..Default::default() })
            }
        };
        Ok(ServiceStatus { loaded, installed, runtime, outlives_login: None })
    }

    async fn others(&self, _: bool) -> Vec<OtherService> {
        let asked = self.schtasks(&["/Query", "/FO", "LIST"], false).await;
        let text = asked.and_then(Ended::into_output).unwrap_or_default();
        let own = self.task();
        let names = text.lines().filter_map(|line| value(line, "TaskName"));
        let names = names.map(|name| name.trim_start_matches('\\').to_owned());
        let others = names.filter(|name| *name != own && name::is_of_product(name));
        others
            .map(|label| OtherService {
                platform: "win32",
                detail: format!("task: {label}"),
                is_system: false,
                is_legacy: name::is_legacy(&label),
                author: ServiceAuthor::OpenClaw,
                label,
            })
            .collect()
    }

    async fn outlive_login(&self) -> Result<(), ServiceError> {
        let never = "a task runs while its user is logged in";
        Err(ServiceError::Unavailable(never.into()))
    }
}

/// What follows `key:` in a line.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    (name.trim() == key).then(|| value.trim())
}

/// What the scheduler says about a task.
fn runtime(text: &str) -> ServiceRuntime {
    let find = |key| text.lines().find_map(|line| value(line, key)).map(str::to_owned);
    let state = find("Status");
    let last_run_result = find("Last Result").or_else(|| find("Last Run Result"));
    ServiceRuntime {
        running: state.as_ref().map(|state| state == "Running"),
        last_exit_status: last_run_result.as_ref().and_then(|code| code.parse().ok()),
        last_run_time: find("Last Run Time"),
        last_run_result,
        state,
        ..ServiceRuntime::default()
    }
}

#[test]
fn what_the_scheduler_prints_is_read() {
    let text = "HostName:      PC\nTaskName:      \\OpenClaw Gateway\nStatus:        Running\n\
        Last Run Time: 11/27/2026 1:02:03 AM\nLast Result:   267009\n";
    let runtime = runtime(text);
    assert_eq!(runtime.running, Some(true));
    assert_eq!(runtime.last_run_time.as_deref(), Some("11/27/2026 1:02:03 AM"));
    assert_eq!(runtime.last_exit_status, Some(267_009));
}
