//! What a change would do to a gateway that runs.

use std::fs;

use domain::reload::{self, Mode, Plan};
use ports::driven::{ConfigEdit, ConfigWritten};
use serde_json::{Value, json};

use super::{Planned, change::try_out};
use crate::cli::{context::Context, failure::Failure, output};

pub(super) async fn plan(context: &Context, planned: &Planned) -> Result<(), Failure> {
    let edit = match planned {
        Planned::Set(asked) => asked.edit(context)?,
        Planned::Unset(asked) => asked.edit()?,
        Planned::Patch(asked) => asked.edit()?,
        Planned::File { file } => {
            let text = fs::read_to_string(file);
            let unread = |error: std::io::Error| format!("{}: {}", file.display(), error.kind());
            ConfigEdit::Replace(text.map_err(|error| Failure::new(unread(error)))?)
        }
    };
    let written = try_out(context, edit).await?;
    let mode = mode(&written);
    let plan = reload::plan(&written.changed, mode);
    if context.json {
        return Ok(output::json(&for_programs(&written, mode, &plan))?);
    }
    Ok(output::line(&output::tame(&for_people(mode, &plan)))?)
}

/// The mode the file would say.
fn mode(written: &ConfigWritten) -> Mode {
    let config = serde_json::to_value(&*written.config).unwrap_or_default();
    let said = config["gateway"]["reload"]["mode"].as_str().map(str::parse);
    said.and_then(Result::ok).unwrap_or_default()
}

fn for_programs(written: &ConfigWritten, mode: Mode, plan: &Plan) -> Value {
    json!({
        "ok": true, "mode": mode.as_str(), "changed": written.changed, "hash": written.hash,
        "ignored": plan.ignored, "reads": plan.reads, "hot": plan.hot, "restart": plan.restart,
        "waiting": plan.waiting, "warnings": written.warnings,
    })
}

fn for_people(mode: Mode, plan: &Plan) -> String {
    let Plan { ignored, reads, hot, restart, waiting, .. } = plan;
    let lists = [
        ("Ignored", ignored),
        ("In force when next read", reads),
        ("Put into force at once", hot),
        ("Makes the gateway start again", restart),
        ("Waits for the next start", waiting),
    ];
    let lines: Vec<_> = lists
        .iter()
        .filter(|(_, paths)| !paths.is_empty())
        .map(|(what, paths)| format!("{what}: {}", paths.join(", ")))
        .collect();
    if lines.is_empty() {
        return "Nothing changes: the file says so already.".into();
    }
    format!("{}\n(gateway.reload.mode is {mode}; nothing was written)", lines.join("\n"))
}

#[test]
fn a_plan_says_what_becomes_of_every_key() {
    let changed = ["gateway.port".to_owned()];
    let off = for_people(Mode::Off, &reload::plan(&changed, Mode::Off));
    assert_eq!(off, "Ignored: gateway.port\n(gateway.reload.mode is off; nothing was written)");
    let hybrid = for_people(Mode::Hybrid, &reload::plan(&changed, Mode::Hybrid));
    assert!(hybrid.starts_with("Put into force at once: gateway.port\n"), "{hybrid}");
    let nothing = for_people(Mode::Hybrid, &reload::plan(&[], Mode::Hybrid));
    assert!(nothing.starts_with("Nothing changes"));
}
