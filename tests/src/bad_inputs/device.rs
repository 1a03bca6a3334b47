//! Devices with keys of their own, and what hostile ones make of them.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ports::driven::{PublicKey, Signatures as _, Signer as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use signatures::{DeviceKey, Ed25519};

use super::generate::unhex;

/// Devices that are let in before a case begins: their names, roles, scopes and
/// platforms.
const PAIRED: &[(&str, &str, &[&str], &str)] = &[
    ("paired-admin", "operator", &["operator.admin"], "linux"),
    ("paired-read", "operator", &["operator.read"], "linux"),
    ("paired-write", "operator", &["operator.write"], "linux"),
    ("paired-appr", "operator", &["operator.approvals"], "linux"),
    ("paired-pairing", "operator", &["operator.pairing"], "linux"),
    ("paired-node", "node", &[], "ios"),
    ("paired-node-linux", "node", &[], "linux"),
    ("other-node", "node", &[], "ios"),
];
/// Devices that nobody let in.
const UNKNOWN: &[&str] = &["unpaired", "fresh", "fresh1", "fresh2", "waiting"];

/// A device by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    pub(super) scopes: &'static [&'static str],
    pub(super) platform: &'static str,
    /// Whether it is let in before a case begins.
    pub(super) is_paired: bool,
}

impl Device {
    /// The device called `name`.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let paired = PAIRED.iter().find(|(known, ..)| *known == name);
        if let Some(&(name, role, scopes, platform)) = paired {
            return Ok(Self { name, role, scopes, platform, is_paired: true });
        }
        let unknown = UNKNOWN.iter().find(|known| **known == name);
        let name = *unknown.ok_or_else(|| format!("runner does not know the device '{name}'"))?;
        Ok(Self { name, role: "operator", scopes: &[], platform: "linux", is_paired: false })
    }

    /// The devices that have to be let in before `steps` are played.
    pub(super) fn paired_in(steps: &[Value]) -> Vec<Self> {
        let text = Value::from(steps).to_string();
        let is_meant = |name: &str| {
            text.contains(&format!("\"{name}\"")) || text.contains(&format!("{{{{dev.{name}."))
        };
        let names = PAIRED.iter().filter(|(name, ..)| is_meant(name));
        names.filter_map(|(name, ..)| Self::named(name).ok()).collect()
    }

    /// What it says of itself when it connects.
    pub(super) fn portrait(&self) -> Value {
        let (id, mode) = match self.role {
            "node" => ("node-host", "node"),
            _ => ("gateway-client", "backend"),
        };
        let client = json!({ "id": id, "mode": mode, "platform": self.platform });
        let mut portrait = json!({ "client": client, "role": self.role, "scopes": self.scopes });
        if self.role == "node" {
            portrait["caps"] = json!(["canvas"]);
            portrait["commands"] = json!(["canvas.present"]);
        }
        portrait
    }
}

/// The keys of devices.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: BTreeMap<String, DeviceKey>,
    // How many there ever were; every one has another seed.
    made: u64,
}

impl Keys {
    /// The key of the device called `name`, which is made if there is none.
    pub(super) fn of(&mut self, name: &str) -> &DeviceKey {
        self.keys.entry(name.to_owned()).or_insert_with(|| {
            self.made += 1;
            let mut seed = [0x5e; 32];
            seed[..8].copy_from_slice(&self.made.to_le_bytes());
            DeviceKey::from_seed(&seed)
        })
    }

    /// From now on the device called `name` is another one.
    pub(super) fn forget(&mut self, name: &str) {
        self.keys.remove(name);
    }
}

/// How a device says who it is, if not as it should.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Craft {
    /// The device it is made from.
    pub(super) base: Option<String>,
    mutate: Option<Mutation>,
    truncate_signature: Option<usize>,
    public_key_hex: Option<String>,
    signature_hex: Option<String>,
    /// Null leaves it out.
    #[serde(deserialize_with = "present")]
    nonce: Option<Value>,
    version: Option<Version>,
    public_key_format: Option<KeyFormat>,
    /// The gateway has another key written down for it.
    pub(super) stored_key_swapped: bool,
}

/// Tells null from nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mutation {
    /// The scalar of the signature has the order of the group added to it.
    SPlusL,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Version {
    V1,
    V2,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyFormat {
    Pem,
}

/// Who connects.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// A device, as it should.
    Plain(String),
    /// A device, as it should not.
    Crafted(Box<Craft>),
}

impl Claim {
    /// What a case says of a device: its name or how it is made; nothing for
    /// `none`.
    pub(super) fn read(value: &Value) -> Result<Option<Self>, String> {
        let unknown = || format!("runner does not know the device {value}");
        match value {
            Value::String(name) if name == "none" => Ok(None),
            Value::String(name) => Device::named(name).map(|it| Some(Self::Plain(it.name.into()))),
            Value::Object(members) => {
                let craft = members.get("$craft").filter(|_| members.len() == 1);
                let craft = Craft::deserialize(craft.ok_or_else(unknown)?)
                    .map_err(|error| format!("runner does not know {value}: {error}"))?;
                craft.base.as_deref().map(Device::named).transpose()?;
                Ok(Some(Self::Crafted(Box::new(craft))))
            }
            _ => Err(unknown()),
        }
    }

