//! A link over a socket that keeps its word only to those who keep theirs.

use std::{
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use http_kit::SecuredSocket;
use proptest::{collection::vec, prelude::*};

use super::*;

/// What a socket did: what is left of the bytes it began with, what it will do
/// next, and what came out of it.
#[derive(Debug, Default)]
struct Diary {
    /// Encrypted already, so to speak: these have to be offered again.
    promised: Vec<u8>,
    /// How many bytes it takes at each attempt; when there are no more, all.
    takes: Vec<usize>,
    out: Vec<u8>,
}

/// A socket that takes as much as it pleases, and remembers what it was offered.
#[derive(Clone, Debug, Default)]
struct Picky(Arc<Mutex<Diary>>);

impl SecuredSocket for Picky {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut diary = self.0.lock().unwrap();
        let again = diary.promised.len().min(bytes.len());
        assert_eq!(bytes[..again], diary.promised[..again], "other bytes than before");
        let takes = diary.takes.pop().unwrap_or(usize::MAX).min(bytes.len());
        diary.promised = bytes[takes..].to_vec();
        diary.out.extend_from_slice(&bytes[..takes]);
        if takes == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(takes) }
    }

    fn poll_write_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Something that happens to a link.
#[derive(Clone, Debug)]
enum Step {
    Send(u8, usize),
    Park(u8, usize),
    Look,
    Drain,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<u8>(), 1..300_usize).prop_map(|(byte, length)| Step::Send(byte, length)),
        2 => (any::<u8>(), 1..300_usize).prop_map(|(byte, length)| Step::Park(byte, length)),
        1 => Just(Step::Look),
        3 => Just(Step::Drain),
        1 => Just(Step::Close),
    ]
}

proptest! {
    /// Whatever happens to a link, what its socket did not take is what it is
    /// offered next: an encrypted one has done half of the work already. And
    /// whatever is sent comes out whole and in order.
    #[test]
    fn what_was_not_taken_is_offered_again(
        steps in vec(step(), 1..40),
        takes in vec(prop_oneof![Just(0), 1..400_usize], 0..40),
    ) {
        let socket = Picky::default();
        socket.0.lock().unwrap().takes = takes;
        let link = Link::new(Socket::Secured(Box::new(socket.clone())), 2000);
        let mut cx = Context::from_waker(Waker::noop());
        let mut sent = Vec::new();
        let mut parked = false;
        for step in steps {
            let mut output = link.lock();
            match step {
                Step::Send(byte, length) => {
                    let was_open = output.is_open();
                    output.send(&vec![byte; length]);
                    if was_open && output.is_open() {
                        sent.extend(std::iter::repeat_n(byte, length));
                    }
                }
                Step::Park(byte, length) if output.is_open() && output.is_blocked() => {
                    parked = true;
                    let shared = bytes::Bytes::from(vec![byte; length]);
                    let protocol = domain::client::Protocol::V4;
                    output.park(Parcel { shared, protocol, seq: None }, Class::Droppable, None);
                }
                Step::Park(..) => (),
                Step::Look => drop(output.look_for_life()),
                Step::Drain => drop(output.poll_drain(&mut cx)),
                Step::Close => output.close(1000, "bye"),
            }
        }
        // A socket that takes nothing now and then takes all in the end.
        for _ in 0..50 {
            let _ = link.lock().poll_drain(&mut cx);
        }
        let is_open = link.lock().is_open();
        let diary = socket.0.lock().unwrap();
        prop_assert_eq!(diary.promised.len(), 0);
        if is_open && !parked {
            // Pings may be in between; without them it is what was sent.
            let mut rest = sent.as_slice();
            for byte in &diary.out {
                if rest.first() == Some(byte) {
                    rest = &rest[1..];
                }
            }
            prop_assert_eq!(rest.len(), 0);
        }
    }
}
