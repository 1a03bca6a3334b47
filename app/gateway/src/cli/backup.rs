//! `openclaw backup`: the state in one file, and back.

mod create;
mod restore;

use std::{
    env,
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use backup_archive::{BackupError, Manifest};
use clap::{Args, Subcommand};
use gateway::paths::Paths;
use serde_json::{Value, json};

use crate::cli::{context::Context, failure::Failure, lock::Holder, output};

#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    /// Write a backup of the state, whether or not the gateway runs.
    Create(create::Create),
    /// Check that a backup is whole.
    Verify(Archive),
    /// Put a backup in the place of the state, which is kept.
    Restore(restore::Restore),
    /// Show the backups in a directory.
    List(List),
}

/// A backup.
#[derive(Debug, Args)]
pub(crate) struct Archive {
    /// The file.
    archive: PathBuf,
}

/// Backups.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The directory; the current one if none is given.
    directory: Option<PathBuf>,
}

pub(crate) async fn backup(context: &Context, command: &Backup) -> Result<(), Failure> {
    match command {
        Backup::Create(asked) => create::create(context, asked),
        Backup::Verify(asked) => verify(context, &asked.archive),
        Backup::Restore(asked) => restore::restore(context, asked).await,
        Backup::List(asked) => list(context, asked),
    }
}

fn verify(context: &Context, archive: &Path) -> Result<(), Failure> {
    let manifest = check(archive)?;
    if context.json {
        return Ok(output::json(&told(archive, &manifest))?);
    }
    let (files, bytes) = (manifest.files.len(), manifest.bytes());
    let line = format!("{} is whole: {files} files, {bytes} bytes", archive.display());
    Ok(output::line(&output::tame(&line))?)
}

/// Whether the backup in `archive` is whole, and the database in it as well.
fn check(archive: &Path) -> Result<Manifest, Failure> {
    let scratch = Scratch::make(&env::temp_dir())?;
    let database = scratch.0.join("database.sqlite");
    let name = format!("state/{}", Paths::DATABASE);
    let manifest = backup_archive::extract(archive, &name, &database).map_err(|e| failed(&e))?;
    if database.exists() {
        check_database(&database)?;
    }
    Ok(manifest)
}

fn check_database(path: &Path) -> Result<(), Failure> {
    store_sqlite::check_snapshot(path).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
        Failure::new(format!("not a whole backup: {error}{}", cause.unwrap_or_default()))
    })
}

fn list(context: &Context, asked: &List) -> Result<(), Failure> {
    let directory = asked.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut archives: Vec<_> = fs::read_dir(&directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_str().is_some_and(|it| it.ends_with(create::SUFFIX)))
        .collect();
    archives.sort();
    let checked = archives.iter().map(|path| (path, backup_archive::verify(path)));
    if context.json {
        let rows: Vec<_> = checked
            .map(|(path, found)| match found {
                Ok(manifest) => told(path, &manifest),
                Err(error) => json!({ "ok": false, "archive": path, "error": error.to_string() }),
            })
            .collect();
        return Ok(output::json(&json!({ "backups": rows }))?);
    }
    let rows: Vec<_> = checked
        .map(|(path, found)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let (made, state) = match found {
                Ok(manifest) => {
                    let files = manifest.files.len();
                    (manifest.origin.created_at, format!("whole, {files} files"))
                }
                Err(error) => (String::new(), error.to_string()),
            };
            vec![output::cell(&name, 80), output::cell(&made, 30), output::cell(&state, 100)]
        })
        .collect();
    if rows.is_empty() {
        return Ok(output::line("there are no backups here")?);
    }
    Ok(output::line(&output::table(&["file", "made", "state"], &rows))?)
}

/// A backup, for programs.
fn told(archive: &Path, manifest: &Manifest) -> Value {
    json!({
        "ok": true,
        "archive": archive,
        "createdAt": manifest.origin.created_at,
        "version": manifest.origin.version,
        "onlyConfig": manifest.origin.only_config,
        "stateDir": manifest.origin.state_dir,
        "configPath": manifest.origin.config_path,
        "files": manifest.files.len(),
        "bytes": manifest.bytes(),
    })
}

fn failed(error: &BackupError) -> Failure {
    Failure::new(error.to_string())
}

/// The time, for people and for names of files.
fn now() -> (String, String) {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    let iso = format!("{now:.3}");
    let name = iso.replace(':', "-");
    (iso, name)
}

/// A directory for what is gone in a moment.
struct Scratch(PathBuf);

/// How the names of such directories begin; the process follows.
const SCRATCH: &str = "openclaw-backup-";

impl Scratch {
    /// Makes one in `directory`, and clears away those of processes that ended
    /// before they could.
    fn make(directory: &Path) -> Result<Self, Failure> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error| Failure::new(format!("{path}: {error}"))
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(failed(directory))?;
        for entry in fs::read_dir(directory).map_err(failed(directory))?.flatten() {
            let name = entry.file_name();
            let process = name.to_str().and_then(|it| it.strip_prefix(SCRATCH)?.parse().ok());
            if process
                .is_some_and(|pid| pid == std::process::id() || !Holder::process(pid).is_alive())
            {
                // Whoever cannot remove it has nothing to do with it.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let path = directory.join(format!("{SCRATCH}{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).map_err(failed(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next one clears away what is left.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_a_killed_backup_left_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    let gone = dir.path().join(format!("{SCRATCH}{}", u32::MAX));
    let running = dir.path().join(format!("{SCRATCH}1"));
    let other = dir.path().join("openclaw-backup-notes");
    for path in [&gone, &running, &other] {
        fs::create_dir(path).unwrap();
    }
    drop(Scratch::make(dir.path()).unwrap());
    assert!(!gone.exists() && running.exists() && other.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}
