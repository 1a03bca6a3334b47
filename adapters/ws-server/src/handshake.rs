//! Letting a client in (`ws-protocol.md` 3).

use std::{future::poll_fn, ops::ControlFlow, sync::Arc, task::Poll, time::Duration};

use domain::client::Protocol;
use ports::{
    config::LimitsConfig,
    driving::{Circumstances, Refusal, RpcError},
};
use tokio::time::timeout;
use tracing::debug;
use wire::{Dialect, Request, knock, push_challenge, push_response};

use crate::{
    closing::finish,
    desk::Tongue,
    incoming::{Frames, Incoming},
    link::Link,
    outgoing::{push_pong, push_text},
    server::{Guest, Seat, Server},
    session::Session,
    socket::Socket,
};

/// Somebody who has knocked.
pub(crate) struct Newcomer {
    pub(crate) circumstances: Circumstances,
    pub(crate) seat: Seat,
    pub(crate) socket: Socket,
    /// What was read from the socket already.
    pub(crate) already_read: Vec<u8>,
}

/// The first thing a client says.
enum Heard {
    Message(String),
    /// Nothing we understand.
    Garbage,
    /// It is leaving, or gone, or the connection is being closed.
    Nothing,
}

/// What a client is told before its connection is closed.
struct Farewell {
    answer: Option<Vec<u8>>,
    code: u16,
    reason: String,
}

/// Challenges a client, hears what it wants and asks the doorkeeper. Returns
/// its session, or nothing once its connection is closed.
pub(crate) async fn welcome(server: Arc<Server>, newcomer: Newcomer) -> Option<Session> {
    let limits = server.deps.limits.get();
    let Newcomer { circumstances, seat, socket, mut already_read } = newcomer;
    let link = Arc::new(Link::new(socket, limits.max_buffered_bytes));
    let mut frames = Frames::new(limits.preauth_payload_bytes, limits.fragments_per_message);

    let patience = Duration::from_millis(limits.handshake_ms);
    let stopped = server.deps.stop.cancelled();
    let handshake =
        shake_hands(&server, &circumstances, &limits, &link, &mut frames, &mut already_read);
    let ended = tokio::select! {
        biased;
        () = stopped => Err(Some(Farewell::new(1012, "service restart"))),
        result = timeout(patience, handshake) => {
            result.unwrap_or_else(|_| Err(Some(Farewell::new(1008, "handshake timeout"))))
        }
    };
    drop(seat);
    match ended {
        Ok(session) => return Some(session(frames)),
        Err(Some(farewell)) => {
            debug!(connection = %circumstances.connection, code = farewell.code, "not let in");
            let mut output = link.lock();
            output.send(&farewell.answer.unwrap_or_default());
            output.close(farewell.code, &farewell.reason);
        }
        Err(None) => (),
    }
    finish(link, frames).await;
    None
}

/// The session, once it gets what was read with.
type Admitted = Box<dyn FnOnce(Frames) -> Session + Send>;

