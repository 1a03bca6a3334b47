//! What goes into a backup.

use std::{
    fs::{self, FileType},
    io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use crate::BackupError;

/// Where the state directory and the configuration lie in an archive.
pub(crate) const STATE: &str = "state";
pub(crate) const CONFIG: &str = "config";

/// Directories at the top that can be made again, that tell only how it went, or
/// that somebody threw away.
const OMITTED: &[&str] = &["logs", "tmp", "cache", "trash"];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the files agents work on belong to it.
    pub workspaces: bool,
    /// Whether nothing but the configuration does.
    pub only_config: bool,
}

/// A file that goes into a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name in the archive.
    pub name: String,
    /// Where it is read.
    pub path: PathBuf,
}

/// Something that does not, though one might expect it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub why: &'static str,
}

/// Everything that goes into a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files, in order.
    pub files: Vec<Source>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
}

impl Plan {
    /// What of `state_dir` and the configuration at `config` belongs to a backup.
    /// The databases in `snapshots`, each with its place in the state directory,
    /// are not among it: they are added when there is a snapshot of them.
    pub fn make(
        state_dir: &Path,
        config: &Path,
        snapshots: &[&Path],
        wanted: Wanted,
    ) -> Result<Self, BackupError> {
        let mut plan = Self::default();
        if !wanted.only_config && state_dir.is_dir() {
            plan.walk(state_dir, Path::new(""), snapshots, wanted)?;
        }
        let inside = config.strip_prefix(state_dir).ok();
        let name = match inside.and_then(Path::to_str) {
            Some(name) => Some(format!("{STATE}/{name}")),
            None => {
                config.file_name().and_then(|it| it.to_str()).map(|it| format!("{CONFIG}/{it}"))
            }
        };
        if let Some(name) = name.filter(|_| config.is_file()) {
            plan.add(name, config.to_owned());
        }
        Ok(plan)
    }

    /// `path` goes into the backup as `name`, unless it does already.
    fn add(&mut self, name: String, path: PathBuf) {
        if !self.files.iter().any(|it| it.name == name) {
            self.files.push(Source { name, path });
        }
    }

    /// The snapshot at `path` stands for the file `place` of the state directory.
    pub fn add_snapshot(&mut self, place: &str, path: PathBuf) {
        self.add(format!("{STATE}/{place}"), path);
    }

    fn walk(
        &mut self,
        state_dir: &Path,
        below: &Path,
        snapshots: &[&Path],
        wanted: Wanted,
    ) -> Result<(), BackupError> {
        let directory = state_dir.join(below);
        let entries = fs::read_dir(&directory)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .map_err(BackupError::at(&directory))?;
        let mut entries: Vec<_> = entries.into_iter().map(|it| (it.file_name(), it)).collect();
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        for (name, entry) in entries {
            let place = below.join(&name);
            let path = entry.path();
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                // It is gone by now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(BackupError::at(path)(error)),
            };
            let Some(text) = place.to_str() else {
                self.skipped.push(Skipped { path, why: "its name is not text" });
                continue;
            };
            if kind.is_dir() {
                let top = below.as_os_str().is_empty();
                if top && OMITTED.contains(&text) {
                    continue;
                }
                if top && !wanted.workspaces && is_workspace(text) {
                    self.skipped.push(Skipped { path, why: "workspaces were not asked for" });
                    continue;
                }
                self.walk(state_dir, &place, snapshots, wanted)?;
            } else if let Some(why) = unfit(kind) {
                self.skipped.push(Skipped { path, why });
            } else if !is_passing(text, snapshots) {
                self.add(format!("{STATE}/{text}"), path);
            }
        }
        Ok(())
    }
}

fn is_workspace(name: &str) -> bool {
    name == "workspace" || name.starts_with("workspace-")
}

fn unfit(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_symlink() => Some("it is a link"),
        kind if kind.is_socket() => Some("it is a socket"),
        _ => Some("it is not a plain file"),
    }
}

/// Whether the file belongs to a process that runs, or a snapshot stands for it.
fn is_passing(place: &str, snapshots: &[&Path]) -> bool {
    let of_database = snapshots.iter().filter_map(|it| it.to_str()).any(|database| {
        place.strip_prefix(database).is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm"))
    });
    of_database || Path::new(place).extension().is_some_and(|it| it == "lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_backup() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("s");
        for file in [
            "openclaw.json",
            "openclaw.json.bak",
            "gateway.lock",
            "logs/a.log",
            "tmp/x",
            "identity/device.json",
            "state/db.sqlite",
            "state/db.sqlite-wal",
            "state/gateway.lock",
            "media/a/b.png",
            "workspace/w",
            "workspace-dev/w",
            "revoked-tokens",
            "elsewhere/logs/x",
        ] {
            let path = state.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", state.join("link")).unwrap();
        fs::write(dir.path().join("c.json"), "{}").unwrap();
        let names = |config: &Path, workspaces, only_config| {
            let wanted = Wanted { workspaces, only_config };
            let plan = Plan::make(&state, config, &[Path::new("state/db.sqlite")], wanted).unwrap();
            let names = plan.files.into_iter().map(|it| it.name).collect::<Vec<_>>();
            (names, plan.skipped.len())
        };

        let inside = state.join("openclaw.json");
        let (all, skipped) = names(&inside, true, false);
        let expected = [
            "state/elsewhere/logs/x",
            "state/identity/device.json",
            "state/media/a/b.png",
            "state/openclaw.json",
            "state/openclaw.json.bak",
            "state/revoked-tokens",
            "state/workspace/w",
            "state/workspace-dev/w",
        ];
        assert_eq!((all, skipped), (expected.map(str::to_owned).to_vec(), 1), "the link");
        let (without, skipped) = names(&inside, false, false);
        assert_eq!((without.len(), skipped), (6, 3));
        assert_eq!(names(&inside, true, true).0, ["state/openclaw.json"]);
        assert_eq!(names(&dir.path().join("c.json"), true, true).0, ["config/c.json"]);
    }
}
