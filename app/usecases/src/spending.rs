//! What was used and what that cost, for those who ask.
//!
//! It is read from what the store keeps of each answer, a page at a time, by one
//! reader after the other: however much there is, others come in between.

mod period;
mod recent;
mod scan;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    ids::{AgentId, SessionId},
    session::{Session, SessionKey},
    spending::{Point, Series, Sums, Totals},
    time::Timestamp,
};
use ports::{
    driven::{Archive, Clock, ConfigSource, HistoryQuery, SessionQuery, StoreError, TimeZones},
    view::Billed,
};
use tokio::sync::Semaphore;

pub use self::period::{Asked, AskedZone, Period, UnclearPeriod};
use self::recent::{Question, Recent};
use crate::calendar;

/// At most so many points say how much a conversation used over time.
const POINTS: usize = 200;
/// At most so many messages of a conversation are told with what they used.
const MESSAGES: usize = 1_000;
/// At most so many bytes of messages are read for that.
const MESSAGE_BYTES: usize = 8 << 20;
/// At most so many characters of each are told.
const MESSAGE_CHARS: usize = 2_000;
/// At most so many conversations are told one by one.
const SESSIONS: usize = 1_000;

/// Says what was used. Cloning gives the same one.
#[derive(Clone)]
pub struct Spendings(Arc<Inner>);

/// What saying so takes.
pub struct Deps {
    /// Keeps what was used.
    pub archive: Arc<dyn Archive>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Knows the prices.
    pub config: Arc<dyn ConfigSource>,
    /// Knows where days begin.
    pub zones: Arc<dyn TimeZones>,
}

struct Inner {
    deps: Deps,
    recent: Mutex<Recent>,
    /// Let in to read: one at a time, and whoever comes after finds what was read.
    reading: Semaphore,
}

/// What was used in some days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostSummary {
    /// When it was put together.
    pub updated_at: Timestamp,
    /// How many days are meant.
    pub days: u32,
    /// The days in which something was used, as in `2026-01-27`.
    pub daily: Vec<(String, Totals)>,
    /// All of them.
    pub totals: Totals,
}

/// Which conversations somebody asks about.
#[derive(Clone, Debug)]
pub struct SessionsAsked {
    /// The days.
    pub period: Period,
    /// Those of this agent.
    pub agent: Option<AgentId>,
    /// This one.
    pub session: Option<SessionKey>,
    /// Whether what was used before a conversation was started over is counted
    /// with it.
    pub family: bool,
    /// At most so many are told one by one.
    pub limit: usize,
}

/// What conversations used.
#[derive(Clone, Debug)]
pub struct SessionsSpent {
    /// When it was put together.
    pub updated_at: Timestamp,
    /// The first and the last day.
    pub dates: (String, String),
    /// The newest of them.
    pub sessions: Vec<SessionSpent>,
    /// All of them, also those that are not told one by one, or are gone.
    pub sums: Sums,
    /// How many of them used something.
    pub count: usize,
}

/// What a conversation used.
#[derive(Clone, Debug)]
pub struct SessionSpent {
    /// The conversation.
    pub session: Session,
    /// What it used.
    pub sums: Sums,
    /// The transcripts in which it did.
    pub transcripts: Vec<SessionId>,
}

/// A message, and what it used.
#[derive(Clone, Debug, PartialEq)]
pub struct SpentMessage {
    /// When it was said.
    pub at: Timestamp,
    /// Who said it.
    pub role: String,
    /// What was said, not longer than is useful.
    pub text: String,
    /// Tokens and dollars, where it used something; dollars where a price is known.
    pub used: Option<(u64, Option<f64>)>,
}

