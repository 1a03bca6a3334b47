//! Showing something to whoever sits at this machine.

use std::{path::Path, time::Duration};

use domain::approval::{may_inherit, show_within};
use process::Errand;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    host::Machine,
    invoke::{Refused, Request, params},
};
use crate::cli::output;

/// The longest title and text, in characters.
const MAX_TEXT: usize = 2_000;
/// How long showing it may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
}

/// Shows a notification on the display; where there is none, or nothing that
/// shows it, it goes to the output of the node, and the answer says so.
pub(super) async fn notify(
    machine: &Machine,
    request: &Request,
    cancel: &CancellationToken,
) -> Result<Value, Refused> {
    let Params { title, body } = params(request)?;
    let (title, body) = (show_within(&title, MAX_TEXT), show_within(&body, MAX_TEXT));
    if title.trim().is_empty() && body.trim().is_empty() {
        return Err(Refused::invalid("title or body required"));
    }
    if shown(machine, &title, &body, cancel).await {
        return Ok(json!({ "ok": true, "delivered": "display" }));
    }
    // Nobody is left to be told that the pipe is broken.
    let _ = output::note(&format!("Notification: {title}: {body}"));
    Ok(json!({ "ok": true, "delivered": "log" }))
}

async fn shown(machine: &Machine, title: &str, body: &str, cancel: &CancellationToken) -> bool {
    let display = machine.variable("DISPLAY").or(machine.variable("WAYLAND_DISPLAY"));
    let program = process::path_of("notify-send", Path::new("/"), machine.path());
    let (Some(_), Some(program)) = (display, program) else { return false };
    let errand = Errand {
        program,
        argv: ["notify-send", "--app-name=openclaw", "--", title, body].map(str::to_owned).into(),
        cwd: machine.home.clone(),
        env: machine.env.iter().filter(|(name, _)| may_inherit(name)).cloned().collect(),
        input: Vec::new(),
        timeout: Some(PATIENCE),
    };
    process::run(errand, cancel).await.is_ok_and(|finished| finished.code == Some(0))
}
