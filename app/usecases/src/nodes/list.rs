//! Nodes and requests as clients see them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::Scope,
    client::NodeOffer,
    ids::{DeviceId, NodeId},
    node::{NodePolicy, NodeRecord, NodeRequest, Surface},
    time::Timestamp,
};
use ports::view::{NodeAbout, NodeRequestRow, NodeRow, PairedNode};

use super::{Live, NodeDevice, Nodes, State, facts_of};

/// How much of a node somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Full,
    /// Neither addresses nor paths.
    Plain,
}

impl Nodes {
    /// Every node whose device is paired: those that are there first, then by
    /// name.
    pub fn list(&self, sight: Sight) -> Vec<NodeRow> {
        let devices = self.0.deps.devices.node_devices();
        let (policy, now) = (self.policy(), self.0.deps.clock.now());
        let state = self.state();
        let row = |(id, device): &(DeviceId, NodeDevice)| {
            state.row(&id.node(), device, &policy, sight, now)
        };
        let mut rows: Vec<NodeRow> = devices.iter().map(row).collect();
        drop(state);
        rows.sort_by(|a, b| {
            let place = |row: &NodeRow| (!row.connected, row.about.display_name.is_none());
            place(a)
                .cmp(&place(b))
                .then_with(|| a.about.display_name.cmp(&b.about.display_name))
                .then_with(|| a.node_id.cmp(&b.node_id))
        });
        rows
    }

    /// One of them.
    pub fn describe(&self, node: &str, sight: Sight) -> Option<NodeRow> {
        let node: NodeId = node.parse().ok()?;
        let device = self.device_of(&node)?;
        let (policy, now) = (self.policy(), self.0.deps.clock.now());
        Some(self.state().row(&node, &device, &policy, sight, now))
    }
}

impl State {
    fn row(
        &self,
        node: &NodeId,
        device: &NodeDevice,
        policy: &NodePolicy,
        sight: Sight,
        now: Timestamp,
    ) -> NodeRow {
        let live = self.live.get(node);
        let seen = self.seen.get(node);
        let in_force = self.kept.in_force(node, Some(device));
        let waiting = self.kept.requests().of(node, now);
        let approval_state = match (&in_force, waiting) {
            (Some(_), None) => "approved",
            (Some(_), Some(_)) => "pending-reapproval",
            (None, Some(_)) => "pending-approval",
            (None, None) => "unapproved",
        };
        let approved_at = in_force.as_ref().map(|(_, at)| at.as_millis());
        let surface = in_force.map(|(surface, _)| surface).unwrap_or_default();
        let offer = live.and_then(|live| live.client.offer.as_deref());
        let mut about = about(device, live, self.kept.record(node), &surface);
        let mut path_env = offer.and_then(|offer| offer.path_env.as_deref().map(str::to_owned));
        if sight == Sight::Plain {
            (about.remote_ip, path_env) = (None, None);
        }
        let (caps, commands) = able(live, &surface, policy);
        let permissions = offer.map_or(&surface.permissions, |offer| &offer.permissions);
        NodeRow {
            node_id: node.to_string(),
            about,
            caps,
            commands,
            path_env,
            permissions: switches(permissions),
            approval_state,
            pending_request_id: waiting.map(|it| it.id.to_string()),
            pending_declared_caps: waiting.map(|it| texts(&it.surface.caps)),
            pending_declared_commands: waiting.map(|it| texts(&it.surface.commands)),
            host_stats: seen.and_then(|seen| seen.host_stats.clone()),
            connected_at_ms: live.map(|live| live.since.as_millis()),
            last_connected_at_ms: seen.and_then(|seen| seen.connected_at).map(Timestamp::as_millis),
            last_seen_at_ms: seen.map(|seen| seen.at.as_millis()),
            last_seen_reason: seen.map(|seen| seen.what),
            approved_at_ms: approved_at,
            paired: true,
            connected: live.is_some(),
        }
    }
}

/// What the node may be asked for: of what was approved, what it says it can do
/// today, if it is there, and what the configuration allows.
fn able(live: Option<&Live>, surface: &Surface, policy: &NodePolicy) -> (Vec<String>, Vec<String>) {
    let offer = live.map(|live| live.client.offer.as_deref());
    let offered = |words: fn(&NodeOffer) -> &Vec<Box<str>>, word: &str| match offer {
        None => true,
        Some(None) => false,
        Some(Some(offer)) => words(offer).iter().any(|it| **it == *word),
    };
    let caps = surface.caps.iter().filter(|cap| offered(|offer| &offer.caps, cap));
    let platform = surface.platform_id();
    let commands = surface.commands.iter().filter(|command| {
        policy.allows(platform, command) && offered(|offer| &offer.commands, command)
    });
    (caps.map(ToString::to_string).collect(), commands.map(ToString::to_string).collect())
}

/// What is known about a node. Its platform is that of its approval; what it
/// says today about anything else counts before what it said then.
fn about(
    device: &NodeDevice,
    live: Option<&Live>,
    record: Option<&NodeRecord>,
    surface: &Surface,
) -> NodeAbout {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let known = match live {
        Some(live) => NodeAbout::from(&facts_of(&live.client, Some(device))),
        None => NodeAbout {
            display_name: text(&device.display_name),
            version: text(&device.version),
            model_identifier: text(&device.model_identifier),
            remote_ip: text(&device.remote_address),
            ..NodeAbout::default()
        },
    };
    NodeAbout {
        display_name: record.and_then(|record| text(&record.label)).or(known.display_name),
        platform: text(&surface.platform).or_else(|| text(&device.platform)),
        device_family: text(&surface.device_family).or_else(|| text(&device.device_family)),
        ..known
    }
}

/// A request, for those who may decide about it.
pub(super) fn request_row(request: &NodeRequest, sight: Sight) -> NodeRequestRow {
    let mut about = NodeAbout::from(&request.about);
    about.platform = request.surface.platform.as_deref().map(str::to_owned);
    about.device_family = request.surface.device_family.as_deref().map(str::to_owned);
    if sight == Sight::Plain {
        about.remote_ip = None;
    }
    NodeRequestRow {
        request_id: request.id.to_string(),
        node_id: request.node.to_string(),
        about,
        caps: texts(&request.surface.caps),
        commands: texts(&request.surface.commands),
        permissions: switches(&request.surface.permissions),
        required_approve_scopes: request.required_scopes().iter().map(Scope::as_str).collect(),
        silent: request.silent,
        is_repair: request.is_repair,
        ts: request.at,
    }
}

/// A node something was approved for, without a token.
pub(super) fn paired_row(
    node: &NodeId,
    about: NodeAbout,
    surface: &Surface,
    created_at: Timestamp,
    approved_at: Timestamp,
    connected_at: Option<Timestamp>,
) -> PairedNode {
    PairedNode {
        node_id: node.to_string(),
        token: None,
        about,
        caps: texts(&surface.caps),
        commands: texts(&surface.commands),
        permissions: switches(&surface.permissions),
        created_at_ms: created_at.as_millis(),
        approved_at_ms: approved_at.as_millis(),
        last_connected_at_ms: connected_at.map(Timestamp::as_millis),
    }
}

pub(super) fn about_device(device: &NodeDevice) -> NodeAbout {
    about(device, None, None, &device.surface())
}

fn texts(words: &BTreeSet<Box<str>>) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn switches(switches: &BTreeMap<Box<str>, bool>) -> BTreeMap<String, bool> {
    switches.iter().map(|(name, on)| (name.to_string(), *on)).collect()
}
