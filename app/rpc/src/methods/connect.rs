//! `connect`: the first request of every connection. It is served by the
//! [`Door`](crate::Door); here is what is said about it, and what comes of
//! sending it again.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    access::{Access, Scope},
    client::Mode,
};
use ports::{
    Json,
    driving::RpcError,
    view::{HealthSummary, PresenceEntry},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::canvas::SurfaceUrls;
use crate::{
    method::{Context, methods},
    params::{Any, Count, List, Name, Unused},
};

methods! {
    /// Logs in. The first request of every connection, and only that.
    ///
    /// The gateway speaks first, with the event `connect.challenge`. Any
    /// protocol range that reaches 3 or 4 is accepted. Requests sent before the
    /// answer wait for it.
    "connect" [Access::Anyone] again(Knocking) -> HelloOk;
}

async fn again(cx: Context, _: Knocking) -> Result<HelloOk, RpcError> {
    // Whoever may not call every method is not told which there are.
    Access::Operator(Scope::Admin).check(&cx.caller.principal)?;
    Err(RpcError::invalid("connect is only valid as the first request"))
}

/// Parameters of `connect`, when it comes too late to matter what they are.
#[derive(Debug)]
struct Knocking;

impl<'de> Deserialize<'de> for Knocking {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Unused::deserialize(deserializer).map(|Unused| Self)
    }
}

impl JsonSchema for Knocking {
    fn schema_name() -> Cow<'static, str> {
        ConnectParams::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ConnectParams::json_schema(generator)
    }
}

/// Parameters of `connect`.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "declared for the manual; the frames of a login are read by `wire`")]
struct ConnectParams {
    /// The oldest protocol the client speaks.
    min_protocol: Count<1>,
    /// The newest protocol the client speaks.
    max_protocol: Count<1>,
    /// What the client says about itself.
    client: ConnectClient,
    /// `operator` (the default) or `node`.
    role: Option<Name>,
    /// What it wants to be allowed. Protocol 3: everything when absent or empty;
    /// protocol 4: nothing.
    scopes: Option<List<Name, 0, 128>>,
    /// What it can do.
    caps: Option<List<Name, 0, 128>>,
    /// Commands a node can run.
    commands: Option<List<Name, 0, 128>>,
    /// What a node is allowed on its machine.
    permissions: Option<BTreeMap<String, bool>>,
    /// Where a node looks for programs.
    path_env: Option<Any>,
    /// What it shows.
    auth: Option<ConnectAuth>,
    /// Its device identity, and the proof of it.
    device: Option<ConnectDevice>,
    /// The language of its user.
    locale: Option<Any>,
    /// What its program calls itself.
    user_agent: Option<Any>,
}

/// What a client says about itself. Shown to people, trusted for nothing.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "declared for the manual")]
struct ConnectClient {
    /// Which program.
    id: Name,
    /// Its version.
    version: Name,
    /// What it runs on.
    platform: Name,
    /// What kind of program it is.
    #[schemars(schema_with = "mode")]
    mode: Mode,
    /// What people call it.
    display_name: Option<Name>,
    /// As in `iPhone`.
    device_family: Option<Name>,
    /// As in `iPhone17,1`.
    model_identifier: Option<Name>,
    /// Tells several running copies apart.
    instance_id: Option<Name>,
}

fn mode(_: &mut SchemaGenerator) -> Schema {
    let modes: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    schemars::json_schema!({ "type": "string", "enum": modes })
}

/// What a client shows.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "declared for the manual")]
struct ConnectAuth {
    /// The gateway's token, or the token of the device.
    token: Option<Any>,
    /// The gateway's password.
    password: Option<Any>,
    /// The token of the device.
    device_token: Option<Any>,
    /// The token out of a setup code.
    bootstrap_token: Option<Any>,
}

/// The device a client runs on: an Ed25519 key, and what it signed with it.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "declared for the manual")]
struct ConnectDevice {
    /// SHA-256 of the public key, in lower-case hex.
    id: Name,
    /// The public key: base64url of its 32 bytes, or PEM.
    public_key: Any,
    /// The signature under `v3|id|client.id|client.mode|role|scopes|signedAt|token|nonce|platform|deviceFamily`,
    /// or under the shorter lines of older clients: base64url of its 64 bytes.
    signature: Any,
    /// When it signed, in milliseconds since 1970: the time of the challenge.
    signed_at: Count<1>,
    /// The nonce of the challenge.
    nonce: Option<Name>,
}

