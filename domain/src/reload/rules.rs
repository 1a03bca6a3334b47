//! What each key of the file means to a gateway that runs.

use std::borrow::Cow;

use super::{part::Part, tree::ROOT};
use crate::words::words;

words! {
    /// What a change comes to, from the mildest on. Clients see these words.
    pub enum Kind {
        /// Whoever uses the key finds the new value.
        None = "none",
        /// Something has to be done, and is done while the gateway runs.
        Hot = "hot",
        /// The gateway has to start again.
        Restart = "restart",
    }
}

/// What a change of one key comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) kind: Kind,
    /// In order, each once.
    pub(super) parts: Vec<Part>,
}

/// A row: the beginning of a path, in which `*` is any one name; what a change
/// there comes to; and which parts have to hear of it.
pub(super) type Row = (&'static str, Kind, &'static [Part]);

/// Stands for the channel a path names.
const THAT_CHANNEL: Part = Part::channel("*");

/// The rules of this gateway. Of the rows that fit, the longest counts; where
/// none does, the key means nothing to us and its change is no more than read.
///
/// They are at least as mild as OpenClaw's of January and of September 2026
/// (`gateway-reference.md` 3.2 and 3.3; a test compares them), and nothing in
/// them needs the process to start again. Keys without a part are read where
/// they are used.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = {
    use Kind::{Hot, None};
    use Part::{
        Browser, Canvas, Certificates, Channels, Cron, Discovery, Exposure, Headers, Heartbeat,
        Hooks, HooksGmail, Limits, Listener, Logging, Mcp, Models, Plugins, Secrets, Tailscale,
    };
    &[
        // All of it, or what no other row says of the gateway itself.
        (ROOT,                                   Hot,  &[Exposure, Logging, Secrets, Limits, Headers, Models, Certificates, Listener,
                                                         Tailscale, Discovery, Hooks, HooksGmail, Heartbeat, Cron, Browser, Plugins,
                                                         Mcp, Canvas, Channels]),
        ("gateway",                              Hot,  &[]),
        ("gateway.remote",                       None, &[]),
        ("gateway.reload",                       None, &[]),

        // Where it listens, and who can reach it there. Others depend on the port.
        ("gateway.port",                         Hot,  &[Exposure, Listener, Tailscale, Discovery]),
        ("gateway.bind",                         Hot,  &[Exposure, Listener, Tailscale, Discovery]),
        ("gateway.customBindHost",               Hot,  &[Exposure, Listener, Tailscale, Discovery]),
        ("gateway.allowInsecureBind",            Hot,  &[Exposure, Listener]),
        ("gateway.tls",                          Hot,  &[Certificates, Discovery]),
        ("gateway.tls.enabled",                  Hot,  &[Exposure, Certificates, Listener, Tailscale, Discovery]),
        ("gateway.tailscale",                    Hot,  &[Exposure, Listener, Tailscale, Discovery]),
        ("gateway.tailscale.resetOnExit",        Hot,  &[Tailscale]),

        // Who is let in. Most of it is read when somebody knocks.
        ("gateway.auth",                         Hot,  &[]),
        ("gateway.auth.mode",                    Hot,  &[Exposure, Secrets]),
        ("gateway.auth.token",                   Hot,  &[Exposure, Secrets]),
        ("gateway.auth.password",                Hot,  &[Exposure, Secrets]),
        ("gateway.auth.allowTailscale",          Hot,  &[Exposure, Secrets]),
        ("gateway.auth.localAutoPermit",         Hot,  &[Secrets]),
        ("gateway.auth.trustedProxy",            Hot,  &[Exposure, Secrets]),
        ("gateway.auth.rateLimit",               Hot,  &[Limits]),
        ("gateway.trustedProxies",               Hot,  &[Exposure, Secrets]),

        ("gateway.limits",                       Hot,  &[Limits]),
        ("gateway.http.securityHeaders",         Hot,  &[Headers]),
        ("gateway.publicOrigin",                 Hot,  &[Mcp]),

        // What secrets, addresses and keys are read from.
        ("env",                                  Hot,  &[Exposure, Logging, Secrets, Models, Listener, Tailscale, Discovery, Channels]),
        ("secrets",                              None, &[Secrets, Models]),
        ("secrets.egressProxy",                  Hot,  &[Secrets]),

        ("discovery",                            Hot,  &[Discovery]),
        ("logging",                              None, &[Logging]),
        ("diagnostics",                          Hot,  &[Logging]),
        ("diagnostics.flags",                    Hot,  &[Logging, Channels]),

        // Who answers. Agents and their models are looked up for every run.
        ("models",                               None, &[Models, Heartbeat]),
        ("auth",                                 Hot,  &[Models]),
        ("agents",                               None, &[]),
        ("agents.list",                          None, &[Heartbeat, Hooks]),
        ("agents.entries",                       None, &[Heartbeat, Hooks]),
        ("agents.defaults.heartbeat",            Hot,  &[Heartbeat]),
        ("agents.defaults.model",                None, &[Heartbeat]),
        ("agents.defaults.models",               None, &[Heartbeat]),
        ("agents.defaults.modelPolicy",          None, &[Heartbeat]),
        ("agents.defaults.workspace",            None, &[Hooks]),
        ("agents.defaults.mediaMaxMb",           None, &[Channels]),
        ("agent",                                None, &[]),
        ("agent.heartbeat",                      None, &[Heartbeat]),
        ("*.decisionModel",                      None, &[Plugins]),

        ("hooks",                                Hot,  &[Hooks]),
        ("hooks.gmail",                          Hot,  &[Hooks, HooksGmail]),
        ("cron",                                 Hot,  &[Cron]),
        ("browser",                              Hot,  &[Browser]),
        ("plugins",                              Hot,  &[Plugins, Mcp]),
        ("transcripts",                          Hot,  &[Plugins]),
        ("cloudWorkers",                         Hot,  &[]),
        ("cloudWorkers.profiles",                Hot,  &[Plugins]),
        ("mcp",                                  Hot,  &[Mcp]),
        ("canvasHost",                           Hot,  &[Canvas]),

        // Channels, and what all of them are told.
        ("channels",                             Hot,  &[Channels]),
        ("channels.*",                           Hot,  &[THAT_CHANNEL]),
        ("channels.defaults",                    Hot,  &[Channels]),
        ("channels.modelByChannel",              Hot,  &[Channels]),
        ("channels.whatsapp",                    None, &[]),
        ("web",                                  Hot,  &[Part::channel("whatsapp")]),
        ("messages",                             None, &[]),
        ("messages.inbound",                     None, &[Channels]),
        ("messages.ackReactionScope",            None, &[Channels]),
        ("commands",                             Hot,  &[Channels]),
        ("accessGroups",                         Hot,  &[Channels]),
        ("tts",                                  Hot,  &[Channels]),
        ("surfaces",                             Hot,  &[Channels]),
        ("acp",                                  Hot,  &[]),
        ("acp.stream",                           Hot,  &[Channels]),

        // Read where they are used, here as there.
        ("$schema",                              None, &[]),
        ("audio",                                None, &[]),
        ("bindings",                             None, &[]),
        ("identity",                             None, &[]),
        ("meta",                                 None, &[]),
        ("routing",                              None, &[]),
        ("session",                              None, &[]),
        ("skills",                               None, &[]),
        ("talk",                                 None, &[]),
        ("talk.provider",                        None, &[Plugins]),
        ("talk.realtime.provider",               None, &[Plugins]),
        ("tools",                                None, &[]),
        ("tui",                                  None, &[]),
        ("ui",                                   None, &[]),
        ("wizard",                               None, &[]),

        // Read where they are used, where there something has to happen.
        ("approvals",                            Hot,  &[]),
        ("attachments",                          Hot,  &[]),
        ("broadcast",                            Hot,  &[]),
        ("desktop",                              Hot,  &[]),
        ("media",                                Hot,  &[]),
        ("memory",                               Hot,  &[]),
        ("nodeHost",                             Hot,  &[]),
        ("proxy",                                Hot,  &[Models]),
        ("security",                             Hot,  &[]),
        ("telemetry",                            Hot,  &[]),
        ("update",                               Hot,  &[]),
        ("worktreeAcceleration",                 Hot,  &[]),
        ("worktreeRoot",                         Hot,  &[]),
    ]
};

