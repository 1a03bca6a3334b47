//! `openclaw devices setup-code`, also known as `openclaw qr`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, ask_once},
    context::Context,
    devices::list::{now, text},
    failure::Failure,
    output,
    status::age,
};

/// What a code is good for.
#[derive(Debug, Args)]
pub(crate) struct SetupCode {
    /// Where the device finds the gateway, instead of the address it listens on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What the code lets a device be.
    #[arg(long, alias = "bootstrap-profile", value_enum, default_value_t)]
    access: Access,
    /// The same as `--access limited`.
    #[arg(long, conflicts_with = "access")]
    limited: bool,
    /// Do not draw the code.
    #[arg(long, visible_alias = "no-ascii")]
    no_qr: bool,
    /// Print the code and nothing else.
    #[arg(long = "setup-code-only")]
    bare: bool,
    #[command(flatten)]
    rpc: Rpc,
}

/// What a code lets a device be.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Access {
    /// A node, and an operator that neither administers nor pairs.
    #[default]
    Limited,
    /// A node only.
    Node,
}

pub(crate) async fn setup_code(context: &Context, asked: &SetupCode) -> Result<(), Failure> {
    let word = match asked.access {
        Access::Limited => "limited",
        Access::Node => "node",
    };
    let mut params = json!({ "bootstrapProfile": word, "includeQr": false });
    if let Some(url) = &asked.public_url {
        params["publicUrl"] = url.as_str().into();
    }
    let made = ask_once(context, &asked.rpc, "device.pair.setupCode", &params).await?;
    if context.json {
        return Ok(output::json(&made)?);
    }
    let code = text(&made, "setupCode", usize::MAX);
    if asked.bare {
        return Ok(output::line(&code)?);
    }
    if !asked.no_qr {
        match qr_code::drawing(&code) {
            Some(drawing) => output::line(&drawing)?,
            None => output::note("The code is too long to be drawn.")?,
        }
    }
    Ok(output::line(&told(&made, now()))?)
}

fn told(made: &Value, now: u64) -> String {
    let left = made["expiresAtMs"].as_u64().unwrap_or_default().saturating_sub(now) / 1000;
    format!(
        "Setup code: {}\nGateway: {}\nGood for one device ({}), once, for {}. Whoever has it can \
         use it: show it to nobody else.",
        text(made, "setupCode", usize::MAX),
        text(made, "gatewayUrl", 2048),
        text(made, "access", 20),
        age(left),
    )
}

#[test]
fn a_code_for_people() {
    let made = json!({ "setupCode": "abc", "gatewayUrl": "ws://192.0.2.1:18789",
        "access": "limited", "expiresAtMs": 660_000 });
    let expected = "Setup code: abc\nGateway: ws://192.0.2.1:18789\nGood for one device (limited), \
        once, for 10m. Whoever has it can use it: show it to nobody else.";
    assert_eq!(told(&made, 59_000), expected);
}
