//! Files that define services: written whole, and never over a stranger's.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use ports::driven::{ServiceAuthor, ServiceError};

/// What writing a definition came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It was written.
    New,
    /// It was there, exactly so.
    Same,
    /// One of ours is there that says something else.
    Different,
}

/// Writes `text` to `path`. What is there already is replaced only if `replace`
/// says so, and then kept beside it.
pub(crate) fn place(
    path: &Path,
    text: &str,
    replace: bool,
    author: impl Fn(&str) -> ServiceAuthor,
) -> Result<Placed, ServiceError> {
    let failed = |source| ServiceError::Io { path: path.to_owned(), source };
    match (read(path).map_err(failed)?, replace) {
        (None, _) => (),
        (Some(there), _) if there == text => return Ok(Placed::Same),
        (Some(there), false) if author(&there) == ServiceAuthor::Ours => {
            return Ok(Placed::Different);
        }
        (Some(_), false) => return Err(ServiceError::NotOurs(path.to_owned())),
        (Some(there), true) => {
            write(&beside(path, ".bak"), &there).map_err(failed)?;
        }
    }
    write(path, text).map_err(failed)?;
    Ok(Placed::New)
}

/// The text at `path`, if anything is there. A link, as of a masked unit, is
/// followed by nobody and counts as empty.
pub(crate) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(about) if about.is_symlink() => Ok(Some(String::new())),
        Ok(_) => fs::read(path).map(|bytes| Some(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// Removes the file, which need not be there.
pub(crate) fn remove(path: &Path) -> Result<(), ServiceError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ServiceError::Io { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// The files in `directory` whose names end in `suffix`, in order.
pub(crate) fn with_suffix(directory: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_str().is_some_and(|name| name.ends_with(suffix)))
        .collect();
    found.sort();
    found
}

/// Gives a file its name when all of it is on disk.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
    let unfinished = beside(path, &format!(".{}.tmp", std::process::id()));
    // What a process of the same number left behind when it died.
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&unfinished)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let named = written.and_then(|()| fs::rename(&unfinished, path));
    if named.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    named?;
    File::open(directory)?.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn author(text: &str) -> ServiceAuthor {
        if text.starts_with("ours") { ServiceAuthor::Ours } else { ServiceAuthor::Stranger }
    }

    #[test]
    fn what_is_there_decides_what_is_written() {
        let ours = Some("ours, old");
        let strange = Some("strange");
        #[rustfmt::skip]
        let table = [
            // there              replace  outcome                 kept
            (None,                false,   Some(Placed::New),       None),
            (Some("ours, new"),   false,   Some(Placed::Same),      None),
            (Some("ours, new"),   true,    Some(Placed::Same),      None),
            (ours,                false,   Some(Placed::Different), None),
            (ours,                true,    Some(Placed::New),       ours),
            (strange,             false,   None,                    None),
            (strange,             true,    Some(Placed::New),       strange),
        ];
        for (there, replace, outcome, kept) in table {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("deep/er/x.service");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if let Some(text) = there {
                fs::write(&path, text).unwrap();
            }

            let placed = place(&path, "ours, new", replace, author);
            assert_eq!(placed.ok(), outcome, "{there:?} {replace}");
            let expected = if outcome == Some(Placed::New) { Some("ours, new") } else { there };
            assert_eq!(read(&path).unwrap().as_deref(), expected);
            let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
            assert_eq!(files, 1 + usize::from(kept.is_some()), "nothing is left over");
            assert_eq!(read(&beside(&path, ".bak")).unwrap().as_deref(), kept);
        }
    }

    #[test]
    fn a_masked_unit_is_a_strangers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.service");
        symlink("/dev/null", &path).unwrap();
        let refused = place(&path, "ours", false, author).unwrap_err();
        assert!(matches!(refused, ServiceError::NotOurs(_)));
        assert_eq!(place(&path, "ours", true, author).unwrap(), Placed::New);
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
    }
}
