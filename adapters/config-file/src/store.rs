//! The one who changes the file.

#[cfg(test)]
mod memory;
#[cfg(test)]
mod sequences;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use ports::driven::{ConfigStore, ConfigWrite, ConfigWriteError, ConfigWritten};

use crate::{
    ConfigFile, Environment,
    atomic::{Held, ReplaceError},
    disk::{Disk, Real},
    draft::{Base, Draft},
    evaluate::evaluate_text,
    hash_of,
};

/// Variables that say the file is somebody else's to change.
const READ_ONLY: [(&str, &str); 2] = [
    ("OPENCLAW_NIX_MODE", "the configuration is managed by Nix; change it there"),
    ("OPENCLAW_CONFIG_READONLY", "the configuration is managed elsewhere; change it there"),
];

/// A [`ConfigStore`] on a file. Cloning it gives the same one.
#[derive(Clone)]
pub struct ConfigFileStore(Arc<Store>);

struct Store {
    path: PathBuf,
    env: Environment,
    disk: Box<dyn Disk>,
    // One change after the other; the file has a lock of the kernel's besides,
    // for other processes.
    turn: Mutex<()>,
}

impl ConfigFileStore {
    /// Changes the file at `path`. `env` is asked for the variables of the
    /// process.
    pub fn new(
        path: PathBuf,
        env: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::on(Box::new(Real), path, Arc::new(env))
    }

    /// Changes `file`.
    pub(crate) fn of(file: &ConfigFile) -> Self {
        Self::on(Box::new(Real), file.path.clone(), Arc::clone(&file.env))
    }

    pub(crate) fn on(disk: Box<dyn Disk>, path: PathBuf, env: Environment) -> Self {
        Self(Arc::new(Store { path, env, disk, turn: Mutex::new(()) }))
    }

    /// Carries out a change by a person who has seen the whole text: what is
    /// missing from it is meant to be.
    pub async fn write_by_hand(
        &self,
        write: ConfigWrite,
    ) -> Result<ConfigWritten, ConfigWriteError> {
        self.write_as(write, true).await
    }

    async fn write_as(
        &self,
        write: ConfigWrite,
        by_hand: bool,
    ) -> Result<ConfigWritten, ConfigWriteError> {
        let (store, path) = (Arc::clone(&self.0), self.0.path.clone());
        // Goes on when nobody waits any more.
        let written = tokio::task::spawn_blocking(move || store.write(&write, by_hand)).await;
        written.unwrap_or_else(|_| {
            let source = io::Error::other("the change came to grief");
            Err(ConfigWriteError::Io { path, doing: "written", source })
        })
    }
}

#[async_trait]
impl ConfigStore for ConfigFileStore {
    async fn write(&self, write: ConfigWrite) -> Result<ConfigWritten, ConfigWriteError> {
        self.write_as(write, false).await
    }
}

impl Store {
    fn write(&self, write: &ConfigWrite, by_hand: bool) -> Result<ConfigWritten, ConfigWriteError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if write.dry_run {
            let old = self.disk.read(&self.path).map_err(|error| self.io("read", error))?;
            return self.draft(write, old, by_hand).map(written);
        }
        self.check_ours()?;
        let disk = self.disk.as_ref();
        let held = Held::take(disk, &self.path).map_err(|error| self.io("written", error))?;
        let old = held.read().map_err(|error| self.io("read", error))?;
        let draft = self.draft(write, old.clone(), by_hand)?;
        if old.as_deref() != Some(draft.text.as_bytes()) {
            let replaced = held.replace(old.as_deref(), draft.text.as_bytes());
            replaced.map_err(|error| match error {
                ReplaceError::Changed => ConfigWriteError::Changed,
                ReplaceError::Io(error) => self.io("written", error),
            })?;
        }
        Ok(written(draft))
    }

    fn draft(
        &self,
        write: &ConfigWrite,
        old: Option<Vec<u8>>,
        by_hand: bool,
    ) -> Result<Draft, ConfigWriteError> {
        check_base(write, old.as_deref())?;
        if old.as_deref().is_some_and(|old| str::from_utf8(old).is_err()) {
            let error = io::Error::new(io::ErrorKind::InvalidData, "not UTF-8");
            return Err(self.io("read", error));
        }
        let before = &evaluate_text(&self.path, old, Vec::new(), &*self.env, None);
        Base { path: &self.path, before, env: &*self.env, by_hand }.draft(&write.edit)
    }

    fn check_ours(&self) -> Result<(), ConfigWriteError> {
        let set = |name: &str| (self.env)(name).is_some_and(|value| value.trim() == "1");
        match READ_ONLY.iter().find(|(name, _)| set(name)) {
            None => Ok(()),
            Some((name, why)) => Err(ConfigWriteError::ReadOnly(format!("{why} ({name}=1)"))),
        }
    }

    fn io(&self, doing: &'static str, source: io::Error) -> ConfigWriteError {
        ConfigWriteError::Io { path: self.path.clone(), doing, source }
    }
}

/// Whether the change was made for what is there.
fn check_base(write: &ConfigWrite, old: Option<&[u8]>) -> Result<(), ConfigWriteError> {
    match (&write.base_hash, old) {
        (Some(hash), old) if *hash == hash_of(old.unwrap_or_default()) => Ok(()),
        (Some(_), _) => Err(ConfigWriteError::Changed),
        (None, Some(_)) if !write.any_base => Err(ConfigWriteError::BaseHashRequired),
        (None, _) => Ok(()),
    }
}

fn written(draft: Draft) -> ConfigWritten {
    ConfigWritten {
        changed: draft.changed,
        hash: hash_of(draft.text.as_bytes()),
        warnings: draft.warnings,
        config: Arc::new(draft.after.config),
    }
}

impl fmt::Debug for ConfigFileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: &Path = &self.0.path;
        f.debug_struct("ConfigFileStore").field("path", &path).finish_non_exhaustive()
    }
}
