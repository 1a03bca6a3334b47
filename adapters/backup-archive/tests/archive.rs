//! Backups that are made, checked, damaged and put back.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use backup_archive::{BackupError, Manifest, Origin, Plan, Restore, Wanted, create, verify};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use tar::{Builder, EntryType, Header};

/// A member of an archive somebody made by hand: name, kind, content.
type Member<'a> = (&'a str, EntryType, &'a str);

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        for (name, text) in [
            ("openclaw.json", "{ /* mine */ }"),
            ("openclaw.json.bak", "{}"),
            ("identity/device.json", "key"),
            ("revoked-tokens", "aaa\n"),
            ("media/inbound/a.png", "picture"),
        ] {
            world.put(name, text);
        }
        world
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn config(&self) -> PathBuf {
        self.state().join("openclaw.json")
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.state().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.state().join(name)).unwrap()
    }

    fn backup(&self, name: &str, only_config: bool) -> Result<(PathBuf, Manifest), BackupError> {
        let wanted = Wanted { workspaces: true, only_config };
        let plan = Plan::make(&self.state(), &self.config(), &[], wanted).unwrap();
        let target = self.dir.path().join(name);
        let origin = Origin {
            created_at: "2026-11-27T00:00:00Z".into(),
            version: "1".into(),
            state_dir: self.state().display().to_string(),
            config_path: self.config().display().to_string(),
            only_config,
        };
        create(&target, &plan.files, origin).map(|manifest| (target, manifest))
    }

    fn stage(&self, archive: &Path, stamp: &str) -> Result<Restore, BackupError> {
        Restore::stage(archive, &self.state(), &self.config(), stamp)
    }

    /// The names beside the state directory.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn what_was_put_in_comes_back() {
    let world = World::new();
    let (archive, manifest) = world.backup("b.tar.gz", false).unwrap();
    assert_eq!(verify(&archive).unwrap(), manifest);
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((manifest.files.len(), world.beside()), (5, names(&["b.tar.gz", "state"])));

    world.put("openclaw.json", "{ broken");
    world.put("later", "made after the backup");
    world.put("revoked-tokens", "aaa\nbbb");
    let restored = world.stage(&archive, "t").unwrap().install().unwrap();

    assert_eq!(world.text("openclaw.json"), "{ /* mine */ }");
    assert_eq!(world.text("media/inbound/a.png"), "picture");
    assert!(!world.state().join("later").exists());
    let earlier = restored.earlier_state.unwrap();
    assert_eq!(earlier, fs::canonicalize(world.dir.path()).unwrap().join("state.before-restore-t"));
    assert_eq!(fs::read_to_string(earlier.join("openclaw.json")).unwrap(), "{ broken");
    assert_eq!(world.beside(), names(&["b.tar.gz", "state", "state.before-restore-t"]));
}

/// V-19: a token that was taken back after the backup does not come back with it.
#[test]
fn what_was_taken_back_stays_taken_back() {
    let world = World::new();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    fs::write(world.state().join("revoked-tokens"), "bbb").unwrap();
    world.stage(&archive, "t").unwrap().install().unwrap();
    let text = world.text("revoked-tokens");
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["aaa", "bbb"]);

    fs::remove_file(world.state().join("revoked-tokens")).unwrap();
    let (without, _) = world.backup("without.tar.gz", false).unwrap();
    world.put("revoked-tokens", "ccc\n");
    world.stage(&without, "u").unwrap().install().unwrap();
    assert!(world.text("revoked-tokens").contains("ccc"));
}

/// Whoever is killed between two steps leaves what these calls leave.
#[test]
fn killed_before_the_exchange_the_old_state_is_there_and_whole() {
    let world = World::new();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    world.put("openclaw.json", "newer");
    drop(world.stage(&archive, "t").unwrap());
    assert_eq!(world.text("openclaw.json"), "newer");
    assert_eq!(world.beside(), names(&["b.tar.gz", "state", "state.restoring"]));

    world.stage(&archive, "u").unwrap().install().unwrap();
    assert_eq!(world.text("openclaw.json"), "{ /* mine */ }");
    assert_eq!(world.beside(), names(&["b.tar.gz", "state", "state.before-restore-u"]));
}

#[test]
fn killed_after_the_exchange_the_old_state_is_not_cleared_away() {
    let world = World::new();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    // As the kernel left it when both had changed places and nothing else.
    let staging = world.dir.path().join("state.restoring");
    fs::create_dir_all(staging.join("state")).unwrap();
    fs::write(staging.join("state/openclaw.json"), "the only copy").unwrap();
    fs::write(staging.join("ready"), "").unwrap();

    world.stage(&archive, "t").unwrap().install().unwrap();
    let kept = world.dir.path().join("state.interrupted-restore-t/state/openclaw.json");
    assert_eq!(fs::read_to_string(kept).unwrap(), "the only copy");
}

#[test]
fn a_backup_that_was_begun_is_no_backup() {
    let world = World::new();
    // Somebody was killed while writing it.
    fs::write(world.dir.path().join("b.tar.gz.unfinished"), "half of one").unwrap();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    assert_eq!(world.beside(), names(&["b.tar.gz", "state"]));
    let before = fs::read(&archive).unwrap();
    assert!(matches!(world.backup("b.tar.gz", false), Err(BackupError::Exists(_))));
    assert_eq!(fs::read(&archive).unwrap(), before, "a backup replaces nothing");
}

