//! One client's socket, and what is on its way to it.
//!
//! Shared by the connection's task, which reads and answers, and the hub's
//! flusher, which tells. Each holds the lock for one decision.

#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use domain::event::Class;

use crate::{
    outgoing::{push_bare_close, push_close, push_ping},
    socket::Socket,
    waiting::{Key, Parcel, Waiting},
};

/// How much is handed to the kernel at once when a slow client catches up.
const GULP: usize = 64 * 1024;
/// A buffer longer than this is given back when it is empty.
const KEEP: usize = 512;

/// One client's socket, and what is on its way to it.
#[derive(Debug)]
pub(crate) struct Link(Mutex<Output>);

impl Link {
    /// A link over `socket`, for which at most `max_room` bytes may wait.
    pub(crate) fn new(socket: Socket, max_room: usize) -> Self {
        Self(Mutex::new(Output {
            socket,
            max_room,
            bytes: Vec::new(),
            sent: 0,
            waiting: None,
            state: State::Open,
            blocked: false,
            behind: false,
            parting: Parting::default(),
            pulse: Pulse::default(),
            seq: 0,
            waker: None,
        }))
    }

    /// The link, locked.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is on its way to a client.
#[derive(Debug)]
pub(crate) struct Output {
    socket: Socket,
    max_room: usize,
    /// Whole frames, of which the first may be half sent.
    bytes: Vec<u8>,
    sent: usize,
    /// What comes after `bytes`.
    waiting: Option<Box<Waiting>>,
    state: State,
    // Invariant: unless `blocked`, nothing waits.
    blocked: bool,
    /// Whether the client may have missed a delta. From then on it gets deltas
    /// in their merged form, which say everything again.
    behind: bool,
    parting: Parting,
    pulse: Pulse,
    seq: u64,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The last frame is on its way.
    Closing,
    /// The socket is of no use any more.
    Broken,
}

/// How the end comes about.
#[derive(Debug, Default)]
struct Parting {
    /// The client could not keep up.
    slow: bool,
    /// The client said goodbye.
    answered: bool,
}

/// Whether the client is alive.
#[derive(Debug, Default)]
struct Pulse {
    /// Something came since the last look.
    heard: bool,
    /// How many looks in a row nothing had come.
    quiet: u8,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parked {
    /// It waits.
    Waits,
    /// It waits in place of an earlier one.
    Replaced,
    /// There was no room for it.
    Dropped,
    /// There was no room for it, and the client is being closed.
    Closed,
}

impl Output {
    /// Whether frames are still accepted.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the kernel takes nothing just now.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// How many bytes wait to be sent.
    pub(crate) fn waits(&self) -> usize {
        self.bytes.len() - self.sent + self.waiting.as_ref().map_or(0, |waiting| waiting.room())
    }

    /// Whether the client was closed because it could not keep up.
    pub(crate) fn was_slow(&self) -> bool {
        self.parting.slow
    }

    /// The next number of an event for this client.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Sends whole frames, now or when there is room for them. A client that
    /// lets too much wait is closed.
    pub(crate) fn send(&mut self, frames: &[u8]) {
        if frames.is_empty() || !self.is_open() {
            return;
        }
        if !self.blocked {
            self.write(frames);
        } else if self.has_room_for(frames.len()) {
            self.waiting.get_or_insert_default().push_frames(frames.to_vec());
        } else {
            self.close_slow();
        }
    }

    /// Whether an event under `key` has to be written in its merged form.
    pub(crate) fn needs_merged(&self, key: &Key) -> bool {
        self.behind || self.waiting.as_ref().is_some_and(|waiting| waiting.holds(key))
    }

    /// Keeps an event for later, while the kernel takes nothing.
    pub(crate) fn park(&mut self, parcel: Parcel, class: Class, key: Option<Key>) -> Parked {
        let replaces = key
            .as_ref()
            .is_some_and(|key| self.waiting.as_ref().is_some_and(|waiting| waiting.holds(key)));
        if replaces || self.has_room_for(parcel.room()) {
            self.waiting.get_or_insert_default().push_event(parcel, key);
            return if replaces { Parked::Replaced } else { Parked::Waits };
        }
        match class {
            Class::Droppable => Parked::Dropped,
            Class::Coalesced => {
                self.behind = true;
                Parked::Dropped
            }
            Class::Critical => {
                self.close_slow();
                Parked::Closed
            }
        }
    }

