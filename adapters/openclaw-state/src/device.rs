//! Devices the other gateway let in.

use std::collections::BTreeMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::{
    access::{Role, Scope, Scopes},
    ids::DeviceId,
    pairing::{Device, Grant, Portrait},
    time::Timestamp,
};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::event;

/// Tells the token of a device that came over from those it gets later. It is
/// always the same, so that a token that was taken back here stays taken back
/// when its device is imported once more.
const NONCE: &str = "imported";
/// What stands before the 32 bytes of a public key in its PEM form.
const SPKI: usize = 12;

/// The device that `about` describes. `node` is what it may be asked for as a
/// node, where that was approved. The error says why it is none.
pub(crate) fn device(
    about: &Map<String, Value>,
    node: Option<&Map<String, Value>>,
) -> Result<Device, &'static str> {
    let text = |name: &str| about.get(name).and_then(Value::as_str);
    let time = |name: &str| about.get(name).and_then(event::time);
    let key = text("publicKey").and_then(key).ok_or("its public key is not one")?;
    let id: DeviceId = hex(digest(&SHA256, &key).as_ref()).parse().map_err(|_| "no id")?;
    if text("deviceId").is_some_and(|name| name != id.as_str()) {
        return Err("its name is not that of its public key");
    }
    let created_at = time("createdAtMs").unwrap_or_default();
    let approved_at = time("approvedAtMs").unwrap_or(created_at);
    let own = |name: &str| text(name).map(Into::into);
    let grants = grants(about, node, approved_at);
    if grants.is_empty() {
        return Err("it has no role that is known here");
    }
    Ok(Device {
        id,
        key: URL_SAFE_NO_PAD.encode(key).into(),
        label: own("operatorLabel"),
        portrait: Portrait {
            display_name: own("displayName"),
            platform: own("platform"),
            device_family: own("deviceFamily"),
            model_identifier: own("modelIdentifier"),
            client_id: own("clientId"),
            client_mode: own("clientMode"),
        },
        remote_address: own("remoteIp"),
        grants,
        created_at,
        approved_at,
        seen_at: time("lastSeenAtMs"),
    })
}

fn grants(
    about: &Map<String, Value>,
    node: Option<&Map<String, Value>>,
    approved_at: Timestamp,
) -> BTreeMap<Role, Grant> {
    let tokens = about.get("tokens").and_then(Value::as_object);
    let mut grants = BTreeMap::new();
    for (role, token) in tokens.into_iter().flatten() {
        let Ok(role) = role.parse::<Role>() else { continue };
        let time = |name: &str| token.get(name).and_then(event::time);
        let surface = node.filter(|_| role == Role::Node);
        let grant = Grant {
            scopes: scopes(token.get("scopes")),
            nonce: NONCE.into(),
            commands: words(surface.and_then(|it| it.get("commands"))),
            caps: words(surface.and_then(|it| it.get("caps"))),
            created_at: time("createdAtMs").unwrap_or(approved_at),
            approved_at,
            rotated_at: time("rotatedAtMs"),
            revoked_at: time("revokedAtMs"),
            used_at: time("lastUsedAtMs"),
        };
        grants.insert(role, grant);
    }
    grants
}

/// The scopes that are known here; one that is not permits nothing.
fn scopes(value: Option<&Value>) -> Scopes {
    words(value).iter().filter_map(|word| word.parse::<Scope>().ok()).collect()
}

fn words(value: Option<&Value>) -> Vec<Box<str>> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(Into::into).collect()
}

/// The 32 bytes of a public key, from base64url or PEM.
fn key(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let bytes = if text.starts_with("-----BEGIN") {
        let lines = text.lines().filter(|line| !line.starts_with("-----"));
        let mut bytes = STANDARD.decode(lines.map(str::trim).collect::<String>()).ok()?;
        if bytes.len() != SPKI + 32 {
            return None;
        }
        bytes.split_off(SPKI)
    } else {
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?
    };
    (bytes.len() == 32).then_some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|it| char::from(DIGITS[usize::from(it)]));
    bytes.iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "dbc298251c51321b7266e78d1c151c2b62aff8cb95b293096d3463018544face";
    const KEY: &str = "_RckOFqgx1tk-3jNYC-h2ZH96_drE8WO1wLqyDXp9hg";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA/RckOFqgx1tk+3jNYC+h2ZH96/drE8WO1wLqyDXp9hg=\n-----END PUBLIC KEY-----\n";

    fn read(about: &Value) -> Result<Device, &'static str> {
        let node = json!({ "commands": ["system.run"], "caps": ["system"] });
        device(about.as_object().unwrap(), node.as_object())
    }

    #[test]
    fn a_device_comes_over_without_its_token() {
        let about = json!({
            "deviceId": ID, "publicKey": KEY, "displayName": "Phone", "createdAtMs": 5,
            "approvedAtMs": 6, "tokens": {
                "operator": { "token": "canary", "scopes": ["operator.read", "operator.future"] },
                "node": { "token": "canary", "revokedAtMs": 9 },
                "future": {},
            },
        });
        let device = read(&about).unwrap();
        assert_eq!((device.id.as_str(), &*device.key), (ID, KEY));
        assert_eq!(device.roles().collect::<Vec<_>>(), [Role::Operator], "what was revoked is");
        let operator = device.grant(Role::Operator).unwrap();
        assert_eq!(operator.scopes, [Scope::Read].into_iter().collect());
        assert!(operator.commands.is_empty());
        assert_eq!(device.grants[&Role::Node].commands, ["system.run".into()]);
        assert!(!format!("{device:?}").contains("canary"));

        let pem = json!({ "publicKey": PEM, "tokens": { "operator": {} } });
        assert_eq!(read(&pem).unwrap().id.as_str(), ID);
    }

    #[test]
    fn what_is_no_device_is_called_so() {
        let other = "0".repeat(64);
        #[rustfmt::skip]
        let table = [
            (json!({}),                                       "its public key is not one"),
            (json!({ "publicKey": "AAAA" }),                  "its public key is not one"),
            (json!({ "publicKey": KEY, "deviceId": other }),  "its name is not that of its public key"),
            (json!({ "publicKey": KEY, "deviceId": ID }),     "it has no role that is known here"),
        ];
        for (about, why) in table {
            assert_eq!(read(&about).unwrap_err(), why, "{about}");
        }
    }
}