    /// The `device` of a `connect` request with `params`, for the challenge with
    /// `nonce`. `fill` puts words in the place of placeholders.
    pub(super) fn device(
        &self,
        keys: &mut Keys,
        params: &Value,
        nonce: &str,
        fill: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Value, String> {
        let plain = Box::default();
        let (base, craft) = match self {
            Self::Plain(name) => (Some(name.as_str()), &plain),
            Self::Crafted(craft) => (craft.base.as_deref(), craft),
        };
        let key = keys.of(base.unwrap_or("fresh"));
        let nonce = match &craft.nonce {
            None => Some(nonce.to_owned()),
            Some(Value::Null) => None,
            Some(Value::String(other)) => Some(fill(other)?),
            Some(other) => return Err(format!("runner does not know the nonce {other}")),
        };
        let signed_at = now_ms();
        let (mut id, mut public) = (key.id().to_string(), key.public_key());
        if let Some(hex) = &craft.public_key_hex {
            let bytes = unhex(hex).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let bytes = bytes.ok_or_else(|| format!("runner does not know the key {hex}"))?;
            (id, public) = (Ed25519.device(&PublicKey(bytes)).to_string(), spell(&bytes));
        }
        let line = line(craft.version, &id, params, signed_at, nonce.as_deref());
        let mut signature = unspell(&key.sign(&line))?;
        if let Some(Mutation::SPlusL) = craft.mutate {
            add_order(&mut signature);
        }
        if let Some(hex) = &craft.signature_hex {
            signature = unhex(hex).ok_or_else(|| format!("runner does not know {hex}"))?;
        }
        signature.truncate(craft.truncate_signature.unwrap_or(usize::MAX));
        if let Some(KeyFormat::Pem) = craft.public_key_format {
            public = pem(&unspell(&public)?);
        }
        let mut device = Map::new();
        device.insert("id".to_owned(), id.into());
        device.insert("publicKey".to_owned(), public.into());
        device.insert("signature".to_owned(), spell(&signature).into());
        device.insert("signedAt".to_owned(), signed_at.into());
        if let Some(nonce) = nonce {
            device.insert("nonce".to_owned(), nonce.into());
        }
        Ok(Value::Object(device))
    }
}

/// What a device signs: the payload of clients of January 2026
/// (`ws-protocol.md` 4.6), written here once more rather than asked of the
/// gateway's own code.
fn line(
    version: Option<Version>,
    id: &str,
    params: &Value,
    signed_at: u64,
    nonce: Option<&str>,
) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let client = &params["client"];
    let scopes = params["scopes"].as_array().into_iter().flatten();
    let scopes: Vec<&str> = scopes.filter_map(Value::as_str).collect();
    let auth = &params["auth"];
    let tokens = [&auth["token"], &auth["deviceToken"], &auth["bootstrapToken"]];
    let token = tokens.into_iter().map(text).find(|token| !token.is_empty());
    let role = params["role"].as_str().unwrap_or("operator");
    let (version, nonce) = match version {
        Some(Version::V1) => ("v1", None),
        Some(Version::V2) | None => ("v2", Some(nonce.unwrap_or_default())),
    };
    let first = [
        version.to_owned(),
        id.to_owned(),
        text(&client["id"]),
        text(&client["mode"]),
        role.to_owned(),
        scopes.join(","),
        signed_at.to_string(),
        token.unwrap_or_default(),
    ];
    first.into_iter().chain(nonce.map(str::to_owned)).collect::<Vec<_>>().join("|")
}

/// Adds the order of the group to the scalar of a signature: the same scalar,
/// spelled differently.
fn add_order(signature: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (digit, add) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*digit) + u16::from(add) + carry;
        [*digit, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}

fn pem(key: &[u8]) -> String {
    /// What comes before a key in DER (RFC 8410).
    const PREFIX: [u8; 12] =
        [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = STANDARD.encode([&PREFIX, key].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
}

fn spell(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that `text` spells in base64url.
pub(super) fn unspell(text: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("not base64url: {error}"))
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_reference() {
        // The test vector of `ws-protocol.md` 4.6.
        let seed: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let key = DeviceKey::from_seed(&seed);
        let params = json!({
            "client": { "id": "cli", "mode": "cli" },
            "scopes": ["operator.admin", "operator.approvals"],
            "auth": { "token": "tok" },
        });
        let sign = |version| {
            let id = key.id().to_string();
            key.sign(&line(Some(version), &id, &params, 1_769_600_000_000, Some("nonce-1")))
        };
        assert!(sign(Version::V1).starts_with("ISdfmISnsJg1wB"));
        assert!(sign(Version::V2).starts_with("1wPWn8Visuc3Cj"));
    }

    #[test]
    fn a_scalar_with_the_order_added_is_another_text_for_the_same_number() {
        let key = DeviceKey::from_seed(&[7; 32]);
        let signature = unspell(&key.sign("x")).unwrap();
        let mut other = signature.clone();
        add_order(&mut other);
        assert_eq!(signature[..32], other[..32]);
        assert_ne!(signature, other);
        // The scalar is below 2^252 and a bit, so that nothing is carried away.
        assert!(signature[63] < other[63]);
    }

    #[test]
    fn what_is_no_device_is_not_understood() {
        let error = |value: Value| Claim::read(&value).unwrap_err();
        assert!(error(json!("paried-admin")).starts_with("runner does not know"));
        assert!(error(json!({"$craft": {"colour": 1}})).starts_with("runner does not know"));
        assert!(error(json!({"$craft": {"mutate": "s"}})).starts_with("runner does not know"));
        assert!(error(json!(7)).starts_with("runner does not know"));
        assert!(Claim::read(&json!("none")).unwrap().is_none());
    }

    #[test]
    fn the_devices_of_a_case() {
        let steps = [json!({ "device": "paired-node-linux" }), json!("{{dev.paired-read.id}}")];
        let names: Vec<&str> = Device::paired_in(&steps).iter().map(|it| it.name).collect();
        assert_eq!(names, ["paired-read", "paired-node-linux"]);
    }
}
