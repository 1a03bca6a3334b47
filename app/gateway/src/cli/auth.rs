//! `openclaw auth`: who would be let in, and with what.

mod explain;
mod password;

use clap::Subcommand;
use ports::driven::ConfigSource;
use serde_json::json;

use crate::cli::{context::Context, failure::Failure, output};

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Say how a connection would be decided about, step by step. Nothing is
    /// sent: the local configuration is all it takes.
    Explain(Box<explain::Explain>),
    /// Read a password and print its hash for `gateway.auth.password`.
    HashPassword,
    /// Print where the gateway's token is. Not the token.
    Token,
}

pub(crate) async fn auth(context: &Context, command: &Auth) -> Result<(), Failure> {
    match command {
        Auth::Explain(asked) => explain::explain(context, asked).await,
        Auth::HashPassword => password::hash_password(context).await,
        Auth::Token => token(context),
    }
}

/// Where the token comes from that clients have to show.
fn token(context: &Context) -> Result<(), Failure> {
    let path = secrets_file::token_path(&context.paths.state_dir);
    let exists = path.exists();
    let configured = context.config.current().gateway.auth.token.is_some();
    let source = match (context.variable("GATEWAY_TOKEN").is_some(), configured) {
        (true, _) => "env",
        (false, true) => "config",
        (false, false) => "file",
    };
    if context.json {
        let told = json!({ "path": path, "exists": exists, "source": source });
        return Ok(output::json(&told)?);
    }
    output::line(&path.display().to_string())?;
    let note = match (source, exists) {
        ("env", _) => "It is not used: OPENCLAW_GATEWAY_TOKEN says another one.",
        ("config", _) => "It is not used: gateway.auth.token says another one.",
        (_, true) => return Ok(()),
        (_, false) => "It is not there yet; the first `openclaw gateway run` makes it.",
    };
    Ok(output::note(note)?)
}
