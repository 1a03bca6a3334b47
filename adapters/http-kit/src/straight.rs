//! Who goes straight to a provider, and who to an agent.

use std::{fmt, ops::Range};

use bytes::Bytes;
use domain::{
    access::{Access, Denied, Principal, Scope},
    agent::ModelRef,
};
use http::{HeaderMap, Request};
use ports::{
    config::Config,
    driving::{Doorkeeper, Relay},
};

use crate::{Named, NotLetIn, caller, compute, identify, is_for_agent};

/// Whether the configuration in force wants requests to go straight to providers.
pub fn relays(config: &Config) -> bool {
    config.gateway.http.relay.enabled
}

/// Whoever made `request`, who may ask agents, or, where requests go straight to
/// providers, holds a key for that. Whether the latter is enough is found out by
/// [`Fork::way`]. `secret` is what they showed.
pub async fn asker<B>(
    door: &dyn Doorkeeper,
    request: &Request<B>,
    secret: Option<Box<str>>,
    config: &Config,
) -> Result<Principal, NotLetIn> {
    if !relays(config) {
        return caller(door, request, secret, Scope::Write).await;
    }
    let principal = identify(door, request, secret).await?;
    principal.may_relay()?;
    Ok(principal)
}

/// Where the ways to providers and to agents part.
#[derive(Clone, Copy)]
pub struct Fork<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    /// Knows the providers.
    pub relay: &'a dyn Relay,
    /// Whether agents are served on this path.
    pub serves: bool,
    /// Who asks.
    pub principal: &'a Principal,
    /// What they need to ask an agent.
    pub scope: Scope,
}

/// Which way a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Straight to a provider.
    Straight {
        /// The model.
        model: ModelRef,
        /// Where its name stands in the body, quotes included.
        name_at: Range<usize>,
    },
    /// To an agent.
    Agent,
}

/// Why a request goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// The path is not served: as if it were not there.
    NotServed,
    /// There is no model of that name for whoever asks.
    NoModel(String),
    /// No model is named, and whoever asks may ask nobody else.
    Nameless,
    /// They may not ask agents.
    Denied(Denied),
}

impl fmt::Debug for Fork<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fork").field("serves", &self.serves).finish_non_exhaustive()
    }
}

impl Fork<'_> {
    /// Which way a request with these headers and this body goes.
    pub async fn way(self, headers: &HeaderMap, body: &Bytes) -> Result<Way, NoWay> {
        if relays(self.config) {
            let text = body.clone();
            let named = compute(body.len(), move || Named::find(&text)).await;
            let model = named.as_ref().map(|named| &*named.model);
            if let Some(Named { model, at }) = &named
                && !is_for_agent(headers, Some(model))
                && self.relay.takes(model)
                && let Ok(model) = model.parse()
            {
                return Ok(Way::Straight { model, name_at: at.clone() });
            }
            if self.principal.relay_key().is_some() {
                return Err(model.map_or(NoWay::Nameless, |model| NoWay::NoModel(model.to_owned())));
            }
        }
        if !self.serves {
            return Err(NoWay::NotServed);
        }
        Access::Operator(self.scope).check(self.principal).map_err(NoWay::Denied)?;
        Ok(Way::Agent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake::Lab;

    fn principal(scopes: &[Scope]) -> Principal {
        Principal {
            scopes: scopes.iter().copied().collect(),
            proof: domain::access::Proof::Token,
            user: None,
            ..Principal::with_relay_key("nobody", true)
        }
    }

    #[tokio::test]
    async fn who_goes_straight_and_who_to_an_agent() {
        let straight = |body: &str| {
            let at = body.find(r#""lab/one""#).unwrap();
            Ok(Way::Straight { model: "lab/one".parse().unwrap(), name_at: at..at + 9 })
        };
        let no_model = |name: &str| Err(NoWay::NoModel(name.to_owned()));
        let denied = || Err(NoWay::Denied(Denied::Scope(Scope::Write)));
        let lab = r#"{"messages":[],"model":"lab/one"}"#;
        let (agent, other, nameless) =
            (r#"{"model":"openclaw"}"#, r#"{"model":"gpt-5"}"#, r#"{"model":null}"#);
        let owner = || principal(&[Scope::Write]);
        let key = || Principal::with_relay_key("ci", true);
        let reader = || principal(&[Scope::Read]);
        #[rustfmt::skip]
        let table = [
            // relays  agents  who        names an agent  body      way
            (true,     true,   owner(),   false,          lab,      straight(lab)),
            (true,     false,  owner(),   false,          lab,      straight(lab)),
            (true,     true,   owner(),   true,           lab,      Ok(Way::Agent)),
            (true,     true,   owner(),   false,          agent,    Ok(Way::Agent)),
            (true,     true,   owner(),   false,          other,    Ok(Way::Agent)),
            (true,     true,   owner(),   false,          "{",      Ok(Way::Agent)),
            (true,     false,  owner(),   false,          other,    Err(NoWay::NotServed)),
            (true,     true,   key(),     false,          lab,      straight(lab)),
            (true,     true,   key(),     true,           lab,      no_model("lab/one")),
            (true,     true,   key(),     false,          agent,    no_model("openclaw")),
            (true,     false,  key(),     false,          other,    no_model("gpt-5")),
            (true,     true,   key(),     false,          nameless, Err(NoWay::Nameless)),
            (true,     true,   key(),     false,          "[",      Err(NoWay::Nameless)),
            (true,     true,   reader(),  false,          other,    denied()),
            (false,    true,   owner(),   false,          lab,      Ok(Way::Agent)),
            (false,    false,  owner(),   false,          lab,      Err(NoWay::NotServed)),
            (false,    true,   key(),     false,          lab,      denied()),
        ];
        for (enabled, serves, principal, names_agent, body, way) in table {
            let config = json!({ "gateway": { "http": { "relay": { "enabled": enabled } } } });
            let config: Config = serde_json::from_value(config).unwrap();
            let mut headers = HeaderMap::new();
            if names_agent {
                headers.insert("x-openclaw-agent-id", "main".parse().unwrap());
            }
            let relay = Lab::new(enabled);
            let scope = Scope::Write;
            let fork =
                Fork { config: &config, relay: &relay, serves, principal: &principal, scope };
            let found = fork.way(&headers, &Bytes::from_static(body.as_bytes())).await;
            assert_eq!(found, way, "{enabled} {serves} {names_agent} {body}");
        }
    }
}
