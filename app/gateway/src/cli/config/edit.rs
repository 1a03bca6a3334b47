//! The file in the editor of whoever sits there.

use std::{
    env,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ports::driven::{ConfigEdit, ConfigSource, ConfigWrite};
use tokio::process::Command;

use super::change::{refused, store, tell};
use crate::cli::{context::Context, failure::Failure, output};

/// What an empty file begins with.
const BEGINNING: &str = "{\n}\n";

pub(super) async fn edit(context: &Context) -> Result<(), Failure> {
    let path = &context.paths.config_path;
    let unread = |error: io::Error| Failure::new(format!("{}: {}", path.display(), error.kind()));
    // The hash first: whoever writes in between is noticed at the end.
    let hash = context.config.snapshot().hash;
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BEGINNING.to_owned(),
        Err(error) => return Err(unread(error)),
    };
    context.paths.create()?;
    let copy = copy(path, &before).map_err(unread)?;
    let left = open(&copy).await;
    let after = fs::read_to_string(&copy);
    let keep = |failure: Failure| failure.with(format!("Your text is in {}", copy.display()));
    if let Err(failure) = left {
        return Err(dropped_or_kept(&copy, after.as_ref().ok(), &before, failure));
    }
    let after = after.map_err(|error| keep(unread(error)))?;
    if after == before {
        fs::remove_file(&copy)?;
        return Ok(output::line("Nothing was changed.")?);
    }
    let write = ConfigWrite {
        edit: ConfigEdit::Replace(after),
        base_hash: Some(hash),
        any_base: false,
        dry_run: false,
    };
    let written = store(context).write_by_hand(write).await;
    let written = written.map_err(|error| keep(refused(context, &error)))?;
    fs::remove_file(&copy)?;
    tell(context, &written, false, "Saved.")
}

/// A copy of the text beside the file, for its owner only: there may be secrets
/// in it.
fn copy(path: &Path, text: &str) -> io::Result<PathBuf> {
    let stem = path.file_stem().unwrap_or_default();
    let mut name = OsString::from(".");
    name.push(stem);
    name.push(format!(".edit-{}.json5", std::process::id()));
    let copy = path.with_file_name(name);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&copy)?;
    file.write_all(text.as_bytes())?;
    Ok(copy)
}

/// Opens `file` in the editor and waits until it is closed.
async fn open(file: &Path) -> Result<(), Failure> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| env::var(name).ok());
    let editor = named.map(|it| it.trim().to_owned()).find(|it| !it.is_empty());
    let editor = editor.unwrap_or_else(|| "vi".into());
    // People put options into these variables, as in `code --wait`.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file);
    let ended = shell
        .status()
        .await
        .map_err(|error| Failure::new(format!("the editor cannot be started: {}", error.kind())))?;
    if ended.success() {
        return Ok(());
    }
    Err(Failure::new(format!("the editor {editor} failed ({ended}); nothing was written")))
}

/// Takes the copy away if there is nothing of anybody's in it.
fn dropped_or_kept(copy: &Path, after: Option<&String>, before: &str, failure: Failure) -> Failure {
    if after.is_some_and(|after| after == before) && fs::remove_file(copy).is_ok() {
        return failure;
    }
    failure.with(format!("Your text is in {}", copy.display()))
}
