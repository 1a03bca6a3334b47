//! The watcher on a real disk, against everything people and programs do to a
//! file. Nothing here sleeps: a watcher that misses something makes the test
//! wait until its patience ends.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use ports::driven::ConfigWatch;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{ConfigWatcher, Debounce, lookout::Eyes};

const PATIENCE: Duration = Duration::from_secs(20);

/// Finds out only what the kernel tells.
const TOLD: Eyes = Eyes { look: Duration::from_hours(1), are_told: true };
/// Finds out only what can be seen.
const LOOKING: Eyes = Eyes { look: Duration::from_millis(20), are_told: false };

/// A directory with a configuration, watched.
struct House {
    directory: TempDir,
    file: PathBuf,
    watcher: ConfigWatcher,
}

impl House {
    /// With what `prepare` makes in the directory; it returns the file.
    async fn prepared(eyes: Eyes, prepare: impl FnOnce(&Path) -> PathBuf) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = prepare(directory.path());
        let debounce = Debounce::new(Duration::from_millis(50));
        let mut watcher = ConfigWatcher::with(eyes, debounce).unwrap();
        watcher.watch(std::slice::from_ref(&file));
        let mut house = Self { directory, file, watcher };
        // Being told of a new file: from here on it is watched.
        house.changed("the beginning").await;
        house
    }

    async fn with_a_file(eyes: Eyes) -> Self {
        Self::prepared(eyes, |directory| {
            let file = directory.join("openclaw.json");
            fs::write(&file, "{}").unwrap();
            file
        })
        .await
    }

    async fn changed(&mut self, what: &str) {
        let told = timeout(PATIENCE, self.watcher.changed()).await;
        assert!(told.is_ok(), "{what} was not noticed");
    }
}

fn write_in_place(file: &Path) {
    OpenOptions::new().write(true).open(file).unwrap().write_all(b"[]").unwrap();
}

fn truncate_and_write(file: &Path) {
    File::create(file).unwrap().write_all(b"{ a: 1 }").unwrap();
}

fn append(file: &Path) {
    OpenOptions::new().append(true).open(file).unwrap().write_all(b"// more\n").unwrap();
}

/// As most programs do, and the gateway itself.
fn rename_over(file: &Path) {
    let new = file.with_extension("tmp");
    fs::write(&new, "{ b: 2 }").unwrap();
    fs::rename(new, file).unwrap();
}

/// As vim does where it keeps a backup: the old file is renamed away.
fn rename_away_and_write(file: &Path) {
    let backup = file.with_extension("json~");
    fs::rename(file, &backup).unwrap();
    fs::write(file, "{ c: 3 }").unwrap();
    fs::remove_file(backup).unwrap();
}

fn delete(file: &Path) {
    fs::remove_file(file).unwrap();
}

fn write_anew(file: &Path) {
    fs::write(file, "{ d: 4 }").unwrap();
}

fn replace_directory(file: &Path) {
    let directory = file.parent().unwrap();
    let (old, new) = (directory.with_extension("old"), directory.with_extension("new"));
    fs::create_dir(&new).unwrap();
    fs::write(new.join(file.file_name().unwrap()), "{ e: 5 }").unwrap();
    fs::rename(directory, &old).unwrap();
    fs::rename(new, directory).unwrap();
    fs::remove_dir_all(old).unwrap();
}

