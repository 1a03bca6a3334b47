//! Which commands a node may be given.

use std::collections::BTreeSet;

use super::Surface;
use crate::{
    access::{Scope, Scopes},
    words::words,
};

words! {
    /// What a node runs on, as far as it decides what it may be asked for.
    pub enum PlatformId {
        /// iPhones and iPads.
        Ios = "ios",
        /// Android.
        Android = "android",
        /// A Mac.
        Macos = "macos",
        /// Linux.
        Linux = "linux",
        /// Windows.
        Windows = "windows",
        /// Something else.
        Unknown = "unknown",
    }
}

const CANVAS: &[&str] = &[
    "canvas.present",
    "canvas.hide",
    "canvas.navigate",
    "canvas.eval",
    "canvas.snapshot",
    "canvas.a2ui.push",
    "canvas.a2ui.pushJSONL",
    "canvas.a2ui.reset",
];
const CAMERA: &[&str] = &["camera.list", "camera.snap", "camera.clip"];
const SCREEN: &[&str] = &["screen.record"];
const LOCATION: &[&str] = &["location.get"];
const SMS: &[&str] = &["sms.send"];
const SYSTEM: &[&str] = &[
    "system.run",
    "system.which",
    "system.notify",
    "system.execApprovals.get",
    "system.execApprovals.set",
    "browser.proxy",
];

/// Commands that look at people, speak for them or act in their place: part of
/// no platform by itself, whoever approved them. The configuration has to name
/// them one by one.
const DANGEROUS: &[&str] = &[
    "camera.snap",
    "camera.clip",
    "screen.record",
    "sms.send",
    "sms.search",
    "contacts.add",
    "calendar.add",
    "reminders.add",
    "computer.act",
];

/// Commands that decide what a node consents to. They have methods of their own,
/// for administrators, and no other way leads to them.
const RESERVED: &[&str] = &["system.execApprovals.get", "system.execApprovals.set"];

impl PlatformId {
    /// What a node runs on, judged by what it calls its platform and, where that
    /// says nothing, the family of its device.
    pub fn of(platform: Option<&str>, device_family: Option<&str>) -> Self {
        const PLATFORMS: &[(&str, PlatformId)] = &[
            ("ios", PlatformId::Ios),
            ("android", PlatformId::Android),
            ("mac", PlatformId::Macos),
            ("darwin", PlatformId::Macos),
            ("win", PlatformId::Windows),
            ("linux", PlatformId::Linux),
        ];
        const FAMILIES: &[(&str, PlatformId)] = &[
            ("iphone", PlatformId::Ios),
            ("ipad", PlatformId::Ios),
            ("ios", PlatformId::Ios),
            ("android", PlatformId::Android),
            ("mac", PlatformId::Macos),
            ("windows", PlatformId::Windows),
            ("linux", PlatformId::Linux),
        ];

        let lower = |text: Option<&str>| text.unwrap_or_default().trim().to_ascii_lowercase();
        let (platform, family) = (lower(platform), lower(device_family));
        let by_platform = PLATFORMS.iter().find(|(prefix, _)| platform.starts_with(prefix));
        let by_family = || FAMILIES.iter().find(|(part, _)| family.contains(part));
        by_platform.or_else(by_family).map_or(Self::Unknown, |(_, id)| *id)
    }

    const fn groups(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Ios => &[CANVAS, CAMERA, SCREEN, LOCATION],
            Self::Android => &[CANVAS, CAMERA, SCREEN, LOCATION, SMS],
            Self::Macos => &[CANVAS, CAMERA, SCREEN, LOCATION, SYSTEM],
            Self::Linux | Self::Windows => &[SYSTEM],
            Self::Unknown => &[CANVAS, CAMERA, SCREEN, LOCATION, SMS, SYSTEM],
        }
    }
}

/// What the configuration adds to and takes from the commands of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePolicy {
    /// Commands that are allowed on every platform. The only way to allow a
    /// dangerous one.
    pub allow: BTreeSet<Box<str>>,
    /// Commands that are allowed nowhere, whatever else is said.
    pub deny: BTreeSet<Box<str>>,
}

/// Why a node is not given a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// Neither its platform nor the configuration allows it.
    #[error("command not allowlisted")]
    NotAllowlisted,
    /// It is one of those that have methods of their own.
    #[error("command reserved for exec.approvals.node")]
    Reserved,
    /// The node did not say that it carries out anything.
    #[error("node did not declare commands")]
    NothingDeclared,
    /// The node did not say that it carries out this.
    #[error("command not declared by node")]
    NotDeclared,
    /// Nobody approved it for this node.
    #[error("command not approved for node")]
    NotApproved,
}

