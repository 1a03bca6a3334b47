//! Where files of the other gateway go in ours.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

use ports::{
    BoxError,
    driven::{Shelf, Shelved},
};

/// The directory of what is kept for later.
const KEPT: &str = "imported";

/// The files of our gateway.
#[derive(Debug)]
pub struct FileShelf {
    state_dir: PathBuf,
    config: PathBuf,
}

impl FileShelf {
    /// The files in `state_dir`, and the configuration at `config`.
    pub fn new(state_dir: PathBuf, config: PathBuf) -> Self {
        Self { state_dir, config }
    }
}

impl Shelf for FileShelf {
    fn keep(&self, name: &str, content: &[u8]) -> Result<Shelved, BoxError> {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if name.is_empty() || !Path::new(name).components().all(plain) {
            return Err("its name is not a relative path".into());
        }
        Ok(put(&self.state_dir.join(KEPT).join(name), content)?)
    }

    fn adopt_config(&self, text: &[u8]) -> Result<Shelved, BoxError> {
        Ok(put(&self.config, text)?)
    }
}

/// Writes `content` to `path` unless there is something. It appears there whole
/// or not at all.
fn put(path: &Path, content: &[u8]) -> io::Result<Shelved> {
    match fs::read(path) {
        Ok(there) if there == content => return Ok(Shelved::Same),
        Ok(_) => return Ok(Shelved::Taken),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (),
        Err(error) => return Err(error),
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.new", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    // Unlike a rename, a link replaces nothing.
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    match linked {
        Ok(()) => File::open(directory)?.sync_all().map(|()| Shelved::New),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Shelved::Taken),
        Err(error) => Err(error),
    }
}

#[test]
fn what_is_there_stays() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let shelf = FileShelf::new(dir.path().join("state"), dir.path().join("config/c.json"));
    assert_eq!(shelf.keep("cron/jobs.json", b"one").unwrap(), Shelved::New);
    assert_eq!(shelf.keep("cron/jobs.json", b"one").unwrap(), Shelved::Same);
    assert_eq!(shelf.keep("cron/jobs.json", b"two").unwrap(), Shelved::Taken);
    let kept = dir.path().join("state/imported/cron/jobs.json");
    assert_eq!(fs::read(&kept).unwrap(), b"one");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(kept.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
    for name in ["../x", "/x", "", "a/../../x"] {
        assert!(shelf.keep(name, b"").is_err(), "{name:?}");
    }
    assert_eq!(shelf.adopt_config(b"{}").unwrap(), Shelved::New);
    assert_eq!(shelf.adopt_config(b"{ }").unwrap(), Shelved::Taken);
}
