//! Commands that wait for consent, and what was decided about others.

use serde_json::{Value, json};

use super::History;
use crate::cli::{
    connect::{Rpc, ask, ask_once, connect},
    context::Context,
    devices::list::{now, text},
    failure::Failure,
    output,
    pick::{brief, enough, pick, texts},
    status::age,
};

/// How much of a command whoever decides gets to see; what is longer, says so.
const LONGEST: usize = 4000;

pub(super) async fn list(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let waiting = ask_once(context, rpc, "exec.approval.list", &json!({})).await?;
    if context.json {
        return Ok(output::json(&waiting)?);
    }
    Ok(output::line(&told(&waiting, now()))?)
}

pub(super) async fn get(context: &Context, rpc: &Rpc, given: &str) -> Result<(), Failure> {
    let mut client = connect(context, rpc).await?;
    let waiting = ask(&mut client, "exec.approval.list", &json!({})).await?;
    // One that was decided about is known by its whole id only.
    let id = pick("command", given, texts(&waiting, "id")).unwrap_or(given);
    let approval = ask(&mut client, "exec.approval.get", &json!({ "id": id })).await?;
    client.close().await;
    if context.json {
        return Ok(output::json(&approval)?);
    }
    Ok(output::line(&question(&approval, now(), usize::MAX))?)
}

pub(super) async fn history(context: &Context, asked: &History) -> Result<(), Failure> {
    let mut params = json!({ "limit": asked.limit });
    if let Some(cursor) = &asked.cursor {
        params["cursor"] = cursor.as_str().into();
    }
    let page = ask_once(context, &asked.rpc, "approval.history", &params).await?;
    if context.json {
        return Ok(output::json(&page)?);
    }
    output::line(&decided(&page["approvals"], now()))?;
    if let Some(cursor) = page["nextCursor"].as_str() {
        let cursor = output::cell(cursor, 512);
        output::note(&format!("More: openclaw approvals history --cursor {cursor}"))?;
    }
    Ok(())
}

pub(super) async fn grants(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let list = ask_once(context, rpc, "exec.approval.grants.list", &json!({})).await?;
    if context.json {
        return Ok(output::json(&list)?);
    }
    Ok(output::line(&granted(&list["grants"]))?)
}

fn granted(grants: &Value) -> String {
    let length = enough(texts(grants, "grantId"));
    let rows = grants.as_array().into_iter().flatten().map(|grant| {
        let id = brief(grant["grantId"].as_str().unwrap_or_default(), length);
        let node = text(&grant["request"], "nodeId", 12);
        vec![id, text(grant, "grantedBy", 14), node, text(&grant["request"], "command", 36)]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "Nothing was allowed once and for all.".into();
    }
    output::table(&["CONSENT", "BY", "NODE", "COMMAND"], &rows)
}

/// The command called `id` in a list, as part of a sentence.
pub(super) fn command(waiting: &Value, id: &str) -> String {
    let mut approvals = waiting.as_array().into_iter().flatten();
    let approval = approvals.find(|approval| approval["id"] == id);
    approval.map(|approval| text(&approval["request"], "command", 200)).unwrap_or_default()
}

fn told(waiting: &Value, now: u64) -> String {
    let length = enough(texts(waiting, "id"));
    let questions: Vec<_> = waiting
        .as_array()
        .into_iter()
        .flatten()
        .map(|approval| question(approval, now, length))
        .collect();
    if questions.is_empty() {
        return "No command waits for consent.".into();
    }
    format!("Commands that wait for consent: {}\n{}", questions.len(), questions.join("\n"))
}

/// A command: everything whoever decides should know.
fn question(approval: &Value, now: u64, length: usize) -> String {
    let id = brief(approval["id"].as_str().unwrap_or_default(), length);
    let request = &approval["request"];
    let mut lines = vec![format!("  {id}  {}", text(request, "command", LONGEST))];
    let mut add = |word: &str, said: String| {
        if !said.is_empty() {
            lines.push(format!("    {word:7} {said}"));
        }
    };
    add("in", text(request, "cwd", 400));
    let place = [text(request, "host", 20), text(request, "nodeId", 64)];
    add("on", place.iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>().join(" "));
    add("program", text(request, "resolvedPath", 400));
    add("agent", text(request, "agentId", 64));
    add("session", text(request, "sessionKey", 120));
    let variables: Vec<_> =
        request["envKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    add("sets", output::cell(&variables.join(", "), 400));
    add("careful", text(request, "warningText", 400));
    let asked = approval["createdAtMs"].as_u64().unwrap_or(now);
    add("asked", format!("{} ago", age(now.saturating_sub(asked) / 1000)));
    if approval["status"] == "pending" {
        let left = approval["expiresAtMs"].as_u64().unwrap_or(now).saturating_sub(now);
        add("left", age(left / 1000));
        add("next", format!("openclaw approvals allow {id}, or deny {id}"));
    } else {
        add("status", text(approval, "status", 20));
        add("by", text(approval, "resolvedBy", 64));
    }
    lines.join("\n")
}

fn decided(approvals: &Value, now: u64) -> String {
    let rows = approvals.as_array().into_iter().flatten().map(|approval| {
        let when = approval["resolvedAtMs"].as_u64().or(approval["createdAtMs"].as_u64());
        vec![
            when.map(|then| age(now.saturating_sub(then) / 1000)).unwrap_or_default(),
            text(approval, "status", 8),
            text(approval, "decision", 12),
            text(approval, "resolvedBy", 14),
            text(&approval["request"], "command", 34),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "Nothing was decided in the last thirty days.".into();
    }
    output::table(&["AGO", "STATUS", "DECISION", "BY", "COMMAND"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(id: &str, command: &str) -> Value {
        json!({ "id": id, "kind": "exec", "status": "pending", "createdAtMs": 10_000,
            "expiresAtMs": 130_000, "decision": null,
            "request": { "command": command, "cwd": "/work", "host": "node", "nodeId": "n1",
                "envKeys": ["LANG"], "agentId": null, "warningText": "it deletes" } })
    }

    #[test]
    fn a_command_that_waits() {
        let expected = "\
Commands that wait for consent: 1
  abcdefgh  rm -rf 'a b'
    in      /work
    on      node n1
    sets    LANG
    careful it deletes
    asked   1m ago
    left    1m
    next    openclaw approvals allow abcdefgh, or deny abcdefgh";
        let waiting = json!([approval("abcdefgh-1", "rm -rf 'a b'")]);
        assert_eq!(told(&waiting, 70_000), expected);
        assert_eq!(told(&json!([]), 0), "No command waits for consent.");
        assert_eq!(command(&waiting, "abcdefgh-1"), "rm -rf 'a b'");
    }

    #[test]
    fn a_command_cannot_hide_behind_its_own_output() {
        let waiting = json!([approval("a", "ls\u{1b}[2K\r\nDenied: nothing\u{202e}")]);
        let text = told(&waiting, 70_000);
        assert!(text.contains("  a  ls[2K Denied: nothing\n"), "{text}");
    }

    #[test]
    fn what_was_decided_in_a_table() {
        let mut done = approval("a", &"x".repeat(100));
        done["status"] = "approved".into();
        done["decision"] = "allow-always".into();
        done["resolvedBy"] = "somebody with a long name".into();
        done["resolvedAtMs"] = 60_000.into();
        let text = decided(&json!([done]), 120_000);
        let expected = format!(
            "AGO  STATUS    DECISION      BY              COMMAND\n1m   approved  allow-always  \
             somebody with…  {}…",
            "x".repeat(33)
        );
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(decided(&json!([]), 0).starts_with("Nothing was decided"));
    }
}
