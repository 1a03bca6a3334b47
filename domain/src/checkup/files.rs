//! What is on the disk: who can read it, how much room is left, whether it is
//! sound.

use super::finding::{Finding, Repair, Severity};

/// Less room than this and nothing can be written soon, in bytes.
const NO_ROOM: u64 = 100 << 20;
/// Less room than this is little, in bytes.
const LITTLE_ROOM: u64 = 1 << 30;
/// Fewer files than this can still be made is too few.
const FEW_FILES: u64 = 1_000;
/// A backup older than this is old, in days.
const OLD_BACKUP: u64 = 30;

/// What is known of the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// What has to be private.
    pub places: Vec<Place>,
    /// What processes that died left behind.
    pub leftovers: Vec<String>,
    /// State directories of older generations that are not used.
    pub legacy: Vec<String>,
    /// The volume of the state.
    pub volume: Option<Volume>,
    /// The store.
    pub database: Database,
    /// How old the newest backup is, in days.
    pub newest_backup: Option<u64>,
}

/// Something that has to be private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Its permissions.
    pub mode: u32,
    /// Whether it belongs to the user who looks.
    pub is_own: bool,
}

/// What has to be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// The state directory.
    StateDir,
    /// The configuration file.
    Config,
    /// A file with secrets or conversations.
    Secret,
}

/// How much room a volume has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// A directory on it.
    pub path: String,
    /// The bytes that are free.
    pub free_bytes: u64,
    /// How many files can still be made.
    pub free_files: u64,
    /// How many there can be; 0 where that is not limited.
    pub files: u64,
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Database {
    /// Nobody looked: it is in use, or too large.
    #[default]
    Unknown,
    /// There is none.
    Absent,
    /// Nothing is wrong with it.
    Sound,
    /// Something is, and what.
    Damaged(Vec<String>),
    /// It cannot be opened, and why.
    Unreadable(String),
}

impl Files {
    /// What to say about it.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.places.iter().flat_map(Place::judge).collect();
        findings.extend(self.legacy.iter().map(|path| {
            let title = "There is a state directory of an older generation";
            let detail = format!("{path} is not used, because there is a newer one.");
            Finding::new(Severity::Info, "state.legacy", title, detail).advise(
                "Look whether anything in it is still wanted: openclaw import; then remove it.",
            )
        }));
        findings.extend(self.leftovers.iter().map(|path| {
            let title = "A process that died left a file behind";
            Finding::new(Severity::Info, "fs.leftovers", title, path.as_str())
                .advise("Remove it: openclaw doctor --fix")
                .repaired_by(Repair::Remove(path.clone()))
        }));
        findings.extend(self.volume.iter().flat_map(Volume::judge));
        findings.extend(self.database.judge());
        findings.extend(self.judge_backup());
        findings
    }

    fn judge_backup(&self) -> Option<Finding> {
        let there_is_something = !matches!(self.database, Database::Absent | Database::Unknown);
        let (check_id, title, detail) = match self.newest_backup {
            Some(days) if OLD_BACKUP < days => {
                ("backup.old", "The newest backup is old", format!("It was made {days} days ago."))
            }
            None if there_is_something => (
                "backup.none",
                "There is no backup",
                "What is lost with this disk is lost.".to_owned(),
            ),
            _ => return None,
        };
        let advice = "Make one: openclaw backup create";
        Some(Finding::new(Severity::Info, check_id, title, detail).advise(advice))
    }
}

impl Place {
    fn judge(&self) -> Vec<Finding> {
        let Self { path, kind, mode, is_own } = self;
        let mut findings = Vec::new();
        if !is_own {
            let title = "Part of the state belongs to another user";
            let detail = format!("{path} is not yours, so the gateway may not be able to use it.");
            findings.push(
                Finding::new(Severity::Critical, "fs.owner", title, detail)
                    .advise(format!("chown -R $(id -u) {path}"))
                    .about_security(),
            );
        }
        let Some((severity, check_id, what)) = kind.weakness(*mode) else { return findings };
        let most = if *kind == PlaceKind::StateDir { 0o700 } else { 0o600 };
        let detail = format!("{path} has mode {:04o}.", mode & 0o7777);
        findings.push(
            Finding::new(severity, check_id, what, detail)
                .advise(format!("chmod {most:o} {path}"))
                .about_security()
                .repaired_by(Repair::KeepPrivate { path: path.clone(), mode: most }),
        );
        findings
    }
}

impl PlaceKind {
    /// What others can do with it that they must not be able to.
    fn weakness(self, mode: u32) -> Option<(Severity, &'static str, &'static str)> {
        use Severity::{Critical, Warn};
        let grants = |bits: u32| mode & bits != 0;
        #[rustfmt::skip]
        let weakness = match self {
            Self::StateDir if grants(0o002) => (Critical, "fs.state_dir.perms_world_writable", "Everybody can write to the state directory"),
            Self::StateDir if grants(0o020) => (Warn, "fs.state_dir.perms_group_writable", "The group can write to the state directory"),
            Self::StateDir if grants(0o055) => (Warn, "fs.state_dir.perms_readable", "Others can look into the state directory"),
            Self::Config if grants(0o022) => (Critical, "fs.config.perms_writable", "Others can change the configuration"),
            Self::Config if grants(0o004) => (Critical, "fs.config.perms_world_readable", "Everybody can read the configuration"),
            Self::Config if grants(0o040) => (Warn, "fs.config.perms_group_readable", "The group can read the configuration"),
            Self::Secret if grants(0o077) => (Critical, "fs.secret.perms", "Others can read or change a secret"),
            _ => return None,
        };
        Some(weakness)
    }
}