impl NodePolicy {
    /// Whether nodes that run on `platform` may be given `command`.
    pub fn allows(&self, platform: PlatformId, command: &str) -> bool {
        if self.deny.contains(command) {
            return false;
        }
        let ordinary = || !DANGEROUS.contains(&command) && is_in(platform.groups(), command);
        self.allow.contains(command) || ordinary()
    }

    /// Decides whether a node that declared `declared` may be given `command`.
    /// What it runs on is what it ran on when it was approved (`approved`), not
    /// what it says today.
    pub fn may_invoke(
        &self,
        command: &str,
        declared: &[Box<str>],
        approved: Option<&Surface>,
    ) -> Result<(), NotAllowed> {
        if RESERVED.contains(&command) {
            return Err(NotAllowed::Reserved);
        }
        let platform = approved.map_or(PlatformId::Unknown, Surface::platform_id);
        if !self.allows(platform, command) {
            return Err(NotAllowed::NotAllowlisted);
        }
        if declared.is_empty() {
            return Err(NotAllowed::NothingDeclared);
        }
        if !declared.iter().any(|it| **it == *command) {
            return Err(NotAllowed::NotDeclared);
        }
        if !approved.is_some_and(|approved| approved.commands.contains(command)) {
            return Err(NotAllowed::NotApproved);
        }
        Ok(())
    }
}

/// What whoever approves a node with these commands has to hold: pairing, and
/// what it takes to use them. Nobody approves more than he could do himself.
pub fn scopes_to_approve<'a>(commands: impl IntoIterator<Item = &'a str>) -> Scopes {
    let none = Scopes::NONE.with(Scope::Pairing);
    commands.into_iter().fold(none, |scopes, command| {
        let serious = DANGEROUS.contains(&command) || SYSTEM.contains(&command);
        scopes.with(if serious { Scope::Admin } else { Scope::Write })
    })
}

/// What whoever gives a node `command` has to hold. A browser that is driven
/// from afar has no guard of its own.
pub fn scopes_to_invoke(command: &str) -> Scope {
    if command.starts_with("browser.proxy") { Scope::Admin } else { Scope::Write }
}

