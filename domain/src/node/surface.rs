//! What a node may be asked for, as somebody approved it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{NodePolicy, PlatformId};

/// What a node is and does, as it was when somebody approved it, or as a node
/// that wants to be approved says it is. An approved one is frozen: what a node
/// says when it comes back changes nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Surface {
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Box<str>>,
    /// As in `iPhone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_family: Option<Box<str>>,
    /// Its abilities.
    pub caps: BTreeSet<Box<str>>,
    /// The commands it carries out.
    pub commands: BTreeSet<Box<str>>,
    /// What its machine allows it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<Box<str>, bool>,
}

impl Surface {
    /// What the node runs on.
    pub fn platform_id(&self) -> PlatformId {
        PlatformId::of(self.platform.as_deref(), self.device_family.as_deref())
    }

    /// The same without what is empty, and without the commands it could never
    /// be given on its platform.
    #[must_use]
    pub fn within(mut self, policy: &NodePolicy) -> Self {
        let platform = self.platform_id();
        let trimmed = |words: BTreeSet<Box<str>>| -> BTreeSet<Box<str>> {
            let words = words.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
            words.map(Box::from).collect()
        };
        self.caps = trimmed(self.caps);
        self.commands = trimmed(self.commands);
        self.commands.retain(|command| policy.allows(platform, command));
        self
    }

    /// Whether a node that says it is `claimed` wants more than was approved:
    /// another platform, or anything that is not in here. A newer version of
    /// the same platform is the same platform.
    pub fn is_exceeded_by(&self, claimed: &Self) -> bool {
        self.platform_id() != claimed.platform_id()
            || !claimed.commands.is_subset(&self.commands)
            || !claimed.caps.is_subset(&self.caps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(platform: &str, caps: &[&str], commands: &[&str]) -> Surface {
        let set = |words: &[&str]| words.iter().copied().map(Box::from).collect();
        Surface {
            platform: Some(platform.into()),
            caps: set(caps),
            commands: set(commands),
            ..Surface::default()
        }
    }

    #[test]
    fn what_is_more_than_was_approved() {
        let approved = surface("linux 6.8", &["system"], &["system.run", "system.which"]);
        let same = |platform| surface(platform, &["system"], &["system.run"]);
        assert!(!approved.is_exceeded_by(&approved));
        assert!(!approved.is_exceeded_by(&same("linux 6.9")), "less, and a newer kernel");
        // V-07: another platform, even without more commands.
        assert!(approved.is_exceeded_by(&same("ios")));
        // V-15: one more command.
        assert!(approved.is_exceeded_by(&surface("linux", &[], &["system.notify"])));
        assert!(approved.is_exceeded_by(&surface("linux", &["camera"], &[])));
    }

    #[test]
    fn what_could_never_be_given_is_not_asked_for() {
        let claimed =
            surface("linux", &[" system ", ""], &[" system.run", "bogus", "camera.snap", " "]);
        let within = claimed.within(&NodePolicy::default());
        assert_eq!(within, surface("linux", &["system"], &["system.run"]));
    }

    #[test]
    fn it_can_be_kept() {
        let approved = surface("linux", &["system"], &["system.run"]);
        let text = serde_json::to_string(&approved).unwrap();
        assert_eq!(text, r#"{"platform":"linux","caps":["system"],"commands":["system.run"]}"#);
        assert_eq!(serde_json::from_str::<Surface>(&text).unwrap(), approved);
    }
}
