//! `openclaw backup restore`.

use std::path::{Path, PathBuf};

use backup_archive::{Manifest, Restored};
use clap::Args;
use gateway::paths::Paths;
use serde_json::json;

use super::{check, check_database, failed, now, told};
use crate::cli::{context::Context, failure::Failure, import::claim, output};

/// What is put back, and where.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup.
    archive: PathBuf,
    /// Check the backup, and say what would be done.
    #[arg(long, conflicts_with = "target")]
    dry_run: bool,
    /// Unpack it into this directory, which is new or empty, and touch nothing else.
    #[arg(long, value_name = "DIR")]
    target: Option<PathBuf>,
}

pub(super) async fn restore(context: &Context, asked: &Restore) -> Result<(), Failure> {
    if let Some(target) = &asked.target {
        let manifest =
            backup_archive::unpack(&asked.archive, target).map_err(|error| failed(&error))?;
        let database = target.join("state").join(Paths::DATABASE);
        if database.exists() {
            check_database(&database)?;
        }
        let line = format!("unpacked into {}", target.display());
        return tell(context, &asked.archive, &manifest, &line, &json!({ "target": target }));
    }
    if asked.dry_run {
        let manifest = check(&asked.archive)?;
        let place = context.paths.state_dir.display();
        let line = format!("it is whole, and would take the place of {place}, which is kept");
        return tell(context, &asked.archive, &manifest, &line, &json!({ "dryRun": true }));
    }
    let Paths { state_dir, config_path, .. } = &context.paths;
    let _lock = if state_dir.is_dir() { Some(claim(state_dir, "restore").await?) } else { None };
    let staged = backup_archive::Restore::stage(&asked.archive, state_dir, config_path, &now().1);
    let staged = staged.map_err(|error| failed(&error))?;
    let database = staged.staged(Paths::DATABASE);
    if database.exists()
        && let Err(damaged) = check_database(&database)
    {
        staged.discard().map_err(|error| failed(&error))?;
        return Err(damaged);
    }
    let manifest = staged.manifest().clone();
    let Restored { earlier_state, earlier_config } =
        staged.install().map_err(|error| failed(&error))?;
    let kept = earlier_state.iter().chain(&earlier_config);
    let kept = kept.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ");
    let line = match kept.as_str() {
        "" => "restored".to_owned(),
        kept => format!("restored; what was there is in {kept}"),
    };
    let places = json!({ "earlierState": earlier_state, "earlierConfig": earlier_config });
    tell(context, &asked.archive, &manifest, &line, &places)
}

fn tell(
    context: &Context,
    archive: &Path,
    manifest: &Manifest,
    line: &str,
    more: &serde_json::Value,
) -> Result<(), Failure> {
    if context.json {
        let mut told = told(archive, manifest);
        for (name, value) in more.as_object().into_iter().flatten() {
            told[name] = value.clone();
        }
        return Ok(output::json(&told)?);
    }
    Ok(output::line(&output::tame(line))?)
}
