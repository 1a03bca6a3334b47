//! Asking a node for something, and its answer.

use std::time::Duration;

use domain::{
    access::{Access, Denied, Principal},
    client::{Client, ClientId},
    event::EventKind,
    ids::{InvokeId, NodeId},
    node::{Invoke, NotAllowed, TooManyInvokes, scopes_to_invoke},
};
use ports::{
    Json,
    event::Event,
    view::{NodeInvokeCancel, NodeInvokeRequest},
};
use tokio::{sync::oneshot, time};

use super::{
    Nodes, identity,
    run::{self, RunRefused},
};

/// What a node shall do.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who.
    pub node: String,
    /// What.
    pub command: String,
    /// With which parameters.
    pub params: Option<Json>,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// What the node may use to recognise a repetition.
    pub idempotency_key: Option<String>,
}

/// What a node answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// The answer.
    pub payload: Json,
    /// The same as the node wrote it, if it wrote JSON into a text.
    pub payload_json: Option<String>,
}

/// Commands with methods of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// Reading what the node consents to.
    GetExecApprovals,
    /// Changing it.
    SetExecApprovals,
}

impl Relayed {
    /// What the node calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GetExecApprovals => "system.execApprovals.get",
            Self::SetExecApprovals => "system.execApprovals.set",
        }
    }
}

/// What a node says became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeResult {
    /// It did it.
    Done(Invoked),
    /// It did not.
    Failed(NodeFailure),
}

/// Why a node did not do something, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFailure {
    /// What kind of failure it was.
    pub code: Option<String>,
    /// More, for a person.
    pub message: Option<String>,
}

/// How waiting for a node ended.
#[derive(Debug)]
pub(super) enum Answer {
    Said(NodeResult),
    Disconnected,
    PairingChanged,
}

