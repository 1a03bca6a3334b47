//! `openclaw approvals`: commands that wait for consent, and which commands may
//! run without.

use std::{fs, io::Read, path::PathBuf};

use clap::{Args, Subcommand};
use domain::approval::Decision;
use serde_json::{Value, json};
use ws_client::Client;

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

/// What to do about commands.
#[derive(Debug, Args)]
#[command(mut_args(|argument| argument.global(true)))]
pub(crate) struct Approvals {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    rpc: Rpc,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the commands that wait for consent.
    List,
    /// Let a command run.
    Approve {
        /// The id of the question.
        id: String,
        /// And every time it comes again.
        #[arg(long)]
        always: bool,
    },
    /// Do not let a command run.
    Deny {
        /// The id of the question.
        id: String,
    },
    /// List what was allowed once and for all.
    Grants,
    /// Take back what was allowed once and for all.
    Revoke {
        /// The id of the grant.
        id: String,
    },
    /// Show which commands may run.
    Get {
        #[command(flatten)]
        place: Place,
    },
    /// Replace what says which commands may run.
    Set {
        /// The file with the new text.
        #[arg(long, conflicts_with = "stdin", required_unless_present = "stdin")]
        file: Option<PathBuf>,
        /// Read the new text from the input.
        #[arg(long)]
        stdin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Change the list of programs that may run.
    #[command(subcommand)]
    Allowlist(Allowlist),
}

#[derive(Debug, Subcommand)]
enum Allowlist {
    /// Let programs run.
    Add(Entry),
    /// Do not let programs run any more.
    Remove(Entry),
}

#[derive(Debug, Args)]
struct Entry {
    /// A pattern for the full path, as in `/usr/bin/rg`.
    pattern: String,
    /// For this agent; `*` is every agent.
    #[arg(long, default_value = "*")]
    agent: String,
    #[command(flatten)]
    place: Place,
}

/// Whose commands.
#[derive(Debug, Args)]
struct Place {
    /// Those of a node, instead of those of the gateway.
    #[arg(long, value_name = "ID")]
    node: Option<String>,
}

impl Place {
    async fn get(&self, client: &mut Client) -> Result<Value, Failure> {
        match &self.node {
            None => call(client, "exec.approvals.get", &json!({})).await,
            Some(node) => call(client, "exec.approvals.node.get", &json!({ "nodeId": node })).await,
        }
    }

    /// Puts `file` in the place of what `seen` shows.
    async fn set(&self, client: &mut Client, file: &Value, seen: &Value) -> Result<Value, Failure> {
        let mut params = json!({ "file": file, "baseHash": seen["hash"] });
        match &self.node {
            None => call(client, "exec.approvals.set", &params).await,
            Some(node) => {
                params["nodeId"] = node.as_str().into();
                call(client, "exec.approvals.node.set", &params).await
            }
        }
    }
}

pub(crate) async fn approvals(context: &Context, asked: &Approvals) -> Result<(), Failure> {
    let new = match &asked.what {
        What::Set { file, .. } => Some(read(file.as_ref())?),
        _ => None,
    };
    let mut client = connect(context, &asked.rpc).await?;
    let (answer, text) = carry_out(&mut client, &asked.what, new).await?;
    client.close().await;
    if context.json {
        return Ok(output::json(&answer)?);
    }
    Ok(output::line(&output::tame(&text))?)
}

/// Does it, and says what came of it, for programs and for people.
async fn carry_out(
    client: &mut Client,
    what: &What,
    new: Option<Value>,
) -> Result<(Value, String), Failure> {
    let pretty = |answer: &Value| serde_json::to_string_pretty(&answer["file"]).unwrap_or_default();
    match what {
        What::List => {
            let answer = call(client, "exec.approval.list", &json!({})).await?;
            let text = told(&answer, ["id", "request.command", "request.cwd"], "Nothing waits.");
            Ok((answer, text))
        }
        What::Approve { id, always } => {
            let decision = if *always { Decision::AllowAlways } else { Decision::AllowOnce };
            Ok((decide(client, id, decision).await?, format!("Approved {id}")))
        }
        What::Deny { id } => {
            Ok((decide(client, id, Decision::Deny).await?, format!("Denied {id}")))
        }
        What::Grants => {
            let answer = call(client, "exec.approval.grants.list", &json!({})).await?;
            let columns = ["grantId", "request.command", "request.nodeId"];
            let text = told(&answer["grants"], columns, "Nothing was allowed once and for all.");
            Ok((answer, text))
        }
        What::Revoke { id } => {
            let params = json!({ "grantId": id });
            let answer = call(client, "exec.approval.grants.revoke", &params).await?;
            Ok((answer, format!("Revoked {id}")))
        }
        What::Get { place } => {
            let answer = place.get(client).await?;
            let text =
                format!("{}\n{}", answer["path"].as_str().unwrap_or_default(), pretty(&answer));
            Ok((answer, text))
        }
        What::Set { place, .. } => {
            let seen = place.get(client).await?;
            let answer = place.set(client, &new.unwrap_or_default(), &seen).await?;
            let text = pretty(&answer);
            Ok((answer, text))
        }
        What::Allowlist(change) => {
            let (Allowlist::Add(entry) | Allowlist::Remove(entry)) = change;
            let seen = entry.place.get(client).await?;
            let file = changed(seen["file"].clone(), change)?;
            let answer = entry.place.set(client, &file, &seen).await?;
            let text = pretty(&answer);
            Ok((answer, text))
        }
    }
}

async fn decide(client: &mut Client, id: &str, decision: Decision) -> Result<Value, Failure> {
    let params = json!({ "id": id, "decision": decision });
    call(client, "exec.approval.resolve", &params).await
}

async fn call(client: &mut Client, method: &str, params: &Value) -> Result<Value, Failure> {
    let answer = client.call(method, params).await;
    let answer = answer.map_err(|error| Failure::new(format!("{method}: {error}")))?;
    // What a node answers stands in an envelope.
    let answer: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    let inside = answer.get("payload").filter(|payload| payload.get("file").is_some());
    Ok(inside.cloned().unwrap_or(answer))
}

/// The text that replaces what is there.
fn read(file: Option<&PathBuf>) -> Result<Value, Failure> {
    let mut text = String::new();
    match file {
        Some(path) => text = fs::read_to_string(path)?,
        None => drop(std::io::stdin().read_to_string(&mut text)?),
    }
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("Invalid JSON: {error}")))
}

