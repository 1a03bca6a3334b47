//! Checks about who may what, and who sees whom.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    arrival,
    client::Connection,
    device::Device,
    expect::Mismatch,
    fixture::{USER, USER_HEADER},
    gateway::TOKEN,
    invariant::Aftermath,
    operator, written,
};

/// What clients may see of the gateway that may not administer it.
const GOLDEN: &[&str] =
    &["authMode", "health", "presence", "sessionDefaults", "stateVersion", "uptimeMs"];

/// The headers of the last request for a WebSocket, now with a user: the proxy
/// knows one.
fn with_user(after: &Aftermath<'_>) -> Vec<(String, String)> {
    let mut headers = after.headers.to_vec();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(USER_HEADER)) {
        headers.push((USER_HEADER.to_owned(), USER.to_owned()));
    }
    headers
}

/// Whether the gateway takes a client with these headers for one at `ip`, and
/// nobody at all for one elsewhere: as administrators see it.
pub(super) async fn client_ip(after: &Aftermath<'_>, ip: &str) -> Result<(), Mismatch> {
    let site = &after.gateway.site;
    let connection = operator::open_with(site, None, &with_user(after)).await?;
    connection.nonce().await?;
    let mut params = operator::connect_params();
    params["auth"] = json!({});
    let hello = connection.call_as(operator::CONNECT_ID, "connect", &params).await?;
    let present = hello["snapshot"]["presence"].as_array().into_iter().flatten();
    let ips: Vec<&str> = present.filter_map(|row| row["ip"].as_str()).collect();
    if ips == [ip] { Ok(()) } else { Err(format!("a client at {ip}; they are at {ips:?}")) }
}

/// Whether a device with these headers has to ask somebody, as one on this
/// machine need not.
pub(super) async fn not_local(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    let headers = with_user(after);
    let (site, fresh) = (&after.gateway.site, Device::named("fresh")?);
    let changes = json!({ "scopes": ["operator.admin"] });
    let arrival =
        arrival::arrive_with(site, after.keys, fresh, json!({}), &changes, &headers).await;
    match arrival {
        Ok((_, response)) if response["error"]["code"] == "NOT_PAIRED" => Ok(()),
        Ok((_, response)) => Err(format!("a device has to ask; got {response}")),
        Err(why) => Err(format!("a device has to ask; got {why}")),
    }
}

/// Whether some devices wait, and not more than so many.
pub(super) async fn pending_at_most(after: &Aftermath<'_>, limit: usize) -> Result<(), Mismatch> {
    let operator = operator::login(&after.gateway.site, &Value::Null).await?;
    let list = operator.call("device.pair.list", json!({})).await?;
    let waiting = list["pending"].as_array().map(Vec::len).unwrap_or_default();
    few(waiting, limit, "devices wait")
}

/// Whether an administrator was told of some devices that wait, and not of more
/// than so many.
pub(super) async fn requested_at_most(after: &Aftermath<'_>, limit: usize) -> Result<(), Mismatch> {
    let listener = after.watch.listener.as_ref().ok_or("runner did not listen")?;
    // Whatever was told was told before this is answered.
    listener.health(Duration::from_secs(5)).await;
    let told = |message: &&super::client::Message| message.json["event"] == "device.pair.requested";
    let told = listener.seen().messages.iter().filter(told).count();
    few(told, limit, "devices were told of")
}

fn few(count: usize, limit: usize, what: &str) -> Result<(), Mismatch> {
    if (1..=limit).contains(&count) {
        return Ok(());
    }
    Err(format!("1 to {limit} {what}; {count}"))
}

/// Whether neither the token of the gateway is in the log nor the one that was
/// shown, nor a piece of it.
pub(super) fn token_not_in_log(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    const PIECE: usize = 16;
    let log = after.gateway.log();
    let log = String::from_utf8_lossy(&log);
    let shown = after.shown.ok_or("runner does not know which token is meant")?;
    let piece: String = shown.chars().take(PIECE).collect();
    match [TOKEN, &piece].iter().find(|secret| log.contains(**secret)) {
        None => Ok(()),
        Some(secret) => Err(format!("no token in the log; {secret} is")),
    }
}

/// What the client that was used last was told when it was let in.
fn hello(connection: Option<&Connection>) -> Result<Value, Mismatch> {
    let seen = connection.ok_or("a connection")?.seen();
    let hello = seen.message(0, |message| message["type"] == "res").ok_or("a response")?;
    Ok(hello.json["payload"].clone())
}

/// Whether a client sees only what somebody has decided that it may.
pub(super) fn snapshot_is_golden(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let hello = hello(after.connection)?;
    let snapshot = hello["snapshot"].as_object().ok_or("a snapshot")?;
    match snapshot.keys().find(|key| !GOLDEN.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("a snapshot without {key}")),
    }
}