/// What a change of `path` comes to by `rows`, or nothing where they do not
/// know it.
///
/// A section that changed as a whole concerns every part that anything in it
/// concerns.
pub(super) fn effect(rows: &[Row], path: &str) -> Option<Effect> {
    let (_, own, parts) = rows[best(rows.iter().map(|row| row.0), path)?];
    let below = || rows.iter().filter(|row| covers(path, row.0));
    let restarts = below().any(|(_, kind, _)| *kind == Kind::Restart);
    let kind = if restarts { Kind::Restart } else { own };
    let parts = parts.iter().chain(below().flat_map(|row| row.2));
    let mut parts: Vec<Part> = parts.map(|part| named(part, path)).collect();
    parts.sort();
    parts.dedup();
    Some(Effect { kind, parts })
}

/// The channel that `path` names, where `part` stands for it.
fn named(part: &Part, path: &str) -> Part {
    match path.split('.').nth(1) {
        _ if *part != THAT_CHANNEL => part.clone(),
        Some(id) => Part::Channel(Cow::Owned(id.to_owned())),
        None => Part::Channels,
    }
}

/// Which of `prefixes` is the longest that `path` begins with. Where two are as
/// long, the one with a name where the other has a `*`.
pub(super) fn best<'a>(prefixes: impl Iterator<Item = &'a str>, path: &str) -> Option<usize> {
    let length = |prefix: &str| {
        let names = prefix.split('.');
        (names.clone().count(), names.filter(|name| *name != "*").count())
    };
    let fitting = prefixes.enumerate().filter(|(_, prefix)| covers(prefix, path));
    fitting.max_by_key(|(_, prefix)| length(prefix)).map(|(index, _)| index)
}

/// Whether `path` is `prefix` or below it.
pub(super) fn covers(prefix: &str, path: &str) -> bool {
    let mut names = path.split('.');
    prefix.split('.').all(|wanted| names.next().is_some_and(|name| wanted == "*" || wanted == name))
}
