//! Devices as clients see them (`ws-protocol.md` 4.7). Never a token.

use domain::{
    access::{Role, Scope, Scopes},
    pairing::{Device, Grant, Portrait, Request},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A device that waits for somebody's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingDevice {
    /// Names the request.
    pub request_id: String,
    /// The device.
    pub device_id: String,
    /// Its public key: base64url of its 32 bytes.
    pub public_key: String,
    /// What it says about itself.
    #[serde(flatten)]
    pub portrait: PortraitView,
    /// What it wants to be.
    pub role: &'static str,
    /// The same, as a list.
    pub roles: [&'static str; 1],
    /// What it wants to be allowed.
    pub scopes: Vec<&'static str>,
    /// Commands it carries out, if it wants to be a node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Its abilities, if it wants to be a node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<String>,
    /// Where it comes from, unless from this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<String>,
    /// Why it has to ask: `not-paired`, `role-upgrade`, `scope-upgrade` or
    /// `revoked`.
    pub reason: &'static str,
    /// Whether it is approved without asking anybody.
    #[serde(skip_serializing_if = "is_false")]
    pub silent: bool,
    /// Whether it is known already.
    #[serde(skip_serializing_if = "is_false")]
    pub is_repair: bool,
    /// When it asked, in milliseconds since 1970.
    pub ts: u64,
    /// When it is forgotten, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

/// A device that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairedDevice {
    /// The device.
    pub device_id: String,
    /// Its public key: base64url of its 32 bytes.
    pub public_key: String,
    /// What an operator calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_label: Option<String>,
    /// What it said about itself when it was approved.
    #[serde(flatten)]
    pub portrait: PortraitView,
    /// What it is, if it is only one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// What it may be.
    pub roles: Vec<&'static str>,
    /// What it may do as an operator.
    pub scopes: Vec<&'static str>,
    /// Where it came from when it was approved, unless from this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<String>,
    /// What is known about its tokens; never the tokens.
    pub tokens: Vec<TokenSummary>,
    /// When it was first approved, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it was last approved, in milliseconds since 1970.
    pub approved_at_ms: u64,
    /// When it last came, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at_ms: Option<u64>,
    /// Whether it is connected.
    pub connected: bool,
}

/// What a device says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PortraitView {
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// As in `iPhone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_family: Option<String>,
    /// As in `iPhone17,1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_identifier: Option<String>,
    /// Which program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What kind of program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_mode: Option<String>,
}

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenSummary {
    /// For which role it is.
    pub role: &'static str,
    /// What it allows.
    pub scopes: Vec<&'static str>,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at_ms: Option<u64>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at_ms: Option<u64>,
    /// When it was last shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at_ms: Option<u64>,
}

/// What became of a device that asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceDecided {
    /// The request.
    pub request_id: String,
    /// The device.
    pub device_id: String,
    /// `approved`, `rejected` or `superseded`.
    pub decision: &'static str,
    /// When, in milliseconds since 1970.
    pub ts: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

fn words(scopes: Scopes) -> Vec<&'static str> {
    scopes.iter().map(Scope::as_str).collect()
}

fn texts(texts: &[Box<str>]) -> Vec<String> {
    texts.iter().map(|text| text.as_ref().to_owned()).collect()
}

impl From<&Portrait> for PortraitView {
    fn from(portrait: &Portrait) -> Self {
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            display_name: text(&portrait.display_name),
            platform: text(&portrait.platform),
            device_family: text(&portrait.device_family),
            model_identifier: text(&portrait.model_identifier),
            client_id: text(&portrait.client_id),
            client_mode: text(&portrait.client_mode),
        }
    }
}

impl From<&Request> for PendingDevice {
    fn from(request: &Request) -> Self {
        let ask = &request.ask;
        Self {
            request_id: request.id.to_string(),
            device_id: ask.device.to_string(),
            public_key: ask.key.as_ref().to_owned(),
            portrait: (&ask.portrait).into(),
            role: ask.role.as_str(),
            roles: [ask.role.as_str()],
            scopes: words(ask.scopes),
            commands: texts(&ask.commands),
            caps: texts(&ask.caps),
            remote_ip: ask.remote_address.as_deref().map(str::to_owned),
            reason: request.reason.as_str(),
            silent: request.silent,
            is_repair: request.repair,
            ts: request.at.as_millis(),
            expires_at_ms: request.expires_at().as_millis(),
        }
    }
}

impl PairedDevice {
    /// `device`, which is connected or not.
    pub fn of(device: &Device, connected: bool) -> Self {
        let roles: Vec<_> = device.roles().map(Role::as_str).collect();
        let tokens = device.grants.iter().map(|(role, grant)| TokenSummary::of(*role, grant));
        let scopes = device.grant(Role::Operator).map_or(Scopes::NONE, |grant| grant.scopes);
        Self {
            device_id: device.id.to_string(),
            public_key: device.key.as_ref().to_owned(),
            operator_label: device.label.as_deref().map(str::to_owned),
            portrait: (&device.portrait).into(),
            role: if let [role] = roles[..] { Some(role) } else { None },
            roles,
            scopes: words(scopes),
            remote_ip: device.remote_address.as_deref().map(str::to_owned),
            tokens: tokens.collect(),
            created_at_ms: device.created_at.as_millis(),
            approved_at_ms: device.approved_at.as_millis(),
            last_seen_at_ms: device.seen_at.map(Timestamp::as_millis),
            connected,
        }
    }
}

impl TokenSummary {
    fn of(role: Role, grant: &Grant) -> Self {
        Self {
            role: role.as_str(),
            scopes: words(grant.scopes),
            created_at_ms: grant.created_at.as_millis(),
            rotated_at_ms: grant.rotated_at.map(Timestamp::as_millis),
            revoked_at_ms: grant.revoked_at.map(Timestamp::as_millis),
            last_used_at_ms: grant.used_at.map(Timestamp::as_millis),
        }
    }
}
