//! `openclaw gateway call`: any method, by name.

use clap::Args;
use serde_json::Value;

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

/// Which method, and with what.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The name of the method, as in `sessions.list`.
    method: String,
    /// Its parameters, as JSON.
    #[arg(long, default_value = "{}", value_name = "JSON")]
    params: String,
    /// Wait for the second answer of a method that answers twice.
    #[arg(long)]
    expect_final: bool,
    #[command(flatten)]
    rpc: Rpc,
}

pub(crate) async fn call(context: &Context, call: &Call) -> Result<(), Failure> {
    let params: Value = serde_json::from_str(&call.params)
        .map_err(|error| Failure::new(format!("Invalid --params: {error}")))?;
    let mut client = connect(context, &call.rpc).await?;
    let answer = if call.expect_final {
        client.call_expect_final(&call.method, &params, |_| ()).await
    } else {
        client.call(&call.method, &params).await
    };
    let answer = answer.map_err(|error| Failure::of_call(&call.method, &error))?;
    if !context.json {
        output::note(&format!("Gateway call: {}", call.method))?;
    }
    let answer: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    output::json(&answer)?;
    client.close().await;
    Ok(())
}
