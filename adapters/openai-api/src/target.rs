//! Whom a request is for (`gateway-reference.md` 1.5), in the words of these
//! routes.

use domain::{access::Principal, ids::AgentId};
use http::HeaderMap;
use http_kit::Target;

use crate::refusal::Refusal;

/// What a request says about whom it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The field `model`.
    pub(crate) model: Option<&'a str>,
    /// The field `user`.
    pub(crate) user: Option<&'a str>,
    /// Names a conversation of its own, if it comes to that.
    pub(crate) uuid: &'a str,
    /// What conversations of this route are called: `openai`, `openresponses`.
    pub(crate) prefix: &'static str,
}

impl Wish<'_> {
    /// Whom the request of `caller` is for, given the agents there are, the
    /// default one first, and what their main conversation is called.
    pub(crate) fn target(
        &self,
        caller: &Principal,
        agents: &[AgentId],
        main_key: &str,
    ) -> Result<Target, Refusal> {
        let prefix = self.prefix;
        let user = self.user.map(str::trim).filter(|user| !user.is_empty());
        let place = user.map(|user| format!("{prefix}-user:{user}"));
        let wish = http_kit::Wish {
            headers: self.headers,
            model: self.model,
            place: place.as_deref().map(|place| ("user", place)),
            own_place: &format!("{prefix}:{}", self.uuid),
        };
        Ok(wish.target(caller, agents, main_key)?)
    }
}
