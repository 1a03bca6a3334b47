//! Finding the one session somebody means.

use domain::{
    ids::{AgentId, SessionId},
    session::{Session, SessionKey},
};
use ports::driven::SessionQuery;

use super::{Sessions, SessionsError};

/// How a session is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its key.
    Key(SessionKey),
    /// By its current transcript.
    Id(SessionId),
    /// By its label.
    Label(String),
}

/// What else must be true of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// It belongs to this agent.
    pub agent: Option<AgentId>,
    /// It was started by this session.
    pub spawned_by: Option<SessionKey>,
}

impl Filter {
    fn fits(&self, session: &Session) -> bool {
        let agent = self.agent.as_ref().is_none_or(|it| session.key.agent().as_ref() == Some(it));
        let by = self.spawned_by.as_ref();
        agent && by.is_none_or(|by| session.settings.spawned_by.as_ref() == Some(by))
    }
}

impl Sessions {
    /// The session that is `named` and fits `filter`. `asked` is how the caller
    /// spelled it.
    pub async fn resolve(
        &self,
        named: Named,
        filter: &Filter,
        asked: &str,
    ) -> Result<SessionKey, SessionsError> {
        let archive = &self.0.archive;
        let found: Vec<Session> = match named {
            Named::Key(key) => archive.session(&key).await?.into_iter().collect(),
            Named::Id(id) => archive.session_by_id(&id).await?.into_iter().collect(),
            Named::Label(label) => {
                let query = SessionQuery {
                    label: Some(label),
                    agent: filter.agent.clone(),
                    spawned_by: filter.spawned_by.clone(),
                    limit: Some(2),
                    ..SessionQuery::default()
                };
                archive.sessions(query).await?.sessions
            }
        };
        let mut keys = found.into_iter().filter(|it| filter.fits(it)).map(|it| it.key);
        match (keys.next(), keys.next()) {
            (None, _) => Err(SessionsError::NotFound(asked.to_owned())),
            (Some(key), None) => Ok(key),
            (Some(one), Some(other)) => {
                Err(SessionsError::Ambiguous(format!("with label: {asked} ({one}, {other})")))
            }
        }
    }
}
