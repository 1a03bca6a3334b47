//! `device.*`: letting devices in, and what they may do afterwards
//! (`ws-protocol.md` 4.7, 5.6 and 6.17).

use domain::{
    access::{
        Access::Operator,
        Scope::{self, Admin, Pairing, Read},
        Scopes,
    },
    ids::{DeviceId, RequestId},
    pairing::Profile,
};
use ports::{
    driving::{ErrorCode, RpcError},
    view::{PairedDevice, PendingDevice},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::pairing::{PairingError, Upgrade};

use crate::{
    method::{Context, methods},
    params::{List, Name, Nothing, Text, Unused},
    refusal,
};

methods! {
    /// The devices that were let in, and those that wait. Whoever is not an
    /// administrator sees its own device only.
    "device.pair.list" [Operator(Pairing)] list(Nothing) -> Devices;

    /// Lets a device in that waits, for what it asked for.
    ///
    /// The caller has to hold everything the request asks for; for a node that
    /// offers `system.*` commands, `operator.admin`. Everybody who may decide
    /// hears of it as `device.pair.resolved`.
    "device.pair.approve" [Operator(Pairing), governs] approve(RequestParams) -> Approved;

    /// Turns a device away that waits.
    "device.pair.reject" [Operator(Pairing), governs] reject(RequestParams) -> Rejected;

    /// Forgets a device. Its tokens are revoked and its connections closed with
    /// 4001.
    "device.pair.remove" [Operator(Pairing), governs] remove(DeviceParams) -> Removed;

    /// Gives a device a name of the operator's own.
    "device.pair.rename" [Operator(Pairing), governs] rename(RenameParams) -> Renamed;

    /// Makes a setup code for a phone: good once, for ten minutes, for one
    /// device. It holds the gateway's address and a token of its own, nothing
    /// else.
    "device.pair.setupCode" [Operator(Admin), governs] setup_code(SetupCodeParams) -> SetupCode;

    /// What became of a setup code: the device that used it, or nothing yet.
    "device.pair.setupStatus" [Operator(Admin)] setup_status(SetupStatusParams) -> SetupStatus;

    /// Replaces the token of a device. Connections that rest on the old one are
    /// closed with 4001. Only the device itself is told the new one; others get
    /// theirs when they next connect.
    "device.token.rotate" [Operator(Pairing), governs] rotate(RotateParams) -> Rotated;

    /// Takes the token of a device back, for good. Its connections are closed
    /// with 4001; it has to pair again.
    "device.token.revoke" [Operator(Pairing), governs] revoke(RevokeParams) -> Revoked;

    /// Asks for more scopes for the caller's device, which goes on with what it
    /// has.
    "device.scopes.requestUpgrade" [Operator(Read), governs] request_upgrade(UpgradeParams) -> Requested;

    /// Waits until somebody has decided about such a request, and hands out the
    /// token to come back with.
    "device.scopes.waitUpgrade" [Operator(Read)] wait_upgrade(RequestParams) -> Upgraded;
}

/// Parameters of what is about a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequestParams {
    /// The request.
    request_id: Name,
}

/// Parameters of what is about a device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DeviceParams {
    /// The device.
    device_id: Name,
}

/// Result of `device.pair.list`.
#[derive(Debug, Serialize, JsonSchema)]
struct Devices {
    /// Those that wait, the newest first.
    pending: Vec<PendingDevice>,
    /// Those that were let in, the newest first.
    paired: Vec<PairedDevice>,
}

async fn list(cx: Context, _: Nothing) -> Result<Devices, RpcError> {
    let list = cx.services.pairing.list(&cx.caller.principal);
    Ok(Devices { pending: list.pending, paired: list.paired })
}

/// Result of `device.pair.approve`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Approved {
    /// The request.
    request_id: String,
    /// The device.
    device: PairedDevice,
}

async fn approve(cx: Context, params: RequestParams) -> Result<Approved, RpcError> {
    let id = request(&params.request_id)?;
    let device = cx.services.pairing.approve(&cx.caller, &id).await.map_err(refused)?;
    Ok(Approved { request_id: id.to_string(), device: PairedDevice::of(&device, false) })
}

/// Result of `device.pair.reject`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    /// The request.
    request_id: String,
    /// The device.
    device_id: String,
}