/// Why nothing is told about a conversation.
#[derive(Debug, thiserror::Error)]
pub enum SpendingError {
    /// There is no such conversation.
    #[error("there is no such session")]
    UnknownSession,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Spendings {
    /// Tells what `deps` keep.
    pub fn new(deps: Deps) -> Self {
        let recent = Mutex::new(Recent::default());
        Self(Arc::new(Inner { deps, recent, reading: Semaphore::new(1) }))
    }

    /// The days that are meant.
    pub fn period(&self, asked: &Asked) -> Result<Period, UnclearPeriod> {
        Period::read(asked, &*self.0.deps.zones, self.0.deps.clock.now())
    }

    /// What was used in the days of `period`, by all agents or by one. What was
    /// told in the last 30 seconds is told again.
    pub async fn cost(
        &self,
        period: &Period,
        agent: Option<AgentId>,
    ) -> Result<Arc<CostSummary>, StoreError> {
        let question = Question { period: period.id(), agent };
        if let Some(told) = self.told(&question) {
            return Ok(told);
        }
        // Fails only once the semaphore is closed, and nobody closes it.
        let _reading = self.0.reading.acquire().await.ok();
        if let Some(told) = self.told(&question) {
            return Ok(told);
        }
        let config = self.0.deps.config.current();
        let mut sums = Sums::default();
        let mut scan = self.scan(period.not_before(), period.not_after(), None);
        while let Some(page) = scan.next().await? {
            for (spending, cost) in page {
                let is_meant = question.agent.as_ref().is_none_or(|it| *it == spending.agent);
                if let Some(day) = period.day(spending.at).filter(|_| is_meant) {
                    sums.add(day, &spending, cost);
                }
            }
        }
        let daily = sums.by(|place| place.day);
        let now = self.0.deps.clock.now();
        let summary = Arc::new(CostSummary {
            updated_at: now,
            days: period.last - period.first + 1,
            daily: daily.into_iter().map(|(day, it)| (calendar::date_of(day), it)).collect(),
            totals: sums.total(),
        });
        self.recent().put(question, config, Arc::clone(&summary), now);
        Ok(summary)
    }

    fn told(&self, question: &Question) -> Option<Arc<CostSummary>> {
        let (config, now) = (self.0.deps.config.current(), self.0.deps.clock.now());
        self.recent().get(question, &config, now)
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.0.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What conversations used.
    pub async fn sessions(&self, asked: SessionsAsked) -> Result<SessionsSpent, SpendingError> {
        let _reading = self.0.reading.acquire().await.ok();
        let SessionsAsked { period, agent, session, family, limit } = asked;
        let sessions = match &session {
            Some(key) => vec![self.session(key).await?],
            None => {
                let query = SessionQuery {
                    agent: agent.clone(),
                    updated_since: Some(period.not_before()),
                    include_special: agent.is_none(),
                    limit: Some(limit.min(SESSIONS)),
                    ..SessionQuery::default()
                };
                self.0.deps.archive.sessions(query).await?.sessions
            }
        };
        let fresh =
            |session| SessionSpent { session, sums: Sums::default(), transcripts: Vec::new() };
        let mut told: Vec<SessionSpent> = sessions.into_iter().map(fresh).collect();
        let places: HashMap<SessionKey, usize> =
            told.iter().enumerate().map(|(at, it)| (it.session.key.clone(), at)).collect();

        let (mut sums, mut active) = (Sums::default(), HashSet::new());
        let mut scan = self.scan(period.not_before(), period.not_after(), session.clone());
        while let Some(page) = scan.next().await? {
            for (spending, cost) in page {
                let is_meant = agent.as_ref().is_none_or(|agent| *agent == spending.agent);
                let Some(day) = period.day(spending.at).filter(|_| is_meant) else { continue };
                let place = places.get(&spending.session).and_then(|at| told.get_mut(*at));
                let place = place.filter(|it| family || it.session.id == spending.transcript);
                // Of one conversation only what is told of it is summed up.
                if session.is_some() && place.is_none() {
                    continue;
                }
                sums.add(day, &spending, cost);
                if let Some(told) = place {
                    told.sums.add(day, &spending, cost);
                    if !told.transcripts.contains(&spending.transcript) {
                        told.transcripts.push(spending.transcript.clone());
                    }
                }
                active.insert(spending.session);
            }
        }
        Ok(SessionsSpent {
            updated_at: self.0.deps.clock.now(),
            dates: (calendar::date_of(period.first), calendar::date_of(period.last)),
            sessions: told,
            sums,
            count: active.len(),
        })
    }

    /// What a conversation used over time, since it was last started over.
    pub async fn series(&self, key: &SessionKey) -> Result<(SessionId, Vec<Point>), SpendingError> {
        let _reading = self.0.reading.acquire().await.ok();
        let session = self.session(key).await?;
        let mut series = Series::new(POINTS);
        let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(u64::MAX));
        let mut scan = self.scan(first, last, Some(session.key.clone()));
        while let Some(page) = scan.next().await? {
            let current = page.iter().filter(|(spending, _)| spending.transcript == session.id);
            for (spending, cost) in current {
                let cost = cost.unwrap_or_default().total();
                series.add(Point { at: spending.at, tokens: spending.tokens, cost });
            }
        }
        Ok((session.id, series.points()))
    }

    /// The newest messages of a conversation with what they used, at most `limit`
    /// of them, in the order in which they were said.
    pub async fn messages(
        &self,
        key: &SessionKey,
        limit: usize,
    ) -> Result<Vec<SpentMessage>, SpendingError> {
        let session = self.session(key).await?;
        let limit = limit.min(MESSAGES);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let query = HistoryQuery { before: None, from: 0, limit, max_bytes: MESSAGE_BYTES };
        let page = self.0.deps.archive.history(&session.id, query).await?;
        let mut prices = self.prices();
        let message = |stored: ports::driven::StoredRecord| {
            let billed = Billed::read(&stored.record.message);
            let text = shorten(billed.lines().trim());
            let is_told = matches!(billed.role(), "user" | "assistant" | "toolResult");
            let spending = billed.spending(&session.key, &session.id, false);
            (is_told && !text.is_empty()).then(|| SpentMessage {
                at: billed.at().unwrap_or(stored.record.at),
                role: billed.role().to_owned(),
                text,
                used: spending.map(|spending| {
                    let cost = prices.cost(&spending);
                    (spending.tokens.total(), cost.map(|cost| cost.total().dollars()))
                }),
            })
        };
        Ok(page.records.into_iter().filter_map(message).collect())
    }

    async fn session(&self, key: &SessionKey) -> Result<Session, SpendingError> {
        self.0.deps.archive.session(key).await?.ok_or(SpendingError::UnknownSession)
    }
}

impl SessionsSpent {
    /// The same of none of them.
    #[must_use]
    pub fn without_any(self) -> Self {
        Self { sessions: Vec::new(), sums: Sums::default(), count: 0, ..self }
    }
}

/// How the day of this number is written, as in `2026-01-27`.
pub fn date_of(day: u32) -> String {
    calendar::date_of(day)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

impl fmt::Debug for Spendings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spendings").field("recent", &self.recent()).finish_non_exhaustive()
    }
}
