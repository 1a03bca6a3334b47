//! What is done about a call.

use std::time::Duration;

use super::draft::{Draft, DraftError, HookSessionMode, HookVerb, KeyOrigin, WakeMode, parsed};
use crate::{
    agent::ModelRef,
    ids::AgentId,
    session::{Keys, SessionKey, Thinking},
};

/// What is done about a call.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Action {
    /// The main conversation is told something.
    Wake {
        /// What.
        text: String,
        /// When.
        mode: WakeMode,
        /// Whether it is to be trusted.
        is_trusted: bool,
    },
    /// An agent is asked.
    Agent(Box<AgentCall>),
}

/// What an agent is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentCall {
    /// The question.
    pub message: String,
    /// Who it is from.
    pub name: String,
    /// Which agent.
    pub agent: AgentId,
    /// In which conversation.
    pub session: SessionKey,
    /// When the main conversation is told what came of it.
    pub wake: WakeMode,
    /// A model other than the agent's own.
    pub model: Option<ModelRef>,
    /// How long it thinks.
    pub thinking: Option<Thinking>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whether the caller waits for the end.
    pub waits: bool,
    /// Whether the question is shown to the model as if it were trusted.
    pub is_trusted: bool,
    /// Whether somebody asked for the answer to be sent to a channel.
    pub wants_delivery: bool,
}

/// What calls may choose.
#[derive(Clone, Debug, Default)]
pub struct HookRules {
    /// How conversations are named.
    pub keys: Keys,
    /// Whether a caller may name its conversation.
    pub takes_session_keys: bool,
    /// What conversations named from outside begin with.
    pub prefixes: Vec<String>,
    /// The conversation of a call that names none.
    pub default_key: Option<String>,
    /// The agents that may be asked; empty for all.
    pub agents: Vec<AgentId>,
}

/// What conversations named from outside begin with unless something else is
/// configured.
const PREFIX: &str = "hook:";
/// The longest a call may ask an agent to take.
const MOST_SECONDS: u64 = 24 * 60 * 60;

impl Draft {
    /// What is done, by `rules`. `run` is a name nobody else has; conversations
    /// that are for this call only are named after it.
    pub fn decide(self, rules: &HookRules, run: &str) -> Result<Action, DraftError> {
        if self.verb == HookVerb::Wake {
            let none =
                if self.is_of_mapping { DraftError::MappingNeedsText } else { DraftError::NoText };
            let text = self.text.filter(|text| !text.trim().is_empty()).ok_or(none)?;
            let mode = self.wake.unwrap_or(WakeMode::Now);
            return Ok(Action::Wake { text, mode, is_trusted: self.is_trusted });
        }
        let none = if self.is_of_mapping {
            DraftError::MappingNeedsMessage
        } else {
            DraftError::NoMessage
        };
        let name = self.shown_name();
        let (agent, session) = self.place(rules, run)?;
        let seconds = self.timeout_seconds.map(|seconds| seconds.min(MOST_SECONDS));
        let wants_delivery = self.deliver != Some(false)
            && (self.deliver == Some(true)
                || self.to.is_some()
                || self.channel.as_deref().is_some_and(|channel| channel != "last"));
        Ok(Action::Agent(Box::new(AgentCall {
            message: self.message.filter(|text| !text.trim().is_empty()).ok_or(none)?,
            name,
            agent,
            session,
            wake: self.wake.unwrap_or(WakeMode::Now),
            model: chosen("model", self.model)?,
            thinking: chosen("thinking", self.thinking)?,
            timeout: seconds.map(Duration::from_secs),
            waits: self.waits,
            is_trusted: self.is_trusted,
            wants_delivery,
        })))
    }

    /// Who is asked, and in which conversation.
    fn place(&self, rules: &HookRules, run: &str) -> Result<(AgentId, SessionKey), DraftError> {
        let asked = self.agent.as_deref().map(agent).transpose()?;
        let keys = Keys {
            default_agent: asked.clone().unwrap_or_else(|| rules.keys.default_agent.clone()),
            main_key: rules.keys.main_key.clone(),
        };
        let default = rules.default_key.clone().map(|key| (key, KeyOrigin::Configured));
        let named = self.session_key.clone().or(default);
        let session = match named {
            None => keys
                .key(&keys.default_agent, &format!("{PREFIX}{run}"))
                .map_err(|error| refuse(&error))?,
            Some((raw, origin)) => {
                let key = rules.named(&raw, origin, &keys)?;
                match self.session_mode {
                    Some(HookSessionMode::Persistent) => key,
                    None | Some(HookSessionMode::Isolated) => {
                        format!("{key}:{run}").parse().map_err(|error| refuse(&error))?
                    }
                }
            }
        };
        let owner = session.agent().unwrap_or(keys.default_agent);
        if asked.is_some_and(|asked| asked != owner) {
            return Err(refuse(&"belongs to another agent"));
        }
        if !rules.agents.is_empty() && !rules.agents.contains(&owner) {
            let why = format!("hooks.allowedAgentIds does not have \"{owner}\"");
            return Err(DraftError::Field { field: "agentId", why });
        }
        Ok((owner, session))
    }
}

