//! Being the device one says one is (`ws-protocol.md` 4.6).

use domain::{
    device::{Challenge, DeviceFault, payload::SignedFields},
    ids::DeviceId,
    pairing::{Ask, Portrait},
};
use ports::driving::{Circumstances, Knock};

use super::{Auth, place::Facts};

/// A device that proved to be one.
pub(super) struct Proven {
    pub(super) id: DeviceId,
    key: Box<str>,
}

impl Auth {
    /// The device `knock` comes from, if it says so and can prove it.
    pub(super) fn device(
        &self,
        knock: &Knock,
        circumstances: &Circumstances,
        facts: &Facts,
    ) -> Result<Option<Proven>, DeviceFault> {
        let Some(claim) = &knock.device else { return Ok(None) };
        let signatures = &self.0.deps.signatures;
        let key = signatures.key(&claim.public_key).ok_or(DeviceFault::Key)?;
        let id = signatures.device(&key);
        if id.as_str() != &*claim.id {
            return Err(DeviceFault::Identity);
        }
        let legacy = self.0.deps.config.current().gateway.auth.legacy_device_signatures;
        claim.check(&Challenge {
            nonce: &circumstances.nonce,
            protocol: knock.protocol,
            nonce_optional: legacy && facts.local,
            now: self.0.deps.clock.now(),
        })?;
        let scopes: Vec<&str> = knock.scopes.iter().flatten().map(AsRef::as_ref).collect();
        let fields = SignedFields {
            device: id.as_str(),
            client_id: &knock.client_id,
            client_mode: knock.info.mode.as_str(),
            role: knock.role.as_str(),
            scopes: &scopes,
            signed_at: claim.signed_at,
            token: knock.credentials.signed_token(),
            nonce: claim.nonce.as_deref().unwrap_or_default(),
            platform: &knock.info.platform,
            device_family: knock.info.device_family.as_deref().unwrap_or_default(),
        };
        let lines = claim.lines(&fields).map_err(|_| DeviceFault::Signature)?;
        let signed = |line: &String| signatures.verify(&key, line, &claim.signature).is_ok();
        if !lines.iter().any(signed) {
            return Err(DeviceFault::Signature);
        }
        Ok(Some(Proven { id, key: signatures.spell(&key).into() }))
    }
}

impl Proven {
    /// What the device asks for with `knock`.
    pub(super) fn ask(&self, knock: &Knock, scopes: domain::access::Scopes, facts: &Facts) -> Ask {
        let info = &knock.info;
        let remote = facts.peer.address.filter(|_| !facts.local);
        Ask {
            device: self.id.clone(),
            key: self.key.clone(),
            role: knock.role,
            scopes,
            portrait: Portrait {
                display_name: info.display_name.clone(),
                platform: Some(info.platform.clone()),
                device_family: info.device_family.clone(),
                model_identifier: info.model_identifier.clone(),
                client_id: Some(info.id.clone()),
                client_mode: Some(info.mode.as_str().into()),
            },
            remote_address: remote.map(|address| address.to_string().into()),
            commands: knock.offer.commands.clone(),
            caps: knock.offer.caps.clone(),
        }
    }
}