impl Volume {
    fn judge(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let severity = match self.free_bytes {
            ..NO_ROOM => Some(Severity::Critical),
            NO_ROOM..LITTLE_ROOM => Some(Severity::Warn),
            _ => None,
        };
        if let Some(severity) = severity {
            let title = "There is little room on the volume of the state";
            let detail = format!("{} MiB are free at {}.", self.free_bytes >> 20, self.path);
            findings.push(
                Finding::new(severity, "disk.space", title, detail)
                    .advise("Make room: when there is none, nothing is acknowledged any more."),
            );
        }
        if 0 < self.files && self.free_files < FEW_FILES {
            let title = "Few files can still be made on the volume of the state";
            let detail =
                format!("{} of {} are left at {}.", self.free_files, self.files, self.path);
            findings.push(
                Finding::new(Severity::Critical, "disk.inodes", title, detail)
                    .advise("Remove small files nobody needs, on that volume."),
            );
        }
        findings
    }
}

impl Database {
    fn judge(&self) -> Option<Finding> {
        let (check_id, title, detail) = match self {
            Self::Unknown | Self::Absent | Self::Sound => return None,
            Self::Damaged(complaints) => {
                ("store.damaged", "The store is damaged", complaints.join("; "))
            }
            Self::Unreadable(why) => {
                ("store.unreadable", "The store cannot be opened", why.clone())
            }
        };
        let advice = "Stop the gateway, keep a copy of the directory `state`, then restore a \
            backup: openclaw backup restore";
        Some(Finding::new(Severity::Critical, check_id, title, detail).advise(advice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions() {
        use PlaceKind::{Config, Secret, StateDir};

        #[rustfmt::skip]
        let table: [(PlaceKind, u32, bool, &[&str]); 12] = [
            (StateDir, 0o40700, true,  &[]),
            (StateDir, 0o40755, true,  &["fs.state_dir.perms_readable"]),
            (StateDir, 0o40770, true,  &["fs.state_dir.perms_group_writable"]),
            (StateDir, 0o40777, true,  &["fs.state_dir.perms_world_writable"]),
            (Config,   0o600,   true,  &[]),
            (Config,   0o640,   true,  &["fs.config.perms_group_readable"]),
            (Config,   0o644,   true,  &["fs.config.perms_world_readable"]),
            (Config,   0o660,   true,  &["fs.config.perms_writable"]),
            (Secret,   0o600,   true,  &[]),
            (Secret,   0o604,   true,  &["fs.secret.perms"]),
            (Secret,   0o400,   true,  &[]),
            (Secret,   0o640,   false, &["fs.owner", "fs.secret.perms"]),
        ];
        for (kind, mode, is_own, expected) in table {
            let found = Place { path: "/s".into(), kind, mode, is_own }.judge();
            let ids: Vec<_> = found.iter().map(|finding| finding.check_id).collect();
            assert_eq!(ids, expected, "{kind:?} {mode:o}");
            assert!(found.iter().all(|it| it.area == crate::checkup::Area::Security));
        }
    }

    #[test]
    fn room() {
        let volume = |free_bytes, free_files, files| Volume {
            path: "/s".into(),
            free_bytes,
            free_files,
            files,
        };
        #[rustfmt::skip]
        let table: [(Volume, &[(&str, Severity)]); 5] = [
            (volume(2 << 30, 5_000, 10_000), &[]),
            (volume(2 << 30, 0, 0), &[]),
            (volume(1 << 29, 5_000, 10_000), &[("disk.space", Severity::Warn)]),
            (volume(1 << 20, 5_000, 10_000), &[("disk.space", Severity::Critical)]),
            (volume(2 << 30, 999, 10_000), &[("disk.inodes", Severity::Critical)]),
        ];
        for (volume, expected) in table {
            let found: Vec<_> =
                volume.judge().iter().map(|it| (it.check_id, it.severity)).collect();
            assert_eq!(found, expected, "{volume:?}");
        }
    }

    #[test]
    fn the_store_and_its_backups() {
        let damaged = || Database::Damaged(vec!["row 1 missing".into()]);
        #[rustfmt::skip]
        let table: [(Database, Option<u64>, &[&str]); 8] = [
            (Database::Unknown, None,     &[]),
            (Database::Absent,  None,     &[]),
            (Database::Sound,   Some(30), &[]),
            (Database::Sound,   None,     &["backup.none"]),
            (Database::Sound,   Some(31), &["backup.old"]),
            (Database::Unknown, Some(31), &["backup.old"]),
            (damaged(),         Some(1),  &["store.damaged"]),
            (Database::Unreadable("no".into()), Some(1), &["store.unreadable"]),
        ];
        for (database, newest_backup, expected) in table {
            let files = Files { database, newest_backup, ..Files::default() };
            let found: Vec<_> = files.judge().iter().map(|it| it.check_id).collect();
            assert_eq!(found, expected, "{files:?}");
        }
    }

    #[test]
    fn what_is_left_over_can_be_removed_and_what_is_old_is_not() {
        let files = Files {
            leftovers: vec!["/s/.secret.x".into()],
            legacy: vec!["/h/.clawdbot".into()],
            ..Files::default()
        };
        let repairs: Vec<_> =
            files.judge().into_iter().map(|it| (it.check_id, it.repair)).collect();
        let remove = Some(Repair::Remove("/s/.secret.x".into()));
        assert_eq!(repairs, [("state.legacy", None), ("fs.leftovers", remove)]);
    }
}
