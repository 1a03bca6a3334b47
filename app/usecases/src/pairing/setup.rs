//! Setup codes: made by an administrator, used by a device, once.

use domain::{
    event::EventKind,
    ids::RequestId,
    pairing::{Ask, Device, Profile, Request, SetupCode, SetupRefused},
    time::Timestamp,
};
use ports::{
    driven::{Change, StoreError},
    event::Event,
    view::SetupCompleted,
};
use tracing::info;

use super::{Decision, Pairing, PairingError, Standing, record};

/// A code that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCode {
    /// Names it; not a secret.
    pub id: RequestId,
    /// What a device shows to be let in. A secret.
    pub token: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// What it lets a device be.
    pub profile: Profile,
}

/// What became of a code that was shown.
#[derive(Debug, thiserror::Error)]
pub enum Redeemed {
    /// There is no such code.
    #[error("unknown setup code")]
    Unknown,
    /// It is no good.
    #[error(transparent)]
    Refused(#[from] SetupRefused),
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pairing {
    /// Makes a code for `profile`.
    pub async fn new_code(&self, profile: Profile) -> Result<NewCode, PairingError> {
        let now = self.now();
        let (code, written) = {
            let mut state = self.state();
            let mut changes = state.forget_old_codes(now);
            let good = state.codes.values().filter(|it| it.used.is_none() && now < it.expires_at());
            if SetupCode::MAX <= good.count() {
                return Err(PairingError::TooManyCodes);
            }
            let code = SetupCode { id: self.name(), profile, at: now, used: None };
            state.codes.insert(code.id.clone(), code.clone());
            changes.push(record::put(&code));
            (code, self.submit(changes))
        };
        if let Err(error) = written.await {
            self.state().codes.remove(&code.id);
            return Err(error.into());
        }
        Ok(NewCode {
            token: self.0.deps.mint.token(&code.purpose()),
            expires_at: code.expires_at(),
            id: code.id,
            profile,
        })
    }

    /// The code `id`, as long as it is remembered.
    pub fn code(&self, id: &RequestId) -> Option<SetupCode> {
        self.state().codes.get(id).cloned()
    }

    /// Lets the device in that asks and shows `presented`, and gives it
    /// everything the code is for.
    pub async fn redeem(&self, presented: &str, ask: &Ask) -> Result<Standing, Redeemed> {
        let now = self.now();
        let (code, before, device, superseded, written) = {
            let mut guard = self.state();
            let state = &mut *guard;
            let mint = &self.0.deps.mint;
            let found = state.codes.values_mut().find(|it| mint.is_token(&it.purpose(), presented));
            let code = found.ok_or(Redeemed::Unknown)?;
            code.check(ask.role, ask.scopes, now)?;
            // Used from here on: of two that try at the same time one is let in.
            let name = ask.portrait.display_name.clone();
            code.used = Some((ask.device.clone(), name, now));
            let code = code.clone();
            let before = state.devices.get(&ask.device).cloned();
            let device = code.profile.grants().into_iter().fold(before.clone(), |device, grant| {
                let (role, scopes) = grant;
                let request = code.request(Ask { role, scopes, ..ask.clone() }, now);
                let nonce = self.0.deps.entropy.uuid().into();
                Some(Device::approved(device, &request, nonce, now))
            });
            let device = device.ok_or(Redeemed::Unknown)?;
            state.devices.insert(device.id.clone(), device.clone());
            let superseded = state.requests.remove_of(&device.id);
            let forgotten = superseded.iter().map(|it| record::forget::<Request>(it.id.as_str()));
            let kept = [record::put(&code), record::put(&device)];
            let written = self.submit(forgotten.chain(kept).collect());
            (code, before, device, superseded, written)
        };
        if let Err(error) = written.await {
            let name = code.id.clone();
            self.state().codes.insert(name, SetupCode { used: None, ..code });
            for (role, grant) in &device.grants {
                self.undo(&device.id, *role, |it| it.without(*role, &grant.nonce, before.as_ref()));
            }
            for superseded in superseded {
                self.state().requests.put_back(superseded);
            }
            return Err(error.into());
        }
        for superseded in &superseded {
            self.announce(superseded, Decision::Superseded);
        }
        info!(device = %ask.device, "a device was let in by a setup code");
        self.announce(&code.request(ask.clone(), now), Decision::Approved);
        self.completed(&code, ask, now);
        // Taken back while it was written down?
        let device = self.device(&ask.device).ok_or(Redeemed::Unknown)?;
        let mut standing = self.standing(&device, ask.role).ok_or(Redeemed::Unknown)?;
        let others = device.roles().filter(|role| *role != ask.role);
        let others = others.filter_map(|role| Some((role, device.grant(role)?)));
        standing.others = others.map(|(role, grant)| self.issue(&device, role, grant)).collect();
        Ok(standing)
    }

    fn completed(&self, code: &SetupCode, ask: &Ask, now: Timestamp) {
        let told = SetupCompleted {
            setup_id: code.id.as_str(),
            device_id: ask.device.as_str(),
            device_name: ask.portrait.display_name.as_deref(),
            access: code.profile.as_str(),
            ts: now.as_millis(),
        };
        self.0.deps.events.publish(Event::notice(EventKind::DeviceSetupCompleted, &told));
    }
}

impl super::State {
    fn forget_old_codes(&mut self, now: Timestamp) -> Vec<Change> {
        let old = self.codes.extract_if(.., |_, code| SetupCode::REMEMBERED <= now.since(code.at));
        old.map(|(id, _)| record::forget::<SetupCode>(id.as_str())).collect()
    }
}

impl std::fmt::Debug for NewCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCode").field("id", &self.id).finish_non_exhaustive()
    }
}
