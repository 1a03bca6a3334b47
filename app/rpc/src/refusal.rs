//! What goes wrong, in the words of callers: who is at fault, and whether
//! trying again later may help.

#![expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]

use std::time::Duration;

use domain::{approval::UnknownApproval, attachment::AttachmentRefused, client::Protocol};
use ports::{
    driven::{CommitError, PolicyError, StoreError},
    driving::{RpcError, ToolRefusal},
};
use serde::Serialize;
use tracing::error;
use usecases::{
    approvals::{AskError, AskOutcomeError, ResolveError},
    chat::{InjectError, RunOfOtherSession, SendError},
    directory::AgentMismatch,
    nodes::{EnqueueError, InvokeError, NodeFailure, PairingError},
    sessions::SessionsError,
};

/// After how long something that is overloaded is worth another try.
const LATER: Duration = Duration::from_secs(1);

/// The store failed. Logged here, where it stops travelling.
pub(crate) fn store(failed: StoreError) -> RpcError {
    error!(error = &failed as &dyn std::error::Error, "the store failed");
    let refusal = RpcError::unavailable(failed.to_string());
    match failed {
        StoreError::Full(_) | StoreError::Unavailable(_) => refusal.retry_after(LATER),
        StoreError::Corrupt { .. } => refusal,
    }
}

pub(crate) fn commit(failed: CommitError) -> RpcError {
    match failed {
        CommitError::Store(failed) => store(failed),
        refused @ (CommitError::KnownRun(_) | CommitError::LabelTaken(_)) => {
            RpcError::invalid(refused.to_string())
        }
    }
}

/// A message was not accepted.
pub(crate) fn send(refused: SendError) -> RpcError {
    let text = refused.to_string();
    match refused {
        SendError::Empty | SendError::Blocked => RpcError::invalid(text),
        SendError::UnknownAgent(agent) => {
            #[derive(serde::Serialize)]
            #[serde(rename_all = "camelCase")]
            struct Details<'a> {
                code: &'a str,
                agent_id: &'a str,
            }

            let details = Details { code: "UNKNOWN_AGENT_ID", agent_id: agent.as_str() };
            RpcError::invalid(text).with_details(&details)
        }
        SendError::QueueFull | SendError::Stopping => {
            RpcError::unavailable(text).retry_after(LATER)
        }
        SendError::Denied(denied) => denied.into(),
        SendError::Commit(failed) => commit(failed),
    }
}

/// Nothing came of a command for a node.
pub(crate) fn invoke(refused: InvokeError, command: &str, protocol: Protocol) -> RpcError {
    #[derive(Serialize)]
    struct Reason<'a> {
        reason: String,
        command: &'a str,
    }
    let text = refused.to_string();
    match refused {
        InvokeError::Denied(denied) => denied.into(),
        InvokeError::NotConnected => {
            RpcError::unavailable(text).with_details(&Code { code: "NOT_CONNECTED" })
        }
        InvokeError::NotAllowed(reason) => {
            RpcError::invalid(text).with_details(&Reason { reason: reason.to_string(), command })
        }
        InvokeError::Run(_) => RpcError::invalid(text),
        InvokeError::Busy(_) => RpcError::unavailable(text).retry_after(LATER),
        InvokeError::Disconnected(_) => RpcError::unavailable(text),
        InvokeError::PairingChanged => RpcError::unavailable(text)
            .retry_after(LATER)
            .with_details(&Code { code: "PAIRING_CHANGED" }),
        InvokeError::TimedOut { dispatched } => {
            let failure = NodeFailure { code: Some("TIMEOUT".into()), message: Some(text.clone()) };
            node_failed(&text, &failure, dispatched, protocol)
        }
        InvokeError::Failed(failure) => node_failed(&text, &failure, true, protocol),
    }
}

/// A node failed; protocol 4 puts its code before its words.
fn node_failed(
    text: &str,
    failure: &NodeFailure,
    dispatched: bool,
    protocol: Protocol,
) -> RpcError {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Details<'a> {
        node_error: NodeError<'a>,
        node_command_dispatched: bool,
    }
    #[derive(Serialize)]
    struct NodeError<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    }
    let NodeFailure { code, message } = failure;
    let node_error = NodeError { code: code.as_deref(), message: message.as_deref() };
    let text = match (protocol, code) {
        (Protocol::V4, Some(code)) => format!("{code}: {text}"),
        (Protocol::V4, None) | (Protocol::V3 | Protocol::Brief, _) => text.to_owned(),
    };
    let details = Details { node_error, node_command_dispatched: dispatched };
    RpcError::unavailable(text).with_details(&details)
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
}

