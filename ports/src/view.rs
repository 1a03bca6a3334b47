//! The shapes clients see, declared once: results of methods and payloads of
//! events are made of these, and their JSON schema is generated from them.

mod approvals;
mod billed;
mod device;
mod events;
mod exec;
mod health;
mod message;
mod node;
mod presence;
mod session;
mod update;

pub use approvals::{
    AgentApprovals, AllowedProgram, ApprovalDefaults, ApprovalsFile, ApprovalsSocket, FirstVersion,
};
pub use billed::Billed;
pub use device::{DeviceDecided, PairedDevice, PendingDevice, PortraitView, TokenSummary};
pub use events::{
    AgentEvent, ChatEvent, ChatProgress, ConfigChanged, DeviceChanged, ExecApprovalRequested,
    ExecApprovalResolved, NodeDecided, NodeInvokeCancel, NodeInvokeRequest, NodePresence,
    PresenceChanged, SetupCompleted, Shutdown, Tick, payload,
};
pub use exec::{ApprovalStatus, ExecApproval, ExecGrant, ExecRequest};
pub use health::{AgentHealth, HealthSummary, HeartbeatPlan, RecentSession, SessionsHealth};
pub use message::{Content, Message, MessageCost, MessagePart, MessageRole, MessageUsage};
pub use node::{NodeAbout, NodeRequestRow, NodeRow, PairedNode};
pub use presence::PresenceEntry;
pub use session::{SessionEntry, SessionMessage, SessionRow, SessionState, SessionsChanged};
pub use update::{
    DeliveryContext, RestartNote, RestartPayload, StepLog, UpdateResult, UpdateStatus, UpdateStep,
};
