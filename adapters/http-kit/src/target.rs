//! Whom a request is for: which agent, which conversation, which model
//! (`gateway-reference.md` 1.5).

use std::borrow::Cow;

use domain::{
    access::{Access, Denied, Principal, Scope},
    agent::ModelRef,
    ids::AgentId,
    session::{Keys, SessionKey},
};
use http::HeaderMap;

/// Whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Who shall answer.
    pub agent: AgentId,
    /// In which conversation.
    pub session: SessionKey,
    /// Whether nobody can have heard of the conversation yet.
    pub fresh: bool,
    /// A model other than the agent's own.
    pub model: Option<ModelRef>,
}

/// What a request says about whom it is for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The model it names.
    pub model: Option<&'a str>,
    /// The place the conversation has unless a header says otherwise, as in
    /// `openai-user:ada`, and the field of the request that says so; nothing if
    /// it is a conversation of its own.
    pub place: Option<(&'static str, &'a str)>,
    /// The place of a conversation of its own, if it comes to that. Nobody has
    /// heard of it.
    pub own_place: &'a str,
}

/// Why it cannot be said whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// A header or a field says something that cannot be.
    #[error("{why}")]
    Invalid {
        /// Which one.
        param: Cow<'static, str>,
        /// Why not.
        why: String,
    },
    /// The model names an agent that is not there.
    #[error("there is no model `{0}`")]
    NoModel(String),
    /// Whoever asks may not choose the model.
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl NoTarget {
    fn invalid(param: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Self {
        Self::Invalid { param: param.into(), why: why.into() }
    }
}

/// The names the gateway had before, which old clients still use.
const PREFIXES: [&str; 3] = ["openclaw", "moltbot", "clawdbot"];

/// Conversations that belong to parts of the gateway.
const RESERVED: [&str; 3] = ["subagent:", "cron:", "acp:"];

const SESSION_KEY: &str = "x-openclaw-session-key";

impl Wish<'_> {
    /// Whom the request of `caller` is for, given the agents there are, the
    /// default one first, and what their main conversation is called.
    pub fn target(
        &self,
        caller: &Principal,
        agents: &[AgentId],
        main_key: &str,
    ) -> Result<Target, NoTarget> {
        let named = self.agent(agents)?;
        let default = || agents.first().cloned().unwrap_or_else(AgentId::main);
        let agent = named.clone().unwrap_or_else(default);
        let (session, fresh) = self.session(&agent, main_key)?;
        // The key of a conversation says who answers in it.
        let agent = match (session.agent(), named) {
            (Some(owner), Some(named)) if owner != named => {
                return Err(NoTarget::invalid(SESSION_KEY, "the session belongs to another agent"));
            }
            (owner, _) => owner.unwrap_or(agent),
        };
        Ok(Target { agent, session, fresh, model: self.model_override(caller)? })
    }

    fn agent(&self, agents: &[AgentId]) -> Result<Option<AgentId>, NoTarget> {
        for header in ["agent-id", "agent"] {
            let Some(raw) = self.header(header)? else { continue };
            let param = format!("x-openclaw-{header}");
            let lower = raw.to_ascii_lowercase();
            if !AgentId::is_canonical(&lower) {
                return Err(NoTarget::invalid(param, "invalid agent id"));
            }
            let agent = AgentId::normalize(&lower);
            if !agents.contains(&agent) {
                return Err(NoTarget::invalid(param, format!("unknown agent id \"{agent}\"")));
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
                .ok_or_else(|| NoTarget::NoModel(model.to_owned())),
        }
    }

    /// The conversation, and whether its name was made up just now.
    fn session(&self, agent: &AgentId, main_key: &str) -> Result<(SessionKey, bool), NoTarget> {
        let keys = Keys { default_agent: agent.clone(), main_key: main_key.into() };
        if let Some(raw) = self.header("session-key")? {
            let refuse = |why: String| NoTarget::invalid(SESSION_KEY, why);
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
        let (param, place, fresh) = match self.place {
            Some((param, place)) => (param, place, false),
            None => ("model", self.own_place, true),
        };
        match keys.key(agent, place) {
            Ok(key) => Ok((key, fresh)),
            Err(error) => Err(NoTarget::invalid(param, format!("{param}: {error}"))),
        }
    }

    /// Asking for a model nobody configured for the agent is for administrators.
    fn model_override(&self, caller: &Principal) -> Result<Option<ModelRef>, NoTarget> {
        let Some(raw) = self.header("model")? else { return Ok(None) };
        Access::Operator(Scope::Admin).check(caller)?;
        let model = raw.parse::<ModelRef>();
        model.map(Some).map_err(|error| NoTarget::invalid("x-openclaw-model", error.to_string()))
    }

    /// The header `x-openclaw-<name>`, under whichever of its names it came.
    fn header(&self, name: &str) -> Result<Option<Cow<'_, str>>, NoTarget> {
        for prefix in PREFIXES {
            let Some(value) = self.headers.get(format!("x-{prefix}-{name}")) else { continue };
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| {
                NoTarget::invalid(format!("x-{prefix}-{name}"), "headers must be UTF-8")
            })?;
            if !text.trim().is_empty() {
                return Ok(Some(text.trim().into()));
            }
        }
        Ok(None)
    }
}

