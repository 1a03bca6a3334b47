//! The agents there are, and how they present themselves.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use domain::{
    agent::{Avatar, ModelRef},
    ids::AgentId,
    session::{Keys, SessionKey},
};
use ports::{
    config::{AgentConfig, IdentityConfig},
    driven::{ConfigSource, Portrait, Portraits},
    driving::{Appearance, Presenter},
};

use crate::{config::keys, models::Models};

/// What an agent without a name is called.
const NAMELESS: &str = "Assistant";

/// How long the pictures in one list may be altogether, in bytes.
const LONGEST_PICTURES: usize = 8 * 1024 * 1024;

/// Knows the agents.
#[derive(Clone)]
pub struct Directory {
    config: Arc<dyn ConfigSource>,
    models: Models,
    portraits: Option<Arc<dyn Portraits>>,
}

/// Every agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// How sessions are named; knows the default agent.
    pub keys: Keys,
    /// The agents, in the order of the configuration.
    pub agents: Vec<Listed>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name in keys.
    pub id: AgentId,
    /// Its name for people.
    pub name: Option<String>,
    /// How it presents itself.
    pub identity: Option<IdentityConfig>,
    /// Its picture, as an address browsers can show.
    pub avatar_url: Option<String>,
    /// Which model answers for it.
    pub model: Option<ModelRef>,
}

/// How an agent presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name in keys.
    pub agent: AgentId,
    /// Its name for people.
    pub name: String,
    /// Its picture: a URL, a data URL or a letter.
    pub avatar: String,
    /// Its sign.
    pub emoji: Option<String>,
}

/// An agent was named, and a session of another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("agent \"{agent}\" does not match session key agent \"{of_session}\"")]
pub struct AgentMismatch {
    /// The agent that was named.
    pub agent: AgentId,
    /// The agent of the session.
    pub of_session: AgentId,
}

impl Directory {
    /// The agents of the configuration.
    pub fn new(config: Arc<dyn ConfigSource>, models: Models) -> Self {
        Self { config, models, portraits: None }
    }

    /// The same, with pictures out of the workspaces.
    #[must_use]
    pub fn with_portraits(self, portraits: Arc<dyn Portraits>) -> Self {
        Self { portraits: Some(portraits), ..self }
    }

    /// Every agent.
    pub fn list(&self) -> Listing {
        let config = self.config.current();
        let listed = |agent: AgentConfig| {
            let id = agent.agent_id();
            let model = self.models.default_of(&id).model;
            Listed { id, name: agent.name, identity: agent.identity, avatar_url: None, model }
        };
        Listing {
            keys: keys(&config),
            agents: config.agents.all().into_iter().map(listed).collect(),
        }
    }

    /// Every agent, with its picture, as far as all of them together are not
    /// longer than [`LONGEST_PICTURES`].
    pub async fn list_with_pictures(&self) -> Listing {
        let mut listing = self.list();
        let mut left = LONGEST_PICTURES;
        for agent in &mut listing.agents {
            let url = self.avatar_url(&agent.id).await;
            // One that is too long is asked for where it is served.
            let fits = |url: &String| url.len() <= left;
            let fallback = || self.portraits.is_some().then(|| self.avatar_path(&agent.id));
            agent.avatar_url = match url {
                Some(url) if !fits(&url) => fallback(),
                url => url,
            };
            left -= agent.avatar_url.as_ref().map_or(0, String::len).min(left);
        }
        listing
    }

    async fn avatar_url(&self, agent: &AgentId) -> Option<String> {
        match self.avatar(agent)? {
            Avatar::Remote(url) | Avatar::Data(url) => Some(url.into()),
            Avatar::File { .. } => {
                let (portrait, media_type) = self.portrait(agent).await?;
                let content = self.portraits.as_ref()?.in_text(&portrait.content);
                Some(format!("data:{media_type};base64,{content}"))
            }
            Avatar::Unusable(_) | Avatar::Sign(_) => None,
        }
    }

    /// Where the picture of `agent` is served.
    fn avatar_path(&self, agent: &AgentId) -> String {
        let config = self.config.current();
        let base = config.gateway.control_ui.base_path.as_deref().unwrap_or_default();
        let base = base.trim().trim_matches('/');
        let slash = if base.is_empty() { "" } else { "/" };
        format!("{slash}{base}/avatar/{agent}")
    }

    /// Whether there is such an agent.
    pub fn has(&self, agent: &AgentId) -> bool {
        self.config.current().agents.find(agent).is_some()
    }

    /// Whose business something is that names an agent, a session, both or
    /// neither.
    pub fn whose(
        &self,
        agent: Option<AgentId>,
        session: Option<&SessionKey>,
    ) -> Result<AgentId, AgentMismatch> {
        match (agent, session.and_then(SessionKey::agent)) {
            (Some(agent), Some(of_session)) if agent != of_session => {
                Err(AgentMismatch { agent, of_session })
            }
            (Some(agent), _) | (None, Some(agent)) => Ok(agent),
            (None, None) => Ok(self.config.current().agents.default_agent()),
        }
    }

