//! Being known to somebody we believe: the tailnet, or the proxy in front
//! (`ws-protocol.md` 4.4, `gateway-reference.md` 5.3).

use domain::{
    access::{Proof, Scopes},
    peer::Via,
};
use ports::{config::AuthMode, driving::Circumstances};
use tracing::debug;

use super::{Auth, Rules, place::Facts};

/// A person somebody vouches for.
pub(super) struct Person {
    pub(super) user: Box<str>,
    pub(super) proof: Proof,
    /// At most these scopes.
    pub(super) most: Scopes,
}

/// Why nobody vouches for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentity {
    /// The request did not come through a proxy of `gateway.trustedProxies`.
    #[error("the gateway lets in only those who come through its proxy")]
    NoProxy,
    /// The proxy did not say who it is.
    #[error("the proxy did not say who it is")]
    NoUser,
    /// A header is missing the proxy always sends.
    #[error("a header of the proxy is missing")]
    MissingHeader,
    /// The proxy knows who it is, and that is not enough.
    #[error("this user is not let in")]
    NotAllowed,
}

impl Rules {
    /// The person the proxy in front says it is, where that is what counts.
    pub(super) fn vouched_by_proxy(
        &self,
        circumstances: &Circumstances,
        facts: &Facts,
    ) -> Result<Option<Person>, NoIdentity> {
        if self.mode() != AuthMode::TrustedProxy {
            return Ok(None);
        }
        let config = self.config.current();
        let auth = &config.gateway.auth;
        let proxy = &auth.trusted_proxy;
        let near = facts.peer.socket.is_loopback();
        if facts.peer.via != Via::Proxy || (near && !proxy.allow_loopback) {
            return Err(NoIdentity::NoProxy);
        }
        let header = |name: &str| {
            let value = circumstances.header(&name.to_ascii_lowercase())?.trim();
            (!value.is_empty()).then_some(value)
        };
        if !proxy.required_headers.iter().all(|name| header(name).is_some()) {
            return Err(NoIdentity::MissingHeader);
        }
        let user = header(&proxy.user_header).ok_or(NoIdentity::NoUser)?;
        let allowed = |it: &String| it.trim().eq_ignore_ascii_case(user);
        if !proxy.allow_users.is_empty() && !proxy.allow_users.iter().any(allowed) {
            return Err(NoIdentity::NotAllowed);
        }
        Ok(Some(Person { user: user.into(), proof: Proof::TrustedProxy, most: self.most(user) }))
    }

    /// What `user` may do at most, for whom somebody vouches.
    pub(super) fn most(&self, user: &str) -> Scopes {
        let config = self.config.current();
        let limit = &config.gateway.auth.identity_scopes;
        limit.as_ref().map_or_else(Scopes::all, |scopes| scopes.most(user))
    }
}

impl Auth {
    /// The person the tailnet says it is: the header of its daemon, and the
    /// daemon's own answer about the address. Whoever is unknown to it has to
    /// show the secret like everybody else.
    pub(super) async fn vouched_by_tailnet(
        &self,
        circumstances: &Circumstances,
        facts: &Facts,
    ) -> Option<Person> {
        let (rules, tailnet) = (self.rules(), self.0.deps.tailnet.as_ref()?);
        let whole = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]
            .iter()
            .all(|name| circumstances.header(name).is_some());
        if facts.peer.via != Via::Tailnet || !whole || !rules.allows_tailnet() {
            return None;
        }
        let claimed = circumstances.header("tailscale-user-login")?.trim().to_lowercase();
        let known = match tailnet.whois(facts.peer.address?).await {
            Ok(user) => user?.login.trim().to_lowercase(),
            Err(error) => {
                debug!(%error, "the tailnet does not say who it is");
                return None;
            }
        };
        (!claimed.is_empty() && claimed == known).then(|| Person {
            most: rules.most(&known),
            user: known.into(),
            proof: Proof::Tailscale,
        })
    }
}