/// Nothing was decided about a node.
pub(crate) fn pairing(refused: PairingError) -> RpcError {
    let text = refused.to_string();
    match refused {
        PairingError::UnknownRequest | PairingError::UnknownNode | PairingError::NoName => {
            RpcError::invalid(text)
        }
        PairingError::Denied(denied) => denied.into(),
        PairingError::Full(_) => RpcError::unavailable(text).retry_after(LATER),
        PairingError::Store(failed) => store(failed),
        PairingError::Commit(failed) => commit(failed),
    }
}

/// Work for a node was not kept.
pub(crate) fn enqueue(refused: EnqueueError) -> RpcError {
    match refused {
        refused @ EnqueueError::UnknownNode => RpcError::invalid(refused.to_string()),
        EnqueueError::Commit(failed) => commit(failed),
    }
}

/// Nothing was injected.
pub(crate) fn inject(refused: InjectError) -> RpcError {
    match refused {
        refused @ InjectError::NoSession => RpcError::invalid(refused.to_string()),
        InjectError::Commit(failed) => {
            let refusal = commit(failed);
            let message = format!("failed to write transcript: {}", refusal.message);
            RpcError { message, ..refusal }
        }
    }
}

/// A session was not changed, or not found.
pub(crate) fn sessions(refused: SessionsError) -> RpcError {
    match refused {
        SessionsError::Store(failed) => store(failed),
        SessionsError::Commit(failed) => commit(failed),
        SessionsError::Name(_) => RpcError::unavailable(refused.to_string()),
        SessionsError::StillActive(_) => {
            RpcError::unavailable(refused.to_string()).retry_after(LATER)
        }
        SessionsError::NotFound(_)
        | SessionsError::Ambiguous(_)
        | SessionsError::Main(_)
        | SessionsError::Setting(_) => RpcError::invalid(refused.to_string()),
    }
}

/// A run was named that belongs elsewhere.
pub(crate) fn other_session(refused: RunOfOtherSession) -> RpcError {
    RpcError::invalid(refused.to_string())
}

/// An agent and a session of another agent were named.
pub(crate) fn mismatch(method: &str, refused: &AgentMismatch) -> RpcError {
    RpcError::invalid(format!("invalid {method} params: {refused}"))
}

/// A question about a command was not taken.
pub(crate) fn ask(refused: AskError) -> RpcError {
    let text = refused.to_string();
    match refused {
        AskError::NotOpened(domain::approval::NotOpened::Known) => RpcError::invalid(text),
        AskError::NotOpened(domain::approval::NotOpened::Full)
        | AskError::NoName
        | AskError::Stopping => RpcError::unavailable(text).retry_after(LATER),
    }
}

/// There is no such question about a command.
pub(crate) fn unknown_approval() -> RpcError {
    #[derive(serde::Serialize)]
    struct Details {
        reason: &'static str,
    }

    let details = Details { reason: "APPROVAL_NOT_FOUND" };
    RpcError::invalid(UnknownApproval.to_string()).with_details(&details)
}

/// A question about a command has no outcome.
pub(crate) fn outcome(refused: AskOutcomeError) -> RpcError {
    match refused {
        AskOutcomeError::Unknown(_) => unknown_approval(),
        AskOutcomeError::Stopping => RpcError::unavailable(refused.to_string()).retry_after(LATER),
    }
}

/// A decision about a command does not count.
pub(crate) fn resolve(refused: ResolveError) -> RpcError {
    match refused {
        ResolveError::Unknown(_) => unknown_approval(),
        ResolveError::Invalid | ResolveError::NotAsked => RpcError::invalid(refused.to_string()),
        ResolveError::Commit(failed) => commit(failed),
        ResolveError::Stopping => RpcError::unavailable(refused.to_string()).retry_after(LATER),
    }
}

/// The policy about commands was not written.
pub(crate) fn policy(refused: PolicyError) -> RpcError {
    match refused {
        PolicyError::BaseRequired | PolicyError::Changed => RpcError::invalid(refused.to_string()),
        PolicyError::Unwritable(_) => {
            error!(error = &refused as &dyn std::error::Error, "the policy was not written");
            RpcError::unavailable(refused.to_string())
        }
    }
}

/// A tool was not used.
pub(crate) fn tool(refused: ToolRefusal) -> RpcError {
    let text = refused.to_string();
    match refused {
        ToolRefusal::Denied(denied) => denied.into(),
        ToolRefusal::Invalid(_)
        | ToolRefusal::NotAvailable(_)
        | ToolRefusal::Conflict
        | ToolRefusal::Tool(_) => RpcError::invalid(text),
        ToolRefusal::Unavailable(_) => RpcError::unavailable(text).retry_after(LATER),
        ToolRefusal::TooLong(_) | ToolRefusal::Internal => RpcError::unavailable(text),
    }
}

/// Something that was sent along cannot be taken.
pub(crate) fn attachment(refused: AttachmentRefused) -> RpcError {
    RpcError::invalid(refused.to_string())
}