    /// How `agent` presents itself. One that is not in the configuration, as of
    /// an old session, has no name of its own.
    pub fn identity(&self, agent: &AgentId) -> Identity {
        let own = self.config.current().agents.find(agent).unwrap_or_default();
        let identity = own.identity.unwrap_or_default();
        let name = identity.name.or(own.name).unwrap_or_else(|| NAMELESS.to_owned());
        let initial = || name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
        let emoji = identity.emoji;
        let sign = || emoji.clone().unwrap_or_else(initial);
        let avatar = match identity.avatar.as_deref().map(Avatar::parse) {
            Some(Avatar::File { .. }) if self.portraits.is_some() => self.avatar_path(agent),
            Some(Avatar::Remote(text) | Avatar::Data(text) | Avatar::Sign(text)) => text.into(),
            Some(Avatar::File { .. } | Avatar::Unusable(_)) | None => sign(),
        };
        Identity { agent: agent.clone(), name, avatar, emoji }
    }
}

#[async_trait]
impl Presenter for Directory {
    fn appearance(&self) -> Appearance {
        let agent = self.config.current().agents.default_agent();
        let Identity { agent, name, avatar, .. } = self.identity(&agent);
        Appearance { agent_id: agent.to_string(), name, avatar }
    }

    fn avatar(&self, agent: &AgentId) -> Option<Avatar> {
        let identity = self.config.current().agents.find(agent)?.identity;
        let avatar = identity.and_then(|identity| identity.avatar);
        Some(Avatar::parse(avatar.as_deref().unwrap_or_default()))
    }

    async fn portrait(&self, agent: &AgentId) -> Option<(Portrait, &'static str)> {
        let portraits = self.portraits.as_ref()?;
        let Avatar::File { path, media_type } = self.avatar(agent)? else { return None };
        let portrait = portraits.portrait(agent, &path).await?;
        Some((portrait, media_type))
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::config::Config;

    use super::*;
    use crate::{models::tests::models, testing::config};

    fn directory(json: &str) -> Directory {
        let config_tree: Config = serde_json::from_str(json).unwrap();
        Directory::new(config(config_tree), models())
    }

    #[test]
    fn an_agent_has_a_name_and_a_face_even_if_nobody_gave_it_one() {
        let directory = directory(
            r#"{"agents":{"list":[{"id":"main"},{"id":"b","name":"bert"},
                {"id":"c","identity":{"name":"Cleo","emoji":"🦊"}}]}}"#,
        );
        let shown = |id: &str| {
            let identity = directory.identity(&AgentId::normalize(id));
            (identity.name, identity.avatar)
        };
        assert_eq!(shown("main"), ("Assistant".into(), "A".into()));
        assert_eq!(shown("b"), ("bert".into(), "B".into()));
        assert_eq!(shown("c"), ("Cleo".into(), "🦊".into()));
        assert_eq!(shown("gone"), ("Assistant".into(), "A".into()));
        assert_eq!(directory.list().agents.len(), 3);
    }

    /// A picture in a workspace comes along where it is asked for, and is served
    /// where there is no room for it.
    #[tokio::test]
    async fn pictures_come_along_as_far_as_there_is_room() {
        let directory = directory(
            r#"{"gateway":{"controlUi":{"basePath":"claw/"}},"agents":{"list":[
                {"id":"a","identity":{"avatar":"me.png"}},
                {"id":"b","identity":{"avatar":"big.png"}},
                {"id":"c","identity":{"avatar":"gone.png","emoji":"🦊"}},
                {"id":"d","identity":{"avatar":"../out.png","name":"Dora"}},
                {"id":"e","identity":{"avatar":"https://example.org/e.png"}},
                {"id":"f"}]}}"#,
        );
        let bare = |id: &str| directory.identity(&AgentId::normalize(id)).avatar;
        assert_eq!((bare("a"), bare("c"), bare("d")), ("A".into(), "🦊".into(), "D".into()));

        let mut portraits = ports::driven::MockPortraits::new();
        portraits.expect_portrait().returning(|_, path| {
            let length = match path.names().last() {
                Some("me.png") => 3,
                Some("big.png") => LONGEST_PICTURES,
                _ => return None,
            };
            let content = vec![0; length].into();
            Some(Portrait { content, version: "1".to_owned() })
        });
        portraits.expect_in_text().returning(|content| "A".repeat(content.len()));
        let directory = directory.with_portraits(Arc::new(portraits));
        let agents = directory.list_with_pictures().await.agents;
        let urls: Vec<_> = agents.iter().map(|agent| agent.avatar_url.as_deref()).collect();
        let [a, b, e] =
            ["data:image/png;base64,AAA", "/claw/avatar/b", "https://example.org/e.png"];
        assert_eq!(urls, [Some(a), Some(b), None, None, Some(e), None]);

        let shown = |id: &str| directory.identity(&AgentId::normalize(id)).avatar;
        assert_eq!((shown("a"), shown("d")), ("/claw/avatar/a".into(), "D".into()));
    }

    #[test]
    fn the_agent_of_a_session_is_not_another_one() {
        let directory = directory("{}");
        let [a, b] = ["a", "b"].map(AgentId::normalize);
        let key: SessionKey = "agent:a:main".parse().unwrap();
        assert_eq!(directory.whose(None, None), Ok(AgentId::main()));
        assert_eq!(directory.whose(Some(b.clone()), None), Ok(b.clone()));
        assert_eq!(directory.whose(None, Some(&key)), Ok(a.clone()));
        assert_eq!(directory.whose(Some(a.clone()), Some(&key)), Ok(a));
        let mismatch = directory.whose(Some(b), Some(&key)).unwrap_err();
        assert_eq!(mismatch.to_string(), "agent \"b\" does not match session key agent \"a\"");
    }
}
