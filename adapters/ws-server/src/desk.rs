//! Answering the calls of one client.

use std::{
    ops::ControlFlow,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use domain::{
    access::{Access, Scope},
    client::Client,
    time::Timestamp,
    trace::TraceContext,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use ports::{
    BoxFuture,
    driving::{ErrorCode, RpcError, RpcReply},
};
use tokio::task::coop::{Unconstrained, unconstrained};
use tracing::{Instrument, debug, info_span};
use wire::{BadRequest, Dialect, Request, push_response};

use crate::{
    outgoing::push_text,
    server::{Guest, Server},
};

/// How many calls of one client may wait for their answer.
const MAX_CALLS: usize = 1024;
/// When a client with too many calls may try again.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How many calls a client may make that it is not allowed to make, and in what
/// time, before its connection is closed.
const MAX_DENIED: u32 = 200;
const DENIED_WINDOW: Duration = Duration::from_secs(10);

/// The result of a call.
type Answer = Result<RpcReply, RpcError>;

/// A call that was not answered at once, with its number and its id. It is spared
/// the runtime's budget, which would send it back to the end of the line.
type Call = Unconstrained<BoxFuture<(u64, Box<str>, Answer)>>;

/// Why a connection has to be closed, in the words of the close frame.
pub(crate) type Reason = &'static str;

/// How a client puts its calls.
#[derive(Clone, Copy)]
pub(crate) struct Tongue {
    pub(crate) dialect: Dialect,
    /// How deep its JSON may be nested.
    pub(crate) depth: usize,
}

/// Answers the calls of one client.
///
/// A call that can be answered at once is. Others wait here, side by side, and
/// are given up when the client leaves.
pub(crate) struct Desk {
    guest: Guest,
    tongue: Tongue,
    calls: Option<Box<FuturesUnordered<Call>>>,
    // The number of the next call that waits.
    next: u64,
    denied: u32,
    denied_since: Timestamp,
}

impl Desk {
    pub(crate) fn new(guest: Guest, tongue: Tongue) -> Self {
        Self { guest, tongue, calls: None, next: 0, denied: 0, denied_since: Timestamp::default() }
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.guest.server
    }

    /// Answers a message, now or later.
    pub(crate) fn message(&mut self, text: &str, out: &mut Vec<u8>) -> ControlFlow<Reason> {
        let Tongue { dialect, depth } = self.tongue;
        let request = match Request::decode(text, Some(dialect), depth) {
            Ok(request) => request,
            Err(bad) => return self.refuse(&bad, out),
        };
        if request.method == "connect" {
            return self.answer(&request.id, Err(self.second_connect()), out);
        }
        if MAX_CALLS <= self.calls.as_ref().map_or(0, |calls| calls.len()) {
            let error =
                RpcError::unavailable("too many calls are waiting").retry_after(RETRY_AFTER);
            return self.answer(&request.id, Err(error), out);
        }
        let client: &Arc<Client> = &self.guest.client;
        let rpc = &self.guest.server.deps.rpc;
        let call = || rpc.call(client, &request.method, request.params);
        let mut call = match request.trace() {
            None => call(),
            Some(trace) => within(&trace, call),
        };
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => self.answer(&request.id, answer, out),
            Poll::Pending => {
                let id: Box<str> = request.id.into();
                self.wait_for(|number| Box::pin(async move { (number, id, call.await) }));
                ControlFlow::Continue(())
            }
        }
    }

    /// Answers a message that is not text.
    pub(crate) fn garbage(&mut self, out: &mut Vec<u8>) -> ControlFlow<Reason> {
        self.refuse(&BadRequest { id: None, reason: "must be JSON".to_owned() }, out)
    }

    /// Answers the calls that are done, and arranges to be woken for the others.
    /// Those that are done by now are answered in the order in which they came.
    pub(crate) fn poll_calls(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> ControlFlow<Reason> {
        // An answer may begin another wait, which has to be polled as well.
        loop {
            let mut done = Vec::new();
            while let Some(calls) = &mut self.calls {
                match calls.poll_next_unpin(cx) {
                    Poll::Ready(Some(call)) => done.push(call),
                    Poll::Ready(None) => self.calls = None,
                    Poll::Pending => break,
                }
            }
            if done.is_empty() {
                return ControlFlow::Continue(());
            }
            done.sort_unstable_by_key(|(number, ..)| *number);
            for (_, id, answer) in done {
                self.answer(&id, answer, out)?;
            }
        }
    }

    fn refuse(&mut self, bad: &BadRequest, out: &mut Vec<u8>) -> ControlFlow<Reason> {
        let error = RpcError::invalid(bad.to_string());
        self.answer(bad.id.as_deref().unwrap_or("invalid"), Err(error), out)
    }

    fn second_connect(&self) -> RpcError {
        match Access::Operator(Scope::Admin).check(&self.guest.client.principal) {
            Ok(()) => RpcError::invalid("connect is only valid as the first request"),
            Err(denied) => denied.into(),
        }
    }

    fn answer(&mut self, id: &str, answer: Answer, out: &mut Vec<u8>) -> ControlFlow<Reason> {
        let protocol = self.guest.client.protocol;
        match answer {
            Ok(RpcReply { payload, later }) => {
                push_text(out, |out| push_response(out, protocol, id, Ok(&payload)));
                if let Some(later) = later {
                    let id: Box<str> = id.into();
                    self.wait_for(|number| {
                        Box::pin(async move { (number, id, later.await.map(RpcReply::from)) })
                    });
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                push_text(out, |out| push_response(out, protocol, id, Err(&error)));
                if is_denial(&error) { self.denied() } else { ControlFlow::Continue(()) }
            }
        }
    }

    fn wait_for(&mut self, call: impl FnOnce(u64) -> BoxFuture<(u64, Box<str>, Answer)>) {
        let call = call(self.next);
        self.next += 1;
        self.calls.get_or_insert_default().push(unconstrained(call));
    }

    /// Counts a call the client was not allowed to make.
    fn denied(&mut self) -> ControlFlow<Reason> {
        let now = self.server().deps.clock.now();
        if DENIED_WINDOW <= now.since(self.denied_since) {
            self.denied_since = now;
            self.denied = 0;
        }
        self.denied += 1;
        if self.denied < MAX_DENIED {
            return ControlFlow::Continue(());
        }
        debug!(client = self.guest.client.id.0, "too many calls that are not allowed");
        ControlFlow::Break("repeated unauthorized calls")
    }
}

/// A call that belongs to a trace.
fn within(trace: &TraceContext, call: impl FnOnce() -> BoxFuture<Answer>) -> BoxFuture<Answer> {
    let TraceContext { parent, .. } = trace;
    let (trace_id, parent_id) = (parent.trace, parent.span);
    let span = info_span!("ws", %trace_id, %parent_id, traceparent = %parent);
    let call = span.in_scope(call);
    Box::pin(call.instrument(span))
}

/// Whether a call failed because the client may not make it. A wrong role is
/// told apart by its words only: every protocol gives it the general code.
fn is_denial(error: &RpcError) -> bool {
    error.code == ErrorCode::Forbidden || error.message.starts_with("unauthorized role: ")
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("client", &self.guest.client.id).finish_non_exhaustive()
    }
}