impl HookRules {
    /// The conversation `raw` names, if whoever says so may.
    fn named(&self, raw: &str, origin: KeyOrigin, keys: &Keys) -> Result<SessionKey, DraftError> {
        if origin == KeyOrigin::Request && !self.takes_session_keys {
            return Err(refuse(&"calls may not choose one (hooks.allowRequestSessionKey)"));
        }
        let key = keys.resolve(raw).map_err(|error| refuse(&error))?;
        if key.agent().is_none() {
            return Err(refuse(&"has to be the conversation of an agent"));
        }
        let configured = self.prefixes.iter().map(|prefix| prefix.trim().to_lowercase());
        let mut prefixes: Vec<String> = configured.filter(|prefix| !prefix.is_empty()).collect();
        if prefixes.is_empty() {
            prefixes.push(PREFIX.to_owned());
        }
        let begins =
            |prefix: &String| key.place().starts_with(prefix) || key.as_str().starts_with(prefix);
        if origin != KeyOrigin::Configured && !prefixes.iter().any(begins) {
            let why = format!("has to begin with {}", prefixes.join(" or "));
            return Err(DraftError::Field { field: "sessionKey", why });
        }
        Ok(key)
    }
}

fn refuse(why: &dyn std::fmt::Display) -> DraftError {
    DraftError::Field { field: "sessionKey", why: why.to_string() }
}

fn agent(raw: &str) -> Result<AgentId, DraftError> {
    let lower = raw.trim().to_ascii_lowercase();
    if lower.is_empty() {
        return Err(DraftError::Blank("agentId"));
    }
    if !AgentId::is_canonical(&lower) {
        let why = "is no name of an agent".to_owned();
        return Err(DraftError::Field { field: "agentId", why });
    }
    Ok(AgentId::normalize(&lower))
}