async fn reject(cx: Context, params: RequestParams) -> Result<Rejected, RpcError> {
    let id = request(&params.request_id)?;
    let device = cx.services.pairing.reject(&cx.caller, &id).await.map_err(refused)?;
    Ok(Rejected { request_id: id.to_string(), device_id: device.to_string() })
}

/// Result of `device.pair.remove`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Removed {
    /// The device.
    device_id: String,
    /// Always true.
    removed: bool,
}

async fn remove(cx: Context, params: DeviceParams) -> Result<Removed, RpcError> {
    let device = device(&params.device_id)?;
    cx.services.pairing.remove(&cx.caller, &device).await.map_err(refused)?;
    Ok(Removed { device_id: device.to_string(), removed: true })
}

/// Parameters of `device.pair.rename`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RenameParams {
    /// The device.
    device_id: Name,
    /// What to call it.
    label: Text<1, 64>,
}

/// Result of `device.pair.rename`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    /// The device.
    device_id: String,
    /// What it is called.
    label: String,
}

async fn rename(cx: Context, params: RenameParams) -> Result<Renamed, RpcError> {
    let device = device(&params.device_id)?;
    let label = params.label.into_string();
    let label = label.trim();
    if label.is_empty() {
        return Err(RpcError::invalid("label required"));
    }
    cx.services.pairing.rename(&cx.caller, &device, label).await.map_err(refused)?;
    Ok(Renamed { device_id: device.to_string(), label: label.to_owned() })
}

/// Parameters of `device.pair.setupCode`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "`prefer_remote_url` is accepted and without effect")]
struct SetupCodeParams {
    /// Where the device finds the gateway. Default: the first address that can
    /// be reached from elsewhere.
    public_url: Option<Text<1, 2048>>,
    /// Accepted for clients of OpenClaw; there is no other address to prefer.
    prefer_remote_url: Option<Unused>,
    /// Whether to draw the code. Default: yes.
    include_qr: Option<bool>,
    /// What the code lets a device be. Default: `limited`.
    bootstrap_profile: Option<ProfileWord>,
}

/// What a code lets a device be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ProfileWord {
    /// A node, and an operator without `operator.admin` and `operator.pairing`.
    Limited,
    /// A node only.
    Node,
    /// An operator who may do everything.
    Dashboard,
}

/// Result of `device.pair.setupCode`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "clients know them by these names")]
struct SetupCode {
    /// Names the code; not a secret.
    setup_id: String,
    /// Until when it is good, in milliseconds since 1970.
    expires_at_ms: u64,
    /// The code: base64url of JSON with `url`, `urls`, `bootstrapToken`,
    /// `expiresAtMs` and, with TLS, `tlsFingerprint`.
    setup_code: String,
    /// The code as a picture: a data URL of a PNG.
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_data_url: Option<String>,
    /// Where the device finds the gateway.
    gateway_url: String,
    /// All addresses it may try.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_urls: Option<Vec<String>>,
    /// What clients have to show otherwise.
    auth: &'static str,
    /// Where the address comes from.
    url_source: &'static str,
    /// What the code lets a device be.
    access: &'static str,
}

impl std::fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupCode").field("setup_id", &self.setup_id).finish_non_exhaustive()
    }
}

/// What is in a code.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contents<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls: Option<&'a [String]>,
    bootstrap_token: &'a str,
    expires_at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_fingerprint: Option<&'a str>,
}

