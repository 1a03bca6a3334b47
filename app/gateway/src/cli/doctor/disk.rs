//! Looking at the state directory.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use domain::checkup::{Database, Files, Place, PlaceKind, Volume};
use ports::driven::StoreError;
use rustix::{fs::statvfs, process::geteuid};

use super::facts::Look;
use crate::cli::{context::Context, service};

/// A store larger than this is looked through only when there is time.
const LARGE: u64 = 256 << 20;
/// Younger files may be somebody's who is still at work.
const AT_WORK: Duration = Duration::from_hours(1);
const DAY: u64 = 86_400;

/// Files with secrets, or with what was said, in the state directory.
const SECRETS: [&str; 8] = [
    "gateway-token",
    ".env",
    "exec-approvals.json",
    "identity/device.json",
    "identity/device-auth.json",
    "gateway/tls/gateway-key.pem",
    "state/openclaw-gateway.sqlite",
    "state/openclaw-gateway.sqlite-wal",
];
/// Directories in which files are made and then given their names.
const WRITTEN_TO: [&str; 6] = ["", "state", "identity", "credentials", "gateway/tls", "agents"];

/// What is on the disk, and when the newest of it was written.
pub(super) async fn look(context: &Context, runs: bool, look: Look) -> (Files, Option<SystemTime>) {
    let state_dir = &context.paths.state_dir;
    let entries: Vec<_> =
        WRITTEN_TO.iter().flat_map(|name| files_in(&state_dir.join(name))).collect();
    let newest = entries.iter().filter_map(|(_, about)| about.modified().ok()).max();
    let files = Files {
        places: places(context),
        leftovers: entries.iter().filter(|it| is_leftover(it)).map(|it| shown(&it.0)).collect(),
        legacy: legacy(context),
        volume: volume(state_dir),
        newest_backup: newest_backup(&state_dir.join("backups")),
        database: database(context, runs, look).await,
    };
    (files, newest)
}

fn places(context: &Context) -> Vec<Place> {
    let state_dir = &context.paths.state_dir;
    let secrets = SECRETS.iter().map(|name| (state_dir.join(name), PlaceKind::Secret));
    let named = [
        (state_dir.clone(), PlaceKind::StateDir),
        (context.paths.config_path.clone(), PlaceKind::Config),
    ];
    let found = named.into_iter().chain(secrets).filter_map(|(path, kind)| {
        let about = fs::metadata(&path).ok()?;
        let is_own = about.uid() == geteuid().as_raw();
        Some(Place { path: shown(&path), kind, mode: about.mode(), is_own })
    });
    found.collect()
}

fn files_in(directory: &Path) -> Vec<(PathBuf, Metadata)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let about = entry.metadata().ok().filter(Metadata::is_file)?;
        Some((entry.path(), about))
    });
    files.collect()
}

/// Whether a process died before it gave the file its name.
fn is_leftover((path, about): &(PathBuf, Metadata)) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let unnamed = path.extension().is_some_and(|end| end == "tmp");
    let temporary = unnamed || name.starts_with(".secret.") || name.contains(".tmp-");
    let age = about.modified().ok().and_then(|then| then.elapsed().ok());
    temporary && age.is_some_and(|age| AT_WORK < age)
}

/// Older state directories that are not used. Profiles have none.
fn legacy(context: &Context) -> Vec<String> {
    if context.profile.is_some() {
        return Vec::new();
    }
    context.paths.left_behind(&service::home()).iter().map(|path| shown(path)).collect()
}

fn volume(state_dir: &Path) -> Option<Volume> {
    // Before the first start, the nearest directory that is there.
    let place = state_dir.ancestors().find(|path| path.is_dir())?;
    let about = statvfs(place).ok()?;
    Some(Volume {
        path: shown(place),
        free_bytes: about.f_bavail.saturating_mul(about.f_frsize),
        free_files: about.f_favail,
        files: about.f_files,
    })
}

/// How many days ago the newest backup was made.
fn newest_backup(directory: &Path) -> Option<u64> {
    let files = files_in(directory).into_iter();
    let newest = files.filter_map(|(_, about)| about.modified().ok()).max()?;
    newest.elapsed().ok().map(|age| age.as_secs() / DAY)
}

/// Looks through the store, unless the gateway has it.
async fn database(context: &Context, runs: bool, look: Look) -> Database {
    let path = context.paths.database();
    let Ok(about) = fs::metadata(&path) else { return Database::Absent };
    if runs || look.security_only || (LARGE < about.len() && !look.deep) {
        return Database::Unknown;
    }
    let checking = tokio::task::spawn_blocking(move || store_sqlite::quick_check(&path));
    match checking.await {
        Ok(Ok(None)) => Database::Absent,
        Ok(Ok(Some(found))) if found.is_empty() => Database::Sound,
        Ok(Ok(Some(found))) => Database::Damaged(found),
        Ok(Err(StoreError::Corrupt { source, .. })) => Database::Unreadable(source.to_string()),
        // Somebody has it, or it is not for us; the permissions say which.
        Ok(Err(StoreError::Unavailable(_) | StoreError::Full(_))) | Err(_) => Database::Unknown,
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn only_old_files_without_a_name_are_left_over() {
    let dir = tempfile::tempdir().unwrap();
    let long_ago = SystemTime::now() - 2 * AT_WORK;
    let table = [
        (".secret.abc", true, true),
        ("openclaw.json.tmp", true, true),
        ("x.tmp-12", true, true),
        (".secret.abc", false, false),
        ("openclaw.json", true, false),
    ];
    for (name, old, expected) in table {
        let path = dir.path().join(name);
        let file = fs::File::create(&path).unwrap();
        if old {
            file.set_modified(long_ago).unwrap();
        }
        let found: Vec<_> = files_in(dir.path()).into_iter().filter(is_leftover).collect();
        assert_eq!(found.len() == 1, expected, "{name}");
        fs::remove_file(path).unwrap();
    }
}
