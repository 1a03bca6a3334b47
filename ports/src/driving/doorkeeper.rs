//! Letting clients in.

use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::{Principal, Role, Scope, Scopes},
    client::{Client, ClientId, ClientInfo, NodeOffer, Protocol},
    device::DeviceClaim,
    time::Timestamp,
};

use crate::{Json, driving::RpcError};

/// Decides who comes in.
///
/// # Contract
///
/// - Every principal is made here, and nowhere else.
/// - Whoever was welcomed is known to the rest of the gateway until
///   [`left`](Self::left) is called; the caller calls it exactly once.
#[async_trait]
pub trait Doorkeeper: Send + Sync {
    /// Headers it wants to see besides those of proxies and of the tailnet, in
    /// lower case.
    fn headers(&self) -> Arc<[Box<str>]> {
        Arc::new([])
    }

    /// Where somebody in these circumstances is, for counting: the client's
    /// address where it is known, and otherwise that of the socket.
    fn place(&self, circumstances: &Circumstances) -> IpAddr {
        circumstances.peer
    }

    /// Whether somebody in these circumstances may knock at all: checks the
    /// `Host` and `Origin` of the request, before anything else is done for it.
    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError>;

    /// Lets a client of the control plane in, or says why not.
    async fn admit(
        &self,
        id: ClientId,
        knock: Knock,
        circumstances: &Circumstances,
    ) -> Result<Welcome, Refusal>;

    /// The client is gone.
    fn left(&self, client: &Client);

    /// Who is behind an HTTP request.
    async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, RpcError>;
}

/// What is known about a connection before the client has said anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// Names the connection in logs and to the client: a UUID.
    pub connection: Box<str>,
    /// The address at the other end of the socket.
    pub peer: IpAddr,
    /// The `Host` header.
    pub host: Option<Box<str>>,
    /// The `Origin` header.
    pub origin: Option<Box<str>>,
    /// What proxies and the tailnet say about the request, and whatever else
    /// the doorkeeper [wants to see](Doorkeeper::headers): names in lower case,
    /// each once, several lines of one header joined with commas.
    pub headers: Box<[(Box<str>, Box<str>)]>,
    /// Whether the connection is encrypted up to us.
    pub secure: bool,
    /// The nonce of the challenge the client was sent.
    pub nonce: Box<str>,
    /// When the challenge was sent.
    pub challenged_at: Timestamp,
}

impl Circumstances {
    /// Whether a header of this name says that somebody forwarded the request.
    pub fn is_forwarding(name: &str) -> bool {
        name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded-")
    }

    /// Whether any header says that somebody forwarded the request.
    pub fn is_forwarded(&self) -> bool {
        self.headers.iter().any(|(name, _)| Self::is_forwarding(name))
    }

    /// Whether the client runs on this machine and nobody stands in between:
    /// both facts of the accepted socket, never of what the client says.
    pub fn is_local(&self) -> bool {
        self.peer.to_canonical().is_loopback() && !self.is_forwarded()
    }

    /// The header `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| **other == *name).map(|(_, value)| &**value)
    }
}

/// What somebody shows in order to be let in. Nothing in here is logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The gateway's token.
    pub token: Option<Box<str>>,
    /// The gateway's password.
    pub password: Option<Box<str>>,
    /// The token that was made for its device.
    pub device_token: Option<Box<str>>,
    /// The token out of a setup code.
    pub setup_token: Option<Box<str>>,
}

impl Credentials {
    /// What a device signs as its token: the first it shows of token, device
    /// token and setup token (`ws-protocol.md` 4.6).
    pub fn signed_token(&self) -> &str {
        let shown = [&self.token, &self.device_token, &self.setup_token];
        shown
            .into_iter()
            .flatten()
            .map(AsRef::as_ref)
            .find(|it: &&str| !it.is_empty())
            .unwrap_or("")
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .field("password", &self.password.is_some())
            .field("device_token", &self.device_token.is_some())
            .field("setup_token", &self.setup_token.is_some())
            .finish()
    }
}

/// What a client says in its `connect`.
#[derive(Clone, Debug)]
pub struct Knock {
    /// The protocol agreed upon.
    pub protocol: Protocol,
    /// What it wants to be.
    pub role: Role,
    /// What it wants to be allowed, as it spells it; `None` when it did not say.
    /// A word that is no scope grants nothing, but is signed like the others.
    pub scopes: Option<Vec<Box<str>>>,
    /// Which program it says it is, as it spells it; what a device signs.
    pub client_id: Box<str>,
    /// What it shows.
    pub credentials: Credentials,
    /// What it says about itself.
    pub info: ClientInfo,
    /// What it can do.
    pub capabilities: Vec<Box<str>>,
    /// Which device it says it is, and the proof.
    pub device: Option<DeviceClaim>,
    /// What it offers, if it wants to be a node.
    pub offer: NodeOffer,
}

impl Knock {
    /// The scopes it asks for.
    pub fn asked(&self) -> Scopes {
        let scope = |word: &str| Scope::ALL.iter().find(|scope| scope.as_str() == word);
        self.scopes.iter().flatten().filter_map(|word| scope(word)).copied().collect()
    }
}

/// A client that was let in.
#[derive(Debug)]
pub struct Welcome {
    /// The client.
    pub client: Arc<Client>,
    /// The payload of `hello-ok`.
    pub hello: Json,
}

/// Why a client was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is told.
    pub error: RpcError,
    /// With which code its connection is closed.
    pub close_code: u16,
}

impl Refusal {
    /// A refusal for reasons of policy: close code 1008.
    pub fn policy(error: RpcError) -> Self {
        Self { error, close_code: 1008 }
    }
}