/// Whether a request for `model` is for an agent, whatever else there is of that
/// name: the model is an agent's, or a header names an agent, a conversation or
/// the model of an agent.
pub fn is_for_agent(headers: &HeaderMap, model: Option<&str>) -> bool {
    let says = |name: &str| {
        let prefixes = PREFIXES.iter();
        let mut names = prefixes.map(|prefix| headers.get(format!("x-{prefix}-{name}")));
        names.any(|value| value.is_some_and(|value| !value.as_bytes().trim_ascii().is_empty()))
    };
    let is_agent = |model: &str| {
        let plain = model.trim().to_ascii_lowercase();
        agent_of_model(&plain).is_some() || PREFIXES.contains(&&*plain)
    };
    model.is_some_and(is_agent)
        || ["agent-id", "agent", "session-key", "model"].iter().any(|it| says(it))
}

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

#[cfg(test)]
mod tests {
    use domain::access::{Proof, Role};

    use super::*;

    fn caller(scopes: &[Scope]) -> Principal {
        Principal {
            role: Role::Operator,
            scopes: scopes.iter().copied().collect(),
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        }
    }

    fn target(
        header: Option<(&'static str, &str)>,
        model: Option<&str>,
        place: Option<&str>,
        scopes: &[Scope],
    ) -> Result<Target, NoTarget> {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let place = place.map(|place| ("user", place));
        let wish = Wish { headers: &headers, model, place, own_place: "own:1" };
        let agents = ["main", "work"].map(AgentId::normalize);
        wish.target(&caller(scopes), &agents, "main")
    }

    #[test]
    fn headers_models_and_places_choose_agent_and_session() {
        #[rustfmt::skip]
        let table = [
            // header                                     model                     place        agent   session
            (None,                                        None,                     None,        "main", "agent:main:own:1"),
            (None,                                        Some("claude-x"),         None,        "main", "agent:main:own:1"),
            (None,                                        Some("openclaw"),         None,        "main", "agent:main:own:1"),
            (None,                                        Some("openclaw/default"), None,        "main", "agent:main:own:1"),
            (None,                                        Some("OpenClaw:Work"),    None,        "work", "agent:work:own:1"),
            (None,                                        Some("agent:work"),       None,        "work", "agent:work:own:1"),
            (None,                                        Some("moltbot/work"),     None,        "work", "agent:work:own:1"),
            (Some(("x-openclaw-agent-id", "Work")),       Some("openclaw/main"),    None,        "work", "agent:work:own:1"),
            (Some(("x-clawdbot-agent", "work")),          None,                     None,        "work", "agent:work:own:1"),
            (Some(("x-openclaw-agent", " ")),             None,                     None,        "main", "agent:main:own:1"),
            (None,                                        None,                     Some("u:A"), "main", "agent:main:u:a"),
            (Some(("x-openclaw-session-key", "notes")),   None,                     Some("u:A"), "main", "agent:main:notes"),
            (Some(("x-openclaw-session-key", "agent:work:x")), None,                None,        "work", "agent:work:x"),
        ];
        for (header, model, place, agent, session) in table {
            let target = target(header, model, place, &[Scope::Write]).unwrap();
            let found = (target.agent.as_str(), target.session.as_str());
            assert_eq!(found, (agent, session), "{header:?} {model:?} {place:?}");
            assert_eq!(target.fresh, session.ends_with(":own:1"));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        #[rustfmt::skip]
        let table = [
            (Some(("x-openclaw-agent-id", "../x")),               None,   "invalid agent id"),
            (Some(("x-openclaw-agent-id", "nobody")),             None,   "unknown agent id \"nobody\""),
            (Some(("x-openclaw-session-key", "cron:x")),          None,   "the session key belongs to the gateway itself"),
            (Some(("x-openclaw-session-key", "agent:main:acp:x")), None,  "the session key belongs to the gateway itself"),
            (Some(("x-openclaw-session-key", "telegram:dm:1")),   None,   "the session key belongs to a messenger"),
            (Some(("x-openclaw-session-key", "agent:main:")),     None,   "session key must not have empty segments"),
            (Some(("x-openclaw-model", "gpt")),                   None,   "a model is named provider/model, as in openai/gpt-5.2"),
            (None,                                                Some("a::b"), "user: session key must not have empty segments"),
        ];
        for (header, place, why) in table {
            let refused = target(header, None, place, Scope::ALL).unwrap_err();
            assert!(matches!(refused, NoTarget::Invalid { .. }), "{refused:?}");
            assert_eq!(refused.to_string(), why, "{header:?}");
        }
        let other = Some(("x-openclaw-session-key", "agent:main:x"));
        let refused = target(other, Some("agent:work"), None, Scope::ALL).unwrap_err();
        assert_eq!(refused.to_string(), "the session belongs to another agent");
        let nobody = target(None, Some("openclaw/nobody"), None, Scope::ALL);
        assert_eq!(nobody, Err(NoTarget::NoModel("openclaw/nobody".to_owned())));
    }

    #[test]
    fn what_is_for_an_agent() {
        #[rustfmt::skip]
        let table = [
            // header                                   model                 for an agent
            (None,                                      None,                 false),
            (None,                                      Some("openai/gpt-5"), false),
            (None,                                      Some("OpenClaw"),     true),
            (None,                                      Some("openclaw/x"),   true),
            (None,                                      Some("agent:x"),      true),
            (Some(("x-openclaw-agent-id", "main")),     Some("openai/gpt-5"), true),
            (Some(("x-moltbot-session-key", "a")),      Some("openai/gpt-5"), true),
            (Some(("x-openclaw-model", "openai/x")),    Some("openai/gpt-5"), true),
            (Some(("x-openclaw-agent", " ")),           Some("openai/gpt-5"), false),
        ];
        for (header, model, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            assert_eq!(is_for_agent(&headers, model), expected, "{header:?} {model:?}");
        }
    }

    #[test]
    fn only_administrators_choose_models() {
        let header = Some(("x-openclaw-model", "OpenRouter/a/b"));
        let chosen = target(header, None, None, Scope::ALL).unwrap().model.unwrap();
        assert_eq!(chosen.to_string(), "openrouter/a/b");
        let refused = target(header, None, None, &[Scope::Write]);
        assert!(matches!(refused, Err(NoTarget::Denied(_))), "{refused:?}");
    }
}
