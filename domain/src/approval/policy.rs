//! What the owner of a machine wrote down about commands.

use std::collections::BTreeMap;

use crate::{ids::AgentId, words::words};

words! {
    /// Which commands run at all. The stricter comes first.
    pub enum Security {
        /// None.
        Deny = "deny",
        /// Those on the list.
        Allowlist = "allowlist",
        /// All.
        Full = "full",
    }
}

words! {
    /// When somebody is asked. The stricter comes last.
    pub enum Ask {
        /// Never.
        Off = "off",
        /// When a command is not on the list.
        OnMiss = "on-miss",
        /// Every time.
        Always = "always",
    }
}

words! {
    /// What somebody who was asked can say.
    pub enum Decision {
        /// This time.
        AllowOnce = "allow-once",
        /// This time and whenever it comes again.
        AllowAlways = "allow-always",
        /// No.
        Deny = "deny",
    }
}

impl Decision {
    /// Whether the command may run.
    pub const fn allows(self) -> bool {
        match self {
            Self::AllowOnce | Self::AllowAlways => true,
            Self::Deny => false,
        }
    }
}

/// What is said for everybody or for one agent. What is left out is said
/// elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Which commands run.
    pub security: Option<Security>,
    /// When somebody is asked.
    pub ask: Option<Ask>,
    /// Which commands run when nobody answers. Kept for the file's sake: here,
    /// no answer is always a no.
    pub ask_fallback: Option<Security>,
    /// Whether the programs of skills count as listed.
    pub auto_allow_skills: Option<bool>,
}

/// A program that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowEntry {
    /// Names the entry.
    pub id: Box<str>,
    /// Which programs: a pattern for the full path.
    pub pattern: Box<str>,
    /// Whether everything the entry says was understood. One that says more,
    /// perhaps a restriction, fits nothing.
    pub understood: bool,
}

/// The policy of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For everybody.
    pub defaults: Overrides,
    /// For one agent each, or for every agent under `*`.
    pub agents: BTreeMap<Box<str>, (Overrides, Vec<AllowEntry>)>,
}

/// What holds for one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which commands run.
    pub security: Security,
    /// When somebody is asked.
    pub ask: Ask,
    /// Whether the programs of skills count as listed. There are no skills yet.
    pub auto_allow_skills: bool,
    /// The programs that may run.
    pub allowlist: Vec<AllowEntry>,
}

impl Policy {
    /// The agent whose rules hold for every agent.
    pub const EVERY: &'static str = "*";

    /// What holds for `agent`: what is said for it, else for every agent, else
    /// for everybody, else nothing runs. The list is that of every agent and its
    /// own.
    pub fn rules(&self, agent: &AgentId) -> Rules {
        // Invariant: the most particular comes first.
        let said: Vec<_> = [agent.as_str(), Self::EVERY]
            .iter()
            .filter_map(|name| self.agents.get(*name))
            .collect();
        let overrides = || said.iter().map(|(overrides, _)| overrides).chain([&self.defaults]);
        let lists = said.iter().rev().flat_map(|(_, list)| list);
        Rules {
            security: overrides().find_map(|it| it.security).unwrap_or(Security::Deny),
            ask: overrides().find_map(|it| it.ask).unwrap_or(Ask::OnMiss),
            auto_allow_skills: overrides().find_map(|it| it.auto_allow_skills).unwrap_or(false),
            allowlist: lists.cloned().collect(),
        }
    }
}

impl Rules {
    /// Nothing runs.
    pub const DENY: Self = Self {
        security: Security::Deny,
        ask: Ask::OnMiss,
        auto_allow_skills: false,
        allowlist: Vec::new(),
    };

    /// The same rules, and at least as strict as a caller asks for. Nobody who
    /// calls can loosen them.
    #[must_use]
    pub fn tightened(self, security: Option<Security>, ask: Option<Ask>) -> Self {
        Self {
            security: security.map_or(self.security, |other| self.security.min(other)),
            ask: ask.map_or(self.ask, |other| self.ask.max(other)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pattern: &str) -> AllowEntry {
        AllowEntry { id: pattern.into(), pattern: pattern.into(), understood: true }
    }

    #[test]
    fn what_nobody_said_is_no() {
        assert_eq!(Policy::default().rules(&AgentId::main()), Rules::DENY);
    }

    #[test]
    fn the_particular_comes_before_the_general() {
        let full = Overrides { security: Some(Security::Full), ..Overrides::default() };
        let asked = Overrides { ask: Some(Ask::Always), ..Overrides::default() };
        let policy = Policy {
            defaults: Overrides { security: Some(Security::Allowlist), ..Overrides::default() },
            agents: [
                (Policy::EVERY.into(), (asked, vec![entry("/a")])),
                ("main".into(), (full, vec![entry("/b")])),
            ]
            .into(),
        };
        let main = policy.rules(&AgentId::main());
        assert_eq!((main.security, main.ask), (Security::Full, Ask::Always));
        assert_eq!(main.allowlist, [entry("/a"), entry("/b")]);
        let other = policy.rules(&AgentId::normalize("other"));
        assert_eq!((other.security, other.ask), (Security::Allowlist, Ask::Always));
        assert_eq!(other.allowlist, [entry("/a")]);
    }

    #[test]
    fn a_caller_can_only_tighten() {
        for held in Security::ALL {
            for asked in Security::ALL {
                let rules = Rules { security: *held, ..Rules::DENY };
                let now = rules.tightened(Some(*asked), None).security;
                assert!(now <= *held && now <= *asked, "{held} {asked}");
            }
        }
        for held in Ask::ALL {
            for asked in Ask::ALL {
                let now = Rules { ask: *held, ..Rules::DENY }.tightened(None, Some(*asked)).ask;
                assert!(*held <= now && *asked <= now, "{held} {asked}");
            }
        }
    }
}