fn is_in(groups: &[&[&str]], command: &str) -> bool {
    groups.iter().any(|group| group.contains(&command))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    #[test]
    fn a_platform_is_known_by_its_beginning_and_else_by_its_family() {
        #[rustfmt::skip]
        let table = [
            ("iOS 18.1", None, "ios"),        ("ios", Some("Mac"), "ios"),
            ("android", None, "android"),     ("macOS 15", None, "macos"),
            ("darwin", None, "macos"),        ("Darwin", Some("iPhone"), "macos"),
            ("win32", None, "windows"),       ("Windows 11", None, "windows"),
            ("linux", None, "linux"),         (" Linux ", Some("iPad"), "linux"),
            ("ipados 18", Some("iPad"), "ios"), ("ipados", None, "unknown"),
            ("", Some("my Linux box"), "linux"), ("freebsd", None, "unknown"),
            ("freebsd", Some("Android TV"), "android"), ("", None, "unknown"),
        ];
        for (platform, family, expected) in table {
            let found = PlatformId::of(Some(platform), family);
            assert_eq!(found.as_str(), expected, "{platform:?} {family:?}");
        }
        assert_eq!(PlatformId::of(None, None), PlatformId::Unknown);
    }

    #[test]
    fn what_each_platform_may_be_asked_for() {
        use PlatformId::{Android, Ios, Linux, Macos, Unknown, Windows};

        #[rustfmt::skip]
        let table: [(&str, &[PlatformId]); 8] = [
            ("canvas.present",  &[Ios, Android, Macos, Unknown]),
            ("camera.list",     &[Ios, Android, Macos, Unknown]),
            ("location.get",    &[Ios, Android, Macos, Unknown]),
            ("system.run",      &[Macos, Linux, Windows, Unknown]),
            ("browser.proxy",   &[Macos, Linux, Windows, Unknown]),
            ("camera.snap",     &[]),
            ("sms.send",        &[]),
            ("bogus.cmd",       &[]),
        ];
        let plain = NodePolicy::default();
        for (command, platforms) in table {
            for platform in PlatformId::ALL {
                let allowed = plain.allows(*platform, command);
                assert_eq!(allowed, platforms.contains(platform), "{command} on {platform}");
            }
            let set = || BTreeSet::from([Box::from(command)]);
            let generous = NodePolicy { allow: set(), ..NodePolicy::default() };
            assert!(PlatformId::ALL.iter().all(|it| generous.allows(*it, command)), "{command}");
            let torn = NodePolicy { allow: set(), deny: set() };
            assert!(!PlatformId::ALL.iter().any(|it| torn.allows(*it, command)), "{command}");
        }
    }

    #[test]
    fn a_command_has_to_be_allowed_declared_and_approved() {
        use NotAllowed::{NotAllowlisted, NotApproved, NotDeclared, NothingDeclared, Reserved};
        type Verdict = Result<(), NotAllowed>;

        let approved = |platform: &str, commands: &[&str]| Surface {
            platform: Some(platform.into()),
            commands: commands.iter().copied().map(Box::from).collect(),
            ..Surface::default()
        };
        let linux = approved("linux", &["system.run", "system.which", "system.execApprovals.set"]);
        let phone = approved("ios", &["system.run", "canvas.present"]);
        let set = "system.execApprovals.set";
        #[rustfmt::skip]
        let table: [(&str, &[&str], Option<&Surface>, Verdict); 11] = [
            ("system.run",     &["system.run"],     Some(&linux), Ok(())),
            ("system.notify",  &["system.notify"],  Some(&linux), Err(NotApproved)),
            ("system.run",     &["system.which"],   Some(&linux), Err(NotDeclared)),
            ("system.run",     &[],                 Some(&linux), Err(NothingDeclared)),
            ("bogus.cmd",      &["bogus.cmd"],      Some(&linux), Err(NotAllowlisted)),
            ("canvas.present", &["canvas.present"], Some(&linux), Err(NotAllowlisted)),
            // V-07: what counts is the platform of the record.
            ("system.run",     &["system.run"],     Some(&phone), Err(NotAllowlisted)),
            ("canvas.present", &["canvas.present"], Some(&phone), Ok(())),
            // V-15: declared today, approved never.
            ("system.run",     &["system.run"],     None,         Err(NotApproved)),
            // V-41: not even if it was declared and approved.
            (set,              &[set],              Some(&linux), Err(Reserved)),
            ("",               &[""],               Some(&linux), Err(NotAllowlisted)),
        ];
        for (command, declared, approved, expected) in table {
            let declared: Vec<Box<str>> = declared.iter().copied().map(Box::from).collect();
            let found = NodePolicy::default().may_invoke(command, &declared, approved);
            assert_eq!(found, expected, "{command} {declared:?}");
        }
    }

    #[test]
    fn who_may_approve_and_who_may_invoke() {
        use Scope::{Admin, Pairing, Write};

        #[rustfmt::skip]
        let table: [(&[&str], &[Scope]); 5] = [
            (&[],                               &[Pairing]),
            (&["canvas.present"],               &[Pairing, Write]),
            (&["canvas.present", "system.run"], &[Pairing, Write, Admin]),
            (&["camera.snap"],                  &[Pairing, Admin]),
            (&["system.execApprovals.set"],     &[Pairing, Admin]),
        ];
        for (commands, scopes) in table {
            let expected: Scopes = scopes.iter().copied().collect();
            assert_eq!(scopes_to_approve(commands.iter().copied()), expected, "{commands:?}");
        }
        // V-46.
        assert_eq!(scopes_to_invoke("browser.proxy"), Admin);
        assert_eq!(scopes_to_invoke("browser.proxy.upload.v1"), Admin);
        assert_eq!(scopes_to_invoke("system.run"), Write);
    }

    const COMMANDS: &[&str] = &["system.run", "canvas.present", "camera.snap", "sms.send", "x.y"];

    proptest! {
        /// Whatever a node says today, it is never given a command outside of
        /// what was approved, what it declared and what is allowed; and saying
        /// more never makes it lose one.
        #[test]
        fn what_a_node_says_never_widens_what_it_may_be_given(
            approved in vec(select(COMMANDS), 0..5),
            declared in vec(select(COMMANDS), 0..5),
            platform in select(PlatformId::ALL),
            allow in vec(select(COMMANDS), 0..3),
            deny in vec(select(COMMANDS), 0..2),
        ) {
            let set = |words: &[&str]| words.iter().map(|it| Box::from(*it)).collect();
            let record = Surface {
                platform: Some(platform.as_str().into()),
                commands: set(&approved),
                ..Surface::default()
            };
            let policy = NodePolicy { allow: set(&allow), deny: set(&deny) };
            let said: Vec<Box<str>> = declared.iter().map(|it| Box::from(*it)).collect();
            for command in COMMANDS {
                let may = policy.may_invoke(command, &said, Some(&record)).is_ok();
                let expected = approved.contains(command)
                    && declared.contains(command)
                    && policy.allows(platform, command);
                prop_assert_eq!(may, expected);
                prop_assert!(!may || !deny.contains(command));
            }
        }
    }
}