/// Why nothing came of a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The caller may not give this command.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The node is not there.
    #[error("node not connected")]
    NotConnected,
    /// The node may not be given this command.
    #[error("node command not allowed")]
    NotAllowed(NotAllowed),
    /// The command is not what it pretends to be.
    #[error(transparent)]
    Run(#[from] RunRefused),
    /// The node has enough to do.
    #[error(transparent)]
    Busy(#[from] TooManyInvokes),
    /// The node did not answer in time. It was told that nobody waits.
    #[error("node invoke timed out")]
    TimedOut {
        /// Whether it was given the command at all: with no time to wait, it
        /// never is.
        dispatched: bool,
    },
    /// The node left before it answered.
    #[error("node disconnected ({0})")]
    Disconnected(String),
    /// The node's approval was withdrawn before it answered.
    #[error("node pairing changed while invocation was active")]
    PairingChanged,
    /// The node failed.
    #[error("{}", .0.message.as_deref().unwrap_or("node invoke failed"))]
    Failed(NodeFailure),
}

impl Nodes {
    /// Gives a node a command and waits for its answer. Giving up waiting
    /// (dropping this) tells the node so.
    pub async fn invoke(&self, caller: &Principal, ask: Ask) -> Result<Invoked, InvokeError> {
        Access::Operator(scopes_to_invoke(&ask.command)).check(caller)?;
        let connection = self.may_invoke(&ask.node, &ask.command)?;
        let (id, mut ask) = (self.new_id(), ask);
        // Consent is not used up by what is over before it begins.
        if run::is_run(&ask.command) && !ask.timeout.is_zero() {
            let node = ask.node.parse().map_err(|_| InvokeError::NotConnected)?;
            ask.params = Some(self.prepare_run(caller, &node, &id, ask.params.as_ref())?);
        }
        self.dispatch(id, ask, connection).await
    }

    /// Gives a node one of the commands that have methods of their own. Who may
    /// call those was decided already.
    pub async fn relay(
        &self,
        node: String,
        command: Relayed,
        params: Json,
        timeout: Duration,
    ) -> Result<Invoked, InvokeError> {
        let connection = self.connection_of(&node)?;
        let ask = Ask {
            node,
            command: command.as_str().to_owned(),
            params: Some(params),
            timeout,
            idempotency_key: None,
        };
        self.dispatch(self.new_id(), ask, connection).await
    }

    /// `client` says what became of the command `id`. Whether somebody waited
    /// for that.
    pub fn answered(&self, client: &Client, id: &str, result: NodeResult) -> bool {
        let (Some((_, node)), Ok(id)) = (identity(client), id.parse()) else { return false };
        let waiter = self.state().invokes.finish(&id, &node, client.id);
        waiter.is_some_and(|waiter| waiter.send(Answer::Said(result)).is_ok())
    }

    /// `client` says that it is still at the command `id`. Whether that is news
    /// about something somebody waits for. It does not make anybody wait longer.
    pub fn progressed(&self, client: &Client, id: &str, seq: u64) -> bool {
        let (Some((_, node)), Ok(id)) = (identity(client), id.parse()) else { return false };
        self.state().invokes.progress(&id, &node, client.id, seq)
    }

    /// How many answers are waited for.
    pub fn pending(&self) -> usize {
        self.state().invokes.len()
    }

    fn connection_of(&self, node: &str) -> Result<ClientId, InvokeError> {
        let node: NodeId = node.parse().map_err(|_| InvokeError::NotConnected)?;
        let live = self.state().live.get(&node).map(|live| live.client.id);
        live.ok_or(InvokeError::NotConnected)
    }

    fn may_invoke(&self, node: &str, command: &str) -> Result<ClientId, InvokeError> {
        let node: NodeId = node.parse().map_err(|_| InvokeError::NotConnected)?;
        let (policy, device) = (self.policy(), self.device_of(&node));
        let state = self.state();
        let live = state.live.get(&node).ok_or(InvokeError::NotConnected)?;
        let approved = state.kept.in_force(&node, device.as_ref()).map(|(surface, _)| surface);
        let declared = live.client.offer.as_deref().map(|offer| offer.commands.as_slice());
        policy
            .may_invoke(command, declared.unwrap_or_default(), approved.as_ref())
            .map_err(InvokeError::NotAllowed)?;
        Ok(live.client.id)
    }

    fn new_id(&self) -> InvokeId {
        self.0.deps.entropy.uuid().parse().expect("a UUID is a name")
    }

    async fn dispatch(
        &self,
        id: InvokeId,
        ask: Ask,
        connection: ClientId,
    ) -> Result<Invoked, InvokeError> {
        let Ok(node) = ask.node.parse::<NodeId>() else { return Err(InvokeError::NotConnected) };
        if ask.timeout.is_zero() {
            return Err(InvokeError::TimedOut { dispatched: false });
        }
        let (waiter, answer) = oneshot::channel();
        {
            let mut state = self.state();
            // It may have left, or come back elsewhere, a moment ago.
            state.live_on(&node, connection).ok_or(InvokeError::NotConnected)?;
            let command = ask.command.as_str().into();
            state.invokes.begin(
                id.clone(),
                Invoke { node: node.clone(), connection, command },
                waiter,
            )?;
        }
        // From here on, whoever gives up takes the entry away.
        let waiting = Waiting { nodes: self, id: &id };
        let request = NodeInvokeRequest {
            id: id.as_str(),
            node_id: node.as_str(),
            command: &ask.command,
            params_json: ask.params.as_ref().map(Json::as_str),
            timeout_ms: u64::try_from(ask.timeout.as_millis()).unwrap_or(u64::MAX),
            idempotency_key: ask.idempotency_key.as_deref(),
        };
        let event = Event::notice(EventKind::NodeInvokeRequest, &request).to(connection);
        self.0.deps.events.publish(event);
        let answer = time::timeout(ask.timeout, answer).await;
        drop(waiting);
        match answer {
            Err(_) => Err(InvokeError::TimedOut { dispatched: true }),
            Ok(Err(_) | Ok(Answer::Disconnected)) => Err(InvokeError::Disconnected(ask.command)),
            Ok(Ok(Answer::PairingChanged)) => Err(InvokeError::PairingChanged),
            Ok(Ok(Answer::Said(NodeResult::Failed(failure)))) => Err(InvokeError::Failed(failure)),
            Ok(Ok(Answer::Said(NodeResult::Done(invoked)))) => Ok(invoked),
        }
    }
}

/// Somebody who waits for an answer. When he goes away before it comes, the node
/// is told.
struct Waiting<'a> {
    nodes: &'a Nodes,
    id: &'a InvokeId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(invoke) = self.nodes.state().invokes.cancel(self.id) else { return };
        let cancel =
            NodeInvokeCancel { invoke_id: self.id.as_str(), node_id: invoke.node.as_str() };
        let event = Event::notice(EventKind::NodeInvokeCancel, &cancel).to(invoke.connection);
        self.nodes.0.deps.events.publish(event);
    }
}
