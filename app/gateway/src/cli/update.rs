//! `openclaw update`: the tool that installed the program brings it up to date.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use clap::{Args, Subcommand, ValueEnum};
use domain::update::{Release, ReleaseName, UpdateCommand, UpdatePlan};
use gateway::Program;
use ports::view::{UpdateResult, UpdateStatus, UpdateStep};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    lock::Holder,
    output,
};

/// Which release, and how.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Update {
    #[command(subcommand)]
    command: Option<Look>,
    /// The newest release of this kind.
    #[arg(long, value_enum, default_value_t = Channel::Stable)]
    channel: Channel,
    /// This release, by its version or tag.
    #[arg(long, value_name = "VERSION", conflicts_with = "channel")]
    tag: Option<ReleaseName>,
    /// How long it may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1200, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Let the gateway that runs go on with the old program.
    #[arg(long)]
    no_restart: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// Show what installed the program and what an update would run.
    Status,
}

/// Kinds of releases.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Channel {
    /// For everybody.
    Stable,
    /// For those who try it.
    Beta,
    /// What is being worked on.
    Dev,
}

pub(crate) async fn update(context: &Context, asked: &Update) -> Result<(), Failure> {
    let release = match (&asked.tag, asked.channel) {
        (Some(name), _) => Release::Named(name.clone()),
        (None, Channel::Stable) => Release::Stable,
        (None, Channel::Beta) => Release::Beta,
        (None, Channel::Dev) => Release::Dev,
    };
    let program = Program::this();
    let installed = program.installed().await;
    let plan = installed.by.plan(&release, installed.superuser);
    if let Some(Look::Status) = asked.command {
        return show(context, installed.by.mode(), &plan);
    }
    if let UpdatePlan::Run(commands) = &plan
        && !asked.yes
    {
        confirm(commands).await?;
    }
    let result = program.update(&release, Duration::from_secs(asked.timeout)).await;
    let is_new = result.status == Some(UpdateStatus::Ok);
    let restarted = is_new && !asked.no_restart && restart(context).await?;
    if context.json {
        output::json(&json!({ "result": result, "restarted": restarted }))?;
    } else {
        output::line(&output::tame(&told(&result)))?;
        if restarted {
            output::line("The gateway restarts.")?;
        }
    }
    if result.status == Some(UpdateStatus::Error) {
        // It is said already.
        return Err(Failure::new(""));
    }
    Ok(())
}

fn show(context: &Context, mode: &str, plan: &UpdatePlan) -> Result<(), Failure> {
    let (commands, reason) = match plan {
        UpdatePlan::Run(commands) => (commands.iter().map(UpdateCommand::line).collect(), None),
        UpdatePlan::Skip(reason) => (Vec::new(), Some(reason)),
    };
    let version = env!("CARGO_PKG_VERSION");
    if context.json {
        let standing = json!({
            "version": version, "mode": mode, "commands": commands, "reason": reason,
            "checkOnStart": false,
        });
        return Ok(output::json(&standing)?);
    }
    let mut lines = vec![format!("openclaw {version}, installed by: {mode}")];
    lines.extend(commands.iter().map(|command| format!("An update runs: {command}")));
    lines.extend(reason.map(|reason| format!("No update from here: {reason}")));
    Ok(output::line(&output::tame(&lines.join("\n")))?)
}

/// Asks whoever is at the terminal. Where nobody is, nobody can agree.
async fn confirm(commands: &[UpdateCommand]) -> Result<(), Failure> {
    for command in commands {
        output::note(&output::tame(&format!("This runs: {}", command.line())))?;
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new("nobody is there to be asked: say --yes"));
    }
    output::prompt("Go on? [y/N] ")?;
    let answer = BufReader::new(tokio::io::stdin()).lines().next_line().await?;
    match answer.unwrap_or_default().trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was changed")),
    }
}

/// Asks the gateway that runs here, if one does, to start with the new program.
async fn restart(context: &Context) -> Result<bool, Failure> {
    if Holder::of(&context.paths.state_dir).is_none_or(|holder| !holder.is_alive()) {
        return Ok(false);
    }
    let asked = async {
        let mut client = connect(context, &Rpc::default()).await?;
        let reason = json!({ "reason": "update" });
        let answer = client.call("gateway.restart.request", &reason).await;
        client.close().await;
        answer.map_err(|error| Failure::of_call("gateway.restart.request", &error))
    };
    match asked.await {
        Ok(_) => Ok(true),
        Err(failure) => {
            output::note(&output::tame(&format!(
                "The gateway still runs the old program; stop and start it. ({})",
                failure.message()
            )))?;
            Ok(false)
        }
    }
}

/// What came of it, and what the tool said where it went wrong.
fn told(result: &UpdateResult) -> String {
    let UpdateResult { status, mode, reason, before, after, steps, duration_ms, .. } = result;
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "?".to_owned());
    let first = match status {
        Some(UpdateStatus::Ok) => format!("Updated {} to {}", version(before), version(after)),
        Some(UpdateStatus::Skipped) => "Nothing was updated".to_owned(),
        Some(UpdateStatus::Error) | None => "The update failed".to_owned(),
    };
    let mut lines = vec![format!("{first} ({mode}, {duration_ms} ms)")];
    lines.extend(reason.clone());
    lines.extend(steps.iter().map(of_step));
    lines.join("\n")
}

fn of_step(step: &UpdateStep) -> String {
    let code = step.log.exit_code.map_or("ended".to_owned(), |code| format!("exit {code}"));
    let mut text = format!("  {} ({code}, {} ms)", step.command, step.duration_ms);
    if step.log.exit_code != Some(0) {
        for line in step.log.stdout_tail.lines().chain(step.log.stderr_tail.lines()) {
            text.push_str("\n    ");
            text.push_str(line);
        }
    }
    text
}

#[test]
fn what_is_said_about_an_update() {
    let result =
        |value: serde_json::Value| -> UpdateResult { serde_json::from_value(value).unwrap() };
    let skipped = result(json!({
        "status": "skipped", "mode": "container", "reason": "pull the image", "before": "1",
    }));
    assert_eq!(told(&skipped), "Nothing was updated (container, 0 ms)\npull the image");
    let failed = result(json!({
        "status": "error", "mode": "cargo", "before": "1", "durationMs": 5,
        "reason": "`cargo install` did not work out",
        "steps": [
            { "name": "a", "command": "true", "cwd": "/", "durationMs": 1,
              "log": { "stdoutTail": "unseen", "stderrTail": "", "exitCode": 0 } },
            { "name": "b", "command": "cargo install", "cwd": "/", "durationMs": 4,
              "log": { "stdoutTail": "out", "stderrTail": "err\n", "exitCode": 101 } },
        ],
    }));
    assert_eq!(
        told(&failed),
        "The update failed (cargo, 5 ms)\n`cargo install` did not work out\n  \
         true (exit 0, 1 ms)\n  cargo install (exit 101, 4 ms)\n    out\n    err"
    );
    let done = result(json!({ "status": "ok", "mode": "deb", "before": "1", "after": "2" }));
    assert_eq!(told(&done), "Updated 1 to 2 (deb, 0 ms)");
}
