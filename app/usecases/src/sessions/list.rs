//! `sessions.list` (`ws-protocol.md` 9.4).

use domain::{
    ids::AgentId,
    session::{Session, SessionKey},
    time::Timestamp,
};
use ports::{
    driven::{SessionQuery, StoreError},
    view::SessionRow,
};

use super::Sessions;
use crate::{calendar, models::DefaultModel};

/// Rows when nobody says how many.
const DEFAULT_LIMIT: usize = 100;
/// The most rows.
const MAX_LIMIT: usize = 1000;
/// The furthest one can skip. What is skipped is read, so there has to be an end.
const MAX_OFFSET: usize = 10_000;

/// Which sessions, and how they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// With exactly this label.
    pub label: Option<String>,
    /// Started by this session.
    pub spawned_by: Option<SessionKey>,
    /// With this text somewhere.
    pub search: Option<String>,
    /// Changed within so many minutes.
    pub active_minutes: Option<u64>,
    /// Which of the special sessions count.
    pub special: Special,
    /// What is shown of each besides its settings.
    pub extras: Extras,
    /// At most so many.
    pub limit: Option<usize>,
    /// Leaving out so many of the newest.
    pub offset: usize,
}

/// Which of the special sessions count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Special {
    /// The session `global`.
    pub global: bool,
    /// The session `unknown`.
    pub unknown: bool,
}

/// What is shown of a session besides its settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// What it is about.
    pub titles: bool,
    /// How its last message begins.
    pub last_messages: bool,
}

/// A part of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// When it was made.
    pub at: Timestamp,
    /// The newest first.
    pub rows: Vec<SessionRow>,
    /// How many were asked for.
    pub limit: usize,
    /// How many come before them.
    pub offset: usize,
    /// Whether there are more.
    pub more: bool,
    /// How many sessions there are in all.
    pub total: u64,
    /// What answers in a session where nothing was chosen.
    pub defaults: DefaultModel,
}

impl Sessions {
    /// The sessions that fit `query`, the newest first.
    pub async fn list(&self, query: ListQuery) -> Result<Listed, StoreError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let offset = query.offset.min(MAX_OFFSET);
        let now = self.now();
        let page = self.0.archive.sessions(wanted(&query, limit + offset, now)).await?;
        let rows = page.sessions.iter().filter(|session| match session.key.as_str() {
            "global" => query.special.global,
            "unknown" => query.special.unknown,
            _ => true,
        });
        let rows: Vec<_> =
            rows.skip(offset).map(|session| self.shown(session, query.extras)).collect();
        let config = self.0.config.current();
        Ok(Listed {
            at: now,
            rows,
            limit,
            offset,
            // Whoever was told so at the furthest place would ask for it for ever.
            more: page.more && offset < MAX_OFFSET,
            total: self.0.archive.stats().await?.sessions,
            defaults: self.0.models.default_of(&config.agents.default_agent()),
        })
    }

    /// The row of one session, if there is one.
    pub async fn describe(
        &self,
        key: &SessionKey,
        extras: Extras,
    ) -> Result<Option<SessionRow>, StoreError> {
        Ok(self.get(key).await?.map(|session| self.shown(&session, extras)))
    }

    fn shown(&self, session: &Session, extras: Extras) -> SessionRow {
        let preview = session.preview.as_deref().filter(|_| extras.last_messages);
        SessionRow {
            derived_title: extras.titles.then(|| title(session)),
            last_message_preview: preview.map(str::to_owned),
            ..self.row(session)
        }
    }
}

fn wanted(query: &ListQuery, limit: usize, now: Timestamp) -> SessionQuery {
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes.saturating_mul(60));
    SessionQuery {
        agent: query.agent.clone(),
        label: query.label.clone(),
        spawned_by: query.spawned_by.clone(),
        search: query.search.clone().filter(|text| !text.trim().is_empty()),
        updated_since: query.active_minutes.map(|active| now - minutes(active)),
        include_special: query.special.global || query.special.unknown,
        limit: Some(limit),
    }
}

/// What a session is about; of one in which nothing was said, which it is.
fn title(session: &Session) -> String {
    if let Some(title) = session.title.as_deref().or(session.settings.label.as_deref()) {
        return title.to_owned();
    }
    let id: String = session.id.as_str().chars().take(8).collect();
    format!("{id} ({})", calendar::date(session.created_at))
}
