//! Devices that connect.

use serde_json::{Value, json};

use super::{
    client::Connection,
    device::{Claim, Device, Keys, unspell},
    generate::merged,
    operator,
    site::Site,
};

/// Opens a connection and logs in as `device`, showing `auth`, with `changes`
/// put over what the device usually says; and returns it with the response,
/// whatever that is.
pub(super) async fn arrive(
    site: &Site,
    keys: &mut Keys,
    device: Device,
    auth: Value,
    changes: &Value,
) -> Result<(Connection, Value), String> {
    let headers = operator::upgrade_headers(&site.host(None));
    arrive_with(site, keys, device, auth, changes, &headers).await
}

/// The same with these headers.
pub(super) async fn arrive_with(
    site: &Site,
    keys: &mut Keys,
    device: Device,
    auth: Value,
    changes: &Value,
    headers: &[(String, String)],
) -> Result<(Connection, Value), String> {
    let connection = operator::open_with(site, None, headers).await?;
    let nonce = connection.nonce().await?;
    let mut params = merged(operator::connect_params(), &device.portrait());
    params["auth"] = auth;
    let mut params = merged(params, changes);
    let claim = Claim::Plain(device.name.to_owned());
    params["device"] = claim.device(keys, &params, &nonce, |text| Ok(text.to_owned()))?;
    let response = connection.response(operator::CONNECT_ID, "connect", &params).await?;
    Ok((connection, response))
}

/// Has `device` let in, which is on the gateway's machine and so has to ask
/// nobody, and returns its token.
pub(super) async fn pair(site: &Site, keys: &mut Keys, device: Device) -> Result<String, String> {
    let (_, hello) = arrive(site, keys, device, site.manner.auth(), &Value::Null).await?;
    let token = hello["payload"]["auth"]["deviceToken"].as_str();
    token.map(str::to_owned).ok_or_else(|| format!("{} cannot be paired: {hello}", device.name))
}

/// The same for a node that can run commands and stays connected.
pub(super) async fn stay(
    site: &Site,
    keys: &mut Keys,
    device: Device,
    platform: &str,
) -> Result<(Connection, String), String> {
    let commands = json!(["canvas.present", "system.run", "system.execApprovals.set"]);
    let changes = json!({ "client": { "platform": platform }, "commands": commands });
    let (connection, hello) = arrive(site, keys, device, site.manner.auth(), &changes).await?;
    let token = hello["payload"]["auth"]["deviceToken"].as_str().map(str::to_owned);
    token
        .map(|token| (connection, token))
        .ok_or_else(|| format!("{} cannot be paired: {hello}", device.name))
}

/// Has a device wait that wants to be an administrator, and returns the name of
/// its request. It is a page in a browser, which is never let in unasked.
pub(super) async fn wait(site: &Site, keys: &mut Keys) -> Result<String, String> {
    let mut headers = operator::upgrade_headers(&site.host(None));
    headers.push(("Origin".to_owned(), format!("http://{}", site.host(None))));
    let changes = json!({ "scopes": ["operator.admin"] });
    let (device, auth) = (Device::named("waiting")?, site.manner.auth());
    let (_, response) = arrive_with(site, keys, device, auth, &changes, &headers).await?;
    let request = response["error"]["details"]["requestId"].as_str();
    request.map(str::to_owned).ok_or_else(|| format!("the device does not wait: {response}"))
}

/// Makes a setup code, and returns the token in it.
pub(super) async fn setup_token(site: &Site) -> Result<String, String> {
    let operator = operator::login(site, &Value::Null).await?;
    let params = json!({ "publicUrl": format!("ws://{}", site.host(None)), "includeQr": false });
    let code = operator.call("device.pair.setupCode", params).await?;
    let code = unspell(code["setupCode"].as_str().unwrap_or_default())?;
    let code: Value = serde_json::from_slice(&code).map_err(|error| error.to_string())?;
    let token = code["bootstrapToken"].as_str();
    token.map(str::to_owned).ok_or_else(|| format!("a setup code without a token: {code}"))
}
