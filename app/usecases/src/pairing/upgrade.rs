//! Asking for more while connected: the device goes on with what it has, and
//! comes back with a new token once somebody has decided.

use domain::{
    access::{Role, Scopes},
    client::Client,
    ids::RequestId,
    pairing::{Ask, Reason},
};

use super::{Decision, IssuedToken, Pairing, PairingError};

/// What became of a request for more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// It was granted; this is the token to come back with.
    Approved(IssuedToken),
    /// It was not, or something else was asked for meanwhile.
    Rejected,
    /// Nobody decided in time, or there never was such a request.
    Gone,
}

impl Pairing {
    /// Asks for `scopes` for the device of `caller`.
    pub async fn request_upgrade(
        &self,
        caller: &Client,
        scopes: Scopes,
    ) -> Result<RequestId, PairingError> {
        let id = caller.principal.device.as_ref().ok_or(PairingError::NoDevice)?;
        if !caller.principal.scopes.iter().all(|scope| scopes.grants(scope)) {
            return Err(PairingError::NotMore);
        }
        let device = self.device(id).filter(|device| device.grant(Role::Operator).is_some());
        let device = device.ok_or(PairingError::NoDevice)?;
        let ask = Ask {
            device: device.id,
            key: device.key,
            role: Role::Operator,
            scopes,
            portrait: device.portrait,
            remote_address: caller.remote_address.clone(),
            commands: Vec::new(),
            caps: Vec::new(),
        };
        let request = self.file(ask, Reason::ScopeUpgrade, self.now()).await?;
        request.map(|request| request.id).ok_or(PairingError::NoRoom)
    }

    /// Waits until somebody has decided about `request`, which has to be one of
    /// the device of `caller`.
    pub async fn wait_upgrade(
        &self,
        caller: &Client,
        request: &RequestId,
    ) -> Result<Upgrade, PairingError> {
        let id = caller.principal.device.clone().ok_or(PairingError::NoDevice)?;
        loop {
            // Before looking, so that nothing is decided unnoticed in between.
            let decided = self.0.decided.notified();
            tokio::pin!(decided);
            decided.as_mut().enable();
            let (decision, left) = {
                let now = self.now();
                let state = self.state();
                let own = |(of, device, _): &&(_, _, _)| of == request && *device == id;
                let decision = state.decisions.iter().rev().find(own);
                let waiting = state.requests.get(request, now).filter(|it| it.ask.device == id);
                let left = waiting.map(|request| request.expires_at().since(now));
                (decision.map(|(.., decision)| *decision), left)
            };
            match (decision, left) {
                (Some(Decision::Approved), _) => return Ok(self.upgraded(&id)),
                (Some(Decision::Rejected | Decision::Superseded), _) => {
                    return Ok(Upgrade::Rejected);
                }
                (None, None) => return Ok(Upgrade::Gone),
                (None, Some(left)) => {
                    // Whichever comes first is looked at above.
                    let _ = tokio::time::timeout(left, decided).await;
                }
            }
        }
    }

    fn upgraded(&self, device: &domain::ids::DeviceId) -> Upgrade {
        let device = self.state().devices.get(device).cloned();
        let token = device.and_then(|device| {
            let grant = device.grant(Role::Operator)?;
            Some(self.issue(&device, Role::Operator, grant))
        });
        token.map_or(Upgrade::Rejected, Upgrade::Approved)
    }
}