/// Wherever a copy stopped, the result is no backup, and the state stays.
#[test]
fn half_of_a_backup_is_no_backup() {
    let world = World::new();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    let whole = fs::read(&archive).unwrap();
    let half = world.dir.path().join("half.tar.gz");
    for length in (0..whole.len()).rev().step_by(7) {
        fs::write(&half, &whole[..length]).unwrap();
        assert!(verify(&half).is_err(), "{length} of {} bytes", whole.len());
        assert!(world.stage(&half, "t").is_err());
        assert!(!world.dir.path().join("state.restoring").exists());
    }
    assert_eq!(world.text("openclaw.json"), "{ /* mine */ }");
}

#[test]
fn a_flipped_byte_is_noticed() {
    let world = World::new();
    let (archive, _) = world.backup("b.tar.gz", false).unwrap();
    let mut plain = Vec::new();
    GzDecoder::new(File::open(&archive).unwrap()).read_to_end(&mut plain).unwrap();
    let at = plain.windows(7).position(|it| it == b"picture").unwrap();
    plain[at] ^= 1;
    let mut packed = GzEncoder::new(File::create(&archive).unwrap(), Compression::fast());
    packed.write_all(&plain).unwrap();
    packed.finish().unwrap();
    let error = verify(&archive).unwrap_err().to_string();
    assert!(error.contains("a.png is not what was put into it"), "{error}");
}

#[test]
fn only_the_configuration_comes_back_alone() {
    let world = World::new();
    let (archive, manifest) = world.backup("c.tar.gz", true).unwrap();
    assert_eq!(manifest.files.len(), 1);
    world.put("openclaw.json", "{ broken");
    world.put("later", "stays");
    let restored = world.stage(&archive, "t").unwrap().install().unwrap();
    assert_eq!(world.text("openclaw.json"), "{ /* mine */ }");
    assert_eq!(world.text("later"), "stays");
    assert_eq!(restored.earlier_state, None);
    assert_eq!(fs::read_to_string(restored.earlier_config.unwrap()).unwrap(), "{ broken");
}

/// An archive somebody made by hand: names, kinds, sizes as given.
fn forged(world: &World, members: &[Member], manifest: &str) -> PathBuf {
    let path = world.dir.path().join("forged.tar.gz");
    let packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    let mut archive = Builder::new(packed);
    let mut add = |name: &str, kind, text: &str| {
        let mut header = Header::new_gnu();
        // `set_path` would refuse what is to be refused by us.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(text.len() as u64);
        if kind == EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    };
    for (name, kind, text) in members {
        add(name, *kind, text);
    }
    if !manifest.is_empty() {
        add("manifest.json", EntryType::Regular, manifest);
    }
    archive.into_inner().unwrap().finish().unwrap();
    path
}

#[test]
fn what_a_forger_would_try_is_refused() {
    use EntryType::{Directory, Link, Regular, Symlink};

    const EMPTY: &str = r#"{"schemaVersion":1,"createdAt":"","version":"","stateDir":"",
        "configPath":"","onlyConfig":false,"files":{}}"#;
    let newer = EMPTY.replace("n\":1", "n\":2");
    let world = World::new();
    #[rustfmt::skip]
    let table: [(&[Member], &str, &str); 13] = [
        (&[("state/../../x", Regular, "")],                   EMPTY,  "has no place"),
        (&[("/etc/cron.d/x", Regular, "")],                   EMPTY,  "has no place"),
        (&[("../x", Regular, "")],                            EMPTY,  "has no place"),
        (&[("state", Regular, "")],                           EMPTY,  "has no place"),
        (&[("state//x", Regular, "")],                        EMPTY,  "has no place"),
        (&[("state/./x", Regular, "")],                       EMPTY,  "has no place"),
        (&[("elsewhere/x", Regular, "")],                     EMPTY,  "has no place"),
        (&[("state/x", Symlink, "")],                         EMPTY,  "not a plain file"),
        (&[("state/x", Link, "")],                            EMPTY,  "not a plain file"),
        (&[("state/x", Directory, "")],                       EMPTY,  "not a plain file"),
        (&[("state/x", Regular, "a"), ("state/x", Regular, "b")], EMPTY, "in it twice"),
        (&[("state/x", Regular, "")],                         EMPTY,  "not in its manifest"),
        (&[],                                                 &newer, "its version is 2"),
    ];
    for (members, manifest, why) in table {
        let archive = forged(&world, members, manifest);
        for error in [verify(&archive).unwrap_err(), world.stage(&archive, "t").unwrap_err()] {
            assert!(error.to_string().contains(why), "{members:?}: {error}");
        }
    }
    let none = forged(&world, &[("state/x", Regular, "")], "");
    assert!(verify(&none).unwrap_err().to_string().contains("no manifest"));
    assert_eq!(world.beside(), names(&["forged.tar.gz", "state"]), "and leaves nothing");
}

/// A few kilobytes that claim to be terabytes are refused by what they claim.
#[test]
fn an_absurd_size_is_refused_before_it_is_read() {
    let world = World::new();
    let path = world.dir.path().join("bomb.tar.gz");
    let mut packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    let mut header = Header::new_gnu();
    header.set_path("state/x").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_size(1 << 50);
    header.set_cksum();
    packed.write_all(header.as_bytes()).unwrap();
    packed.write_all(&[0; 4096]).unwrap();
    packed.finish().unwrap();
    let error = verify(&path).unwrap_err().to_string();
    assert!(error.contains("larger than any state"), "{error}");
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}
