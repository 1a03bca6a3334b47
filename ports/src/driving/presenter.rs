//! How the assistant presents itself to whoever comes.

/// Knows how the assistant presents itself.
pub trait Presenter: Send + Sync {
    /// How the agent looks that answers when nobody is named.
    fn appearance(&self) -> Appearance;
}

/// How an agent looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// Its name in keys.
    pub agent_id: String,
    /// Its name for people.
    pub name: String,
    /// Its picture: a URL, a data URL or a letter.
    pub avatar: String,
}
