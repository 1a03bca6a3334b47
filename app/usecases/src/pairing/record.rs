//! How devices, requests and setup codes are written down.

use domain::{
    access::{Role, Scope, Scopes},
    ids::{DeviceId, RequestId},
    pairing::{Ask, Device, Grant, Portrait, Profile, Reason, Request, SetupCode},
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Change, Drawer},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tracing::warn;

/// Something that has an entry in a drawer.
pub(super) trait Kept: Sized {
    const DRAWER: Drawer;
    type Written: Serialize + DeserializeOwned;

    fn name(&self) -> &str;
    fn write(&self) -> Self::Written;
    fn read(written: Self::Written) -> Self;
}

/// Remembers `kept`.
pub(super) fn put<K: Kept>(kept: &K) -> Change {
    Change::PutEntry { drawer: K::DRAWER, name: kept.name().into(), value: Json::of(&kept.write()) }
}

/// Forgets what is kept under `name`.
pub(super) fn forget<K: Kept>(name: &str) -> Change {
    Change::DropEntry { drawer: K::DRAWER, name: name.into() }
}

/// Reads an entry. One that cannot be read is left out, and so grants nothing.
pub(super) fn read<K: Kept>(value: &Json) -> Option<K> {
    match serde_json::from_str(value.as_str()) {
        Ok(written) => Some(K::read(written)),
        Err(error) => {
            warn!(%error, drawer = K::DRAWER.as_str(), "an entry cannot be read and is left out");
            None
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenPortrait {
    display_name: Option<Box<str>>,
    platform: Option<Box<str>>,
    device_family: Option<Box<str>>,
    model_identifier: Option<Box<str>>,
    client_id: Option<Box<str>>,
    client_mode: Option<Box<str>>,
}

impl From<Portrait> for WrittenPortrait {
    fn from(portrait: Portrait) -> Self {
        let Portrait {
            display_name,
            platform,
            device_family,
            model_identifier,
            client_id,
            client_mode,
        } = portrait;
        Self { display_name, platform, device_family, model_identifier, client_id, client_mode }
    }
}

impl From<WrittenPortrait> for Portrait {
    fn from(written: WrittenPortrait) -> Self {
        let WrittenPortrait {
            display_name,
            platform,
            device_family,
            model_identifier,
            client_id,
            client_mode,
        } = written;
        Self { display_name, platform, device_family, model_identifier, client_id, client_mode }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenDevice {
    id: DeviceId,
    key: Box<str>,
    label: Option<Box<str>>,
    portrait: WrittenPortrait,
    remote_address: Option<Box<str>>,
    grants: Vec<WrittenGrant>,
    created_at: Timestamp,
    approved_at: Timestamp,
    seen_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenGrant {
    role: Role,
    scopes: Vec<Scope>,
    nonce: Box<str>,
    commands: Vec<Box<str>>,
    caps: Vec<Box<str>>,
    created_at: Timestamp,
    approved_at: Timestamp,
    rotated_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
}

impl Kept for Device {
    const DRAWER: Drawer = Drawer::Devices;
    type Written = WrittenDevice;

    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn write(&self) -> WrittenDevice {
        let grants = self.grants.clone().into_iter().map(|(role, grant)| {
            let Grant {
                scopes,
                nonce,
                commands,
                caps,
                created_at,
                approved_at,
                rotated_at,
                revoked_at,
                used_at,
            } = grant;
            let scopes = scopes.iter().collect();
            WrittenGrant {
                role,
                scopes,
                nonce,
                commands,
                caps,
                created_at,
                approved_at,
                rotated_at,
                revoked_at,
                used_at,
            }
        });
        WrittenDevice {
            id: self.id.clone(),
            key: self.key.clone(),
            label: self.label.clone(),
            portrait: self.portrait.clone().into(),
            remote_address: self.remote_address.clone(),
            grants: grants.collect(),
            created_at: self.created_at,
            approved_at: self.approved_at,
            seen_at: self.seen_at,
        }
    }

    fn read(written: WrittenDevice) -> Self {
        let grants = written.grants.into_iter().map(|written| {
            let WrittenGrant {
                role,
                scopes,
                nonce,
                commands,
                caps,
                created_at,
                approved_at,
                rotated_at,
                revoked_at,
                used_at,
            } = written;
            let scopes: Scopes = scopes.into_iter().collect();
            let grant = Grant {
                scopes,
                nonce,
                commands,
                caps,
                created_at,
                approved_at,
                rotated_at,
                revoked_at,
                used_at,
            };
            (role, grant)
        });
        Self {
            id: written.id,
            key: written.key,
            label: written.label,
            portrait: written.portrait.into(),
            remote_address: written.remote_address,
            grants: grants.collect(),
            created_at: written.created_at,
            approved_at: written.approved_at,
            seen_at: written.seen_at,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenRequest {
    id: RequestId,
    device: DeviceId,
    key: Box<str>,
    role: Role,
    scopes: Vec<Scope>,
    portrait: WrittenPortrait,
    remote_address: Option<Box<str>>,
    commands: Vec<Box<str>>,
    caps: Vec<Box<str>>,
    reason: Reason,
    repair: bool,
    at: Timestamp,
}

impl Kept for Request {
    const DRAWER: Drawer = Drawer::DeviceRequests;
    type Written = WrittenRequest;

    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn write(&self) -> WrittenRequest {
        let Ask { device, key, role, scopes, portrait, remote_address, commands, caps } =
            self.ask.clone();
        WrittenRequest {
            id: self.id.clone(),
            device,
            key,
            role,
            scopes: scopes.iter().collect(),
            portrait: portrait.into(),
            remote_address,
            commands,
            caps,
            reason: self.reason,
            repair: self.repair,
            at: self.at,
        }
    }

    fn read(written: WrittenRequest) -> Self {
        let ask = Ask {
            device: written.device,
            key: written.key,
            role: written.role,
            scopes: written.scopes.into_iter().collect(),
            portrait: written.portrait.into(),
            remote_address: written.remote_address,
            commands: written.commands,
            caps: written.caps,
        };
        Self {
            id: written.id,
            ask,
            reason: written.reason,
            repair: written.repair,
            silent: false,
            at: written.at,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenCode {
    id: RequestId,
    profile: Profile,
    at: Timestamp,
    used_by: Option<DeviceId>,
    used_name: Option<Box<str>>,
    used_at: Option<Timestamp>,
}

impl Kept for SetupCode {
    const DRAWER: Drawer = Drawer::SetupCodes;
    type Written = WrittenCode;

    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn write(&self) -> WrittenCode {
        let (used_by, used_name, used_at) = match self.used.clone() {
            Some((device, name, at)) => (Some(device), name, Some(at)),
            None => (None, None, None),
        };
        WrittenCode {
            id: self.id.clone(),
            profile: self.profile,
            at: self.at,
            used_by,
            used_name,
            used_at,
        }
    }

    fn read(written: WrittenCode) -> Self {
        let used = written.used_by.zip(written.used_at);
        Self {
            id: written.id,
            profile: written.profile,
            at: written.at,
            used: used.map(|(device, at)| (device, written.used_name, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back<K: Kept>(kept: &K) -> K {
        let Change::PutEntry { value, name, .. } = put(kept) else { panic!("not an entry") };
        assert_eq!(&*name, kept.name());
        read(&value).unwrap()
    }

    #[test]
    fn what_is_written_down_comes_back_as_it_was() {
        let ask = Ask {
            device: "d".repeat(64).parse().unwrap(),
            key: "key".into(),
            role: Role::Node,
            scopes: [Scope::Read, Scope::Admin].into_iter().collect(),
            portrait: Portrait { platform: Some("linux".into()), ..Portrait::default() },
            remote_address: Some("192.0.2.1".into()),
            commands: vec!["system.run".into()],
            caps: vec!["system".into()],
        };
        let at = Timestamp::from_millis(7);
        let id: RequestId = "r".parse().unwrap();
        let reason = Reason::ScopeUpgrade;
        let request = Request { id, ask, reason, repair: true, silent: false, at };
        assert_eq!(back(&request), request);

        let mut device = Device::approved(None, &request, "nonce".into(), at);
        device.grants.get_mut(&Role::Node).unwrap().revoked_at = Some(at);
        device.label = Some("phone".into());
        assert_eq!(back(&device), device);

        let code = SetupCode {
            id: "s".parse().unwrap(),
            profile: Profile::Node,
            at,
            used: Some((device.id, Some("phone".into()), at)),
        };
        assert_eq!(back(&code), code);
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        assert_eq!(read::<Device>(&Json::of(&"not a device")), None);
    }
}