/// Result of `connect`: what a client should know to begin with.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HelloOk {
    /// `hello-ok`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// The protocol that was agreed upon.
    pub(crate) protocol: u32,
    /// The gateway.
    pub(crate) server: Server,
    /// What it serves.
    #[schemars(with = "Features")]
    pub(crate) features: Json,
    /// How things are.
    pub(crate) snapshot: Snapshot,
    /// What the client is and may do.
    pub(crate) auth: Granted,
    /// What it has to keep to.
    pub(crate) policy: Policy,
    /// Where a node finds the canvas: paths such as `/__openclaw__/a2ui/` are put
    /// behind it. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canvas_host_url: Option<String>,
    /// The same for newer nodes, as `canvas`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plugin_surface_urls: Option<SurfaceUrls>,
}

/// The gateway.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Server {
    /// Its version.
    pub(crate) version: String,
    /// The machine it runs on.
    pub(crate) host: String,
    /// Tells this start of the gateway from others.
    pub(crate) boot_id: String,
    /// Names the connection.
    pub(crate) conn_id: String,
}

/// What the gateway serves.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Features {
    /// The methods, whatever the client may call of them.
    pub(crate) methods: Vec<&'static str>,
    /// The events, whatever the client may see of them.
    pub(crate) events: Vec<&'static str>,
    /// Extensions of the protocol.
    pub(crate) capabilities: Vec<&'static str>,
}

/// How things are. What the client may not see is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    /// Who is connected, for those who may read.
    #[schemars(with = "Vec<PresenceEntry>")]
    pub(crate) presence: Json,
    /// The last health summary, for those who may read; empty otherwise.
    #[schemars(with = "HealthSummary")]
    pub(crate) health: Json,
    /// The versions of both.
    pub(crate) state_version: Versions,
    /// How long the gateway has been running, in milliseconds.
    pub(crate) uptime_ms: u64,
    /// Where the configuration file is, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_path: Option<String>,
    /// Where the state is, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_dir: Option<String>,
    /// How short names of sessions are completed.
    pub(crate) session_defaults: SessionDefaults,
    /// What clients have to show.
    pub(crate) auth_mode: &'static str,
}

/// The versions of the state all clients share.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Versions {
    /// Goes up when somebody comes or goes.
    pub(crate) presence: u64,
    /// Goes up with every health summary.
    pub(crate) health: u64,
}

/// How short names of sessions are completed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionDefaults {
    /// Who answers when nobody is named.
    pub(crate) default_agent_id: String,
    /// What the main conversation of an agent is called.
    pub(crate) main_key: String,
    /// The main conversation of the default agent.
    pub(crate) main_session_key: String,
    /// `per-sender`.
    pub(crate) scope: &'static str,
}

/// What the client is and may do.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Granted {
    /// How it showed who it is.
    pub(crate) method: &'static str,
    /// What it is.
    pub(crate) role: &'static str,
    /// What it may do.
    pub(crate) scopes: Vec<&'static str>,
    /// The token its device can come back with instead of the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device_token: Option<String>,
    /// Since when that token is good, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_at_ms: Option<u64>,
    /// Tokens for other roles a setup code gave to the device.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) device_tokens: Vec<DeviceToken>,
}

/// A token a device can come back with.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "clients know them by these names")]
pub(crate) struct DeviceToken {
    /// The token.
    pub(crate) device_token: String,
    /// For which role.
    pub(crate) role: &'static str,
    /// What it allows.
    pub(crate) scopes: Vec<&'static str>,
    /// Since when it is good, in milliseconds since 1970.
    pub(crate) issued_at_ms: u64,
}

impl std::fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceToken").field("role", &self.role).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted")
            .field("role", &self.role)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// What the client has to keep to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Policy {
    /// The longest message, in bytes.
    pub(crate) max_payload: usize,
    /// What may wait for it, in bytes, before it is closed.
    pub(crate) max_buffered_bytes: usize,
    /// How often `tick` comes, in milliseconds.
    pub(crate) tick_interval_ms: u64,
    /// What may be sent along with a message.
    pub(crate) attachments: AttachmentPolicy,
}

/// What may be sent along with a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentPolicy {
    /// The largest file, in bytes.
    pub(crate) max_bytes: usize,
    /// The largest picture, in bytes.
    pub(crate) max_image_bytes: usize,
}