/// The policy with one entry more or less.
fn changed(mut file: Value, change: &Allowlist) -> Result<Value, Failure> {
    let (Allowlist::Add(entry) | Allowlist::Remove(entry)) = change;
    let agent = &mut file["agents"][&entry.agent];
    if !agent.is_object() {
        *agent = json!({});
    }
    let list = agent["allowlist"].as_array().cloned().unwrap_or_default();
    let (same, mut others): (Vec<_>, Vec<_>) =
        list.into_iter().partition(|it| it["pattern"] == entry.pattern.as_str());
    match change {
        Allowlist::Add(_) if !entry.pattern.starts_with('/') => {
            return Err(Failure::new("a pattern begins with a slash, as in /usr/bin/rg"));
        }
        Allowlist::Add(_) if same.is_empty() => others.push(json!({ "pattern": entry.pattern })),
        Allowlist::Add(_) => others.extend(same),
        Allowlist::Remove(_) if same.is_empty() => {
            return Err(Failure::new(format!("{} is not on the list", entry.pattern)));
        }
        Allowlist::Remove(_) => (),
    }
    agent["allowlist"] = others.into();
    Ok(file)
}

/// Rows as a table, or `nothing`.
fn told(rows: &Value, columns: [&str; 3], nothing: &str) -> String {
    let cell = |row: &Value, column: &str| {
        let value = column.split('.').fold(row, |value, name| &value[name]);
        value.as_str().unwrap_or("-").to_owned()
    };
    let rows = rows.as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> =
        rows.map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    if rows.is_empty() {
        return nothing.to_owned();
    }
    let head = |column: &str| column.rsplit('.').next().unwrap_or(column).to_uppercase();
    let heads = columns.map(head);
    output::table(&heads.each_ref().map(String::as_str), &rows)
}

#[test]
fn the_list_grows_and_shrinks_by_one_entry() {
    let entry = |pattern: &str| Entry {
        pattern: pattern.into(),
        agent: "*".into(),
        place: Place { node: None },
    };
    let add = |file: Value, pattern: &str| changed(file, &Allowlist::Add(entry(pattern)));
    let remove = |file: Value, pattern: &str| changed(file, &Allowlist::Remove(entry(pattern)));

    let one = add(json!({ "version": 1 }), "/usr/bin/rg").unwrap();
    let list = json!([{ "pattern": "/usr/bin/rg" }]);
    assert_eq!(one, json!({ "version": 1, "agents": { "*": { "allowlist": list } } }));
    assert_eq!(add(one.clone(), "/usr/bin/rg").unwrap(), one, "it is there already");
    let none = remove(one.clone(), "/usr/bin/rg").unwrap();
    assert_eq!(none["agents"]["*"]["allowlist"], json!([]));
    assert!(remove(none, "/usr/bin/rg").is_err());
    assert!(add(one, "rg").is_err(), "a name says nothing about where a program is");
}

#[test]
fn what_waits_is_a_table() {
    let rows = json!([{ "id": "a", "request": { "command": "ls", "cwd": null } }]);
    let table = told(&rows, ["id", "request.command", "request.cwd"], "nothing");
    assert_eq!(table, "ID  COMMAND  CWD\na   ls       -");
    assert_eq!(told(&json!([]), ["id", "id", "id"], "nothing"), "nothing");
}
