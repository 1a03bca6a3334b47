//! Letting a device in that proved to be one.

use std::time::Duration;

use domain::{
    access::{Role, Scopes},
    event::EventKind,
    ids::DeviceId,
    pairing::{self, Ask, Device, Filed, Grant, NoRoom, Reason, Request},
    time::Timestamp,
};
use ports::{
    driven::{Change, StoreError, Urgency},
    event::Event,
    view::PendingDevice,
};

use super::{Decision, Pairing, record};

/// How exactly it is remembered when a device last came. Everybody who
/// reconnects would otherwise have to be written down.
const SEEN_TO: Duration = Duration::from_mins(5);

/// A device that may come in.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it was approved for.
    pub approved: Scopes,
    /// The token it may come back with.
    pub token: IssuedToken,
    /// Tokens for other roles it was given at the same time.
    pub others: Vec<IssuedToken>,
}

/// A token for its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token. A secret.
    pub token: String,
    /// For which role.
    pub role: Role,
    /// What it allows.
    pub scopes: Scopes,
    /// Since when.
    pub issued_at: Timestamp,
}

/// Why a device is not let in.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// Somebody has to decide about it first.
    #[error("pairing required")]
    HasToAsk {
        /// Why.
        reason: Reason,
        /// The request that waits, unless too many wait already.
        request: Option<Box<Request>>,
        /// What it may do already, if it only asks for more.
        approved: Scopes,
    },
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefused {
    /// The device is not known, or not in that role.
    NotPaired,
    /// It was taken back.
    Revoked,
    /// It is another one.
    Mismatch,
}

impl Pairing {
    /// Whether `presented` is the token of `device` in `role`.
    pub fn is_token(
        &self,
        device: &DeviceId,
        role: Role,
        presented: &str,
    ) -> Result<(), TokenRefused> {
        let purpose = {
            let state = self.state();
            let device = state.devices.get(device).ok_or(TokenRefused::NotPaired)?;
            let grant = device.grants.get(&role).ok_or(TokenRefused::NotPaired)?;
            if grant.revoked_at.is_some() {
                return Err(TokenRefused::Revoked);
            }
            device.purpose(role, grant)
        };
        if self.0.deps.mint.is_token(&purpose, presented) {
            Ok(())
        } else {
            Err(TokenRefused::Mismatch)
        }
    }

    /// Whether `device` has a token for `role`, which it may try.
    pub fn has_token(&self, device: &DeviceId, role: Role) -> bool {
        self.state().devices.get(device).is_some_and(|device| device.grant(role).is_some())
    }

    /// What `device` was approved for in that role.
    fn granted(&self, device: &DeviceId, role: Role) -> Scopes {
        let state = self.state();
        let grant = state.devices.get(device).and_then(|device| device.grant(role));
        grant.map_or(Scopes::NONE, |grant| grant.scopes)
    }

    /// Lets the device in that asks, or has it wait for somebody's decision. One
    /// that may be let in `silently` need not wait, unless it was let in once
    /// and that was taken back.
    pub async fn admit(&self, ask: Ask, silently: bool) -> Result<Standing, NotAdmitted> {
        let now = self.now();
        let standing = Device::standing(self.state().devices.get(&ask.device), &ask);
        match standing {
            pairing::Standing::Granted => {
                let device = self.come(&ask, now);
                let standing = device.and_then(|device| self.standing(&device, ask.role));
                // Removed in between: it has to ask like everybody else.
                standing.ok_or(NotAdmitted::HasToAsk {
                    reason: Reason::NotPaired,
                    request: None,
                    approved: Scopes::NONE,
                })
            }
            pairing::Standing::HasToAsk(reason) if silently && reason != Reason::Revoked => {
                self.approve_silently(ask, reason, now).await
            }
            pairing::Standing::HasToAsk(reason) => self.wait(ask, reason, now).await,
        }
    }