/// A choice, unless it says nothing: a template may come to nothing.
fn chosen<T>(field: &'static str, text: Option<String>) -> Result<Option<T>, DraftError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(|text| parsed(field, &text)).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asking(message: &str) -> Draft {
        Draft { message: Some(message.to_owned()), ..Draft::default() }
    }

    fn call(draft: Draft, rules: &HookRules) -> Result<AgentCall, String> {
        match draft.decide(rules, "r1").map_err(|error| error.to_string())? {
            Action::Agent(call) => Ok(*call),
            Action::Wake { .. } => Err("somebody is woken".to_owned()),
        }
    }

    #[test]
    fn a_call_has_a_conversation_of_its_own() {
        let call = call(asking("m"), &HookRules::default()).unwrap();
        assert_eq!(call.session.as_str(), "agent:main:hook:r1");
        assert_eq!((call.name.as_str(), call.wake, call.waits), ("Hook", WakeMode::Now, false));
        assert!(!call.is_trusted && !call.wants_delivery);
    }

    /// V-92: nobody outside writes into a conversation of somebody's.
    #[test]
    fn who_may_name_a_conversation() {
        use HookSessionMode::{Isolated, Persistent};
        use KeyOrigin::{Configured, Request, Template};

        let closed = HookRules::default();
        let open = HookRules { takes_session_keys: true, ..HookRules::default() };
        let wide =
            HookRules { prefixes: vec!["agent:main:ci:".into(), " ".into()], ..open.clone() };
        let forbidden = "sessionKey: calls may not choose one (hooks.allowRequestSessionKey)";
        let prefix = "sessionKey: has to begin with hook:";
        let session = |rules: &HookRules, key: &str, origin, mode| {
            let session_key = Some((key.to_owned(), origin));
            let draft = Draft { session_key, session_mode: Some(mode), ..asking("m") };
            call(draft, rules).map(|call| call.session.to_string())
        };
        #[rustfmt::skip]
        let table = [
            (&closed, "hook:a",            Request,    Persistent, Err(forbidden)),
            (&closed, "agent:main:main",   Request,    Persistent, Err(forbidden)),
            (&open,   "hook:a",            Request,    Persistent, Ok("agent:main:hook:a")),
            (&open,   "Hook:A",            Request,    Isolated,   Ok("agent:main:hook:a:r1")),
            (&open,   "agent:ops:hook:a",  Request,    Persistent, Ok("agent:ops:hook:a")),
            (&open,   "main",              Request,    Persistent, Err(prefix)),
            (&open,   "agent:main:main",   Request,    Persistent, Err(prefix)),
            (&open,   "global",            Request,    Persistent, Err("sessionKey: has to be the conversation of an agent")),
            (&open,   "hook:",             Request,    Persistent, Err("sessionKey: session key must not have empty segments")),
            (&closed, "hook:a",            Template,   Persistent, Ok("agent:main:hook:a")),
            (&closed, "agent:main:main",   Template,   Persistent, Err(prefix)),
            (&closed, "agent:main:main",   Configured, Persistent, Ok("agent:main:main")),
            (&closed, "main",              Configured, Isolated,   Ok("agent:main:main:r1")),
            (&wide,   "ci:7",              Request,    Persistent, Ok("agent:main:ci:7")),
            (&wide,   "agent:ops:ci:7",    Request,    Persistent, Err("sessionKey: has to begin with agent:main:ci:")),
        ];
        for (rules, key, origin, mode, expected) in table {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(session(rules, key, origin, mode), expected, "{key} {origin:?}");
        }
        let default = HookRules { default_key: Some("hook:in".into()), ..HookRules::default() };
        assert_eq!(call(asking("m"), &default).unwrap().session.as_str(), "agent:main:hook:in:r1");
    }

    #[test]
    fn who_may_be_asked() {
        let some = HookRules { agents: vec![AgentId::normalize("a")], ..HookRules::default() };
        let all = HookRules::default();
        let other_key = Some(("agent:b:hook:x".to_owned(), KeyOrigin::Configured));
        let asked = |rules: &HookRules, agent: Option<&str>, session_key| {
            let draft = Draft { agent: agent.map(str::to_owned), session_key, ..asking("m") };
            call(draft, rules).map(|call| call.agent.to_string())
        };
        #[rustfmt::skip]
        let table = [
            (&all,  Some("B"),   None,              Ok("b")),
            (&all,  None,        None,              Ok("main")),
            (&all,  None,        other_key.clone(), Ok("b")),
            (&all,  Some("a"),   other_key.clone(), Err("sessionKey: belongs to another agent")),
            (&all,  Some("a b"), None,              Err("agentId: is no name of an agent")),
            (&all,  Some(" "),   None,              Err("agentId required")),
            (&some, Some("a"),   None,              Ok("a")),
            (&some, Some("b"),   None,              Err("agentId: hooks.allowedAgentIds does not have \"b\"")),
            (&some, None,        None,              Err("agentId: hooks.allowedAgentIds does not have \"main\"")),
            (&some, None,        other_key,         Err("agentId: hooks.allowedAgentIds does not have \"b\"")),
        ];
        for (rules, agent, key, expected) in table {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(asked(rules, agent, key.clone()), expected, "{agent:?} {key:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |draft: Draft| {
            draft.decide(&HookRules::default(), "r").map_err(|error| error.to_string())
        };
        let mapped = Draft { is_of_mapping: true, ..Draft::default() };
        let wake = Draft { verb: HookVerb::Wake, text: Some("  ".into()), ..Draft::default() };
        #[rustfmt::skip]
        let table = [
            (Draft::default(),                                     "message required"),
            (asking("  "),                                         "message required"),
            (mapped.clone(),                                       "hook mapping requires message"),
            (wake.clone(),                                         "text required"),
            (Draft { is_of_mapping: true, ..wake },                "hook mapping requires text"),
            (Draft { model: Some("gpt".into()), ..asking("m") },   "model: a model is named provider/model, as in openai/gpt-5.2"),
        ];
        for (draft, expected) in table {
            assert_eq!(refused(draft.clone()), Err(expected.to_owned()), "{draft:?}");
        }
        let empty = Draft { model: Some(" ".into()), thinking: Some(String::new()), ..asking("m") };
        assert!(refused(empty).is_ok());
        let long = Draft { timeout_seconds: Some(u64::MAX), ..asking("m") };
        let timeout = call(long, &HookRules::default()).unwrap().timeout;
        assert_eq!(timeout, Some(Duration::from_hours(24)));
    }

    #[test]
    fn whether_somebody_wants_the_answer_elsewhere() {
        let wants = |deliver: Option<bool>, channel: Option<&str>, to: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let draft = Draft { deliver, channel: text(channel), to: text(to), ..asking("m") };
            call(draft, &HookRules::default()).unwrap().wants_delivery
        };
        assert!(!wants(None, None, None) && !wants(None, Some("last"), None));
        assert!(wants(Some(true), None, None) && wants(None, Some("slack"), None));
        assert!(wants(None, None, Some("+1")) && !wants(Some(false), Some("slack"), Some("+1")));
    }

    proptest! {
        /// However a conversation is spelled from outside, it is one of hooks.
        #[test]
        fn nothing_outside_the_prefix_is_reached(key in "(agent:(main|a):)?[a-zA-Z:. ]{0,12}") {
            let rules = HookRules { takes_session_keys: true, ..HookRules::default() };
            for origin in [KeyOrigin::Request, KeyOrigin::Template] {
                let draft = Draft {
                    session_key: Some((key.clone(), origin)),
                    session_mode: Some(HookSessionMode::Persistent),
                    ..asking("m")
                };
                if let Ok(call) = call(draft, &rules) {
                    prop_assert!(call.session.place().starts_with("hook:"), "{}", call.session);
                }
            }
        }
    }
}
