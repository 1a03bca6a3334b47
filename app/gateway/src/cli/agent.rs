//! `openclaw agent`: one question, one answer.

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{
    answer::{Answer, Heard},
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

/// What to ask, and whom.
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// What to say.
    #[arg(long, short)]
    message: String,
    /// In which conversation. Default: the agent's main one.
    #[arg(long, visible_alias = "session-key", value_name = "KEY")]
    session: Option<String>,
    /// Which agent. Default: the one of the configuration.
    #[arg(long = "agent", value_name = "ID")]
    who: Option<String>,
    /// How long the model thinks: off, minimal, low, medium, high.
    #[arg(long, value_name = "LEVEL")]
    thinking: Option<String>,
    /// How long the run may take, in seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Where the gateway is, instead of on this machine.
    #[arg(long, value_name = "WS-URL")]
    url: Option<String>,
    /// The gateway's token.
    #[arg(long, allow_hyphen_values = true)]
    token: Option<String>,
    /// The gateway's password.
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// The SHA-256 of the gateway's certificate.
    #[arg(long, value_name = "SHA256")]
    tls_fingerprint: Option<String>,
    /// Send the token or password to another machine unencrypted.
    #[arg(long)]
    allow_insecure: bool,
}

/// How long the gateway may take to accept the message, in milliseconds.
const ACCEPT: u64 = 10_000;

pub(crate) async fn agent(context: &Context, asked: &Agent) -> Result<(), Failure> {
    if asked.message.trim().is_empty() {
        return Err(Failure::new("--message is empty"));
    }
    let run = Uuid::now_v7().to_string();
    let params = params(asked, &run);
    let rpc = Rpc {
        url: asked.url.clone(),
        token: asked.token.clone(),
        password: asked.password.clone(),
        tls_fingerprint: asked.tls_fingerprint.clone(),
        allow_insecure: asked.allow_insecure,
        timeout: ACCEPT,
    };
    let mut client = connect(context, &rpc).await?;
    let mut answer = Answer::of(&run);
    let mut printed = Ok(());
    let listen = |event: &_| {
        if let Heard::More(text) | Heard::Done(text) = answer.hear(event)
            && !context.json
            && printed.is_ok()
        {
            printed = output::part(&output::tame(&text));
        }
    };
    let last = client.call_expect_final("agent", &params, listen).await;
    client.close().await;
    printed?;
    let last = last.map_err(|error| {
        let newline = if answer.text().is_empty() { "" } else { "\n" };
        Failure::new(format!("{newline}agent: {error}"))
    })?;
    let last: Value = serde_json::from_str(last.as_str()).unwrap_or_default();
    if context.json {
        return Ok(output::json(&last)?);
    }
    // An answer may come without having been streamed.
    let rest = if answer.text().is_empty() { payloads(&last) } else { String::new() };
    Ok(output::line(&output::tame(&rest))?)
}

fn params(asked: &Agent, run: &str) -> Value {
    let mut params = json!({ "message": asked.message, "idempotencyKey": run });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            params[name] = value;
        }
    };
    set("sessionKey", asked.session.clone().map(Value::from));
    set("agentId", asked.who.clone().map(Value::from));
    set("thinking", asked.thinking.clone().map(Value::from));
    set("timeout", asked.timeout.map(Value::from));
    params
}

/// The text of the last answer of `agent`.
fn payloads(last: &Value) -> String {
    let payloads = last["result"]["payloads"].as_array().into_iter().flatten();
    payloads.filter_map(|payload| payload["text"].as_str()).collect::<Vec<_>>().join("\n\n")
}
