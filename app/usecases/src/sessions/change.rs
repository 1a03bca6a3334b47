//! Creating, resetting, deleting and compacting sessions.

use domain::{
    ids::AgentId,
    session::{Session, SessionKey, Thinking, Tokens},
};
use ports::driven::{Change, Urgency};

use super::{PATIENCE, Sessions, SessionsError};
use crate::config::keys;

/// A session that shall be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Create {
    /// Which; a new one when nothing is said.
    pub key: Option<SessionKey>,
    /// Whose, when no key is given.
    pub agent: Option<AgentId>,
    /// The name for people.
    pub label: Option<Box<str>>,
    /// Which model answers, as the caller named it.
    pub model: Option<String>,
    /// How long the model thinks.
    pub thinking: Option<Thinking>,
}

/// What compacting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Whether something was left out.
    pub changed: bool,
    /// How many records are left, unless there is no such session.
    pub kept: Option<u64>,
}

impl Sessions {
    /// Creates a session. One that exists stays, and gets what was chosen.
    pub async fn create(&self, create: Create) -> Result<Session, SessionsError> {
        let Create { key, agent, label, model, thinking } = create;
        let key = match key {
            Some(key) => key,
            None => self.new_key(agent)?,
        };
        let model = match model {
            None => None,
            Some(name) => {
                let model = self.0.models.find(&name);
                Some(model.map_err(|unknown| SessionsError::Setting(unknown.to_string()))?)
            }
        };
        let opened = self.0.book.open(&key).await?;
        let (id, now) = (self.fresh_id()?, self.now());
        let (receipt, session) = opened.edit(Urgency::Now, |session| {
            let mut new = session.clone().unwrap_or_else(|| Session::fresh(key.clone(), id, now));
            new.settings.label = label.or(new.settings.label);
            new.settings.model = model.or(new.settings.model);
            new.settings.thinking = thinking.or(new.settings.thinking);
            new.updated_at = now;
            *session = Some(new.clone());
            Ok::<_, SessionsError>((Vec::new(), new))
        })?;
        receipt.await?;
        self.changed(&key, "create", Some(&session));
        Ok(session)
    }

    fn new_key(&self, agent: Option<AgentId>) -> Result<SessionKey, SessionsError> {
        let keys = keys(&self.0.config.current());
        let agent = agent.unwrap_or_else(|| keys.default_agent.clone());
        let place = format!("dashboard:{}", self.0.entropy.uuid());
        keys.key(&agent, &place).map_err(|error| SessionsError::Setting(error.to_string()))
    }

    /// Starts `key` over under a new transcript; the old one is not touched.
    /// What runs there is stopped first.
    pub async fn reset(&self, key: &SessionKey) -> Result<Session, SessionsError> {
        self.come_to_rest(key).await?;
        let opened = self.0.book.open(key).await?;
        let (id, now) = (self.fresh_id()?, self.now());
        let (receipt, session) = opened.edit(Urgency::Now, |session| {
            let new = match session.as_ref() {
                Some(session) => session.reset(id, now),
                None => Session::fresh(key.clone(), id, now),
            };
            *session = Some(new.clone());
            Ok::<_, SessionsError>((Vec::new(), new))
        })?;
        receipt.await?;
        self.changed(key, "reset", Some(&session));
        Ok(session)
    }

    /// Forgets `key`, and what was said in it unless that shall stay. What runs
    /// there is stopped first. Says whether there was such a session.
    pub async fn delete(
        &self,
        key: &SessionKey,
        with_transcript: bool,
    ) -> Result<bool, SessionsError> {
        if self.is_main(key) {
            return Err(SessionsError::Main(key.clone()));
        }
        self.come_to_rest(key).await?;
        let opened = self.0.book.open(key).await?;
        let (receipt, existed) = opened.edit(Urgency::Now, |session| {
            let Some(gone) = session.take() else { return Ok((Vec::new(), false)) };
            let transcript = with_transcript.then_some(gone.id);
            Ok::<_, SessionsError>((
                vec![Change::DeleteSession { key: key.clone(), transcript }],
                true,
            ))
        })?;
        receipt.await?;
        if existed {
            self.changed(key, "delete", None);
        }
        Ok(existed)
    }

    /// Leaves out everything but the last `keep` records of `key`. They are
    /// still stored; the conversation begins later.
    pub async fn compact(&self, key: &SessionKey, keep: u64) -> Result<Compacted, SessionsError> {
        let opened = self.0.book.open(key).await?;
        let Some(session) = opened.session() else {
            return Ok(Compacted { changed: false, kept: None });
        };
        // Places grow by one, so the last one says how many there are.
        let first = session.history_from.max(1);
        let Some(last) = self.last_place(&session).await? else {
            return Ok(Compacted { changed: false, kept: Some(0) });
        };
        let held = (last + 1).saturating_sub(first);
        if held <= keep {
            return Ok(Compacted { changed: false, kept: Some(held) });
        }
        let now = self.now();
        let (receipt, session) = opened.edit(Urgency::Now, |current| {
            // Started over in the meantime: there is nothing left to leave out.
            let Some(current) = current.as_mut().filter(|current| current.id == session.id) else {
                return Err(SessionsError::StillActive(key.clone()));
            };
            current.history_from = last + 1 - keep;
            current.compactions += 1;
            current.tokens = Tokens::default();
            current.updated_at = now;
            Ok((Vec::new(), current.clone()))
        })?;
        receipt.await?;
        self.changed(key, "compact", Some(&session));
        Ok(Compacted { changed: true, kept: Some(keep) })
    }

    async fn come_to_rest(&self, key: &SessionKey) -> Result<(), SessionsError> {
        if self.0.runs.active(key) && !self.0.runs.stop_and_wait(key, PATIENCE).await {
            return Err(SessionsError::StillActive(key.clone()));
        }
        Ok(())
    }

    fn is_main(&self, key: &SessionKey) -> bool {
        let keys = keys(&self.0.config.current());
        key.agent().is_some_and(|agent| *key == keys.main_of(&agent))
    }
}