    /// Says goodbye. What waits is forgotten, apart from the frame that is half
    /// sent; the connection's task sees to the rest.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        self.finish(|out| push_close(out, code, reason));
    }

    /// Answers the goodbye of the client with the same words.
    pub(crate) fn echo_close(&mut self, code: Option<u16>) {
        self.parting.answered = true;
        self.finish(|out| match code {
            Some(code) => push_close(out, code, ""),
            None => push_bare_close(out),
        });
    }

    /// The client said goodbye.
    pub(crate) fn answered(&mut self) {
        self.parting.answered = true;
    }

    /// Whether the client said goodbye.
    pub(crate) fn is_answered(&self) -> bool {
        self.parting.answered
    }

    /// Whether the socket is of no use any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Gives up on the socket.
    pub(crate) fn cut(&mut self) {
        self.state = State::Broken;
        self.wake();
    }

    /// Called once in a while. Returns how many times in a row nothing had been
    /// heard since the time before; the first such time, the client is pinged.
    pub(crate) fn look_for_life(&mut self) -> u8 {
        let heard = std::mem::take(&mut self.pulse.heard);
        self.pulse.quiet = if heard { 0 } else { self.pulse.quiet.saturating_add(1) };
        if self.pulse.quiet == 1 && self.is_open() {
            let mut ping = Vec::with_capacity(2);
            push_ping(&mut ping);
            if self.blocked {
                self.bytes.extend_from_slice(&ping);
            } else {
                self.write(&ping);
            }
        }
        self.pulse.quiet
    }

    /// Reads what is there, or arranges to be woken.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.state == State::Broken {
            return Poll::Ready(Ok(0));
        }
        let read = ready!(self.socket.poll_read(cx, buffer))?;
        self.pulse.heard = true;
        Poll::Ready(Ok(read))
    }

    /// Wakes the task of `cx` when something happens to this link.
    pub(crate) fn watch(&mut self, cx: &Context<'_>) {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
    }

    /// Writes what waits, or arranges to be woken when that is possible again.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.blocked {
            match self.socket.poll_write_ready(cx) {
                Poll::Pending if self.state != State::Broken => return Poll::Pending,
                Poll::Ready(Ok(())) => self.drain(),
                Poll::Pending | Poll::Ready(Err(_)) => self.break_off(),
            }
        }
        Poll::Ready(())
    }

    fn finish(&mut self, goodbye: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_open() {
            return;
        }
        self.waiting = None;
        let mut frame = Vec::new();
        goodbye(&mut frame);
        if self.blocked {
            self.bytes.extend_from_slice(&frame);
        } else {
            self.write(&frame);
        }
        if self.is_open() {
            self.state = State::Closing;
        }
        self.wake();
    }

    fn close_slow(&mut self) {
        self.parting.slow = true;
        self.close(1008, "slow consumer");
    }

    fn has_room_for(&self, more: usize) -> bool {
        let queued = self.waits();
        // A frame of any size may wait alone.
        queued == 0 || queued + more <= self.max_room
    }

    /// Writes frames while nothing waits.
    fn write(&mut self, frames: &[u8]) {
        match self.socket.try_write(frames) {
            Ok(sent) if sent == frames.len() => return,
            Ok(sent) => self.bytes.extend_from_slice(&frames[sent..]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.bytes.extend_from_slice(frames);
            }
            Err(_) => return self.break_off(),
        }
        self.blocked = true;
        self.wake();
    }

    /// Writes what waits, as far as the kernel takes it.
    fn drain(&mut self) {
        loop {
            if self.sent == self.bytes.len() {
                self.bytes.clear();
                self.sent = 0;
                let more = self.waiting.as_mut().is_some_and(|it| it.drain(&mut self.bytes, GULP));
                if !more {
                    self.waiting = None;
                    self.blocked = false;
                    if KEEP < self.bytes.capacity() {
                        self.bytes = Vec::new();
                    }
                    return;
                }
            }
            match self.socket.try_write(&self.bytes[self.sent..]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.break_off(),
            }
        }
    }

    fn break_off(&mut self) {
        self.state = State::Broken;
        self.waiting = None;
        self.bytes = Vec::new();
        self.sent = 0;
        self.blocked = false;
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}
