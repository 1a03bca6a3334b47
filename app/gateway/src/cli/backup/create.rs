//! `openclaw backup create`.

use std::{
    env,
    path::{Path, PathBuf},
};

use backup_archive::{Manifest, Origin, Plan, Wanted};
use clap::Args;
use gateway::paths::Paths;
use serde_json::json;

use super::{Scratch, check, failed, now, told};
use crate::cli::{context::Context, failure::Failure, output};

/// How names of backups end.
pub(super) const SUFFIX: &str = "-openclaw-backup.tar.gz";

/// What is backed up, and where to.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Create {
    /// The file, or a directory for it; the current directory if none is given.
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Back up the files agents work on as well; the default.
    #[arg(long, conflicts_with = "no_include_workspace")]
    include_workspace: bool,
    /// Leave out the files agents work on.
    #[arg(long)]
    no_include_workspace: bool,
    /// Back up the configuration and nothing else.
    #[arg(long)]
    only_config: bool,
    /// Check the backup after it is written.
    #[arg(long)]
    verify: bool,
    /// Write nothing, and say what would be backed up.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn create(context: &Context, asked: &Create) -> Result<(), Failure> {
    let Paths { state_dir, config_path, .. } = &context.paths;
    let wanted = Wanted { workspaces: !asked.no_include_workspace, only_config: asked.only_config };
    let database = context.paths.database();
    let snapshots = [Path::new(Paths::DATABASE)];
    let mut plan =
        Plan::make(state_dir, config_path, &snapshots, wanted).map_err(|e| failed(&e))?;
    let with_database = !asked.only_config && database.exists();
    if plan.files.is_empty() && !with_database {
        let place = state_dir.display();
        return Err(Failure::new(format!("there is nothing to back up in {place}")));
    }
    let (created_at, stamp) = now();
    let target = target(asked.output.as_deref(), &stamp)?;
    if !asked.only_config && is_inside(&target, state_dir) {
        return Err(Failure::new("a backup does not belong into the state it is made of")
            .with("Say where it goes with --output PATH."));
    }
    if asked.dry_run {
        if with_database {
            plan.add_snapshot(Paths::DATABASE, database);
        }
        return foresee(context, &target, &plan);
    }
    // It holds everything that was said, so it lies where that lies, and in a
    // directory that backups leave out.
    let scratch = with_database.then(|| Scratch::make(&state_dir.join("tmp"))).transpose()?;
    if let Some(scratch) = &scratch {
        let copy = scratch.0.join("database.sqlite");
        store_sqlite::snapshot(&database, &copy).map_err(|error| {
            Failure::new(format!("{} cannot be copied: {error}", database.display()))
        })?;
        plan.add_snapshot(Paths::DATABASE, copy);
    }
    let origin = Origin {
        created_at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        state_dir: state_dir.display().to_string(),
        config_path: config_path.display().to_string(),
        only_config: asked.only_config,
    };
    let manifest =
        backup_archive::create(&target, &plan.files, origin).map_err(|error| failed(&error))?;
    if asked.verify {
        check(&target)?;
    }
    tell(context, asked, &target, &plan, &manifest)
}

/// Where the backup goes.
fn target(output: Option<&Path>, stamp: &str) -> Result<PathBuf, Failure> {
    let name = format!("{stamp}{SUFFIX}");
    let path = match output {
        None => env::current_dir()?.join(name),
        Some(path) if path.is_dir() => path.join(name),
        Some(path) => path.to_owned(),
    };
    Ok(std::path::absolute(path)?)
}

fn is_inside(path: &Path, directory: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let parent = path.parent().and_then(real);
    real(directory).zip(parent).is_some_and(|(directory, parent)| parent.starts_with(directory))
}

fn foresee(context: &Context, target: &Path, plan: &Plan) -> Result<(), Failure> {
    let names: Vec<_> = plan.files.iter().map(|it| it.name.as_str()).collect();
    if context.json {
        let told = json!({ "ok": true, "dryRun": true, "archive": target, "files": names,
            "skipped": skipped(plan) });
        return Ok(output::json(&told)?);
    }
    for name in names {
        output::line(&output::cell(name, 200))?;
    }
    tell_skipped(plan)
}

fn tell(
    context: &Context,
    asked: &Create,
    target: &Path,
    plan: &Plan,
    manifest: &Manifest,
) -> Result<(), Failure> {
    if context.json {
        let mut told = told(target, manifest);
        told["verified"] = asked.verify.into();
        told["skipped"] = skipped(plan).into();
        return Ok(output::json(&told)?);
    }
    let (files, bytes) = (manifest.files.len(), manifest.bytes());
    let line = format!("{}: {files} files, {bytes} bytes", target.display());
    output::line(&output::tame(&line))?;
    output::note("It holds secrets, as the state does; keep it like one.")?;
    tell_skipped(plan)
}

fn skipped(plan: &Plan) -> Vec<serde_json::Value> {
    plan.skipped.iter().map(|it| json!({ "path": it.path, "why": it.why })).collect()
}

fn tell_skipped(plan: &Plan) -> Result<(), Failure> {
    for skipped in &plan.skipped {
        let line = format!("left out: {}: {}", skipped.path.display(), skipped.why);
        output::note(&output::cell(&line, 300))?;
    }
    Ok(())
}
