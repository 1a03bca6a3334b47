//! `openclaw devices`: who may connect, and as what.

pub(crate) mod list;
pub(crate) mod setup_code;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ws_client::Client;

use crate::cli::{
    connect::{Rpc, ask, connect},
    context::Context,
    failure::Failure,
    output,
    pick::{pick, texts},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Devices {
    /// List the devices that wait and those that were let in.
    List(Rpc),
    /// Let a device in that waits.
    Approve(Approve),
    /// Turn a device away that waits.
    Reject(Decide),
    /// Forget a device and end its connections.
    Remove(Remove),
    /// Call a device something else.
    Rename(Rename),
    /// Replace the token of a device.
    Rotate(Rotate),
    /// Take the token of a device back, for good.
    Revoke(Revoke),
    /// Make a setup code for a phone, and draw it.
    SetupCode(setup_code::SetupCode),
}

/// Which request to grant.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The request, or the beginning of its id.
    request_id: Option<String>,
    /// Show the newest request and how to approve it. Nothing is approved that
    /// was not named.
    #[arg(long, conflicts_with = "request_id")]
    latest: bool,
    #[command(flatten)]
    rpc: Rpc,
}

/// A request to decide about.
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The request, or the beginning of its id.
    pub(crate) request_id: String,
    #[command(flatten)]
    pub(crate) rpc: Rpc,
}

/// Which device to forget.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The device, or the beginning of its id.
    device_id: String,
    #[command(flatten)]
    rpc: Rpc,
}

/// Which device to rename.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The device, or the beginning of its id.
    #[arg(required_unless_present = "device")]
    device_id: Option<String>,
    /// What to call it.
    #[arg(required_unless_present = "name")]
    label: Option<String>,
    /// The same as the first argument.
    #[arg(long, value_name = "ID", requires = "name", conflicts_with_all = ["device_id", "label"])]
    device: Option<String>,
    /// The same as the second argument.
    #[arg(long, value_name = "LABEL", requires = "device", conflicts_with_all = ["device_id", "label"])]
    name: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

/// Which token to replace.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    token: Token,
    /// What the new token allows, as in `operator.read`; what the old one did if
    /// nothing is said.
    #[arg(long, value_name = "SCOPE", num_args = 1.., conflicts_with = "no_scopes")]
    scope: Vec<String>,
    /// The new token allows nothing.
    #[arg(long)]
    no_scopes: bool,
    #[command(flatten)]
    rpc: Rpc,
}

/// Which token to take back.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    token: Token,
    #[command(flatten)]
    rpc: Rpc,
}

/// The token of a device for a role.
#[derive(Debug, Args)]
struct Token {
    /// The device, or the beginning of its id.
    #[arg(long, value_name = "ID")]
    device: String,
    /// `operator` or `node`.
    #[arg(long)]
    role: String,
}

pub(crate) async fn devices(context: &Context, command: &Devices) -> Result<(), Failure> {
    match command {
        Devices::List(rpc) => list::list(context, rpc).await,
        Devices::Approve(asked) => approve(context, asked).await,
        Devices::Reject(asked) => reject(context, asked).await,
        Devices::Remove(asked) => remove(context, asked).await,
        Devices::Rename(asked) => rename(context, asked).await,
        Devices::Rotate(asked) => rotate(context, asked).await,
        Devices::Revoke(asked) => revoke(context, asked).await,
        Devices::SetupCode(asked) => setup_code::setup_code(context, asked).await,
    }
}

async fn approve(context: &Context, asked: &Approve) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let list = ask(&mut client, "device.pair.list", &json!({})).await?;
    let Some(given) = &asked.request_id else {
        client.close().await;
        return show_newest(context, &list);
    };
    let request = pick("request", given, texts(&list["pending"], "requestId"))?;
    let params = json!({ "requestId": request });
    let done = ask(&mut client, "device.pair.approve", &params).await?;
    client.close().await;
    let device = &done["device"];
    tell(context, &done, &format!("Approved {}: {}", list::called(device), list::may(device)))
}

/// Somebody else may have asked since a person looked, so the newest request is
/// shown and never approved just for being the newest.
fn show_newest(context: &Context, list: &Value) -> Result<(), Failure> {
    let Some(newest) = list["pending"].get(0) else {
        return Err(Failure::new("no device waits for a decision"));
    };
    if context.json {
        output::json(&json!({ "approved": false, "request": newest }))?;
        return Err(Failure::new(""));
    }
    output::line(&list::request(newest, list::now(), usize::MAX))?;
    Err(Failure::new("nothing was approved: name the request"))
}

async fn reject(context: &Context, asked: &Decide) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let list = ask(&mut client, "device.pair.list", &json!({})).await?;
    let request = pick("request", &asked.request_id, texts(&list["pending"], "requestId"))?;
    let params = json!({ "requestId": request });
    let done = ask(&mut client, "device.pair.reject", &params).await?;
    client.close().await;
    tell(context, &done, &format!("Turned away: device {}", list::text(&done, "deviceId", 64)))
}

async fn remove(context: &Context, asked: &Remove) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let device = known(&mut client, &asked.device_id).await?;
    let done = ask(&mut client, "device.pair.remove", &json!({ "deviceId": device })).await?;
    client.close().await;
    tell(context, &done, &format!("Removed device {}", list::text(&done, "deviceId", 64)))
}

async fn rename(context: &Context, asked: &Rename) -> Result<(), Failure> {
    let (device, label) = (
        asked.device_id.as_ref().or(asked.device.as_ref()),
        asked.label.as_ref().or(asked.name.as_ref()),
    );
    let (Some(device), Some(label)) = (device, label) else {
        return Err(Failure::new("which device, and what shall it be called?"));
    };
    let mut client = connect(context, &asked.rpc).await?;
    let device = known(&mut client, device).await?;
    let params = json!({ "deviceId": device, "label": label });
    let done = ask(&mut client, "device.pair.rename", &params).await?;
    client.close().await;
    tell(context, &done, &format!("Renamed to {}", list::text(&done, "label", 64)))
}

async fn rotate(context: &Context, asked: &Rotate) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let device = known(&mut client, &asked.token.device).await?;
    let mut params = json!({ "deviceId": device, "role": asked.token.role });
    if asked.no_scopes || !asked.scope.is_empty() {
        params["scopes"] = asked.scope.as_slice().into();
    }
    let done = ask(&mut client, "device.token.rotate", &params).await?;
    client.close().await;
    let scopes = list::scopes(&done["scopes"]);
    let note = "It is told the new token when it next connects with the gateway's.";
    let line = format!("Replaced the {} token, which allows {scopes}. {note}", asked.token.role);
    tell(context, &done, &line)
}

async fn revoke(context: &Context, asked: &Revoke) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let device = known(&mut client, &asked.token.device).await?;
    let params = json!({ "deviceId": device, "role": asked.token.role });
    let done = ask(&mut client, "device.token.revoke", &params).await?;
    client.close().await;
    let id = list::text(&done, "deviceId", 64);
    tell(context, &done, &format!("Took back the {} token of device {id}", asked.token.role))
}

/// The whole id of a paired device.
async fn known(client: &mut Client, given: &str) -> Result<String, Failure> {
    let list = ask(client, "device.pair.list", &json!({})).await?;
    pick("device", given, texts(&list["paired"], "deviceId")).map(str::to_owned)
}

/// Says what was done.
pub(crate) fn tell(context: &Context, done: &Value, line: &str) -> Result<(), Failure> {
    if context.json {
        return Ok(output::json(done)?);
    }
    Ok(output::line(&output::tame(line))?)
}