/// Whether a client sees neither where the gateway keeps things nor who else is
/// there.
pub(super) fn nothing_foreign(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let hello = hello(after.connection)?.to_string();
    let device = |word: &str| Some(word.strip_prefix("dev.")?.strip_suffix(".id")?.to_owned());
    let is_other = |word: &str| device(word).is_some_and(|it| Some(it.as_str()) != after.device);
    let others = after.words.0.iter().filter(|(word, _)| is_other(word));
    let others: Vec<&str> = others.map(|(_, id)| id.as_str()).collect();
    if others.is_empty() {
        return Err("runner does not know whom it must not see".to_owned());
    }
    let root = after.gateway.root().display().to_string();
    let foreign = others.into_iter().chain(["configPath", "stateDir", &root]);
    if let Some(foreign) = foreign.into_iter().find(|foreign| hello.contains(foreign)) {
        return Err(format!("a hello without {foreign}; {hello}"));
    }
    // Where the canvas is stands there as the client itself calls the gateway.
    let mut hello = self::hello(after.connection)?.clone();
    for own in ["canvasHostUrl", "pluginSurfaceUrls"] {
        hello.as_object_mut().and_then(|hello| hello.remove(own));
    }
    let hello = hello.to_string();
    let address = regex_lite::Regex::new(r"\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b");
    let address = address.map_err(|error| error.to_string())?;
    match address.find(&hello) {
        None => Ok(()),
        Some(found) => Err(format!("a hello without addresses; {}", found.as_str())),
    }
}

/// Whether what is written down about the device that logged in last still says
/// that it runs on `platform`.
pub(super) async fn stored_platform(
    after: &mut Aftermath<'_>,
    platform: &str,
) -> Result<(), Mismatch> {
    let device = stored(after).await?;
    if device["portrait"]["platform"] == platform {
        return Ok(());
    }
    Err(format!("stored for {platform}; {device}"))
}

/// Whether that device was not allowed to run things meanwhile.
pub(super) async fn nothing_of_system(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    let device = stored(after).await?;
    let grants = device["grants"].as_array().into_iter().flatten();
    let mut commands = grants
        .flat_map(|grant| grant["commands"].as_array().into_iter().flatten())
        .filter_map(Value::as_str);
    match commands.find(|command| command.starts_with("system.")) {
        None => Ok(()),
        Some(command) => Err(format!("nothing of system.*; {command}")),
    }
}

/// Nobody told the node that somebody consented.
pub(super) fn node_is_not_fooled(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let node = after.node.ok_or("runner does not know which node is meant")?;
    let seen = node.seen();
    let fooled = seen.message(0, |frame| {
        frame["event"] == "node.invoke.request" && frame.to_string().contains("approved")
    });
    if fooled.is_some() { Err("the node is told of consent".to_owned()) } else { Ok(()) }
}

/// Nobody waits any more for what the node was asked.
pub(super) async fn nothing_is_pending(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let node = after.node.ok_or("runner does not know which node is meant")?;
    // It would have come before the answer.
    node.call("node.pending.pull", json!({})).await?;
    let asked = |frame: &Value| frame["event"] == "node.invoke.request";
    let asked = node.seen().message(0, asked).map(|message| message.json.clone());
    // It is not even asked when there is no time to answer.
    let Some(asked) = asked else { return Ok(()) };
    let (id, name) = (&asked["payload"]["id"], &asked["payload"]["nodeId"]);
    let late = json!({ "id": id, "nodeId": name, "ok": true, "payload": {} });
    let received = node.call("node.invoke.result", late).await?;
    if received["ignored"] == true {
        return Ok(());
    }
    Err(format!("nobody waits for the answer; {received}"))
}

/// Neither as it was let in nor let in anew does the node hear what it was asked
/// while it was away.
pub(super) async fn revoked_node_gets_nothing(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    let device = Device::named("paired-node")?;
    let site = &after.gateway.site;
    let id = after.keys.of(device.name).id().to_string();
    let token = after.words.fill("{{dev.paired-node.token}}").map_err(|it| it.to_string())?;
    let operator = operator::login(site, &Value::Null).await?;
    operator.call("device.pair.remove", json!({ "deviceId": id })).await?;
    let auth = json!({ "token": token });
    let (_, response) = arrival::arrive(site, after.keys, device, auth, &Value::Null).await?;
    if response["ok"] != false {
        return Err(format!("its token is worth nothing; {response}"));
    }
    let (node, hello) =
        arrival::arrive(site, after.keys, device, site.manner.auth(), &Value::Null).await?;
    if hello["ok"] != true {
        return Err(format!("it can be let in anew; {hello}"));
    }
    // It would have come before the answer.
    node.call("node.pending.pull", json!({})).await?;
    let seen = node.seen();
    let asked = |frame: &Value| {
        frame["event"] == "node.invoke.request" || frame.to_string().contains("system.notify")
    };
    match seen.message(0, asked) {
        None => Ok(()),
        Some(message) => Err(format!("the node receives nothing; {}", message.json)),
    }
}

/// What is written down about the device that logged in last.
async fn stored(after: &mut Aftermath<'_>) -> Result<Value, Mismatch> {
    let name = after.device.ok_or("runner does not know which device is meant")?;
    let id = after.keys.of(name).id().to_string();
    after.gateway.kill().await?;
    let device = written::device(&after.gateway.database(), &id).await;
    after.gateway.restart().await?;
    device
}
