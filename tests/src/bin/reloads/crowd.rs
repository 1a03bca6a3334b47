//! Clients that are connected the whole time, and the runs some of them started.

use std::{collections::BTreeMap, io, net::SocketAddr, time::Instant};

use domain::client::Protocol;
use serde_json::{Value, json};
use tests::{ADMIN, Client, Closed};
use tokio::{sync::watch, task::JoinSet};

/// How often each run says something, in milliseconds. Everybody hears it.
const PACE: u64 = 2_000;

/// Clients that read whatever comes.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) seen: watch::Receiver<Seen>,
    readers: JoinSet<()>,
}

/// What the clients saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Who was closed, and why.
    pub(crate) closed: BTreeMap<usize, Closed>,
    /// How runs ended, by session.
    pub(crate) ended: BTreeMap<String, String>,
    /// The hash of the file each client heard of last.
    pub(crate) hashes: BTreeMap<usize, String>,
    /// What the first client heard about the file last, and when.
    pub(crate) news: Option<(Value, Instant)>,
    /// Pieces of answers the first client heard.
    pub(crate) pieces: u64,
}

impl Crowd {
    /// Lets `clients` in, `runs` of which start a run that goes on until the
    /// model is told to finish.
    pub(crate) async fn enter(
        address: SocketAddr,
        token: &str,
        clients: usize,
        runs: usize,
    ) -> io::Result<Self> {
        let (told, seen) = watch::channel(Seen::default());
        let mut readers = JoinSet::new();
        for number in 0..clients {
            let mut client = Client::connect(address, token, Protocol::V4, ADMIN).await;
            if number < runs {
                let message = json!({ "sessionKey": session(number), "message": format!("drip {PACE}"),
                    "idempotencyKey": format!("run-{number}") });
                let sent = client.call("chat.send", message).await;
                sent.map_err(|error| io::Error::other(format!("a run does not start: {error}")))?;
            }
            readers.spawn(read(number, client, told.clone()));
        }
        Ok(Self { seen, readers })
    }

    /// Nobody reads any more.
    pub(crate) async fn leave(mut self) {
        self.readers.shutdown().await;
    }
}

/// The session of the run of a client.
pub(crate) fn session(number: usize) -> String {
    format!("agent:main:reloads-{number}")
}

async fn read(number: usize, mut client: Client, told: watch::Sender<Seen>) {
    loop {
        let frame = match client.frame().await {
            Ok(frame) => frame,
            Err(closed) => {
                told.send_modify(|seen| drop(seen.closed.insert(number, closed)));
                return;
            }
        };
        let (now, payload) = (Instant::now(), &frame["payload"]);
        match (frame["event"].as_str(), payload["state"].as_str()) {
            (Some("config.changed"), _) => told.send_modify(|seen| {
                let hash = payload["hash"].as_str().unwrap_or_default();
                seen.hashes.insert(number, hash.to_owned());
                if number == 0 {
                    seen.news = Some((payload.clone(), now));
                }
            }),
            (Some("chat"), Some("delta")) if number == 0 => {
                told.send_modify(|seen| seen.pieces += 1);
            }
            (Some("chat"), Some(state @ ("final" | "aborted" | "error"))) => {
                let session = payload["sessionKey"].as_str().unwrap_or_default();
                told.send_modify(|seen| {
                    seen.ended.insert(session.to_owned(), state.to_owned());
                });
            }
            _ => (),
        }
    }
}
