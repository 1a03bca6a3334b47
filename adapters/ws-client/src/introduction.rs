//! How one introduces oneself: which program, as what, and on which device.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use domain::{
    device::payload::{self, SignedFields},
    time::Timestamp,
};
use ports::{Json, driven::Signer};
use serde::{Deserialize, Serialize};

use crate::target::Credentials;

/// The protocol we speak.
const PROTOCOL: u8 = 4;

/// Who one is.
#[derive(Clone, Copy)]
pub struct Introduction<'a> {
    /// The program, as in `cli`.
    pub client: &'a str,
    /// What kind of program it is.
    pub mode: &'a str,
    /// What it wants to be to the gateway.
    pub role: &'a str,
    /// What it asks to be allowed.
    pub scopes: &'a [&'a str],
    /// What it can do.
    pub caps: &'a [&'a str],
    /// What it can be asked for.
    pub commands: &'a [&'a str],
    /// Where it looks for programs.
    pub path_env: Option<&'a str>,
    /// What people call it.
    pub display_name: Option<&'a str>,
    /// The key of this device, if it shall be known by it.
    pub device: Option<&'a dyn Signer>,
}

impl Introduction<'static> {
    /// The command line, on no particular device.
    pub const CLI: Self = Self {
        client: "cli",
        mode: "cli",
        role: "operator",
        scopes: &[
            "operator.admin",
            "operator.read",
            "operator.write",
            "operator.approvals",
            "operator.pairing",
        ],
        caps: &["tool-events"],
        commands: &[],
        path_env: None,
        display_name: None,
        device: None,
    };
}

impl<'a> Introduction<'a> {
    /// The parameters of `connect`, with an answer to the challenge.
    pub(crate) fn params(&'a self, credentials: &'a Credentials, challenge: &Json) -> Connect<'a> {
        let nonempty = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
        let auth = Auth {
            token: nonempty(&credentials.token),
            password: nonempty(&credentials.password),
            device_token: nonempty(&credentials.device_token),
        };
        let platform = std::env::consts::OS;
        let challenge: Challenge = serde_json::from_str(challenge.as_str()).unwrap_or_default();
        let token = auth.token.or(auth.device_token).unwrap_or_default();
        Connect {
            min_protocol: PROTOCOL,
            max_protocol: PROTOCOL,
            client: About {
                id: self.client,
                version: env!("CARGO_PKG_VERSION"),
                platform,
                mode: self.mode,
                display_name: self.display_name,
            },
            role: self.role,
            scopes: self.scopes,
            caps: self.caps,
            commands: self.commands,
            path_env: self.path_env,
            device: self.device.and_then(|key| self.sign(key, token, platform, challenge)),
            auth: Some(auth)
                .filter(|auth| auth.token.or(auth.password).or(auth.device_token).is_some()),
        }
    }

    /// The proof that we are the device whose `key` this is. There is none where
    /// what would be signed can be read in two ways.
    fn sign(
        &self,
        key: &dyn Signer,
        token: &str,
        platform: &str,
        challenge: Challenge,
    ) -> Option<Device> {
        // The gateway's clock counts, if it says what it is.
        let signed_at = challenge.ts.unwrap_or_else(now);
        let fields = SignedFields {
            device: key.device(),
            client_id: self.client,
            client_mode: self.mode,
            role: self.role,
            scopes: self.scopes,
            signed_at: Timestamp::from_millis(signed_at),
            token,
            nonce: &challenge.nonce,
            platform,
            device_family: "",
        };
        let line = payload::v3(&fields).ok()?;
        Some(Device {
            id: key.device().to_owned(),
            public_key: key.public_key(),
            signature: key.sign(&line),
            signed_at,
            nonce: challenge.nonce,
        })
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// What the gateway says first.
#[derive(Default, Deserialize)]
struct Challenge {
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    ts: Option<u64>,
}

/// The parameters of `connect`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connect<'a> {
    min_protocol: u8,
    max_protocol: u8,
    client: About<'a>,
    role: &'a str,
    scopes: &'a [&'a str],
    caps: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    commands: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    path_env: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Device>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Auth<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About<'a> {
    id: &'a str,
    version: &'static str,
    platform: &'static str,
    mode: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    id: String,
    public_key: String,
    signature: String,
    signed_at: u64,
    nonce: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Auth<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<&'a str>,
}

impl fmt::Debug for Introduction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introduction")
            .field("client", &self.client)
            .field("role", &self.role)
            .field("device", &self.device.map(Signer::device))
            .finish_non_exhaustive()
    }
}
