//! Changes of the file.

use std::{
    fs,
    io::{self, Read},
};

use config_file::{ConfigFileStore, parse_path, parse_value};
use ports::{
    Json,
    driven::{ConfigEdit, ConfigStore, ConfigWrite, ConfigWriteError, ConfigWritten},
};
use serde_json::json;

use super::{Patch, Set, Source, Unset, show::told};
use crate::cli::{
    context::{Context, variable},
    failure::Failure,
    output,
};

/// The longest text that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

pub(super) async fn set(context: &Context, asked: &Set) -> Result<(), Failure> {
    let edit = asked.edit(context)?;
    change(context, edit, asked.dry_run, &format!("Updated {}.", asked.path)).await
}

pub(super) async fn unset(context: &Context, asked: &Unset) -> Result<(), Failure> {
    let edit = asked.edit()?;
    change(context, edit, asked.dry_run, &format!("Removed {}.", asked.path)).await
}

pub(super) async fn patch(context: &Context, asked: &Patch) -> Result<(), Failure> {
    let edit = asked.edit()?;
    change(context, edit, asked.dry_run, "Merged.").await
}

impl Set {
    pub(super) fn edit(&self, context: &Context) -> Result<ConfigEdit, Failure> {
        let value = match parse_value(&self.value) {
            Some(value) => value,
            None if self.strict_json || context.json => {
                let why = "the value is no JSON5; put a text in quotes of its own";
                return Err(Failure::new(why));
            }
            None => Json::of(&self.value),
        };
        Ok(ConfigEdit::Set { path: steps(&self.path)?, value })
    }
}

impl Unset {
    pub(super) fn edit(&self) -> Result<ConfigEdit, Failure> {
        Ok(ConfigEdit::Unset { path: steps(&self.path)? })
    }
}

impl Patch {
    pub(super) fn edit(&self) -> Result<ConfigEdit, Failure> {
        Ok(ConfigEdit::Merge(self.from.read()?))
    }
}

impl Source {
    fn read(&self) -> Result<String, Failure> {
        let (name, read) = match (&self.text, &self.file) {
            (Some(text), _) => return Ok(text.clone()),
            (None, Some(path)) => (path.display().to_string(), fs::File::open(path).and_then(all)),
            (None, None) => ("the standard input".to_owned(), all(io::stdin())),
        };
        read.map_err(|error| Failure::new(format!("{name}: {}", error.kind())))
    }
}

fn all(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn steps(path: &str) -> Result<Vec<String>, Failure> {
    parse_path(path).map_err(|error| Failure::new(error.to_string()))
}

/// The one who changes the file.
pub(super) fn store(context: &Context) -> ConfigFileStore {
    ConfigFileStore::new(context.paths.config_path.clone(), variable)
}

/// What `edit` would come to.
pub(crate) async fn try_out(context: &Context, edit: ConfigEdit) -> Result<ConfigWritten, Failure> {
    write(context, edit, true).await
}

async fn write(
    context: &Context,
    edit: ConfigEdit,
    dry_run: bool,
) -> Result<ConfigWritten, Failure> {
    let write = ConfigWrite { edit, base_hash: None, any_base: true, dry_run };
    store(context).write(write).await.map_err(|error| refused(context, &error))
}

async fn change(
    context: &Context,
    edit: ConfigEdit,
    dry_run: bool,
    done: &str,
) -> Result<(), Failure> {
    let written = write(context, edit, dry_run).await?;
    tell(context, &written, dry_run, done)
}

/// Says what a change did, or would do.
pub(super) fn tell(
    context: &Context,
    written: &ConfigWritten,
    dry_run: bool,
    done: &str,
) -> Result<(), Failure> {
    let ConfigWritten { changed, hash, warnings, .. } = written;
    let path = &context.paths.config_path;
    if context.json {
        return Ok(output::json(&json!({
            "ok": true, "path": path, "changed": changed, "hash": hash, "dryRun": dry_run,
            "warnings": warnings,
        }))?);
    }
    // What concerns others than this change is for `config validate`.
    for warning in warnings.iter().filter(|it| changed.contains(&it.path)) {
        output::note(&output::tame(&format!("warning: {}", told(warning, path))))?;
    }
    let keys = || changed.join(", ");
    let line = match (changed.is_empty(), dry_run) {
        (true, _) => "Nothing changes: the file says so already.".to_owned(),
        (false, true) => format!("Would change: {}. Nothing was written.", keys()),
        (false, false) => format!("{done} Changed: {}", keys()),
    };
    Ok(output::line(&output::tame(&line))?)
}

/// A refusal in the words of the command line.
pub(crate) fn refused(context: &Context, error: &ConfigWriteError) -> Failure {
    let path = &context.paths.config_path;
    let list = |head: &str, issues: &[ports::driven::ConfigIssue]| {
        let lines: Vec<_> = issues.iter().map(|issue| told(issue, path)).collect();
        Failure::new(format!("{head}\n{}", lines.join("\n")))
    };
    match error {
        ConfigWriteError::Invalid(issues) => {
            list("The outcome would be invalid; nothing was written.", issues)
        }
        ConfigWriteError::InvalidFile(issues) => {
            list("The file is invalid; mend it first (openclaw config edit).", issues)
        }
        ConfigWriteError::Changed => {
            let shown = path.display();
            Failure::new(format!("{shown} was changed by somebody else in between; try again"))
        }
        ConfigWriteError::NotAnObject => Failure::new("a patch is a JSON5 object"),
        ConfigWriteError::BaseHashRequired
        | ConfigWriteError::Syntax(_)
        | ConfigWriteError::LostSecret(_)
        | ConfigWriteError::ReadOnly(_)
        | ConfigWriteError::Io { .. } => Failure::new(error.to_string()),
    }
}
