//! A client that is logged in.

use std::{collections::VecDeque, fmt, time::Duration};

use ports::Json;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    error::{CallError, ConnectError},
    frames::{self, Event, Frame, Hello},
    introduction::Introduction,
    socket::Socket,
    target::{Credentials, Target},
};

/// How many events are kept during a call. Older ones are forgotten.
const KEPT: usize = 4096;

/// A connection to a gateway that let us in.
pub struct Client {
    socket: Socket,
    hello: Hello,
    calls: u64,
    events: VecDeque<Event>,
    patience: Duration,
}

impl Client {
    /// Connects to `target` and logs in. Every answer, that to the login
    /// included, has to arrive within `patience`.
    ///
    /// A secret is not sent where others can read it, unless `readable` says
    /// that this is all right.
    pub async fn connect(
        target: &Target,
        credentials: &Credentials,
        who: &Introduction<'_>,
        patience: Duration,
        readable: bool,
    ) -> Result<Self, ConnectError> {
        if credentials.holds_secret() && target.is_readable() && !readable {
            return Err(ConnectError::Readable(target.to_string()));
        }
        if target.pin.is_some() && !target.secure {
            return Err(ConnectError::PinnedInTheOpen(target.to_string()));
        }
        let login = Self::log_in(target, credentials, who, patience);
        match timeout(patience, login).await {
            Ok(client) => client,
            Err(_) => Err(CallError::Timeout(patience).into()),
        }
    }

    async fn log_in(
        target: &Target,
        credentials: &Credentials,
        who: &Introduction<'_>,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let mut socket = Socket::open(target).await?;
        // The gateway speaks first, with a challenge for our key.
        let Frame::Event(challenge) = frames::decode(&socket.receive().await?)? else {
            return Err(CallError::Nonsense.into());
        };
        let params = who.params(credentials, &challenge.payload);
        let hello = Hello::default();
        let mut client = Self { socket, hello, calls: 0, events: VecDeque::new(), patience };
        let answer = client.call("connect", &params).await;
        let payload = match answer {
            Ok(payload) => payload,
            Err(CallError::Gateway(error)) => return Err(ConnectError::Refused(error)),
            Err(error) => return Err(error.into()),
        };
        client.hello = serde_json::from_str(payload.as_str()).map_err(|_| CallError::Nonsense)?;
        Ok(client)
    }

    /// What the gateway said about itself.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Calls `method` and does not wait: an answer that comes is forgotten.
    pub async fn notify(&mut self, method: &str, params: &impl Serialize) -> Result<(), CallError> {
        self.send(method, params).await.map(drop)
    }

    /// Calls `method` and waits for its answer, the first if there are several.
    pub async fn call(&mut self, method: &str, params: &impl Serialize) -> Result<Json, CallError> {
        let id = self.send(method, params).await?;
        let deadline = Instant::now() + self.patience;
        loop {
            match timeout_at(deadline, self.frame()).await {
                Ok(Ok(Frame::Response { id: to, answer })) if to == id => {
                    return answer.map_err(CallError::Gateway);
                }
                Ok(Ok(frame)) => self.keep(frame),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(CallError::Timeout(self.patience)),
            }
        }
    }

    /// Calls a `method` that answers twice and waits for the second answer. In
    /// between, `listen` hears every event. It may take as long as it takes;
    /// only the first answer has to be quick.
    pub async fn call_expect_final(
        &mut self,
        method: &str,
        params: &impl Serialize,
        mut listen: impl FnMut(&Event),
    ) -> Result<Json, CallError> {
        let id = self.send(method, params).await?;
        let deadline = Instant::now() + self.patience;
        let mut accepted = false;
        loop {
            let frame = if accepted {
                self.frame().await?
            } else {
                let frame = timeout_at(deadline, self.frame()).await;
                frame.map_err(|_| CallError::Timeout(self.patience))??
            };
            match frame {
                Frame::Event(event) => listen(&event),
                Frame::Response { id: to, answer } if to == id => {
                    let answer = answer.map_err(CallError::Gateway)?;
                    if !is_accepted(&answer) {
                        return Ok(answer);
                    }
                    accepted = true;
                }
                // To a call that was given up.
                Frame::Response { .. } => (),
            }
        }
    }

    /// The next event.
    pub async fn event(&mut self) -> Result<Event, CallError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let frame = self.frame().await?;
            self.keep(frame);
        }
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.socket.close().await;
    }

    async fn send(&mut self, method: &str, params: &impl Serialize) -> Result<String, CallError> {
        self.calls += 1;
        let id = self.calls.to_string();
        self.socket.send(&frames::request(&id, method, params)).await?;
        Ok(id)
    }

    async fn frame(&mut self) -> Result<Frame, CallError> {
        frames::decode(&self.socket.receive().await?)
    }

    fn keep(&mut self, frame: Frame) {
        // An answer nobody waits for belongs to a call that was given up.
        let Frame::Event(event) = frame else { return };
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

/// Whether there is another answer to come.
fn is_accepted(answer: &Json) -> bool {
    #[derive(Deserialize)]
    struct Status<'a> {
        #[serde(borrow)]
        status: Option<std::borrow::Cow<'a, str>>,
    }
    let status = serde_json::from_str::<Status<'_>>(answer.as_str());
    status.is_ok_and(|answer| answer.status.as_deref() == Some("accepted"))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("hello", &self.hello).finish_non_exhaustive()
    }
}
