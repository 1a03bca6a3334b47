//! How things are, for a person (`ws-protocol.md` 10.6).

use std::{fmt, sync::Arc};

use domain::{
    agent::ModelRef,
    ids::AgentId,
    session::{Elevated, Reasoning, Session, Settings, Thinking, Verbose},
    time::Timestamp,
};
use ports::{
    config::Config,
    driven::{Archive, Clock, ConfigSource, SessionQuery, StoreError},
    view::{HeartbeatPlan, SessionRow},
};

use crate::{
    facts::Facts,
    health::heartbeat_plan,
    models::{DefaultModel, Models},
    sessions::Sessions,
    system::System,
};

/// How many of the newest sessions are shown.
const RECENT: usize = 10;

/// Says how things are.
#[derive(Clone)]
pub struct Status(Arc<Deps>);

/// What saying so takes.
pub struct Deps {
    /// Reads sessions.
    pub archive: Arc<dyn Archive>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// What the gateway knows about itself.
    pub facts: Arc<Facts>,
    /// Knows which models there are.
    pub models: Models,
    /// Knows the sessions.
    pub sessions: Sessions,
    /// Knows what waits for the main session.
    pub system: System,
}

/// How things are.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// Who answers when nobody is named.
    pub default_agent: AgentId,
    /// The heartbeats of each agent.
    pub heartbeats: Vec<(AgentId, HeartbeatPlan)>,
    /// What the main session will be told.
    pub waiting: Vec<String>,
    /// What the store is called.
    pub store: String,
    /// How many sessions there are.
    pub count: u64,
    /// What answers when nothing was chosen.
    pub defaults: DefaultModel,
    /// The newest sessions.
    pub recent: Vec<SessionStatus>,
    /// The newest sessions of each agent.
    pub by_agent: Vec<(AgentId, Vec<SessionStatus>)>,
}

/// How one session is.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionStatus {
    /// Its row in the list.
    pub row: SessionRow,
    /// How long ago it changed, in milliseconds.
    pub age_ms: u64,
    /// How many tokens its model is shown at most.
    pub context_tokens: Option<u64>,
    /// How many are left.
    pub remaining_tokens: Option<u64>,
    /// How much is used.
    pub percent_used: Option<u64>,
    /// What is special about it.
    pub flags: Vec<String>,
}

impl Status {
    /// Says how the things of `deps` are.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(deps))
    }

    /// How things are.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let Deps { archive, config, facts, models, system, clock, .. } = &*self.0;
        let (config, now): (Arc<Config>, _) = (config.current(), clock.now());
        let agents = config.agents.all();
        let mut by_agent = Vec::with_capacity(agents.len());
        for agent in &agents {
            let id = agent.agent_id();
            by_agent.push((id.clone(), self.newest(Some(id), now).await?));
        }
        let default_agent = config.agents.default_agent();
        Ok(Overview {
            heartbeats: agents
                .iter()
                .map(|agent| (agent.agent_id(), heartbeat_plan(&config, agent)))
                .collect(),
            waiting: system.waiting(),
            store: facts.store.clone(),
            count: archive.stats().await?.sessions,
            defaults: models.default_of(&default_agent),
            recent: self.newest(None, now).await?,
            by_agent,
            default_agent,
        })
    }

    async fn newest(
        &self,
        agent: Option<AgentId>,
        now: Timestamp,
    ) -> Result<Vec<SessionStatus>, StoreError> {
        let query = SessionQuery { agent, limit: Some(RECENT), ..SessionQuery::default() };
        let page = self.0.archive.sessions(query).await?;
        Ok(page.sessions.iter().map(|session| self.of(session, now)).collect())
    }

    fn of(&self, session: &Session, now: Timestamp) -> SessionStatus {
        let Deps { models, sessions, config, .. } = &*self.0;
        let context_tokens = match session.settings.model.clone().or_else(|| answered(session)) {
            Some(model) => models.context_tokens(&model),
            None => {
                let agent = session.key.agent();
                let agent = agent.unwrap_or_else(|| config.current().agents.default_agent());
                models.default_of(&agent).context_tokens
            }
        };
        let used = session.tokens.context;
        SessionStatus {
            row: sessions.row(session),
            age_ms: u64::try_from(now.since(session.updated_at).as_millis()).unwrap_or(u64::MAX),
            context_tokens,
            remaining_tokens: context_tokens.map(|all| all.saturating_sub(used)),
            percent_used: context_tokens.filter(|all| 0 < *all).map(|all| percent(used, all)),
            flags: flags(session),
        }
    }
}

fn answered(session: &Session) -> Option<ModelRef> {
    ModelRef::new(session.model_provider.as_deref()?, session.model.as_deref()?).ok()
}

/// A conversation can be many times as long as what its model is shown; beyond
/// some point the figure says nothing any more.
fn percent(used: u64, all: u64) -> u64 {
    (used.saturating_mul(100) / all).min(999)
}

fn flags(session: &Session) -> Vec<String> {
    let Settings { thinking, verbose, reasoning, elevated, .. } = &session.settings;
    let flag = |name: &str, word: Option<&'static str>| word.map(|word| format!("{name}:{word}"));
    let flags = [
        flag("think", thinking.map(Thinking::as_str)),
        flag("verbose", verbose.map(Verbose::as_str)),
        flag("reasoning", reasoning.map(Reasoning::as_str)),
        flag("elevated", elevated.map(Elevated::as_str)),
        session.aborted_last_run.then(|| "aborted".to_owned()),
        Some(format!("id:{}", session.id)),
    ];
    flags.into_iter().flatten().collect()
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status").finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[test]
fn a_full_context_is_said_in_percent() {
    assert_eq!(percent(0, 1000), 0);
    assert_eq!(percent(500, 1000), 50);
    assert_eq!(percent(50_000, 1000), 999);
}
