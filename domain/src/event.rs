//! Every event clients can be told: its name, who may see it, and what becomes
//! of it when a client cannot keep up.

use crate::{
    access::{Access, Scope},
    words::words,
};

words! {
    /// The events of the gateway (`ws-protocol.md` 7).
    pub enum EventKind {
        /// The gateway is alive.
        Tick = "tick",
        /// A fresh health summary.
        Health = "health",
        /// Who is connected.
        Presence = "presence",
        /// A heartbeat of an agent was sent or skipped.
        Heartbeat = "heartbeat",
        /// What an agent is doing: lifecycle, text, tools.
        Agent = "agent",
        /// What an agent answers: deltas, and one end.
        Chat = "chat",
        /// The gateway is about to stop.
        Shutdown = "shutdown",
        /// Sessions were created, changed or deleted.
        SessionsChanged = "sessions.changed",
        /// A message was added to the transcript of a session.
        SessionMessage = "session.message",
        /// A device asks to be let in.
        DevicePairRequested = "device.pair.requested",
        /// Somebody decided about a device that asked.
        DevicePairResolved = "device.pair.resolved",
        /// A device was renamed, removed, or lost or got a token.
        DevicePairChanged = "device.pair.changed",
        /// Somebody used a setup code.
        DeviceSetupCompleted = "device.pair.setup.completed",
        /// A node asks for commands it may not be given yet.
        NodePairRequested = "node.pair.requested",
        /// Somebody decided about a node that asked.
        NodePairResolved = "node.pair.resolved",
        /// A node came, left or said something about itself.
        NodePresence = "node.presence",
        /// A command for a node.
        NodeInvokeRequest = "node.invoke.request",
        /// Nobody waits for a command any more.
        NodeInvokeCancel = "node.invoke.cancel",
        /// A command waits for somebody's consent.
        ExecApprovalRequested = "exec.approval.requested",
        /// Somebody decided about a command, or nobody did in time.
        ExecApprovalResolved = "exec.approval.resolved",
        /// The configuration in force, or what is wrong with its file, changed.
        ConfigChanged = "config.changed",
    }
}

/// What happens to an event for a client that has no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Never left out: the client is closed with 1008 `slow consumer`.
    Critical,
    /// The newest replaces the one that waits under the same key.
    Coalesced,
    /// Left out.
    Droppable,
}

/// What is known about an event before it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Who may see it.
    pub access: Access,
    /// What happens when a client cannot keep up. An end of a run is always
    /// [`Class::Critical`], whatever stands here for its deltas.
    pub class: Class,
    /// For the manual.
    pub doc: &'static str,
}

impl EventKind {
    /// The rule of this event. Being a `match`, an event without a rule does
    /// not compile.
    pub const fn rule(self) -> Rule {
        const READ: Access = Access::Operator(Scope::Read);
        const PAIR: Access = Access::Operator(Scope::Pairing);
        const CONSENT: Access = Access::Operator(Scope::Approvals);
        const NODE: Access = Access::Node;
        #[rustfmt::skip]
        let (access, class, doc) = match self {
            Self::Tick            => (Access::Anyone, Class::Droppable, "the gateway is alive"),
            Self::Health          => (Access::Anyone, Class::Critical,  "a fresh health summary"),
            Self::Presence        => (READ,           Class::Droppable, "who is connected"),
            Self::Heartbeat       => (Access::Anyone, Class::Droppable, "a heartbeat of an agent"),
            Self::Agent           => (READ,           Class::Coalesced, "what an agent is doing"),
            Self::Chat            => (READ,           Class::Coalesced, "what an agent answers"),
            Self::Shutdown        => (Access::Anyone, Class::Critical,  "the gateway is about to stop"),
            Self::SessionsChanged => (READ,           Class::Droppable, "sessions were created, changed or deleted"),
            Self::SessionMessage  => (READ,           Class::Critical,  "a message was added to a transcript"),
            Self::DevicePairRequested   => (PAIR,    Class::Critical,  "a device asks to be let in"),
            Self::DevicePairResolved    => (PAIR,    Class::Critical,  "a device that asked was decided about"),
            Self::DevicePairChanged     => (PAIR,    Class::Droppable, "a paired device changed"),
            Self::DeviceSetupCompleted  => (PAIR,    Class::Critical,  "a setup code was used"),
            Self::NodePairRequested     => (PAIR,    Class::Critical,  "a node asks for commands"),
            Self::NodePairResolved      => (PAIR,    Class::Critical,  "a node that asked was decided about"),
            Self::NodePresence          => (READ,    Class::Droppable, "a node came, left or changed"),
            Self::NodeInvokeRequest     => (NODE,    Class::Critical,  "a command for the node"),
            Self::NodeInvokeCancel      => (NODE,    Class::Critical,  "a command is not waited for any more"),
            Self::ExecApprovalRequested => (CONSENT, Class::Critical,  "a command waits for consent"),
            Self::ExecApprovalResolved  => (CONSENT, Class::Critical,  "a command that waited was decided about"),
            Self::ConfigChanged         => (READ,    Class::Droppable, "the configuration changed"),
        };
        Rule { access, class, doc }
    }

    /// Who may see it besides, where he subscribed to the session it belongs to
    /// and nowhere else: a node hears what is answered in the sessions it
    /// follows (`ws-protocol.md` 7.2), though it may read nothing by itself.
    pub const fn followers(self) -> Option<Access> {
        match self {
            Self::Chat | Self::Agent => Some(Access::Node),
            Self::Tick
            | Self::Health
            | Self::Presence
            | Self::Heartbeat
            | Self::Shutdown
            | Self::SessionsChanged
            | Self::SessionMessage
            | Self::DevicePairRequested
            | Self::DevicePairResolved
            | Self::DevicePairChanged
            | Self::DeviceSetupCompleted
            | Self::NodePairRequested
            | Self::NodePairResolved
            | Self::NodePresence
            | Self::NodeInvokeRequest
            | Self::NodeInvokeCancel
            | Self::ExecApprovalRequested
            | Self::ExecApprovalResolved
            | Self::ConfigChanged => None,
        }
    }
}

#[test]
fn every_event_has_an_audience() {
    for kind in EventKind::ALL {
        let rule = kind.rule();
        assert!(!rule.doc.is_empty(), "{kind} lacks a sentence");
    }
    assert_eq!(EventKind::Chat.rule().access, Access::Operator(Scope::Read));
}
