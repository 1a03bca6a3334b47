//! `openclaw setup`: what a gateway needs to begin with.

use clap::Args;
use ports::driven::ConfigEdit;
use serde_json::json;
use usecases::wizard::{SetUp, WriteError, set_up};

use crate::cli::{
    config::change::{refused, try_out},
    context::Context,
    failure::Failure,
    onboard::{Onboard, deps, onboard},
    output,
};

/// What to set up.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Ask about everything, as `openclaw onboard` does.
    #[arg(long)]
    wizard: bool,
    #[command(flatten)]
    onboard: Onboard,
}

/// Writes what is missing in the configuration, and makes the workspace. With
/// more than that to say, it is [`onboard`].
pub(crate) async fn setup(context: &Context, asked: &Setup) -> Result<(), Failure> {
    if asked.wizard || asked.onboard.is_more_than_a_workspace() {
        return onboard(context, &asked.onboard).await;
    }
    try_out(context, ConfigEdit::Merge("{}".to_owned())).await?;
    context.paths.create()?;
    let workspace = asked.onboard.workspace()?;
    let done = set_up(&deps(context), workspace.as_deref()).await.map_err(|error| match error {
        WriteError::Config(error) => refused(context, &error),
        error => Failure::new(error.to_string()),
    })?;
    tell(context, &done)
}

fn tell(context: &Context, done: &SetUp) -> Result<(), Failure> {
    let path = &context.paths.config_path;
    let SetUp { changed, workspace, made } = done;
    if context.json {
        return Ok(output::json(&json!({
            "ok": true, "configPath": path, "changed": changed, "workspace": workspace,
            "workspaceMade": made,
        }))?);
    }
    let config = match changed.as_slice() {
        [] => "as it was".to_owned(),
        changed => format!("wrote {}", changed.join(", ")),
    };
    output::line(&format!("Configuration: {} ({config})", path.display()))?;
    let there = if *made { "made" } else { "as it was" };
    Ok(output::line(&format!("Workspace: {workspace} ({there})"))?)
}
