//! Nodes, as clients see them (`ws-protocol.md` 4.9, 10.1).

use std::{collections::BTreeMap, fmt};

use domain::{node::NodeFacts, time::Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Json;

/// A node that was let in once, whether it is there or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRow {
    /// Names the node.
    pub node_id: String,
    /// What is known about it.
    #[serde(flatten)]
    pub about: NodeAbout,
    /// Its abilities, as far as they were approved.
    pub caps: Vec<String>,
    /// The commands it may be given now; for a node that is not there, those it
    /// may be given when it comes back.
    pub commands: Vec<String>,
    /// Where it looks for programs. Only for those who may pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_env: Option<String>,
    /// What its machine allows it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<String, bool>,
    /// `approved`, `pending-approval`, `pending-reapproval` or `unapproved`.
    pub approval_state: &'static str,
    /// The request that waits for a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_request_id: Option<String>,
    /// The abilities it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_declared_caps: Option<Vec<String>>,
    /// The commands it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_declared_commands: Option<Vec<String>>,
    /// What it last said about its machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_stats: Option<Json>,
    /// Since when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_at_ms: Option<u64>,
    /// When it came last, since the gateway was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_connected_at_ms: Option<u64>,
    /// When it was last heard of, since the gateway was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at_ms: Option<u64>,
    /// What was heard of it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_reason: Option<&'static str>,
    /// Since when it may be asked for this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at_ms: Option<u64>,
    /// Whether its device is paired.
    pub paired: bool,
    /// Whether it is there.
    pub connected: bool,
}

/// What is known about a node and decides nothing, or decided when it was
/// approved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeAbout {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Which program it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What kind of program it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_mode: Option<String>,
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The version of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The version of the part of it that does the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_version: Option<String>,
    /// The version of the part of it that people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_version: Option<String>,
    /// As in `iPhone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_family: Option<String>,
    /// As in `iPhone17,1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_identifier: Option<String>,
    /// Where it connected from. Only for those who may pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<String>,
}

impl From<&NodeFacts> for NodeAbout {
    fn from(facts: &NodeFacts) -> Self {
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            display_name: text(&facts.display_name),
            client_id: text(&facts.client_id),
            client_mode: text(&facts.client_mode),
            version: text(&facts.version),
            core_version: text(&facts.core_version),
            ui_version: text(&facts.ui_version),
            model_identifier: text(&facts.model_identifier),
            remote_ip: text(&facts.remote_ip),
            ..Self::default()
        }
    }
}

/// A node that waits for somebody's decision.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRequestRow {
    /// Names the request.
    pub request_id: String,
    /// Names the node.
    pub node_id: String,
    /// What is known about it.
    #[serde(flatten)]
    pub about: NodeAbout,
    /// The abilities it asks for.
    pub caps: Vec<String>,
    /// The commands it asks for.
    pub commands: Vec<String>,
    /// What its machine allows it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<String, bool>,
    /// What whoever approves it has to hold.
    pub required_approve_scopes: Vec<&'static str>,
    /// Whether whoever asks does not want anybody to be bothered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<bool>,
    /// Whether something was approved for this node before.
    pub is_repair: bool,
    /// When it asked, in milliseconds since the epoch.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
}

/// A node something was approved for.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairedNode {
    /// Names the node.
    pub node_id: String,
    /// What it may show as `node.pair.verify`. Told once, to whoever approved a
    /// node that is no device; never listed and never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What is known about it.
    #[serde(flatten)]
    pub about: NodeAbout,
    /// Its abilities.
    pub caps: Vec<String>,
    /// Its commands.
    pub commands: Vec<String>,
    /// What its machine allows it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<String, bool>,
    /// When something was approved for the first time.
    pub created_at_ms: u64,
    /// When this was approved.
    pub approved_at_ms: u64,
    /// When it came last, since the gateway was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_connected_at_ms: Option<u64>,
}

impl fmt::Debug for PairedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairedNode")
            .field("node_id", &self.node_id)
            .field("token", &self.token.is_some())
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}
