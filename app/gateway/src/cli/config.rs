//! `openclaw config`: the configuration file, read and changed where it is. A
//! gateway that runs notices by itself.

pub(crate) mod change;
mod edit;
mod plan;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{
    configure::{Configure, configure},
    context::Context,
    failure::Failure,
};

/// The configuration: asked about, or read and changed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Config {
    #[command(flatten)]
    asked: Configure,
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print what is in force at a path.
    Get(Get),
    /// Put a value at a path.
    Set(Set),
    /// Take away what is at a path.
    Unset(Unset),
    /// Merge a JSON5 object into the file: `null` deletes, objects are merged,
    /// everything else replaces.
    Patch(Patch),
    /// Say what is wrong with a file, by line and key.
    Validate(Validate),
    /// Say what a change would do, and do nothing.
    #[command(subcommand)]
    Plan(Planned),
    /// Open the file in `$VISUAL` or `$EDITOR`, and keep what comes back if it
    /// is right.
    Edit,
    /// Print where the file is.
    #[command(visible_alias = "file")]
    Path,
    /// Print the JSON schema of the file.
    Schema,
}

/// What to print.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// As in `gateway.port`, `agents.list[0].name` or `channels["a.b"].x`.
    path: String,
    /// Print secrets as they are.
    #[arg(long)]
    show_secrets: bool,
}

/// What to put where.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// As in `gateway.port`, `agents.list[0].name` or `channels["a.b"].x`.
    path: String,
    /// JSON5, or else a text.
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// Refuse a value that is no JSON5. `--json` does so as well.
    #[arg(long)]
    strict_json: bool,
    /// Say what it would do, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What to take away.
#[derive(Debug, Args)]
pub(crate) struct Unset {
    /// As in `gateway.port` or `agents.list[0].name`.
    path: String,
    /// Say what it would do, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What to merge.
#[derive(Debug, Args)]
pub(crate) struct Patch {
    #[command(flatten)]
    from: Source,
    /// Say what it would do, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Where a text is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// The text.
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
    /// Read it from a file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read it from the standard input, where no other process sees it.
    #[arg(long)]
    stdin: bool,
}

/// Which file.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Another file than the one in use.
    file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Planned {
    /// Put a value at a path.
    Set(Set),
    /// Take away what is at a path.
    Unset(Unset),
    /// Merge a JSON5 object into the file.
    Patch(Patch),
    /// Replace the file by another one.
    File {
        /// The other one.
        file: PathBuf,
    },
}

pub(crate) async fn config(context: &Context, config: &Config) -> Result<(), Failure> {
    use ConfigCommand as Config;

    let Some(command) = &config.command else { return configure(context, &config.asked).await };
    match command {
        Config::Get(asked) => show::get(context, asked),
        Config::Set(asked) => change::set(context, asked).await,
        Config::Unset(asked) => change::unset(context, asked).await,
        Config::Patch(asked) => change::patch(context, asked).await,
        Config::Validate(asked) => show::validate(context, asked),
        Config::Plan(planned) => plan::plan(context, planned).await,
        Config::Edit => edit::edit(context).await,
        Config::Path => show::path(context),
        Config::Schema => show::schema(),
    }
}
