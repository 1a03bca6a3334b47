//! A client that was let in: who it is and how it speaks.

use std::collections::BTreeMap;

use crate::{access::Principal, words::words};

/// Names one connection for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

words! {
    /// Which of the three spellings of the protocol a connection uses. Fixed by
    /// the first frame of the client (`ws-protocol.md` 12 and 13).
    pub enum Protocol {
        /// The gateway of January 2026.
        V3 = "3",
        /// OpenClaw 2026.9.
        V4 = "4",
        /// The frames of the brief: `request`, `response`, `broadcast`.
        Brief = "brief",
    }
}

impl Protocol {
    /// The number told to the client in `hello-ok`.
    pub const fn number(self) -> u32 {
        match self {
            Self::V3 => 3,
            Self::V4 | Self::Brief => 4,
        }
    }
}

words! {
    /// What kind of program a client is.
    pub enum Mode {
        /// A chat page in a browser.
        Webchat = "webchat",
        /// A command line. Not shown in the presence list.
        Cli = "cli",
        /// An application with a window.
        Ui = "ui",
        /// A program without a face.
        Backend = "backend",
        /// A machine that carries out commands.
        Node = "node",
        /// Somebody who only looks whether the gateway is there.
        Probe = "probe",
        /// A test.
        Test = "test",
        /// A worker of a cloud environment.
        Worker = "worker",
    }
}

/// What a client says about itself. Shown to people, trusted for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// Which program, as in `cli` or `openclaw-control-ui`.
    pub id: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// What it runs on, as in `linux` or `macOS 15.2.0`.
    pub platform: Box<str>,
    /// What kind of program it is.
    pub mode: Mode,
    /// What people call it.
    pub display_name: Option<Box<str>>,
    /// As in `iPhone`.
    pub device_family: Option<Box<str>>,
    /// As in `iPhone17,1`.
    pub model_identifier: Option<Box<str>>,
    /// Tells several running copies apart.
    pub instance_id: Option<Box<str>>,
}

/// What a node says it can do. A claim: what it may be asked for is decided by
/// its approval record (`domain::node`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeOffer {
    /// Its abilities, as in `canvas`.
    pub caps: Vec<Box<str>>,
    /// The commands it carries out, as in `system.run`.
    pub commands: Vec<Box<str>>,
    /// What its machine allows it.
    pub permissions: BTreeMap<Box<str>, bool>,
    /// Where it looks for programs.
    pub path_env: Option<Box<str>>,
}

/// A client that was let in.
#[derive(Clone, Debug)]
pub struct Client {
    /// The connection.
    pub id: ClientId,
    /// The same, as clients know it: a UUID.
    pub connection: Box<str>,
    /// What it may do.
    pub principal: Principal,
    /// How it speaks.
    pub protocol: Protocol,
    /// What it says about itself.
    pub info: ClientInfo,
    /// Where it comes from, unless it is local.
    pub remote_address: Option<Box<str>>,
    /// Whether it asked to get the events of runs only for the sessions it
    /// subscribed to (capability `session-scoped-events`).
    pub session_scoped_events: bool,
    /// What it offers, if it is a node.
    pub offer: Option<Box<NodeOffer>>,
}
