//! What the questions depend on besides the answers.

use super::{Answers, id};

/// The port of a gateway nobody has said anything about.
const PORT: u16 = 18789;

/// What the flow depends on besides the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "every one is a fact of its own")]
pub struct Circumstances {
    /// Which questions are asked.
    pub scope: Scope,
    /// Whether somebody was interrupted before.
    pub interrupted: bool,
    /// Whether there is a configuration with something in it.
    pub configured: bool,
    /// Whether more than the configuration can be begun anew.
    pub resets_state: bool,
    /// What holds as long as nothing else is answered.
    pub now: InForce,
    /// Where agents work when all is begun anew.
    pub anew: String,
    /// Questions that were answered beforehand. They are put also where they
    /// would be left out, so that the answers count.
    pub given: Vec<String>,
    /// Providers whose key the environment or the configuration has.
    pub keys: Vec<String>,
    /// What the chosen provider said.
    pub check: Check,
    /// Whether the gateway can be made to start by itself from here.
    pub service: bool,
    /// Whether what was planned is written down.
    pub written: bool,
}

/// What holds as long as nothing else is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The port.
    pub port: u16,
    /// Who can reach the gateway.
    pub bind: String,
    /// What clients show.
    pub auth: String,
    /// Whether there is a token that was chosen.
    pub token: bool,
    /// Whether there is a password.
    pub password: bool,
    /// How Tailscale brings others.
    pub tailscale: String,
    /// Where agents work.
    pub workspace: String,
    /// The model that answers, if one was chosen.
    pub model: Option<String>,
}

impl Default for InForce {
    fn default() -> Self {
        Self {
            port: PORT,
            bind: "loopback".to_owned(),
            auth: "token".to_owned(),
            token: false,
            password: false,
            tailscale: "off".to_owned(),
            workspace: String::new(),
            model: None,
        }
    }
}

/// What the chosen provider said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// It is not asked.
    #[default]
    Off,
    /// It was not asked yet.
    Due,
    /// Its models.
    Answered(Vec<String>),
    /// What went wrong.
    Failed(String),
}

/// Which questions are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those of these parts.
    Sections(Vec<Section>),
}

/// A part of the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Where agents work.
    Workspace,
    /// Who answers.
    Model,
    /// How the gateway is reached.
    Gateway,
    /// Starting by itself.
    Daemon,
}

impl Scope {
    /// Whether `section` is asked about.
    pub fn includes(&self, section: Section) -> bool {
        match self {
            Self::All => true,
            Self::Sections(sections) => sections.contains(&section),
        }
    }

    /// Whether all questions are asked.
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}

impl Circumstances {
    /// Whether `id` was answered beforehand.
    pub(super) fn is_given(&self, id: &str) -> bool {
        self.given.iter().any(|given| given == id)
    }

    /// Whether a question with a good answer of ours is asked.
    pub(super) fn asks(&self, id: &str, answers: &Answers) -> bool {
        !self.scope.is_all() || answers.text(id::FLOW) == Some("advanced") || self.is_given(id)
    }

    /// What holds as long as nothing else is answered; nothing of it when all is
    /// begun anew.
    pub(super) fn now(&self, answers: &Answers) -> InForce {
        if answers.resets() {
            let workspace = self.anew.clone();
            return InForce { workspace, ..InForce::default() };
        }
        self.now.clone()
    }
}