async fn setup_code(cx: Context, params: SetupCodeParams) -> Result<SetupCode, RpcError> {
    let services = &cx.services;
    let given = params.public_url.map(Text::into_string);
    let (urls, url_source) = match given {
        Some(url) => (vec![web_socket(url.trim())?], "request.publicUrl"),
        None => (services.reach.urls(), "gateway"),
    };
    let url = urls.first().cloned().ok_or_else(|| refused(PairingError::Unreachable))?;
    let profile = match params.bootstrap_profile {
        None | Some(ProfileWord::Limited) => Profile::Limited,
        Some(ProfileWord::Node) => Profile::Node,
        Some(ProfileWord::Dashboard) => Profile::Dashboard,
    };
    let code = services.pairing.new_code(profile).await.map_err(refused)?;
    let more = (1 < urls.len()).then_some(&*urls);
    let fingerprint = services.reach.fingerprint();
    let contents = Contents {
        url: &url,
        urls: more,
        bootstrap_token: &code.token,
        expires_at_ms: code.expires_at.as_millis(),
        tls_fingerprint: fingerprint.as_deref(),
    };
    let setup_code = services.codes.encode(&ports::Json::of(&contents));
    let wants_picture = params.include_qr.unwrap_or(true);
    Ok(SetupCode {
        setup_id: code.id.to_string(),
        expires_at_ms: code.expires_at.as_millis(),
        qr_data_url: wants_picture.then(|| services.codes.picture(&setup_code)).flatten(),
        setup_code,
        gateway_urls: more.map(<[String]>::to_vec),
        gateway_url: url,
        auth: match services.auth.mode() {
            ports::config::AuthMode::Token => "token",
            ports::config::AuthMode::Password => "password",
            ports::config::AuthMode::None => "none",
            ports::config::AuthMode::TrustedProxy => "trusted-proxy",
        },
        url_source,
        access: profile.as_str(),
    })
}

/// The address of a WebSocket, whichever way it was written.
fn web_socket(url: &str) -> Result<String, RpcError> {
    let bad = || refused(PairingError::BadUrl);
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(bad()),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match domain::origin::Authority::parse(host) {
        Some(_) => Ok(format!("{scheme}://{}", rest.trim_end_matches('/'))),
        None => Err(bad()),
    }
}

/// Parameters of `device.pair.setupStatus`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetupStatusParams {
    /// The code, by its name.
    setup_id: Text<1, 128>,
}

/// Result of `device.pair.setupStatus`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SetupStatus {
    /// `pending`, `completed`, `expired` or `unknown`.
    status: &'static str,
    /// The code.
    setup_id: String,
    /// The device that used it.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    /// What that device calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    /// What it lets a device be.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'static str>,
    /// When it was used, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
}

async fn setup_status(cx: Context, params: SetupStatusParams) -> Result<SetupStatus, RpcError> {
    let setup_id = params.setup_id.into_string();
    let code = setup_id.parse().ok().and_then(|id: RequestId| cx.services.pairing.code(&id));
    let now = cx.services.clock.now();
    let used = code.as_ref().and_then(|code| code.used.clone());
    let status = match (&code, &used) {
        (None, _) => "unknown",
        (Some(_), Some(_)) => "completed",
        (Some(code), None) if code.expires_at() <= now => "expired",
        (Some(_), None) => "pending",
    };
    let (device_id, device_name, ts) = match used {
        Some((device, name, at)) => {
            (Some(device.to_string()), name.map(String::from), Some(at.as_millis()))
        }
        None => (None, None, None),
    };
    let access = code.map(|code| code.profile.as_str());
    Ok(SetupStatus { status, setup_id, device_id, device_name, access, ts })
}

/// Parameters of `device.token.rotate`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RotateParams {
    /// The device.
    device_id: Name,
    /// `operator` or `node`.
    role: Name,
    /// What the new token shall allow. Default: what the old one did.
    scopes: Option<List<Name, 0, 32>>,
}

/// Result of `device.token.rotate`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "clients know them by these names")]
struct Rotated {
    /// The device.
    device_id: String,
    /// For which role.
    role: &'static str,
    /// The new token, if it is the caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What it allows.
    scopes: Vec<&'static str>,
    /// Since when, in milliseconds since 1970.
    rotated_at_ms: u64,
}

impl std::fmt::Debug for Rotated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotated").field("device_id", &self.device_id).finish_non_exhaustive()
    }
}

async fn rotate(cx: Context, params: RotateParams) -> Result<Rotated, RpcError> {
    let device = known_device(&params.device_id)?;
    let scopes = params.scopes.map(scopes).transpose()?;
    let pairing = &cx.services.pairing;
    let rotated = pairing.rotate(&cx.caller, &device, params.role.as_str(), scopes).await;
    let (token, own) = rotated.map_err(refused)?;
    Ok(Rotated {
        device_id: device.to_string(),
        role: token.role.as_str(),
        scopes: token.scopes.iter().map(Scope::as_str).collect(),
        rotated_at_ms: token.issued_at.as_millis(),
        token: own.then_some(token.token),
    })
}

