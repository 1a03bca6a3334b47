//! One client's connection after it was let in.

use std::{
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{
    closing::finish,
    desk::{Desk, Tongue},
    hub::Membership,
    incoming::{Frames, Incoming},
    link::Link,
    outgoing::push_pong,
    server::{Buffers, Guest},
};

/// Answers longer than this leave before the next message is read.
const GULP: usize = 256 * 1024;

/// One client's connection after it was let in.
///
/// Reads what is there, answers what can be answered at once, and sends the
/// answers together when nothing is left to read. While nothing comes it holds
/// no buffer; thousands of idle clients share those of the server.
#[derive(Debug)]
pub(crate) struct Session {
    link: Arc<Link>,
    frames: Frames,
    desk: Desk,
    // Last, so that the desk is cleared before the client leaves the hub.
    membership: Membership,
}

impl Session {
    pub(crate) fn new(
        link: Arc<Link>,
        frames: Frames,
        tongue: Tongue,
        membership: Membership,
        guest: Guest,
    ) -> Self {
        Self { link, frames, desk: Desk::new(guest, tongue), membership }
    }

    /// Serves the client until it leaves or is sent away.
    pub(crate) async fn live(mut self) {
        Listening { session: &mut self, fresh: true }.await;
        let Self { link, frames, desk, membership } = self;
        drop(desk);
        drop(membership);
        finish(link, frames).await;
    }

    /// Takes a turn. Ready when the connection has to end.
    fn turn(&mut self, cx: &mut Context<'_>, fresh: bool, buffers: &mut Buffers) -> Poll<()> {
        {
            let mut output = self.link.lock();
            output.watch(cx);
            let _ = output.poll_drain(cx);
        }
        let answers = &mut buffers.answers;
        // What came during the handshake has been read already.
        let mut ended = if fresh { self.hear(&mut [], answers) } else { ControlFlow::Continue(()) };
        while ended.is_continue() {
            let read = {
                let mut output = self.link.lock();
                if !output.is_open() {
                    return Poll::Ready(());
                }
                if GULP <= answers.len() {
                    output.send(answers);
                    answers.clear();
                }
                output.poll_read(cx, &mut buffers.read)
            };
            match read {
                Poll::Ready(Ok(read)) if 0 < read => {
                    ended = self.hear(&mut buffers.read[..read], answers);
                }
                Poll::Ready(_) => {
                    self.link.lock().cut();
                    return Poll::Ready(());
                }
                Poll::Pending => break,
            }
        }
        if ended.is_continue()
            && let ControlFlow::Break(reason) = self.desk.poll_calls(cx, answers)
        {
            ended = ControlFlow::Break(Goodbye::Ours(1008, reason));
        }
        let mut output = self.link.lock();
        output.send(answers);
        match ended {
            ControlFlow::Break(Goodbye::Ours(code, reason)) => output.close(code, reason),
            ControlFlow::Break(Goodbye::Theirs(code)) => output.echo_close(code),
            ControlFlow::Continue(()) => {
                let _ = output.poll_drain(cx);
            }
        }
        if output.is_open() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Answers what `bytes` complete.
    fn hear(&mut self, bytes: &mut [u8], answers: &mut Vec<u8>) -> ControlFlow<Goodbye> {
        let mut ended = ControlFlow::Continue(());
        let desk = &mut self.desk;
        let fed = self.frames.feed(bytes, |incoming| {
            let denied = match incoming {
                Incoming::Text(text) => desk.message(text, answers),
                Incoming::Garbage => desk.garbage(answers),
                Incoming::Ping(payload) => {
                    push_pong(answers, payload);
                    ControlFlow::Continue(())
                }
                Incoming::Pong => ControlFlow::Continue(()),
                Incoming::Close(code) => {
                    ended = ControlFlow::Break(Goodbye::Theirs(code));
                    return ControlFlow::Break(());
                }
            };
            denied.map_break(|reason| ended = ControlFlow::Break(Goodbye::Ours(1008, reason)))
        });
        match fed {
            Err(violation) => {
                let (code, reason) = violation.close();
                ControlFlow::Break(Goodbye::Ours(code, reason))
            }
            Ok(()) => ended,
        }
    }
}

/// Who says goodbye, and how.
enum Goodbye {
    Ours(u16, &'static str),
    Theirs(Option<u16>),
}

/// Listening to a client until its connection has to end.
struct Listening<'a> {
    session: &'a mut Session,
    fresh: bool,
}

impl Future for Listening<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let fresh = std::mem::take(&mut self.fresh);
        let server = Arc::clone(self.session.desk.server());
        server.with_buffers(|buffers| self.session.turn(cx, fresh, buffers))
    }
}
