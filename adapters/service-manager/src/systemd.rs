//! systemd: of the user, or of the whole system.

mod read;
mod render;
mod show;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ports::driven::{
    InstalledService, OtherService, ServiceAuthor, ServiceDefinition, ServiceError,
    ServiceInstalled, ServiceManager, ServiceStatus, ServiceWording,
};

pub use render::render;

use self::{read::Unit, show::Shown};
use crate::{
    Options, Scope,
    definition::{self, Placed},
    name, recognise,
    run::{ANSWER, CHANGE, Ended},
};

/// Where units of the whole system are, the administrator's first.
const SYSTEM: [&str; 3] =
    ["etc/systemd/system", "usr/lib/systemd/system", "usr/local/lib/systemd/system"];
/// Where units for every user are.
const EVERY_USER: [&str; 2] = ["etc/systemd/user", "usr/lib/systemd/user"];

/// A service of systemd.
#[derive(Debug)]
pub struct Systemd {
    options: Options,
}

impl Systemd {
    /// The service `options` name.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    fn is_system(&self) -> bool {
        self.options.identity.scope == Scope::System
    }

    fn unit(&self) -> String {
        self.options.identity.unit()
    }

    fn directory(&self) -> PathBuf {
        if self.is_system() {
            self.options.root.join(SYSTEM[0])
        } else {
            self.options.home.join(".config/systemd/user")
        }
    }

    fn path(&self) -> PathBuf {
        self.directory().join(self.unit())
    }

    async fn systemctl(&self, arguments: &[&str], change: bool) -> Result<Ended, ServiceError> {
        let scope: &[&str] = if self.is_system() { &[] } else { &["--user"] };
        let limit = if change { CHANGE } else { ANSWER };
        let arguments = [scope, arguments].concat();
        let ended = self.options.programs.run("systemctl", &arguments, limit).await?;
        if !ended.well && nobody_answers(ended.said()) {
            return Err(ServiceError::Unavailable(format!(
                "systemd does not answer: {}",
                ended.said().lines().next().unwrap_or_default()
            )));
        }
        Ok(ended)
    }

    async fn change(&self, arguments: &[&str]) -> Result<(), ServiceError> {
        self.systemctl(arguments, true).await?.into_output().map(drop)
    }

    async fn show(&self) -> Result<Shown, ServiceError> {
        let unit = self.unit();
        let asked = ["show", &unit, "--no-page", "--property", show::ASKED];
        let ended = self.systemctl(&asked, false).await?;
        Ok(Shown::read(&ended.into_output()?))
    }

    /// Whether the user's systemd stays when the user leaves.
    async fn lingers(&self) -> Option<bool> {
        if self.is_system() {
            return Some(true);
        }
        let user = rustix::process::getuid().as_raw().to_string();
        let asked = ["show-user", &user, "--property=Linger"];
        let ended = self.options.programs.run("loginctl", &asked, ANSWER).await.ok()?;
        match ended.output.trim() {
            "Linger=yes" => Some(true),
            "Linger=no" => Some(false),
            // Users who are not logged in and do not linger are not known.
            _ => (!ended.well).then_some(false),
        }
    }

    /// Does something to the service if there is one.
    async fn to_installed(&self, verb: &str) -> Result<bool, ServiceError> {
        if installed(&self.path())?.is_none() {
            return Ok(false);
        }
        self.change(&[verb, &self.unit()]).await?;
        Ok(true)
    }
}

#[async_trait]
impl ServiceManager for Systemd {
    fn wording(&self) -> ServiceWording {
        ServiceWording {
            label: "systemd",
            loaded: "enabled",
            not_loaded: "disabled",
            name: self.unit(),
            path: self.path(),
        }
    }

    async fn install(
        &self,
        service: &ServiceDefinition,
        replace: bool,
    ) -> Result<ServiceInstalled, ServiceError> {
        let text = render(service, &self.options.identity)?;
        // Nothing is written where nobody would read it.
        let before = self.show().await?;
        let author = |text: &str| recognise::author(text, &Unit::read(text).command);
        match definition::place(&self.path(), &text, replace, author)? {
            Placed::Different => return Ok(ServiceInstalled::AlreadyDifferent),
            Placed::Same if before.is_loaded() && before.is_active() => {
                return Ok(ServiceInstalled::Already);
            }
            Placed::Same | Placed::New => (),
        }
        self.change(&["daemon-reload"]).await?;
        self.change(&["enable", &self.unit()]).await?;
        self.change(&["restart", &self.unit()]).await?;
        Ok(ServiceInstalled::Now)
    }