    async fn approve_silently(
        &self,
        ask: Ask,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Standing, NotAdmitted> {
        let request = {
            let repair = self.state().devices.contains_key(&ask.device);
            Request { id: self.name(), ask, reason, repair, silent: true, at: now }
        };
        self.install(&request, None).await?;
        self.announce(&request, Decision::Approved);
        let standing = self.standing_now(&request.ask.device, request.ask.role);
        standing.ok_or(NotAdmitted::HasToAsk {
            reason: Reason::Revoked,
            request: None,
            approved: Scopes::NONE,
        })
    }

    /// Has the device that asks wait for somebody's decision.
    async fn wait(
        &self,
        ask: Ask,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Standing, NotAdmitted> {
        let approved = match reason {
            Reason::ScopeUpgrade => self.granted(&ask.device, ask.role),
            Reason::NotPaired | Reason::RoleUpgrade | Reason::Revoked => Scopes::NONE,
        };
        let request = self.file(ask, reason, now).await?;
        Err(NotAdmitted::HasToAsk { reason, request: request.map(Box::new), approved })
    }

    /// Makes a request, or finds the same one that waits already. None if too
    /// many wait.
    pub(super) async fn file(
        &self,
        ask: Ask,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Option<Request>, StoreError> {
        let (request, filed, written) = {
            let mut state = self.state();
            let mut changes: Vec<_> = state
                .requests
                .expire(now)
                .iter()
                .map(|id| record::forget::<Request>(id.as_str()))
                .collect();
            let repair = state.devices.contains_key(&ask.device);
            let id = self.name();
            let request = Request { id, ask, reason, repair, silent: false, at: now };
            let filed = match state.requests.file(request.clone()) {
                Ok(Filed::Known(id)) => return Ok(state.requests.get(&id, now).cloned()),
                Err(NoRoom) => return Ok(None),
                Ok(Filed::New { instead_of }) => instead_of,
            };
            changes.extend(filed.iter().map(|it| record::forget::<Request>(it.id.as_str())));
            changes.push(record::put(&request));
            (request, filed, self.submit(changes))
        };
        if let Err(error) = written.await {
            let mut state = self.state();
            let still_waits = state.requests.remove(&request.id).is_some();
            if let Some(earlier) = filed.filter(|_| still_waits) {
                state.requests.put_back(*earlier);
            }
            return Err(error);
        }
        if let Some(earlier) = filed {
            self.announce(&earlier, Decision::Superseded);
        }
        let told = PendingDevice::from(&request);
        self.0.deps.events.publish(Event::notice(EventKind::DevicePairRequested, &told));
        Ok(Some(request))
    }

    /// Grants what `request` asks for and writes it down, with `more` that
    /// belongs to it. When that fails, nothing happened. What else the device
    /// asks for in this role need not wait any more.
    pub(super) async fn install(
        &self,
        request: &Request,
        more: Option<Change>,
    ) -> Result<Device, StoreError> {
        let nonce: Box<str> = self.0.deps.entropy.uuid().into();
        let (id, role) = (&request.ask.device, request.ask.role);
        let (before, device, superseded, written) = {
            let mut state = self.state();
            let before = state.devices.get(id).cloned();
            let device = Device::approved(before.clone(), request, nonce.clone(), self.now());
            state.devices.insert(id.clone(), device.clone());
            let superseded = state.requests.remove_for(id, role);
            let forgotten = superseded.iter().map(|it| record::forget::<Request>(it.id.as_str()));
            let changes = more.into_iter().chain(forgotten).chain([record::put(&device)]).collect();
            (before, device, superseded, self.submit(changes))
        };
        if let Err(error) = written.await {
            self.undo(id, role, |device| device.without(role, &nonce, before.as_ref()));
            if let Some(superseded) = superseded {
                self.state().requests.put_back(superseded);
            }
            return Err(error);
        }
        if let Some(superseded) = superseded {
            self.announce(&superseded, Decision::Superseded);
        }
        Ok(device)
    }

    /// Where the device `id` stands in `role` by now: whoever waited for the
    /// disk does not go by what it was before.
    pub(super) fn standing_now(&self, id: &DeviceId, role: Role) -> Option<Standing> {
        let device = self.device(id)?;
        self.standing(&device, role)
    }

    /// Where `device` stands in `role`, if it stands anywhere.
    pub(super) fn standing(&self, device: &Device, role: Role) -> Option<Standing> {
        let grant = device.grant(role)?;
        let token = self.issue(device, role, grant);
        Some(Standing { approved: grant.scopes, token, others: Vec::new() })
    }

    /// A paired device came.
    fn come(&self, ask: &Ask, now: Timestamp) -> Option<Device> {
        let mut state = self.state();
        let device = state.devices.get_mut(&ask.device)?;
        if device.seen_at.is_none_or(|seen| SEEN_TO <= now.since(seen)) {
            device.seen_at = Some(now);
            if let Some(grant) = device.grants.get_mut(&ask.role) {
                grant.used_at = Some(now);
            }
            // Nobody waits for that.
            drop(self.0.deps.journal.submit(vec![record::put(device)], Urgency::Lazy));
        }
        Some(device.clone())
    }

    pub(super) fn issue(&self, device: &Device, role: Role, grant: &Grant) -> IssuedToken {
        IssuedToken {
            token: self.0.deps.mint.token(&device.purpose(role, grant)),
            role,
            scopes: grant.scopes,
            issued_at: grant.rotated_at.unwrap_or(grant.created_at),
        }
    }
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing").field("approved", &self.approved).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken")
            .field("role", &self.role)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
