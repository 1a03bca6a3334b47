//! Nodes: what they may be asked for, what is being asked of them, and what
//! waits until they come back (`ws-protocol.md` 10.1).

mod invokes;
mod policy;
mod record;
mod request;
mod run;
mod surface;
mod work;

pub use self::{
    invokes::{Abandoned, Invoke, PendingInvokes, TooManyInvokes},
    policy::{NodePolicy, NotAllowed, PlatformId, scopes_to_approve, scopes_to_invoke},
    record::{NodeRecord, Ruling},
    request::{Asked, NodeFacts, NodeRequest, NodeRequests, TooManyRequests},
    run::raw_command_fits,
    surface::Surface,
    work::{NodeWork, Queued, WorkItem, WorkKind, WorkPriority},
};
