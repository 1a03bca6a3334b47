//! Putting away what somebody begins anew without.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use async_trait::async_trait;
use domain::wizard::Reset;
use gateway::paths::Paths;
use ports::{BoxError, driven::Attic};

use crate::cli::{import::claim, service::home};

/// The directory `trash` in the state directory, with a directory for each time.
pub(super) struct Trash {
    pub(super) paths: Paths,
}

#[async_trait]
impl Attic for Trash {
    async fn put_away(&self, reset: Reset, workspace: &str) -> Result<String, BoxError> {
        self.paths.create()?;
        // Whoever works with it has the lock; nobody gets it meanwhile.
        let claimed = claim(&self.paths.state_dir, "onboard").await;
        let _lock = claimed.map_err(|failure| failure.message().to_owned())?;
        let workspace = expand(workspace);
        if reset == Reset::Full {
            self.refuse_too_much(&workspace)?;
        }
        let place = self.make_place()?;
        self.fill(&place, reset, &workspace)
            .map_err(|error| format!("{error} (the rest is in {})", place.display()))?;
        Ok(place.display().to_string())
    }
}

impl Trash {
    /// A workspace around what has to stay is not moved.
    fn refuse_too_much(&self, workspace: &Path) -> Result<(), String> {
        let stays = [home(), self.paths.state_dir.clone(), self.paths.config_path.clone()];
        if stays.iter().any(|path| path.starts_with(workspace)) {
            let shown = workspace.display();
            return Err(format!("the workspace {shown} holds more than what agents work on"));
        }
        Ok(())
    }

    fn make_place(&self) -> io::Result<PathBuf> {
        let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        let trash = self.paths.state_dir.join("trash");
        let place = trash.join(format!("{now:.3}").replace(':', "-"));
        DirBuilder::new().recursive(true).mode(0o700).create(&trash)?;
        DirBuilder::new().mode(0o700).create(&place)?;
        Ok(place)
    }

    fn fill(&self, place: &Path, reset: Reset, workspace: &Path) -> Result<(), String> {
        let Paths { state_dir, config_path, .. } = &self.paths;
        let failed = |path: &Path| {
            let shown = path.display().to_string();
            move |error: io::Error| format!("{shown} cannot be put away: {error}")
        };
        let config = config_path.file_name().and_then(|name| name.to_str());
        if let Some(name) = config
            && config_path.exists()
        {
            fs::copy(config_path, place.join(name)).map_err(failed(config_path))?;
        }
        let entries = fs::read_dir(state_dir).map_err(failed(state_dir))?;
        let entries = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let config = config.filter(|_| config_path.parent() == Some(state_dir));
        for name in reset.takes(&entries.collect::<Vec<_>>(), config) {
            let path = state_dir.join(&name);
            move_away(&path, &place.join(&name)).map_err(failed(&path))?;
        }
        if reset == Reset::Full {
            move_workspace(workspace, place).map_err(failed(workspace))?;
        }
        Ok(())
    }
}

/// Moves what is at `from`, if there is anything; links are moved, not followed.
fn move_away(from: &Path, to: &Path) -> io::Result<()> {
    if from.symlink_metadata().is_err() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    fs::rename(from, to)
}

/// Moves a workspace that is elsewhere; on another disk it stays there under
/// another name.
fn move_workspace(workspace: &Path, place: &Path) -> io::Result<()> {
    match move_away(workspace, &place.join("workspace-elsewhere")) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let stamp = place.file_name().unwrap_or_default().display().to_string();
            let mut name = workspace.file_name().unwrap_or_default().to_owned();
            name.push(format!(".trash-{stamp}"));
            fs::rename(workspace, workspace.with_file_name(name))
        }
        done => done,
    }
}

fn expand(path: &str) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => home().join(rest),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lock::Lock;

    fn trash(dir: &Path) -> Trash {
        let state_dir = dir.join("state");
        let config_path = state_dir.join("openclaw.json");
        for name in ["state/openclaw.db", "workspace/notes", "identity/device.json", "logs/x"] {
            let path = state_dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        fs::write(&config_path, "{}").unwrap();
        Trash { paths: Paths { log_dir: state_dir.join("logs"), state_dir, config_path } }
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn what_is_put_away_is_in_one_place_and_the_rest_stays() {
        let all =
            ["gateway.lock", "identity", "logs", "openclaw.json", "state", "trash", "workspace"];
        let table: [(Reset, &[&str]); 3] = [
            (Reset::Config, &["openclaw.json"]),
            (Reset::Access, &["openclaw.json", "state"]),
            (Reset::Full, &["identity", "openclaw.json", "state", "workspace"]),
        ];
        for (reset, gone) in table {
            let dir = tempfile::tempdir().unwrap();
            let trash = trash(dir.path());
            let state_dir = &trash.paths.state_dir;
            let workspace = state_dir.join("workspace").display().to_string();
            let place = trash.put_away(reset, &workspace).await.unwrap();
            assert_eq!(names(Path::new(&place)), gone);
            let stays = |name: &&str| *name == "openclaw.json" || !gone.contains(name);
            assert_eq!(names(state_dir), all.into_iter().filter(stays).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn a_workspace_elsewhere_goes_with_everything() {
        let dir = tempfile::tempdir().unwrap();
        let trash = trash(dir.path());
        let workspace = dir.path().join("elsewhere");
        fs::create_dir(&workspace).unwrap();
        fs::write(workspace.join("notes"), "").unwrap();
        let place = trash.put_away(Reset::Full, workspace.to_str().unwrap()).await.unwrap();
        assert!(!workspace.exists());
        assert_eq!(names(&Path::new(&place).join("workspace-elsewhere")), ["notes"]);
    }

    #[tokio::test]
    async fn nothing_moves_while_a_gateway_runs_or_with_a_home_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let trash = trash(dir.path());
        let above = dir.path().to_str().unwrap();
        let refused = trash.put_away(Reset::Full, above).await.unwrap_err().to_string();
        assert!(refused.ends_with("holds more than what agents work on"), "{refused}");
        let _lock = Lock::acquire(&trash.paths.state_dir).await.unwrap();
        let refused = trash.put_away(Reset::Access, above).await.unwrap_err().to_string();
        assert!(refused.starts_with("gateway already running (pid "), "{refused}");
        assert!(!trash.paths.state_dir.join("trash").exists());
    }
}
