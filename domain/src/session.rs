//! Conversations: how they are named, what is remembered about them, and what
//! may be changed.

mod key;
mod settings;

pub use key::{Keys, ParseSessionKeyError, SessionKey};
pub use settings::{
    Elevated, ExecAsk, ExecHost, ExecSecurity, GroupActivation, Patch, Reasoning, ResponseUsage,
    SendPolicy, Settings, Thinking, Verbose,
};

use crate::{ids::SessionId, time::Timestamp};

/// Tokens a session has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read by models.
    pub input: u64,
    /// Written by models.
    pub output: u64,
    /// Of the last run, input and output: what the next prompt will be about.
    pub context: u64,
}

/// What is remembered about a conversation besides what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The conversation.
    pub key: SessionKey,
    /// Its current transcript.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What was chosen for it.
    pub settings: Settings,
    /// What it has used.
    pub tokens: Tokens,
    /// Which provider answered last.
    pub model_provider: Option<Box<str>>,
    /// Which model answered last.
    pub model: Option<Box<str>>,
    /// Whether the last run was stopped before its end, by a person or a crash.
    pub aborted_last_run: bool,
    /// How often it was compacted.
    pub compactions: u32,
    /// Where its messages come from, as in `webchat` or `telegram`.
    pub channel: Option<Box<str>>,
    /// What it is about, for lists: made from its first message.
    pub title: Option<Box<str>>,
    /// Where its history begins: what stands before was compacted away.
    pub history_from: u64,
    /// The beginning of the last message, for lists.
    pub preview: Option<Box<str>>,
}

impl Session {
    /// A conversation in which nothing has been said yet.
    pub fn fresh(key: SessionKey, id: SessionId, now: Timestamp) -> Self {
        Self {
            key,
            id,
            created_at: now,
            updated_at: now,
            settings: Settings::default(),
            tokens: Tokens::default(),
            model_provider: None,
            model: None,
            aborted_last_run: false,
            compactions: 0,
            channel: None,
            title: None,
            history_from: 0,
            preview: None,
        }
    }

    /// The same conversation, started over under a new transcript: what was
    /// chosen for it stays, what was counted and said goes.
    #[must_use]
    pub fn reset(&self, id: SessionId, now: Timestamp) -> Self {
        let mut settings = self.settings.clone();
        settings.forget_machine_access();
        Self {
            settings,
            model_provider: self.model_provider.clone(),
            model: self.model.clone(),
            channel: self.channel.clone(),
            ..Self::fresh(self.key.clone(), id, now)
        }
    }
}

/// The longest title made of a message, in characters.
const TITLE_CHARS: usize = 60;
/// The longest preview of a message, in characters.
const PREVIEW_CHARS: usize = 120;

/// What a conversation that begins with `text` is about (`ws-protocol.md` 9.4).
pub fn title_of(text: &str) -> Option<Box<str>> {
    let line = collapse(text, TITLE_CHARS + 1);
    if line.is_empty() {
        return None;
    }
    if line.chars().count() <= TITLE_CHARS {
        return Some(line.into());
    }
    let cut: String = line.chars().take(TITLE_CHARS - 1).collect();
    // Cut at a word, unless that would leave little.
    let at_word = cut.rfind(' ').filter(|at| TITLE_CHARS * 6 / 10 < *at);
    Some(format!("{}…", &cut[..at_word.unwrap_or(cut.len())]).into())
}

/// The beginning of `text`, on one line.
pub fn preview_of(text: &str) -> Option<Box<str>> {
    let line = collapse(text, PREVIEW_CHARS);
    (!line.is_empty()).then(|| line.into())
}

/// At most `max` characters of `text` with every run of white space as one
/// blank. Looks no further than it has to.
fn collapse(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if max <= chars {
                return line;
            }
            line.push(c);
            chars += 1;
        }
        if max <= chars {
            return line;
        }
    }
    line
}

#[test]
fn titles_are_short_and_on_one_line() {
    assert_eq!(title_of("  \n "), None);
    assert_eq!(title_of("hello\n  world").as_deref(), Some("hello world"));
    let long = title_of(&"word ".repeat(40)).unwrap();
    assert!(long.chars().count() <= 60 && long.ends_with("word…"), "{long}");
    let solid = title_of(&"x".repeat(100)).unwrap();
    assert_eq!(solid.chars().count(), 60);
}

#[test]
fn starting_over_keeps_choices_and_forgets_counts() {
    let key: SessionKey = "agent:main:main".parse().unwrap();
    let mut session = Session::fresh(key, "one".parse().unwrap(), Timestamp::from_millis(1));
    session.settings.label = Some("work".into());
    session.settings.thinking = Some(Thinking::High);
    session.settings.elevated = Some(Elevated::Full);
    session.tokens.input = 5;
    session.title = Some("old".into());

    let fresh = session.reset("two".parse().unwrap(), Timestamp::from_millis(2));
    assert_eq!(fresh.settings.label.as_deref(), Some("work"));
    assert_eq!(fresh.settings.thinking, Some(Thinking::High));
    assert_eq!(fresh.settings.elevated, None);
    assert_eq!((fresh.tokens, fresh.title), (Tokens::default(), None));
    assert_eq!(fresh.id.as_str(), "two");
}
