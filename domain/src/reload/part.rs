//! The parts of a gateway that are put into force while it runs.

use std::{borrow::Cow, fmt};

/// A part of the gateway that a change can be put into force in.
///
/// What is read where it is used is no part: the next one who reads it finds
/// the new value. The order is the order in which parts are put into force, and
/// each part has to find out by itself whether anything changed for it: one that
/// did not change is left alone, so that naming a part too much costs nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whether it is still safe to be reached by those who can reach the
    /// gateway. First of all: where it is not, nothing else happens.
    Exposure,
    /// What is written to the log and where to.
    Logging,
    /// The token and the password, and what they are read from.
    Secrets,
    /// How much clients may have, and how often they may be wrong.
    Limits,
    /// What every answer says to browsers.
    Headers,
    /// The providers of models and their keys.
    Models,
    /// The certificate and its key.
    Certificates,
    /// Where the gateway listens. Connections that are there stay.
    Listener,
    /// What Tailscale does for the gateway.
    Tailscale,
    /// What the local network is told.
    Discovery,
    /// Webhooks, and hooks inside.
    Hooks,
    /// The watcher of Gmail.
    HooksGmail,
    /// What agents do by themselves.
    Heartbeat,
    /// Jobs at their time.
    Cron,
    /// The browser that is controlled.
    Browser,
    /// Plugins.
    Plugins,
    /// Servers of the model context protocol.
    Mcp,
    /// The canvas.
    Canvas,
    /// What all channels share. Those that depend on it start again.
    Channels,
    /// One channel with all its accounts.
    Channel(Cow<'static, str>),
}

impl Part {
    /// The channel `id`.
    pub const fn channel(id: &'static str) -> Self {
        Self::Channel(Cow::Borrowed(id))
    }

    /// Whether it is a channel, or what they share.
    pub fn is_of_channels(&self) -> bool {
        matches!(self, Self::Channels | Self::Channel(_))
    }
}

/// As it stands in a sentence: `the listener`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exposure => "the guards",
            Self::Logging => "the log",
            Self::Secrets => "the secrets",
            Self::Limits => "the limits",
            Self::Headers => "the headers of answers",
            Self::Models => "the models",
            Self::Certificates => "the certificate",
            Self::Listener => "the listener",
            Self::Tailscale => "Tailscale",
            Self::Discovery => "discovery",
            Self::Hooks => "the hooks",
            Self::HooksGmail => "the watcher of Gmail",
            Self::Heartbeat => "the heartbeats",
            Self::Cron => "cron",
            Self::Browser => "the browser",
            Self::Plugins => "the plugins",
            Self::Mcp => "the MCP servers",
            Self::Canvas => "the canvas",
            Self::Channels => "the channels",
            Self::Channel(id) => return write!(f, "the channel {id}"),
        })
    }
}

#[test]
fn it_is_judged_before_anything_opens_and_the_certificate_is_there_before_the_listener() {
    let mut parts = [
        Part::channel("slack"),
        Part::Channels,
        Part::Discovery,
        Part::Listener,
        Part::Certificates,
        Part::Secrets,
        Part::Exposure,
    ];
    parts.sort();
    let order: Vec<_> = parts.iter().map(Part::to_string).collect();
    assert_eq!(
        order,
        [
            "the guards",
            "the secrets",
            "the certificate",
            "the listener",
            "discovery",
            "the channels",
            "the channel slack"
        ]
    );
}
