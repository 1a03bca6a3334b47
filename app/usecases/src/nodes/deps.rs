//! What is around the nodes: devices, consents, agents, and the rest of the
//! ports.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::Principal,
    approval::Decision,
    ids::{DeviceId, NodeId, RequestId},
    node::Surface,
    time::Timestamp,
};
use ports::driven::{
    Archive, Clock, ConfigSource, Connections, Entropy, EventSink, Journal, Revocations, TokenMint,
};

use crate::{
    approvals::{Approvals, Claim},
    chat::{Chat, Send, SendError, Sent},
    system::SystemEvents,
};

/// What somebody approved about a device that is a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeDevice {
    /// What people call it.
    pub display_name: Option<Box<str>>,
    /// What it runs on.
    pub platform: Option<Box<str>>,
    /// As in `iPhone`.
    pub device_family: Option<Box<str>>,
    /// As in `iPhone17,1`.
    pub model_identifier: Option<Box<str>>,
    /// The version of its program.
    pub version: Option<Box<str>>,
    /// The commands it declared when it was approved.
    pub commands: Vec<Box<str>>,
    /// Its abilities, the same.
    pub caps: Vec<Box<str>>,
    /// Where it connected from.
    pub remote_address: Option<Box<str>>,
    /// When it was approved *as a node*. A later approval of something else about
    /// the device leaves it as it is, or it would bring back what was withdrawn
    /// meanwhile.
    pub approved_at: Timestamp,
}

/// Knows which devices were approved as nodes.
///
/// # Contract
///
/// - Nothing here waits, and nothing here calls [`Nodes`](super::Nodes).
/// - What was approved is what the device declared in the request that somebody
///   approved, not what it declares today.
pub trait NodeDevices: std::marker::Send + Sync {
    /// What was approved about the device `id`, if it is a node.
    fn node_device(&self, id: &DeviceId) -> Option<NodeDevice>;

    /// All of them.
    fn node_devices(&self) -> Vec<(DeviceId, NodeDevice)>;
}

/// Knows which commands somebody consented to.
pub trait Consents: std::marker::Send + Sync {
    /// The decision about the request `id` of `caller`, if it allows exactly `run`
    /// and has not been used up. A consent that was given once is used up by this.
    fn redeem(&self, caller: &Principal, id: &str, run: &RunAsk) -> Option<Consent>;
}

impl Consents for Approvals {
    fn redeem(&self, caller: &Principal, id: &str, run: &RunAsk) -> Option<Consent> {
        let id: RequestId = id.parse().ok()?;
        let claim = Claim {
            node: run.node.as_str(),
            argv: &run.argv,
            cwd: run.cwd.as_deref(),
            env: &run.env,
            session: run.session.as_deref(),
        };
        let used = Self::redeem(self, caller, &id, &claim).ok()?;
        Some(Consent { decision: used.decision, binding: used.binding })
    }
}

/// A command a node is about to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAsk {
    /// Who shall run it.
    pub node: NodeId,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where.
    pub cwd: Option<String>,
    /// The variables that are set for it, by name and in the order of names.
    pub env: Vec<String>,
    /// For which session, as whoever asks calls it.
    pub session: Option<String>,
}

/// A consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// For this time, or from now on.
    pub decision: Decision,
    /// The fingerprint of what was consented to, for the node to compare.
    pub binding: Option<String>,
}

/// Says things to agents.
#[async_trait]
pub trait Talk: std::marker::Send + Sync {
    /// Sends a message.
    async fn say(&self, message: Send) -> Result<Sent, SendError>;
}

#[async_trait]
impl Talk for Chat {
    async fn say(&self, message: Send) -> Result<Sent, SendError> {
        self.send(message).await
    }
}

/// What nodes take.
pub struct Deps {
    /// Reads what is kept.
    pub archive: Arc<dyn Archive>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// Ends connections.
    pub connections: Arc<dyn Connections>,
    /// Knows what was consented to.
    pub consents: Arc<dyn Consents>,
    /// Knows the devices.
    pub devices: Arc<dyn NodeDevices>,
    /// Makes up names.
    pub entropy: Arc<dyn Entropy>,
    /// Tells clients.
    pub events: Arc<dyn EventSink>,
    /// Keeps what was decided.
    pub journal: Arc<dyn Journal>,
    /// Knows what was taken back.
    pub revocations: Arc<dyn Revocations>,
    /// What happened that the agents should know.
    pub system_events: SystemEvents,
    /// Talks to agents.
    pub talk: Arc<dyn Talk>,
    /// Makes tokens.
    pub tokens: Arc<dyn TokenMint>,
}

impl NodeDevice {
    pub(super) fn surface(&self) -> Surface {
        Surface {
            platform: self.platform.clone(),
            device_family: self.device_family.clone(),
            caps: self.caps.iter().cloned().collect(),
            commands: self.commands.iter().cloned().collect(),
            permissions: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
