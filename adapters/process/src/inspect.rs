//! What a command is at this moment.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use domain::approval::{Binding, FileMark};
use ring::digest::{Context, SHA256};
use rustix::fs::OFlags;

use crate::find::find;

/// The longest file whose content is looked at, in bytes.
const LONGEST: u64 = 1024 * 1024 * 1024;
/// How many arguments are looked at as files.
const MAX_FILES: usize = 64;

/// Why it is not known what a command is.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// There is no such program.
    #[error("command not found: {0}")]
    NotFound(String),
    /// There is nothing to run.
    #[error("command required")]
    Empty,
    /// It cannot run there.
    #[error("the working directory cannot be used: {}", .0.kind())]
    Cwd(#[source] io::Error),
    /// A file cannot be read.
    #[error("{path} cannot be read: {}", source.kind())]
    File {
        /// Which.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

/// What `argv` is, run in `cwd` with `env`, its program looked for in `path`:
/// the program and every argument that is a file, by place and content. Reads
/// all of them.
pub fn inspect(
    argv: &[String],
    cwd: &Path,
    env: &[(String, String)],
    path: &str,
) -> Result<Binding, InspectError> {
    let name = argv.first().filter(|name| !name.is_empty()).ok_or(InspectError::Empty)?;
    let folder = fs::canonicalize(cwd).map_err(InspectError::Cwd)?;
    let program = find(name, &folder, path);
    let program = program.ok_or_else(|| InspectError::NotFound(name.clone()))?;
    let about = fs::metadata(&folder).map_err(InspectError::Cwd)?;
    let mut files = Vec::new();
    for (at, word) in argv.iter().enumerate().skip(1) {
        let Some(file) = operand(word, &folder) else { continue };
        if files.len() == MAX_FILES {
            let source = io::Error::new(io::ErrorKind::ArgumentListTooLong, "too many files");
            return Err(InspectError::File { path: word.clone(), source });
        }
        files.push((at, mark(&file)?));
    }
    Ok(Binding {
        argv: argv.to_vec(),
        cwd: FileMark {
            path: folder.to_string_lossy().into_owned(),
            device: about.dev(),
            inode: about.ino(),
            sha256: String::new(),
        },
        env: env.to_vec(),
        program: mark(Path::new(&program.resolved))?,
        files,
    })
}

/// The file an argument is, if it is one: alone, or behind the `=` of an option.
fn operand(word: &str, cwd: &Path) -> Option<PathBuf> {
    let texts = [Some(word), word.split_once('=').map(|(_, value)| value)];
    let paths = texts.into_iter().flatten().filter(|text| !text.is_empty() && !text.contains('\0'));
    paths.map(|text| cwd.join(text)).find(|path| path.is_file())
}

/// The file at `path`, every link followed, by place and content.
fn mark(path: &Path) -> Result<FileMark, InspectError> {
    let text = path.to_string_lossy().into_owned();
    let failed = |source| InspectError::File { path: text.clone(), source };
    let real = fs::canonicalize(path).map_err(failed)?;
    // A pipe put there meanwhile must not keep us waiting.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() || LONGEST < about.len() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a file to look at")));
    }
    let sha256 = sha256(file).map_err(failed)?;
    let path = real.to_string_lossy().into_owned();
    Ok(FileMark { path, device: about.dev(), inode: about.ino(), sha256 })
}

fn sha256(file: File) -> io::Result<String> {
    use std::fmt::Write;

    let mut file = file.take(LONGEST);
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        context.update(&buffer[..length]);
    }
    let digest = context.finish();
    Ok(digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn program(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// A thousand times something else is put in the place of what was looked
    /// at, and every time it is noticed.
    #[test]
    fn what_is_put_in_the_place_of_something_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (tool, script) = (dir.path().join("tool"), dir.path().join("script"));
        program(&tool, "#!/bin/sh\n");
        fs::write(&script, "one").unwrap();
        let argv = words(&["tool", "script", "--file=script", "not-a-file"]);
        let path = dir.path().to_str().unwrap();
        let look = || inspect(&argv, dir.path(), &[], path).unwrap();
        let before = look();
        assert_eq!(before.files.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(before.line(), look().line(), "nothing changes by itself");

        for round in 0..250 {
            let other = dir.path().join("other");
            // The same text in another file.
            program(&other, "#!/bin/sh\n");
            let kept = dir.path().join("kept");
            fs::rename(&tool, &kept).unwrap();
            fs::rename(&other, &tool).unwrap();
            assert_ne!(look().line(), before.line(), "{round}: another program");
            fs::remove_file(&tool).unwrap();
            symlink(&kept, &tool).unwrap();
            assert_ne!(look().line(), before.line(), "{round}: a link");
            fs::remove_file(&tool).unwrap();
            fs::rename(&kept, &tool).unwrap();
            // Another text in the same file.
            fs::write(&script, format!("two {round}")).unwrap();
            assert_ne!(look().line(), before.line(), "{round}: another script");
            fs::write(&script, "one").unwrap();
            program(&tool, "#!/bin/bash\n");
            assert_ne!(look().line(), before.line(), "{round}: another text");
            program(&tool, "#!/bin/sh\n");
            assert_eq!(look().line(), before.line(), "{round}: as it was");
        }
    }

    #[test]
    fn another_folder_under_the_same_name_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("work");
        fs::create_dir(&work).unwrap();
        let argv = words(&["true"]);
        let look = || inspect(&argv, &work, &[], "/usr/bin:/bin").unwrap();
        let before = look();
        fs::rename(&work, dir.path().join("kept")).unwrap();
        fs::create_dir(&work).unwrap();
        assert_ne!(look().cwd.inode, before.cwd.inode);
    }

    #[test]
    fn what_is_not_there_cannot_be_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let look = |argv: &[&str], cwd: &Path| inspect(&words(argv), cwd, &[], "/usr/bin:/bin");
        assert!(matches!(look(&[], dir.path()), Err(InspectError::Empty)));
        assert!(matches!(look(&[""], dir.path()), Err(InspectError::Empty)));
        assert!(matches!(look(&["no-such-tool"], dir.path()), Err(InspectError::NotFound(_))));
        let nowhere = dir.path().join("nowhere");
        assert!(matches!(look(&["true"], &nowhere), Err(InspectError::Cwd(_))));
    }
}