/// Something done to a file, and what it is called.
type Deed = (&'static str, fn(&Path));

/// In this order.
const DEEDS: &[Deed] = &[
    ("writing in place", write_in_place),
    ("truncating and writing", truncate_and_write),
    ("appending", append),
    ("renaming over it", rename_over),
    ("writing in place after that", write_in_place),
    ("renaming it away and writing", rename_away_and_write),
    ("deleting it", delete),
    ("writing it anew", write_anew),
    ("appending to that", append),
];

#[tokio::test]
async fn whatever_an_editor_does_is_noticed() {
    let mut house = House::with_a_file(TOLD).await;
    for (what, deed) in DEEDS {
        deed(&house.file);
        house.changed(what).await;
    }
}

#[tokio::test]
async fn where_the_kernel_does_not_tell_it_is_seen() {
    let mut house = House::with_a_file(LOOKING).await;
    for (what, deed) in [DEEDS[1], DEEDS[3], DEEDS[6], DEEDS[7]] {
        deed(&house.file);
        house.changed(what).await;
    }
}

#[tokio::test]
async fn a_file_that_comes_later_is_noticed() {
    let place = |directory: &Path| directory.join("not/yet/openclaw.json");
    let mut house = House::prepared(Eyes::default(), place).await;
    fs::create_dir_all(house.file.parent().unwrap()).unwrap();
    write_anew(&house.file);
    house.changed("writing it for the first time").await;
    append(&house.file);
    house.changed("appending").await;
}

fn config_in_a_directory(directory: &Path) -> PathBuf {
    let file = directory.join("config/openclaw.json");
    fs::create_dir(file.parent().unwrap()).unwrap();
    write_anew(&file);
    file
}

#[tokio::test]
async fn a_directory_that_is_replaced_is_noticed() {
    let mut house = House::prepared(Eyes::default(), config_in_a_directory).await;
    for _ in 0..2 {
        replace_directory(&house.file);
        house.changed("replacing the directory").await;
    }
}

#[tokio::test]
async fn a_directory_that_was_replaced_is_watched_again() {
    let mut house = House::prepared(TOLD, config_in_a_directory).await;
    for other in ["one", "two"] {
        replace_directory(&house.file);
        house.changed("renaming the directory away").await;
        // The new one is there now, for the thread to find.
        house.watcher.watch(&[house.file.clone(), house.directory.path().join(other)]);
        house.changed("being told of a file").await;
        for deed in [rename_over, append] {
            deed(&house.file);
            house.changed("a change in the new directory").await;
        }
    }
}

/// A mounted `ConfigMap`: the directory behind a link is replaced by renaming
/// another link over it.
#[tokio::test]
async fn kubernetes_swaps_a_link() {
    let place = |directory: &Path| {
        fs::create_dir(directory.join("..1")).unwrap();
        fs::write(directory.join("..1/openclaw.json"), "{}").unwrap();
        symlink("..1", directory.join("..data")).unwrap();
        symlink("..data/openclaw.json", directory.join("openclaw.json")).unwrap();
        directory.join("openclaw.json")
    };
    let mut house = House::prepared(TOLD, place).await;
    for new in ["..2", "..3"] {
        let directory = house.directory.path();
        fs::create_dir(directory.join(new)).unwrap();
        fs::write(directory.join(new).join("openclaw.json"), "{}").unwrap();
        symlink(new, directory.join("..data_tmp")).unwrap();
        fs::rename(directory.join("..data_tmp"), directory.join("..data")).unwrap();
        house.changed("swapping the link").await;
    }
}

/// As people who keep their dot files elsewhere do.
#[tokio::test]
async fn a_file_behind_a_link_is_watched_where_it_is() {
    let place = |directory: &Path| {
        fs::create_dir(directory.join("dotfiles")).unwrap();
        fs::write(directory.join("dotfiles/openclaw.json"), "{}").unwrap();
        symlink("dotfiles/openclaw.json", directory.join("openclaw.json")).unwrap();
        directory.join("openclaw.json")
    };
    let mut house = House::prepared(TOLD, place).await;
    let behind = house.directory.path().join("dotfiles/openclaw.json");
    for deed in [append, rename_over, append] {
        deed(&behind);
        house.changed("changing what is behind the link").await;
    }
    let other = house.directory.path().join("other.json");
    fs::write(&other, "{}").unwrap();
    fs::remove_file(&house.file).unwrap();
    symlink(&other, &house.file).unwrap();
    house.changed("letting the link lead elsewhere").await;
    append(&other);
    house.changed("changing what is there").await;
}

#[tokio::test]
async fn included_files_are_watched_wherever_they_are() {
    let mut house = House::with_a_file(TOLD).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let include = elsewhere.path().join("models.json5");
    fs::write(&include, "{}").unwrap();
    house.watcher.watch(&[house.file.clone(), include.clone()]);
    house.changed("being told of a file").await;
    append(&include);
    house.changed("a change of the included file").await;
    rename_over(&house.file);
    house.changed("a change of the file").await;
    rename_over(&include);
    house.changed("another change of the included file").await;
}

#[tokio::test]
async fn a_hundred_writes_are_told_a_few_times_and_the_last_is_not_missed() {
    let mut house = House::with_a_file(TOLD).await;
    let file = house.file.clone();
    let writing = tokio::task::spawn_blocking(move || {
        for count in 1..=100 {
            fs::write(&file, count.to_string()).unwrap();
        }
    });
    let mut told = 0;
    while fs::read_to_string(&house.file).unwrap() != "100" {
        house.changed("one of a hundred").await;
        told += 1;
    }
    writing.await.unwrap();
    assert!(told < 100, "told {told} times");
}

#[tokio::test]
async fn a_watcher_that_is_dropped_lets_go() {
    let house = House::with_a_file(TOLD).await;
    let mut news = house.watcher.quiet.news();
    drop(house);
    let ended = async { while news.changed().await.is_ok() {} };
    assert!(timeout(PATIENCE, ended).await.is_ok(), "the thread goes on");
}
