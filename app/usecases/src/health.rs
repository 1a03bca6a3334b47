//! How the gateway is, found out now and then and handed out as it was written
//! (`ws-protocol.md` 10.5).

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{ids::AgentId, session::Session, time::Timestamp};
use ports::{
    Json,
    config::{AgentConfig, Config},
    driven::{Archive, Clock, ConfigSource, EventSink, SessionQuery, StoreError},
    event::{Body, Event},
    view::{AgentHealth, HealthSummary, HeartbeatPlan, RecentSession, SessionsHealth},
};
use tokio::{
    sync::{Notify, watch},
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{facts::Facts, probe::Parts, versions::Versions};

/// A summary is never older than this.
const REFRESH_EVERY: Duration = Duration::from_mins(1);
/// Summaries are made at most this often, however often they are asked for.
const NOT_SOONER: Duration = Duration::from_secs(1);
/// How long to wait for a summary. Making one takes a second at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many sessions of each agent are named.
const RECENT: usize = 5;

/// Knows how the gateway is.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

/// What knowing takes.
pub struct Deps {
    /// Reads sessions.
    pub archive: Arc<dyn Archive>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// Tells clients.
    pub events: Arc<dyn EventSink>,
    /// Looks at the parts.
    pub parts: Parts,
    /// What the gateway knows about itself.
    pub facts: Arc<Facts>,
    /// Counts the summaries.
    pub versions: Arc<Versions>,
}

struct Inner {
    deps: Deps,
    written: Mutex<Option<Json>>,
    wanted: Notify,
    // Counts the summaries that were made, for those who wait for the next.
    made: watch::Sender<u64>,
}

impl Health {
    /// Nothing is known yet.
    pub fn new(deps: Deps) -> Self {
        let (made, _) = watch::channel(0);
        Self(Arc::new(Inner { deps, written: Mutex::default(), wanted: Notify::new(), made }))
    }

    /// The last summary, as it was written; `None` in the first moments.
    pub fn snapshot(&self) -> Option<Json> {
        self.0.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last summary, or the first one if there is none yet.
    pub async fn current(&self) -> Json {
        match self.snapshot() {
            Some(summary) => summary,
            None => self.fresh().await,
        }
    }

    /// A summary that is made after this call. Those who ask at the same time
    /// get the same one, and the last one when none is made any more.
    pub async fn fresh(&self) -> Json {
        let mut made = self.0.made.subscribe();
        self.refresh();
        // Giving up is all there is to do about either error.
        let _ = time::timeout(PATIENCE, made.changed()).await;
        self.snapshot().unwrap_or_else(Json::null)
    }

    /// Asks for a new summary soon.
    pub fn refresh(&self) {
        self.0.wanted.notify_one();
    }

    /// Makes summaries until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let summaries = async {
            loop {
                self.make().await;
                time::sleep(NOT_SOONER).await;
                // Whether it was asked for or is due makes no difference.
                let _ = time::timeout(REFRESH_EVERY, self.0.wanted.notified()).await;
            }
        };
        stop.run_until_cancelled(summaries).await;
    }

    async fn make(&self) {
        let Deps { events, versions, .. } = &self.0.deps;
        let summary = Arc::new(self.summary().await);
        let written = Json::of(&*summary);
        *self.0.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        versions.health_changed();
        self.0.made.send_modify(|made| *made += 1);
        let state = Some(versions.current());
        events.publish(Event { state, ..Event::new(Body::Health(summary)) });
    }

    async fn summary(&self) -> HealthSummary {
        let Deps { clock, config, parts, .. } = &self.0.deps;
        let config = config.current();
        let began = clock.now();
        let parts = parts.look().await;
        let mut problems: BTreeMap<String, String> = parts
            .into_iter()
            .filter_map(|part| Some((part.name.to_owned(), part.problem?)))
            .collect();
        let (agents, sessions) = match self.sessions(&config, began).await {
            Ok(found) => found,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "sessions cannot be counted");
                problems.insert("store".to_owned(), error.to_string());
                Default::default()
            }
        };
        HealthSummary {
            ok: problems.is_empty(),
            ts: began,
            duration_ms: millis(clock.now().since(began)),
            channels: BTreeMap::new(),
            channel_order: Vec::new(),
            channel_labels: BTreeMap::new(),
            // Nothing runs by itself yet.
            heartbeat_seconds: 0,
            default_agent_id: config.agents.default_agent().to_string(),
            agents,
            sessions,
            problems,
        }
    }

    async fn sessions(
        &self,
        config: &Config,
        now: Timestamp,
    ) -> Result<(Vec<AgentHealth>, SessionsHealth), StoreError> {
        let all = self.0.deps.archive.stats().await?.sessions;
        let default = config.agents.default_agent();
        let listed = config.agents.all();
        let alone = listed.len() == 1;
        let mut agents = Vec::with_capacity(listed.len());
        let mut first = SessionsHealth::default();
        for agent in listed {
            let id = agent.agent_id();
            let sessions = self.sessions_of(&id, alone.then_some(all), now).await?;
            if id == default {
                first = SessionsHealth { count: all, ..sessions.clone() };
            }
            agents.push(AgentHealth {
                is_default: id == default,
                heartbeat: heartbeat_plan(config, &agent),
                agent_id: id.to_string(),
                name: agent.name,
                sessions,
            });
        }
        Ok((agents, first))
    }

    /// With several agents, the sessions of each are counted up to the limit
    /// one look at the store allows.
    async fn sessions_of(
        &self,
        agent: &AgentId,
        count: Option<u64>,
        now: Timestamp,
    ) -> Result<SessionsHealth, StoreError> {
        const COUNTED: usize = 100;

        let limit = if count.is_some() { RECENT } else { COUNTED };
        let query = SessionQuery {
            agent: Some(agent.clone()),
            limit: Some(limit),
            ..SessionQuery::default()
        };
        let page = self.0.deps.archive.sessions(query).await?;
        let recent = page.sessions.iter().take(RECENT).map(|session| recent(session, now));
        Ok(SessionsHealth {
            path: self.0.deps.facts.store.clone(),
            count: count.unwrap_or(page.sessions.len() as u64),
            recent: recent.collect(),
        })
    }
}

