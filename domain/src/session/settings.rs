//! What can be chosen for one conversation (`ws-protocol.md` 9.5).

use crate::{agent::ModelRef, session::SessionKey, words::words};

words! {
    /// How long a model thinks before it answers.
    pub enum Thinking {
        /// Not at all.
        Off = "off" | "none" | "disable" | "disabled",
        /// Hardly.
        Minimal = "minimal" | "min" | "think",
        /// A little.
        Low = "low" | "on" | "enable" | "enabled" | "thinkhard" | "think-hard",
        /// Some time.
        Medium = "medium" | "mid" | "med" | "harder",
        /// Long.
        High = "high" | "max" | "highest" | "ultra" | "ultrathink",
        /// As long as it takes. Few models can.
        Xhigh = "xhigh" | "x-high" | "extrahigh",
    }
}
words! {
    /// Whether the steps of tools are shown.
    pub enum Verbose {
        /// No.
        Off = "off",
        /// What was called.
        On = "on",
        /// What was called and what came back.
        Full = "full",
    }
}
words! {
    /// Whether what a model thinks is shown.
    pub enum Reasoning {
        /// No.
        Off = "off",
        /// After the fact.
        On = "on",
        /// While it thinks.
        Stream = "stream",
    }
}
words! {
    /// Whether an answer says what it cost.
    pub enum ResponseUsage {
        /// No.
        Off = "off",
        /// In tokens.
        Tokens = "tokens" | "on",
        /// In full.
        Full = "full",
    }
}
words! {
    /// Whether commands may leave the sandbox.
    pub enum Elevated {
        /// No.
        Off = "off",
        /// Yes, with approval.
        On = "on",
        /// Yes, asking each time.
        Ask = "ask",
        /// Yes, without asking.
        Full = "full",
    }
}
words! {
    /// Where commands run.
    pub enum ExecHost {
        /// In a container.
        Sandbox = "sandbox",
        /// Beside the gateway.
        Gateway = "gateway",
        /// On a node.
        Node = "node",
    }
}
words! {
    /// Which commands run.
    pub enum ExecSecurity {
        /// None.
        Deny = "deny",
        /// Those on the list.
        Allowlist = "allowlist",
        /// All.
        Full = "full",
    }
}
words! {
    /// When a person is asked before a command runs.
    pub enum ExecAsk {
        /// Never.
        Off = "off",
        /// When it is not on the list.
        OnMiss = "on-miss",
        /// Always.
        Always = "always",
    }
}
words! {
    /// Whether the conversation may be spoken in.
    pub enum SendPolicy {
        /// Yes.
        Allow = "allow",
        /// No.
        Deny = "deny",
    }
}
words! {
    /// What wakes the agent in a group.
    pub enum GroupActivation {
        /// Being mentioned.
        Mention = "mention",
        /// Every message.
        Always = "always",
    }
}

/// What was chosen for one conversation; `None` means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// A name for people, unique among conversations.
    pub label: Option<Box<str>>,
    /// How long the model thinks.
    pub thinking: Option<Thinking>,
    /// Whether the steps of tools are shown.
    pub verbose: Option<Verbose>,
    /// Whether what the model thinks is shown.
    pub reasoning: Option<Reasoning>,
    /// Whether an answer says what it cost.
    pub response_usage: Option<ResponseUsage>,
    /// Whether commands may leave the sandbox.
    pub elevated: Option<Elevated>,
    /// Where commands run.
    pub exec_host: Option<ExecHost>,
    /// Which commands run.
    pub exec_security: Option<ExecSecurity>,
    /// When a person is asked.
    pub exec_ask: Option<ExecAsk>,
    /// On which node commands run.
    pub exec_node: Option<Box<str>>,
    /// Which model answers.
    pub model: Option<ModelRef>,
    /// Whether the conversation may be spoken in.
    pub send_policy: Option<SendPolicy>,
    /// What wakes the agent in a group.
    pub group_activation: Option<GroupActivation>,
    /// The conversation that started this one.
    pub spawned_by: Option<SessionKey>,
}

impl Settings {
    /// The longest label, in characters.
    pub const MAX_LABEL: usize = 64;

    /// Takes back what was granted beyond talking, as a fresh start should.
    pub(crate) fn forget_machine_access(&mut self) {
        self.elevated = None;
        self.exec_host = None;
        self.exec_security = None;
        self.exec_ask = None;
        self.exec_node = None;
    }
}

/// What to do with one field: leave it, clear it, or set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Go back to the default.
    Clear,
    /// Set it.
    Set(T),
}

impl<T> Patch<T> {
    /// Does to `field` what the patch says.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => (),
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

#[test]
fn levels_are_known_by_several_names() {
    assert_eq!("Ultra".parse(), Ok(Thinking::High));
    assert_eq!("on".parse(), Ok(ResponseUsage::Tokens));
    let error = "loud".parse::<Verbose>().unwrap_err();
    assert!(error.to_string().contains("off, on, full"), "{error}");
}
