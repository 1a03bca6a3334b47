//! Letting clients in: the one place where a principal is made.

mod hello;
mod unproven;

use std::{fmt, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope, Scopes},
    client::{Client, ClientId, Protocol},
    origin::{self, House},
};
use ports::{
    Json,
    config::AuthMode,
    driving::{
        Circumstances, Credentials, Doorkeeper, ErrorCode, Knock, Refusal, RpcError, Welcome,
    },
};
use serde::Serialize;
use usecases::auth::Field;

use self::{hello::features, unproven::refused};
use crate::registry::Services;

/// The capability of clients that want the events of runs only for the sessions
/// they subscribed to.
const SESSION_SCOPED: &str = "session-scoped-events";

/// Under which addresses and names the gateway can be reached.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// The addresses it listens on.
    pub listening: Vec<IpAddr>,
    /// Names it goes by, besides those of the loopback.
    pub names: Vec<String>,
}

/// Lets clients in.
pub struct Door {
    services: Arc<Services>,
    addresses: Addresses,
    // What is served; the same for everybody, written once.
    features: Json,
}

impl Door {
    /// A door to `services` at `addresses`.
    pub fn new(services: Arc<Services>, addresses: Addresses) -> Self {
        Self { services, addresses, features: Json::of(&features()) }
    }

    /// Decides about `knock` in the order of `ws-protocol.md` 3.1: role, device,
    /// secret.
    fn decide(&self, knock: &Knock, local: bool) -> Result<Principal, RpcError> {
        let Credentials { token, password, .. } = &knock.credentials;
        let shows_something =
            [token, password].into_iter().flatten().any(|shown| !shown.is_empty());
        let needs_nothing = self.services.auth.mode() == AuthMode::None;
        let deserves_a_look = match knock.role {
            Role::Operator => knock.device.is_some() || shows_something || needs_nothing,
            Role::Node => knock.device.is_some(),
        };
        if !deserves_a_look {
            return Err(not_paired("device identity required", "DEVICE_IDENTITY_REQUIRED"));
        }
        let proof = self.prove(knock, local)?;
        // Devices are not paired yet (issue B). An operator who knows the secret
        // needs none, whether he brought one or not; a node does.
        match knock.role {
            Role::Operator => Ok(principal(knock, proof, local)),
            Role::Node => Err(not_paired("pairing required", "PAIRING_REQUIRED")),
        }
    }

    fn prove(&self, knock: &Knock, local: bool) -> Result<Proof, RpcError> {
        // January's gateway looked at one field only, later ones at both.
        let field = match knock.protocol {
            Protocol::V3 => Field::Own,
            Protocol::V4 | Protocol::Brief => Field::Any,
        };
        let proof = self.services.auth.prove(&knock.credentials, field, local);
        proof.map_err(|unproven| refused(unproven, &knock.info))
    }
}

/// The client, as far as it may be what it wants to be. The secret is the
/// operator's, so whoever knows it may have every scope, but gets only those it
/// asked for. Clients before protocol 4 that ask for nothing mean everything.
fn principal(knock: &Knock, proof: Proof, local: bool) -> Principal {
    let asked: Scopes = knock.scopes.iter().flatten().copied().collect();
    let scopes = match (knock.protocol, asked.is_empty()) {
        (Protocol::V3 | Protocol::Brief, true) => Scopes::NONE.with(Scope::Admin),
        (Protocol::V4, true) | (_, false) => asked.intersection(Scopes::all()),
    };
    Principal { role: knock.role, scopes, proof, local, device: None, user: None }
}

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError> {
        let config = self.services.configuration.current();
        let house = House {
            local: circumstances.is_local(),
            allowed_origins: &config.gateway.control_ui.allowed_origins,
            addresses: &self.addresses.listening,
            names: &self.addresses.names,
        };
        let Circumstances { origin, host, .. } = circumstances;
        origin::check(origin.as_deref(), host.as_deref(), &house).map_err(|refused| {
            let code = match refused {
                origin::OriginRefused::Host => "HOST_NOT_ALLOWED",
                origin::OriginRefused::Origin => "CONTROL_UI_ORIGIN_NOT_ALLOWED",
            };
            RpcError::invalid(refused.to_string()).with_details(&Details { code })
        })
    }

    async fn admit(
        &self,
        id: ClientId,
        knock: Knock,
        circumstances: &Circumstances,
    ) -> Result<Welcome, Refusal> {
        let local = circumstances.is_local();
        let principal = self.decide(&knock, local).map_err(Refusal::policy)?;
        let peer = circumstances.peer.to_canonical();
        let client = Arc::new(Client {
            id,
            connection: circumstances.connection.clone(),
            principal,
            protocol: knock.protocol,
            info: knock.info,
            remote_address: (!peer.is_loopback()).then(|| peer.to_string().into()),
            offer: None,
            session_scoped_events: knock.capabilities.iter().any(|it| **it == *SESSION_SCOPED),
        });
        self.services.presence.arrived(&client);
        self.services.health.refresh();
        let hello = Json::of(&self.hello(&client));
        Ok(Welcome { client, hello })
    }

    fn left(&self, client: &Client) {
        self.services.presence.left(client);
    }

    async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, RpcError> {
        let local = circumstances.is_local();
        let proof = self.services.auth.prove(credentials, Field::Any, local);
        // An HTTP client has no way of asking for less than the secret gives.
        let allowed = |proof| Principal {
            role: Role::Operator,
            scopes: Scopes::all(),
            proof,
            local,
            device: None,
            user: None,
        };
        proof.map(allowed).map_err(|_| RpcError::new(ErrorCode::Forbidden, "Unauthorized"))
    }
}

#[derive(Serialize)]
struct Details {
    code: &'static str,
}

fn not_paired(message: &str, code: &'static str) -> RpcError {
    RpcError::new(ErrorCode::NotPaired, message).with_details(&Details { code })
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