async fn shake_hands(
    server: &Arc<Server>,
    circumstances: &Circumstances,
    limits: &LimitsConfig,
    link: &Arc<Link>,
    frames: &mut Frames,
    already_read: &mut Vec<u8>,
) -> Result<Admitted, Option<Farewell>> {
    let mut challenge = Vec::new();
    push_text(&mut challenge, |out| {
        push_challenge(out, &circumstances.nonce, circumstances.challenged_at);
    });
    link.lock().send(&challenge);
    drop(challenge);

    let heard = match first_message(server, link, frames, already_read).await {
        Heard::Message(heard) => heard,
        Heard::Garbage => return Err(Some(Farewell::not_a_request())),
        Heard::Nothing => return Err(None),
    };
    let request = Request::decode(&heard, None, limits.json_depth)
        .map_err(|_| Some(Farewell::not_a_request()))?;
    let refuse =
        |protocol, refusal: &Refusal| Some(Farewell::answering(&request, protocol, refusal));
    let protocol = match request.dialect {
        Dialect::Real => Protocol::V4,
        Dialect::Brief => Protocol::Brief,
    };
    if request.method != "connect" {
        let error = RpcError::invalid("invalid handshake: first request must be connect");
        return Err(refuse(protocol, &Refusal::policy(error)));
    }
    let knock =
        knock(request.params, request.dialect).map_err(|refusal| refuse(protocol, &refusal))?;
    let protocol = knock.protocol;
    let welcome = server.deps.door.admit(server.next_client(), knock, circumstances).await;
    let welcome = welcome.map_err(|refusal| refuse(protocol, &refusal))?;
    let guest = Guest { server: Arc::clone(server), client: welcome.client };

    let mut hello = Vec::new();
    push_text(&mut hello, |out| {
        push_response(out, protocol, &request.id, Ok(&welcome.hello));
    });
    frames.accept_up_to(limits.max_payload_bytes);
    debug!(connection = %circumstances.connection, client = guest.client.id.0, "let in");
    let tongue = Tongue { dialect: request.dialect, depth: limits.json_depth };
    let link = Arc::clone(link);
    let membership = server.deps.hub.join(&guest.client, &link, &hello);
    Ok(Box::new(move |frames| Session::new(link, frames, tongue, membership, guest)))
}

/// Waits for the first message. What comes behind it stays in `frames`, or in
/// the socket: frames that arrive during the handshake are not lost.
async fn first_message(
    server: &Server,
    link: &Link,
    frames: &mut Frames,
    already_read: &mut Vec<u8>,
) -> Heard {
    poll_fn(|cx| {
        server.with_buffers(|buffers| {
            link.lock().watch(cx);
            let _ = link.lock().poll_drain(cx);
            loop {
                let read = if already_read.is_empty() {
                    let read = link.lock().poll_read(cx, &mut buffers.read);
                    match read {
                        Poll::Ready(Ok(read)) if 0 < read => &mut buffers.read[..read],
                        Poll::Ready(_) => {
                            link.lock().cut();
                            return Poll::Ready(Heard::Nothing);
                        }
                        Poll::Pending => return Poll::Pending,
                    }
                } else {
                    already_read.as_mut_slice()
                };
                let mut heard = None;
                let fed = frames.feed(read, |incoming| {
                    match incoming {
                        Incoming::Text(text) => heard = Some(Heard::Message(text.to_owned())),
                        Incoming::Garbage => heard = Some(Heard::Garbage),
                        Incoming::Ping(payload) => {
                            let mut pong = Vec::new();
                            push_pong(&mut pong, payload);
                            link.lock().send(&pong);
                        }
                        Incoming::Pong => (),
                        Incoming::Close(code) => {
                            link.lock().echo_close(code);
                            heard = Some(Heard::Nothing);
                        }
                    }
                    if heard.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                already_read.clear();
                if let Err(violation) = fed {
                    let (code, reason) = violation.close();
                    link.lock().close(code, reason);
                    return Poll::Ready(Heard::Nothing);
                }
                if let Some(heard) = heard {
                    return Poll::Ready(heard);
                }
            }
        })
    })
    .await
}

impl Farewell {
    fn new(code: u16, reason: &str) -> Self {
        Self { answer: None, code, reason: reason.to_owned() }
    }

    /// Whoever does not begin with a request gets no answer.
    fn not_a_request() -> Self {
        Self::new(1008, "invalid request frame")
    }

    fn answering(request: &Request<'_>, protocol: Protocol, refusal: &Refusal) -> Self {
        let mut answer = Vec::new();
        push_text(&mut answer, |out| {
            push_response(out, protocol, &request.id, Err(&refusal.error));
        });
        let reason = refusal.error.message.clone();
        Self { answer: Some(answer), code: refusal.close_code, reason }
    }
}
