//! Who comes in, made up.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope},
    client::{Client, ClientId},
};
use ports::driving::{Circumstances, Credentials, Doorkeeper, Knock, Refusal, RpcError, Welcome};

/// Knows people by what they show: `all`, `write`, `read`, `nothing`, `relay key`,
/// `locked out` and `starting`.
#[derive(Debug)]
pub struct Door;

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, _: &Circumstances) -> Result<(), RpcError> {
        Ok(())
    }

    async fn admit(&self, _: ClientId, _: Knock, _: &Circumstances) -> Result<Welcome, Refusal> {
        unreachable!("clients of the control plane come in elsewhere")
    }

    fn left(&self, _: &Client) {}

    async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, RpcError> {
        assert!(circumstances.peer.is_loopback());
        assert_eq!(credentials.token, credentials.password);
        let scopes = match credentials.token.as_deref() {
            Some("all") => Scope::ALL,
            Some("write") => &[Scope::Write],
            Some("read") => &[Scope::Read],
            Some("nothing") => &[],
            Some("relay key") => return Ok(Principal::with_relay_key("ci", true)),
            Some("locked out") => {
                let wait = Duration::from_millis(4_200);
                return Err(RpcError::invalid("too many failed attempts").retry_after(wait));
            }
            Some("starting") => return Err(RpcError::unavailable("not yet")),
            _ => return Err(RpcError::invalid("token mismatch")),
        };
        let scopes = scopes.iter().copied().collect();
        Ok(Principal {
            role: Role::Operator,
            scopes,
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        })
    }
}
