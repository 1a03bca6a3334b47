//! `openclaw approvals`: commands that wait for consent, and the policy about
//! them.

mod list;
mod policy;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::{
    connect::{Rpc, ask, connect},
    context::Context,
    devices::tell,
    failure::Failure,
    pick::{pick, texts},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Approvals {
    /// List the commands that wait for consent.
    #[command(visible_alias = "pending")]
    List(Rpc),
    /// Show a command that waits; without an id, the policy.
    Get(Get),
    /// Let a command run.
    #[command(visible_alias = "approve")]
    Allow(Allow),
    /// Do not let a command run.
    Deny(One),
    /// Decide about a command, in the words of the protocol.
    Resolve(Resolve),
    /// List what was decided in the last thirty days, the newest first.
    History(History),
    /// List what was allowed once and for all.
    Grants(Rpc),
    /// Take back what was allowed once and for all.
    Revoke(One),
    /// Read or replace the policy: which commands may run without asking.
    #[command(subcommand)]
    Policy(Policy),
    /// The same as `policy set`.
    Set(SetPolicy),
    /// Read or change the list of programs that may run.
    #[command(subcommand)]
    Allowlist(Allowlist),
}

/// Which command, if any.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The command, by the beginning of its id.
    #[arg(conflicts_with = "node")]
    id: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Which command.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The command, by the beginning of its id.
    id: String,
    #[command(flatten)]
    rpc: Rpc,
}

/// Which command may run.
#[derive(Debug, Args)]
pub(crate) struct Allow {
    /// Also whenever exactly the same is asked again.
    #[arg(long)]
    always: bool,
    #[command(flatten)]
    one: One,
}

/// Which command, and what about it.
#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// The command, by the beginning of its id.
    id: String,
    #[arg(value_enum)]
    decision: Decision,
    #[command(flatten)]
    rpc: Rpc,
}

/// Whose policy.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// That of a node, instead of the gateway's: its id or the beginning of it,
    /// its name, or its address.
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Decision {
    /// It may run now.
    AllowOnce,
    /// It may run, now and whenever exactly the same is asked again.
    AllowAlways,
    /// It may not run.
    Deny,
}

/// How much of the history.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100))]
    limit: u64,
    /// Where to go on: `nextCursor` of the page before.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Print the policy.
    Get(Place),
    /// Replace the policy.
    Set(SetPolicy),
}

/// Where the new policy is.
#[derive(Debug, Args)]
pub(crate) struct SetPolicy {
    /// A file with the policy, or with what `policy get --json` printed: then it
    /// is only replaced if nobody changed it since.
    #[arg(long, required_unless_present = "stdin", conflicts_with = "stdin")]
    file: Option<PathBuf>,
    /// Read it from the standard input.
    #[arg(long)]
    stdin: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Allowlist {
    /// List the programs that may run.
    List(Place),
    /// Let a program run.
    Add(Pattern),
    /// Take a program off the list.
    Remove(Pattern),
}

/// Which programs, and for whom.
#[derive(Debug, Args)]
pub(crate) struct Pattern {
    /// A pattern for the full path, as in `/usr/bin/rg`.
    #[arg(value_name = "PATTERN")]
    program: String,
    /// For which agent; `*` is every agent.
    #[arg(long, value_name = "ID", default_value = "*")]
    agent: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn approvals(context: &Context, command: &Approvals) -> Result<(), Failure> {
    match command {
        Approvals::List(rpc) => list::list(context, rpc).await,
        Approvals::Get(Get { id: Some(id), place }) => list::get(context, &place.rpc, id).await,
        Approvals::Get(Get { id: None, place }) | Approvals::Policy(Policy::Get(place)) => {
            policy::get(context, place).await
        }
        Approvals::Allow(Allow { always, one }) => {
            let decision = if *always { Decision::AllowAlways } else { Decision::AllowOnce };
            decide(context, &one.rpc, &one.id, decision).await
        }
        Approvals::Deny(One { id, rpc }) => decide(context, rpc, id, Decision::Deny).await,
        Approvals::Resolve(Resolve { id, decision, rpc }) => {
            decide(context, rpc, id, *decision).await
        }
        Approvals::Grants(rpc) => list::grants(context, rpc).await,
        Approvals::Revoke(asked) => revoke(context, asked).await,
        Approvals::History(asked) => list::history(context, asked).await,
        Approvals::Set(asked) | Approvals::Policy(Policy::Set(asked)) => {
            policy::set(context, asked).await
        }
        Approvals::Allowlist(command) => policy::allowlist(context, command).await,
    }
}

async fn decide(
    context: &Context,
    rpc: &Rpc,
    given: &str,
    decision: Decision,
) -> Result<(), Failure> {
    let mut client = connect(context, rpc).await?;
    let waiting = ask(&mut client, "exec.approval.list", &json!({})).await?;
    let id = pick("command", given, texts(&waiting, "id"))?;
    let params = json!({ "id": id, "decision": decision.word() });
    let done = ask(&mut client, "exec.approval.resolve", &params).await?;
    client.close().await;
    let command = list::command(&waiting, id);
    let said = match decision {
        Decision::AllowOnce => "Allowed once",
        Decision::AllowAlways => "Allowed always",
        Decision::Deny => "Denied",
    };
    tell(context, &done, &format!("{said}: {command}"))
}

async fn revoke(context: &Context, asked: &One) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let list = ask(&mut client, "exec.approval.grants.list", &json!({ "limit": 500 })).await?;
    let grant = pick("consent", &asked.id, texts(&list["grants"], "grantId"))?;
    let params = json!({ "grantId": grant });
    let done = ask(&mut client, "exec.approval.grants.revoke", &params).await?;
    client.close().await;
    tell(context, &done, &format!("Took back {grant}"))
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::AllowOnce => "allow-once",
            Self::AllowAlways => "allow-always",
            Self::Deny => "deny",
        }
    }
}
