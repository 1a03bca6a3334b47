//! `openclaw configure`: changing parts of what was set up, by questions.

use clap::Args;
use domain::wizard::{Part, Value, menu};

use crate::cli::{
    context::Context,
    failure::Failure,
    onboard::{ask, ask_about, needs_terminal, show_health},
};

/// What to do where nobody can be asked.
const BY_COMMANDS: &str = "Change it with `openclaw config set`, or with openclaw onboard \
    --non-interactive --accept-risk …";

/// Which parts.
#[derive(Debug, Args)]
pub(crate) struct Configure {
    /// Only this part; may be repeated. Without it, a menu asks.
    #[arg(long, value_parser = ["workspace", "model", "gateway", "daemon", "health", "web", "channels", "skills"])]
    section: Vec<String>,
}

/// Asks about each part in turn.
pub(crate) async fn configure(context: &Context, asked: &Configure) -> Result<(), Failure> {
    let parts: Vec<_> = asked.section.iter().filter_map(|word| Part::of(word)).collect();
    // Before anybody is asked about the others.
    if let Some(what) = parts.iter().find_map(Part::missing) {
        return Err(Failure::new(format!("this gateway has no {what} to set up yet")));
    }
    if parts.is_empty() || parts.iter().any(|part| *part != Part::Health) {
        needs_terminal(context, BY_COMMANDS)?;
    }
    for part in &parts {
        one(context, *part).await?;
    }
    while parts.is_empty() {
        let Some(Value::Text(word)) = ask(&menu())? else { break };
        let Some(part) = Part::of(&word) else { break };
        if let Err(failure) = one(context, part).await {
            // The menu is where one comes back to.
            failure.report(false);
        }
    }
    Ok(())
}

async fn one(context: &Context, part: Part) -> Result<(), Failure> {
    match part {
        Part::Questions(section) => ask_about(&context.reread(), section).await,
        Part::Health => show_health(&context.reread()).await,
        Part::Missing(what) => Err(Failure::new(format!("there is no {what} here yet"))),
    }
}
