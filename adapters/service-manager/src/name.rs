//! What our services are called, and what they were called before.

use ports::driven::ServiceKind;

/// Which service of which profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What it runs.
    pub kind: ServiceKind,
    /// The profile, unless it is the default one.
    pub profile: Option<String>,
    /// Whose it is.
    pub scope: Scope,
}

/// Whose a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The user's.
    User,
    /// The whole system's.
    System,
}

/// The generations before this one.
const LEGACY: [&str; 3] = ["clawdbot", "moltbot", "clawdis"];
/// Labels of launchd that name the generation in another way.
const LEGACY_LABELS: [&str; 2] = ["bot.molt", "com.steipete"];

impl Identity {
    /// The unit of systemd.
    pub(crate) fn unit(&self) -> String {
        let profile = self.profile.as_ref().map(|it| format!("-{it}")).unwrap_or_default();
        format!("openclaw-{}{profile}.service", self.kind.word())
    }

    /// The label of launchd.
    pub(crate) fn label(&self) -> String {
        match (self.kind, &self.profile) {
            (ServiceKind::Gateway, None) => "ai.openclaw.gateway".into(),
            (ServiceKind::Gateway, Some(profile)) => format!("ai.openclaw.{profile}"),
            (ServiceKind::Node, None) => "ai.openclaw.node".into(),
            (ServiceKind::Node, Some(profile)) => format!("ai.openclaw.node.{profile}"),
        }
    }

    /// The task of Windows.
    pub(crate) fn task(&self) -> String {
        let kind = match self.kind {
            ServiceKind::Gateway => "Gateway",
            ServiceKind::Node => "Node",
        };
        let profile = self.profile.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        format!("OpenClaw {kind}{profile}")
    }

    /// What people call it.
    pub(crate) fn description(&self) -> String {
        let profile = self.profile.as_ref().map(|it| format!(" (profile {it})"));
        format!("OpenClaw {}{}", self.kind.word(), profile.unwrap_or_default())
    }
}

/// Whether the name of a service is of an older generation.
pub(crate) fn is_legacy(name: &str) -> bool {
    let name = name.to_lowercase();
    LEGACY.iter().chain(&LEGACY_LABELS).any(|old| name.contains(old))
}

/// Whether the name of a service is of the product, of any generation.
pub(crate) fn is_of_product(name: &str) -> bool {
    is_legacy(name) || name.to_lowercase().contains("openclaw")
}

#[test]
fn names_and_profiles() {
    use ServiceKind::{Gateway, Node};

    #[rustfmt::skip]
    let table = [
        (Gateway, None, "openclaw-gateway.service", "ai.openclaw.gateway", "OpenClaw Gateway"),
        (Gateway, Some("x"), "openclaw-gateway-x.service", "ai.openclaw.x", "OpenClaw Gateway (x)"),
        (Node, None, "openclaw-node.service", "ai.openclaw.node", "OpenClaw Node"),
        (Node, Some("x"), "openclaw-node-x.service", "ai.openclaw.node.x", "OpenClaw Node (x)"),
    ];
    for (kind, profile, unit, label, task) in table {
        let identity = Identity { kind, profile: profile.map(Into::into), scope: Scope::User };
        assert_eq!((&*identity.unit(), &*identity.label()), (unit, label));
        assert_eq!(identity.task(), task);
        assert!(is_of_product(unit) && !is_legacy(unit));
    }
    for old in ["clawdbot-gateway.service", "com.steipete.clawdbot", "Moltbot Gateway"] {
        assert!(is_legacy(old) && is_of_product(old), "{old}");
    }
    assert!(!is_of_product("ssh.service"));
}
