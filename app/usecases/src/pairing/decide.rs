//! Deciding about devices, and changing one's mind.

use std::time::Duration;

use domain::{
    access::{Denied, Role, Scope, Scopes},
    client::{Client, ClientId},
    ids::{DeviceId, RequestId},
    pairing::{Device, Request, manages, may_approve, may_grant},
};
use ports::driven::StoreError;
use tracing::{info, warn};

use super::{Decision, IssuedToken, Pairing, REVOKED, record};

/// How long a client that took back its own token has to read the answer.
const PARTING: Duration = Duration::from_millis(100);

/// Why something about a device was not done.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such request waits.
    #[error("unknown requestId")]
    UnknownRequest,
    /// There is no such device.
    #[error("unknown deviceId")]
    UnknownDevice,
    /// There is no such device, or it is not that.
    #[error("unknown deviceId/role")]
    UnknownGrant,
    /// The token was taken back; only a new approval brings a new one.
    #[error("the device token was revoked; the device has to pair again")]
    Revoked,
    /// The caller is no device, and this is about the caller's.
    #[error("device identity required")]
    NoDevice,
    /// An upgrade has to ask for more, not for something else.
    #[error("requested scopes must include the connection's current scopes")]
    NotMore,
    /// So many devices wait that no more may.
    #[error("too many pairing requests are waiting")]
    NoRoom,
    /// So many setup codes are good that no more may be made.
    #[error("too many setup codes are waiting to be used")]
    TooManyCodes,
    /// Nobody can reach the gateway from elsewhere, so a code is of no use.
    #[error(
        "the gateway is only bound to loopback: set gateway.bind, use tailscale serve, or give publicUrl"
    )]
    Unreachable,
    /// What was given as the gateway's address is none.
    #[error("publicUrl must be a ws://, wss://, http:// or https:// URL")]
    BadUrl,
    /// It could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pairing {
    /// `caller` lets the device of `request` in.
    pub async fn approve(
        &self,
        caller: &Client,
        request: &RequestId,
    ) -> Result<Device, PairingError> {
        let request = self.take(request, |request| may_approve(&caller.principal, request))?;
        let forget = record::forget::<Request>(request.id.as_str());
        match self.install(&request, Some(forget)).await {
            Ok(device) => {
                info!(device = %device.id, role = %request.ask.role, "a device was approved");
                self.announce(&request, Decision::Approved);
                Ok(device)
            }
            Err(error) => {
                self.state().requests.put_back(request);
                Err(error.into())
            }
        }
    }

    /// `caller` turns the device of `request` away.
    pub async fn reject(
        &self,
        caller: &Client,
        request: &RequestId,
    ) -> Result<DeviceId, PairingError> {
        let may = |request: &Request| may_manage(caller, &request.ask.device);
        let request = self.take(request, may)?;
        let written = self.submit(vec![record::forget::<Request>(request.id.as_str())]);
        if let Err(error) = written.await {
            self.state().requests.put_back(request);
            return Err(error.into());
        }
        self.announce(&request, Decision::Rejected);
        Ok(request.ask.device)
    }

    /// `caller` calls `device` something.
    pub async fn rename(
        &self,
        caller: &Client,
        device: &DeviceId,
        label: &str,
    ) -> Result<Device, PairingError> {
        may_manage(caller, device)?;
        let (before, after, written) = {
            let mut state = self.state();
            let device = state.devices.get_mut(device).ok_or(PairingError::UnknownDevice)?;
            let before = device.label.replace(label.into());
            (before, device.clone(), self.submit(vec![record::put(device)]))
        };
        if let Err(error) = written.await {
            let mut state = self.state();
            let renamed = state.devices.get_mut(device);
            // Unless somebody called it something else meanwhile.
            if let Some(renamed) = renamed.filter(|it| it.label.as_deref() == Some(label)) {
                renamed.label = before;
            }
            return Err(error.into());
        }
        self.changed(device, "renamed");
        Ok(after)
    }

    /// `caller` forgets `device`, with everything it was granted.
    pub async fn remove(&self, caller: &Client, device: &DeviceId) -> Result<(), PairingError> {
        may_manage(caller, device)?;
        let (purposes, requests, written) = {
            let mut state = self.state();
            let gone = state.devices.remove(device).ok_or(PairingError::UnknownDevice)?;
            let purposes: Vec<_> =
                gone.grants.iter().map(|(role, grant)| gone.purpose(*role, grant)).collect();
            let requests = state.requests.remove_of(device);
            let forgotten = requests.iter().map(|it| record::forget::<Request>(it.id.as_str()));
            let changes = forgotten.chain([record::forget::<Device>(device.as_str())]).collect();
            (purposes, requests, self.submit(changes))
        };
        self.close(caller, device, None);
        for request in &requests {
            self.announce(request, Decision::Rejected);
        }
        self.changed(device, "removed");
        // Both are tried, whatever becomes of the other: either is enough to
        // keep the device out after a restart.
        let (revoked, written) = (self.0.deps.revocations.revoke(&purposes).await, written.await);
        revoked?;
        written?;
        info!(%device, "a device was removed");
        Ok(())
    }

    /// `caller` has the token of `device` in `role` replaced, allowing `scopes`
    /// from now on if they are given. Connections that rest on the old one are
    /// closed. Only the device itself gets to see the new one.
    pub async fn rotate(
        &self,
        caller: &Client,
        device: &DeviceId,
        role: &str,
        scopes: Option<Scopes>,
    ) -> Result<(IssuedToken, bool), PairingError> {
        let role = role_of(role)?;
        let own = caller.principal.device.as_ref() == Some(device);
        let nonce: Box<str> = self.0.deps.entropy.uuid().into();
        let now = self.now();
        let (old, before, issued, written) = {
            let mut state = self.state();
            // Whoever may not manage it is not told that it is there.
            may_manage(caller, device)?;
            let device = state.devices.get_mut(device).ok_or(PairingError::UnknownGrant)?;
            let before = device.clone();
            let grant = before.grants.get(&role).ok_or(PairingError::UnknownGrant)?;
            if grant.revoked_at.is_some() {
                return Err(PairingError::Revoked);
            }
            may_grant(&caller.principal, scopes.unwrap_or(grant.scopes))?;
            let old = device.purpose(role, grant);
            let mut fresh = grant.clone();
            fresh.nonce.clone_from(&nonce);
            fresh.scopes = scopes.unwrap_or(grant.scopes);
            fresh.rotated_at = Some(now);
            let issued = self.issue(device, role, &fresh);
            device.grants.insert(role, fresh);
            let written = self.submit(vec![record::put(device)]);
            (old, before, issued, written)
        };
        if let Err(error) = written.await {
            self.undo(device, role, |it| it.without(role, &nonce, Some(&before)));
            return Err(error.into());
        }
        self.close_others(device, role, own.then_some(caller.id));
        self.changed(device, "token-rotated");
        info!(%device, %role, "a device token was replaced");
        // The old token is none any more. The list only matters to whoever puts
        // an old database back, and is caught up on with the next revocation: no
        // reason to keep the new token from its owner.
        if let Err(error) = self.0.deps.revocations.revoke(&[old]).await {
            warn!(error = &error as &dyn std::error::Error, %device, "an old token is not listed");
        }
        Ok((issued, own))
    }

    /// `caller` takes the token of `device` in `role` back, for good. Its
    /// connections are closed; it has to ask again, even on this machine.
    pub async fn revoke(
        &self,
        caller: &Client,
        device: &DeviceId,
        role: &str,
    ) -> Result<domain::time::Timestamp, PairingError> {
        let role = role_of(role)?;
        let now = self.now();
        let (purpose, revoked_at, written) = {
            let mut state = self.state();
            may_manage(caller, device)?;
            let device = state.devices.get_mut(device).ok_or(PairingError::UnknownGrant)?;
            let grant = device.grants.get_mut(&role).ok_or(PairingError::UnknownGrant)?;
            let revoked_at = *grant.revoked_at.get_or_insert(now);
            let grant = grant.clone();
            let purpose = device.purpose(role, &grant);
            (purpose, revoked_at, self.submit(vec![record::put(device)]))
        };
        self.close(caller, device, Some(role));
        self.changed(device, "token-revoked");
        let revoked = self.0.deps.revocations.revoke(&[purpose]).await;
        written.await?;
        revoked?;
        info!(%device, %role, "a device token was revoked");
        Ok(revoked_at)
    }

    /// Takes the request `id` off the board, if `may` allows it.
    fn take(
        &self,
        id: &RequestId,
        may: impl FnOnce(&Request) -> Result<(), Denied>,
    ) -> Result<Request, PairingError> {
        let now = self.now();
        let mut state = self.state();
        let request = state.requests.get(id, now).ok_or(PairingError::UnknownRequest)?;
        may(request)?;
        state.requests.remove(id).ok_or(PairingError::UnknownRequest)
    }

    /// Closes the connections of `device`, in `role` or in any. The caller's own
    /// is closed when it had time to read the answer.
    fn close(&self, caller: &Client, device: &DeviceId, role: Option<Role>) {
        if role.is_none_or(|role| role == Role::Node)
            && let Some(departures) = self.0.departures.get().cloned()
        {
            let device = device.clone();
            self.0.deps.tasks.spawn(async move {
                if let Err(error) = departures.forget(&device).await {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, %device, "what waits for a removed node is still written down");
                }
            });
        }
        let connections = &self.0.deps.connections;
        let (code, reason) = REVOKED;
        for client in self.connections_of(device, role) {
            if client != caller.id {
                connections.close(client, code, reason);
                continue;
            }
            let connections = std::sync::Arc::clone(connections);
            self.0.deps.tasks.spawn(async move {
                tokio::time::sleep(PARTING).await;
                connections.close(client, code, reason);
            });
        }
    }

    fn close_others(&self, device: &DeviceId, role: Role, but: Option<ClientId>) {
        for client in self.connections_of(device, Some(role)) {
            if Some(client) != but {
                self.0.deps.connections.close(client, 4001, "device token rotated");
            }
        }
    }

    pub(super) fn connections_of(&self, device: &DeviceId, role: Option<Role>) -> Vec<ClientId> {
        let state = self.state();
        let of = |(of, is): &(DeviceId, Role)| of == device && role.is_none_or(|role| *is == role);
        state.online.iter().filter(|(_, who)| of(who)).map(|(client, _)| *client).collect()
    }
}

fn may_manage(caller: &Client, device: &DeviceId) -> Result<(), Denied> {
    if manages(&caller.principal, device) { Ok(()) } else { Err(Denied::Scope(Scope::Admin)) }
}

/// `__proto__` is nobody's role.
fn role_of(word: &str) -> Result<Role, PairingError> {
    let known = Role::ALL.iter().find(|role| role.as_str() == word);
    known.copied().ok_or(PairingError::UnknownGrant)
}
