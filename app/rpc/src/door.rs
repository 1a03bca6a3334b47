//! Letting clients in: the one place where a principal is made.

mod canvas;
mod hello;
mod refused;

use std::{fmt, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::{Principal, Role},
    client::{Client, ClientId},
    origin::{self, House},
};
use ports::{
    Json,
    config::{AuthMode, Live},
    driving::{
        Circumstances, Credentials, Doorkeeper, ErrorCode, Knock, Refusal, RpcError, Welcome,
    },
};
use serde::Serialize;
use usecases::auth::{Admitted, Refused};

use self::hello::features;
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
    addresses: Live<Addresses>,
    // What is served; the same for everybody, written once.
    features: Json,
    nothing: Arc<[Box<str>]>,
}

impl Door {
    /// A door to `services` at `addresses`.
    pub fn new(services: Arc<Services>, addresses: Live<Addresses>) -> Self {
        Self { services, addresses, features: Json::of(&features()), nothing: Arc::new([]) }
    }

    /// What of the configuration the doorkeeper wants to see of a request.
    fn wanted(&self) -> Arc<[Box<str>]> {
        let config = self.services.configuration.current();
        if self.services.auth.mode() != AuthMode::TrustedProxy {
            return Arc::clone(&self.nothing);
        }
        let proxy = &config.gateway.auth.trusted_proxy;
        let names = proxy.required_headers.iter().chain([&proxy.user_header]);
        names.map(|name| name.to_ascii_lowercase().into()).collect()
    }
}

#[async_trait]
impl Doorkeeper for Door {
    fn headers(&self) -> Arc<[Box<str>]> {
        self.wanted()
    }

    fn place(&self, circumstances: &Circumstances) -> IpAddr {
        let peer = self.services.auth.peer(circumstances).ok();
        peer.and_then(|peer| peer.address).unwrap_or(circumstances.peer)
    }

    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError> {
        let config = self.services.configuration.current();
        let (gateway, addresses) = (&config.gateway, self.addresses.get());
        let house = House {
            local: circumstances.is_local(),
            allowed_origins: &gateway.control_ui.allowed_origins,
            addresses: &addresses.listening,
            names: &addresses.names,
            more_names: &gateway.allowed_hosts,
            any_name: gateway.control_ui.dangerously_allow_host_header_origin_fallback,
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
        let admitted = self.services.auth.admit(&knock, circumstances).await;
        let Admitted { principal, remote, standing } =
            admitted.map_err(|refused| refused::refusal(&refused, &knock.info))?;
        let offer = (principal.role == Role::Node).then(|| Box::new(knock.offer));
        let client = Arc::new(Client {
            id,
            connection: circumstances.connection.clone(),
            principal,
            protocol: knock.protocol,
            info: knock.info,
            remote_address: remote.map(|address| address.to_string().into()),
            session_scoped_events: knock.capabilities.iter().any(|it| **it == *SESSION_SCOPED),
            offer,
        });
        if let Some(base) = canvas::base(circumstances) {
            self.services.canvas.arrived(client.id, base);
        }
        self.services.pairing.arrived(&client);
        self.services.presence.arrived(&client);
        self.services.health.refresh();
        let hello = Json::of(&self.hello(&client, standing.as_ref()));
        // Last: from here on it may be asked for something, which is lost if it
        // is not listening yet.
        if client.principal.role == Role::Node {
            self.services.nodes.arrived(&client);
        }
        Ok(Welcome { client, hello })
    }

    fn left(&self, client: &Client) {
        if client.principal.role == Role::Node {
            self.services.nodes.left(client);
        }
        self.services.canvas.left(client.id);
        self.services.pairing.left(client);
        self.services.presence.left(client);
    }

    async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, RpcError> {
        let identified = self.services.auth.identify(credentials, circumstances).await;
        identified.map_err(|refused| match refused {
            Refused::TooMany { retry_after } => {
                RpcError::invalid("too many failed authentication attempts")
                    .retry_after(retry_after)
            }
            Refused::Proxy(unknown) => RpcError::new(ErrorCode::Forbidden, unknown.to_string()),
            _ => RpcError::invalid("Unauthorized"),
        })
    }
}

#[derive(Serialize)]
struct Details {
    code: &'static str,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