    async fn uninstall(&self) -> Result<bool, ServiceError> {
        let path = self.path();
        let Some((_, installed)) = installed(&path)? else { return Ok(false) };
        if installed.author == ServiceAuthor::Stranger {
            return Err(ServiceError::NotOurs(path));
        }
        self.change(&["disable", "--now", &self.unit()]).await?;
        definition::remove(&path)?;
        self.change(&["daemon-reload"]).await?;
        Ok(true)
    }

    async fn start(&self) -> Result<bool, ServiceError> {
        self.to_installed("start").await
    }

    async fn stop(&self) -> Result<bool, ServiceError> {
        self.to_installed("stop").await
    }

    async fn restart(&self) -> Result<bool, ServiceError> {
        self.to_installed("restart").await
    }

    async fn status(
        &self,
        expected: Option<ServiceDefinition>,
    ) -> Result<ServiceStatus, ServiceError> {
        let expected = expected.and_then(|it| render(&it, &self.options.identity).ok());
        let installed = installed(&self.path())?.map(|(text, installed)| InstalledService {
            is_current: expected.map(|expected| expected == text),
            ..installed
        });
        let shown = match self.show().await {
            Ok(shown) => shown,
            Err(error) => Shown::unknown(error.to_string()),
        };
        Ok(ServiceStatus {
            loaded: installed.is_some() && shown.is_loaded(),
            installed,
            runtime: shown.into_runtime(),
            outlives_login: self.lingers().await,
        })
    }

    async fn others(&self, deep: bool) -> Vec<OtherService> {
        let Options { home, root, .. } = &self.options;
        let mut places =
            vec![(home.join(".config/systemd/user"), false), (root.join(SYSTEM[0]), true)];
        if deep {
            places.extend(SYSTEM[1..].iter().map(|place| (root.join(place), true)));
            places.extend(EVERY_USER.iter().map(|place| (root.join(place), false)));
        }
        let own = self.path();
        let files = places.into_iter().flat_map(|(directory, is_system)| {
            let files = definition::with_suffix(&directory, ".service");
            files.into_iter().map(move |file| (file, is_system))
        });
        files
            .filter(|(file, _)| *file != own)
            .filter_map(|(file, is_system)| other(&file, is_system))
            .collect()
    }

    async fn outlive_login(&self) -> Result<(), ServiceError> {
        if self.is_system() {
            return Ok(());
        }
        let ended = self.options.programs.run("loginctl", &["enable-linger"], CHANGE).await?;
        ended.into_output().map(drop)
    }
}

/// The service in `file`, if it looks like a gateway of the product. Nodes
/// are no gateways.
fn other(file: &Path, is_system: bool) -> Option<OtherService> {
    let (_, installed) = installed(file).ok()??;
    let label = file.file_stem()?.to_str()?.to_owned();
    let is_legacy = name::is_legacy(&label);
    let is_marked = installed.author != ServiceAuthor::Stranger;
    let is_node = installed.command.iter().any(|word| word == "node");
    if is_node || !(is_legacy || is_marked || recognise::runs_gateway(&installed.command)) {
        return None;
    }
    let detail = format!("unit: {}", file.display());
    let author = installed.author;
    Some(OtherService { platform: "linux", label, detail, is_system, is_legacy, author })
}

/// What the definition at `path` says, if there is one, and its text.
fn installed(path: &Path) -> Result<Option<(String, InstalledService)>, ServiceError> {
    let failed = |source| ServiceError::Io { path: path.to_owned(), source };
    let Some(text) = definition::read(path).map_err(failed)? else { return Ok(None) };
    let Unit { command, working_directory, mut environment } = Unit::read(&text);
    let secrets = recognise::without_secrets(&mut environment);
    let author = recognise::author(&text, &command);
    let path = path.to_owned();
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

/// Whether that is how systemctl says that there is no systemd to talk to.
fn nobody_answers(said: &str) -> bool {
    ["Failed to connect", "has not been booted", "No medium found"]
        .iter()
        .any(|words| said.contains(words))
}