/// Parameters of `device.token.revoke`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RevokeParams {
    /// The device.
    device_id: Name,
    /// `operator` or `node`.
    role: Name,
}

/// Result of `device.token.revoke`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "clients know them by these names")]
struct Revoked {
    /// The device.
    device_id: String,
    /// For which role.
    role: String,
    /// When, in milliseconds since 1970.
    revoked_at_ms: u64,
}

async fn revoke(cx: Context, params: RevokeParams) -> Result<Revoked, RpcError> {
    let device = known_device(&params.device_id)?;
    let pairing = &cx.services.pairing;
    let at = pairing.revoke(&cx.caller, &device, params.role.as_str()).await.map_err(refused)?;
    Ok(Revoked {
        device_id: device.to_string(),
        role: params.role.as_str().to_owned(),
        revoked_at_ms: at.as_millis(),
    })
}

/// Parameters of `device.scopes.requestUpgrade`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpgradeParams {
    /// Everything the device wants to be allowed, with what it is allowed now.
    scopes: List<Name, 1, 8>,
}

/// Result of `device.scopes.requestUpgrade`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Requested {
    /// The request.
    request_id: String,
}

async fn request_upgrade(cx: Context, params: UpgradeParams) -> Result<Requested, RpcError> {
    let scopes = scopes(params.scopes)?;
    let asked = cx.services.pairing.request_upgrade(&cx.caller, scopes).await;
    Ok(Requested { request_id: asked.map_err(refused)?.to_string() })
}

/// Result of `device.scopes.waitUpgrade`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Upgraded {
    /// `approved` or `rejected`.
    status: &'static str,
    /// The request.
    request_id: String,
    /// The token to come back with.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<&'static str>>,
}

impl std::fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upgraded").field("status", &self.status).finish_non_exhaustive()
    }
}

async fn wait_upgrade(cx: Context, params: RequestParams) -> Result<Upgraded, RpcError> {
    let id = request(&params.request_id)?;
    let request_id = id.to_string();
    match cx.services.pairing.wait_upgrade(&cx.caller, &id).await.map_err(refused)? {
        Upgrade::Approved(token) => Ok(Upgraded {
            status: "approved",
            request_id,
            scopes: Some(token.scopes.iter().map(Scope::as_str).collect()),
            device_token: Some(token.token),
        }),
        Upgrade::Rejected => {
            Ok(Upgraded { status: "rejected", request_id, device_token: None, scopes: None })
        }
        Upgrade::Gone => Err(RpcError::invalid("scope upgrade expired or not found")),
    }
}

fn request(name: &Name) -> Result<RequestId, RpcError> {
    name.as_str().trim().parse().map_err(|_| refused(PairingError::UnknownRequest))
}

fn device(name: &Name) -> Result<DeviceId, RpcError> {
    name.as_str().trim().parse().map_err(|_| refused(PairingError::UnknownDevice))
}

fn known_device(name: &Name) -> Result<DeviceId, RpcError> {
    name.as_str().trim().parse().map_err(|_| refused(PairingError::UnknownGrant))
}

fn scopes<const MIN: usize, const MAX: usize>(
    names: List<Name, MIN, MAX>,
) -> Result<Scopes, RpcError> {
    let scope = |name: Name| {
        let known = Scope::ALL.iter().find(|scope| scope.as_str() == name.as_str());
        known
            .copied()
            .ok_or_else(|| RpcError::invalid("requested scopes contain an unknown operator scope"))
    };
    names.into_vec().into_iter().map(scope).collect()
}

fn refused(error: PairingError) -> RpcError {
    match error {
        PairingError::Denied(denied) => denied.into(),
        PairingError::NoDevice => RpcError::new(ErrorCode::NotPaired, error.to_string()),
        PairingError::NoRoom | PairingError::TooManyCodes => {
            RpcError::unavailable(error.to_string()).retry_after(std::time::Duration::from_mins(1))
        }
        PairingError::Store(failed) => refusal::store(failed),
        PairingError::UnknownRequest
        | PairingError::UnknownDevice
        | PairingError::UnknownGrant
        | PairingError::Revoked
        | PairingError::NotMore
        | PairingError::Unreachable
        | PairingError::BadUrl => RpcError::invalid(error.to_string()),
    }
}
