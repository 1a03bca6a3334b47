//! Whom a request is for: which agent, which conversation, which model
//! (`gateway-reference.md` 1.5).

use std::borrow::Cow;

use domain::{
    access::{Access, Principal, Scope},
    agent::ModelRef,
    ids::AgentId,
    session::{Keys, SessionKey},
};
use http::HeaderMap;

use crate::refusal::Refusal;

/// Whom a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) agent: AgentId,
    pub(crate) session: SessionKey,
    /// Whether nobody can have heard of the session yet.
    pub(crate) fresh: bool,
    /// A model other than the agent's own.
    pub(crate) model: Option<ModelRef>,
}

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
    /// What the names of such conversations begin with.
    pub(crate) prefix: &'static str,
}

/// The names the gateway had before, which old clients still use.
const PREFIXES: [&str; 3] = ["openclaw", "moltbot", "clawdbot"];

/// Conversations that belong to parts of the gateway.
const RESERVED: [&str; 3] = ["subagent:", "cron:", "acp:"];

impl Wish<'_> {
    /// Whom the request of `caller` is for, given the agents there are, the
    /// default one first, and what their main conversation is called.
    pub(crate) fn target(
        &self,
        caller: &Principal,
        agents: &[AgentId],
        main_key: &str,
    ) -> Result<Target, Refusal> {
        let named = self.agent(agents)?;
        let default = || agents.first().cloned().unwrap_or_else(AgentId::main);
        let agent = named.clone().unwrap_or_else(default);
        let (session, fresh) = self.session(&agent, main_key)?;
        // The key of a conversation says who answers in it.
        let agent = match (session.agent(), named) {
            (Some(owner), Some(named)) if owner != named => {
                let message = "the session belongs to another agent";
                return Err(Refusal::invalid(SESSION_KEY, message));
            }
            (owner, _) => owner.unwrap_or(agent),
        };
        Ok(Target { agent, session, fresh, model: self.model_override(caller)? })
    }

    fn agent(&self, agents: &[AgentId]) -> Result<Option<AgentId>, Refusal> {
        for header in ["agent-id", "agent"] {
            let Some(raw) = self.header(header)? else { continue };
            let param = format!("x-openclaw-{header}");
            let lower = raw.to_ascii_lowercase();
            if !AgentId::is_canonical(&lower) {
                return Err(Refusal::invalid(param, "invalid agent id"));
            }
            let agent = AgentId::normalize(&lower);
            if !agents.contains(&agent) {
                return Err(Refusal::invalid(param, format!("unknown agent id \"{agent}\"")));
            }
            return Ok(Some(agent));
        }
        let Some(model) = self.model else { return Ok(None) };
        match agent_of_model(model) {
            None => Ok(None),
            Some(id) if id == "default" && !agents.iter().any(|agent| agent.as_str() == id) => {
                Ok(None)
            }
            Some(id) => agents
                .iter()
                .find(|agent| agent.as_str() == id)
                .cloned()
                .map(Some)
                .ok_or_else(|| Refusal::no_model(model)),
        }
    }

    /// The conversation, and whether its name was made up just now.
    fn session(&self, agent: &AgentId, main_key: &str) -> Result<(SessionKey, bool), Refusal> {
        let keys = Keys { default_agent: agent.clone(), main_key: main_key.into() };
        if let Some(raw) = self.header("session-key")? {
            let refuse = |why: String| Refusal::invalid(SESSION_KEY, why);
            let key = keys.resolve(&raw).map_err(|error| refuse(error.to_string()))?;
            let lower = raw.trim().to_lowercase();
            if RESERVED.iter().any(|own| lower.starts_with(own) || key.place().starts_with(own)) {
                return Err(refuse("the session key belongs to the gateway itself".to_owned()));
            }
            // What is said in a messenger is said by the people there.
            if key.is_of_messenger() {
                return Err(refuse("the session key belongs to a messenger".to_owned()));
            }
            return Ok((key, false));
        }
        match self.user.map(str::trim).filter(|user| !user.is_empty()) {
            Some(user) => keys
                .key(agent, &format!("{}-user:{user}", self.prefix))
                .map(|key| (key, false))
                .map_err(|error| Refusal::invalid("user", format!("user: {error}"))),
            None => keys
                .key(agent, &format!("{}:{}", self.prefix, self.uuid))
                .map(|key| (key, true))
                .map_err(|error| Refusal::malformed(error.to_string())),
        }
    }

    /// Asking for a model nobody configured for the agent is for administrators.
    fn model_override(&self, caller: &Principal) -> Result<Option<ModelRef>, Refusal> {
        let Some(raw) = self.header("model")? else { return Ok(None) };
        Access::Operator(Scope::Admin).check(caller)?;
        let model = raw.parse::<ModelRef>();
        model.map(Some).map_err(|error| Refusal::invalid("x-openclaw-model", error.to_string()))
    }

    /// The header `x-openclaw-<name>`, under whichever of its names it came.
    fn header(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        for prefix in PREFIXES {
            let Some(value) = self.headers.get(format!("x-{prefix}-{name}")) else { continue };
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| {
                Refusal::invalid(format!("x-{prefix}-{name}"), "headers must be UTF-8")
            })?;
            if !text.trim().is_empty() {
                return Ok(Some(text.trim().into()));
            }
        }
        Ok(None)
    }
}

const SESSION_KEY: &str = "x-openclaw-session-key";

/// Which agent the model `openclaw/<id>` names, in lower case. Names of real
/// models name nobody.
fn agent_of_model(model: &str) -> Option<String> {
    let model = model.trim().to_ascii_lowercase();
    if let Some(id) = model.strip_prefix("agent:") {
        return Some(id.to_owned());
    }
    let rest = PREFIXES.iter().find_map(|prefix| model.strip_prefix(prefix))?;
    rest.strip_prefix([':', '/']).map(str::to_owned)
}