fn recent(session: &Session, now: Timestamp) -> RecentSession {
    RecentSession {
        key: session.key.to_string(),
        updated_at: Some(session.updated_at),
        age: Some(millis(now.since(session.updated_at))),
    }
}

/// What the configuration says about the heartbeats of `agent`. They are not
/// sent yet, so none is enabled.
pub(crate) fn heartbeat_plan(config: &Config, agent: &AgentConfig) -> HeartbeatPlan {
    let every = agent.heartbeat.as_ref().or(config.agents.defaults.heartbeat.as_ref());
    let every = every.and_then(|heartbeat| heartbeat.every.clone());
    HeartbeatPlan {
        enabled: false,
        every: every.unwrap_or_else(|| "disabled".to_owned()),
        every_ms: None,
        prompt: String::new(),
        target: "last".to_owned(),
        ack_max_chars: 300,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("made", &*self.0.made.borrow()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{LogPage, MockArchive, MockLogSource, SessionPage, StoreStats};

    use super::*;
    use crate::testing::{Told, clock, config, facts};

    fn health(archive: MockArchive) -> (Health, Arc<Told>) {
        let mut log = MockLogSource::new();
        log.expect_tail().returning(|_| {
            let (file, lines) = (String::new(), Vec::new());
            Ok(LogPage { file, cursor: 0, size: 0, lines, truncated: false, reset: false })
        });
        let archive: Arc<dyn Archive> = Arc::new(archive);
        let (told, clock) = (Arc::new(Told::default()), clock());
        let parts = Parts::new(
            Arc::clone(&archive),
            crate::models::tests::catalogue(),
            Arc::new(log),
            Arc::clone(&clock),
            crate::reload::tests::invalid(&[]),
            Timestamp::default(),
        );
        let deps = Deps {
            archive,
            clock,
            config: config(Config::default()),
            events: told.clone(),
            parts,
            facts: Arc::new(facts()),
            versions: Arc::default(),
        };
        (Health::new(deps), told)
    }

    fn archive(count: u64) -> MockArchive {
        let mut archive = MockArchive::new();
        archive
            .expect_stats()
            .returning(move || Ok(StoreStats { sessions: count, ..StoreStats::default() }));
        archive.expect_sessions().returning(|query| {
            let key = format!("agent:{}:main", query.agent.unwrap()).parse().unwrap();
            let session = Session::fresh(key, "s".parse().unwrap(), Timestamp::default());
            Ok(SessionPage { sessions: vec![session], more: false })
        });
        archive
    }

    #[tokio::test(start_paused = true)]
    async fn a_summary_is_made_at_once_then_every_minute_and_when_asked_for_but_not_too_often() {
        let (health, told) = health(archive(7));
        let tasks = tokio::task::LocalSet::new();
        tasks.spawn_local(health.clone().run(CancellationToken::new()));
        tasks
            .run_until(async {
                assert_eq!(health.snapshot(), None);
                assert!(health.current().await.as_str().contains(r#""count":7"#));
                assert_eq!(told.count(), 1);

                for _ in 0..50 {
                    health.refresh();
                    time::sleep(Duration::from_millis(20)).await;
                }
                time::sleep(NOT_SOONER).await;
                assert!((2..=3).contains(&told.count()), "{} for one second", told.count());

                let before = told.count();
                let (one, other) = tokio::join!(health.fresh(), health.fresh());
                assert_eq!(one, other, "those who ask together get the same");
                assert!(told.count() <= before + 1);

                time::sleep(NOT_SOONER * 3).await;
                let before = told.count();
                time::sleep(REFRESH_EVERY * 3).await;
                assert!((2..=3).contains(&(told.count() - before)));
            })
            .await;
        let versions =
            told.all().iter().map(|event| event.state.unwrap().health).collect::<Vec<_>>();
        let counted: Vec<u64> = (2..).take(versions.len()).collect();
        assert_eq!(versions, counted);
    }

    #[tokio::test]
    async fn a_store_that_fails_is_a_problem_and_not_the_end() {
        let mut broken = MockArchive::new();
        broken.expect_stats().returning(|| Err(StoreError::Unavailable("gone".into())));
        let (health, _) = health(broken);
        let summary = health.summary().await;
        assert!(!summary.ok);
        assert_eq!(summary.problems["store"], "storage is unavailable");
    }
}
