//! The routes on a socket, with fakes behind them.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::{agent::FailureKind, approval::Owner, run::Usage};
use ports::{
    config::{Config, Live},
    driven::{CommitError, Fetch, FetchError, FetchTerms, Fetched, FinishReason, ToolCall},
    driving::{KeptResponse, Outcome, Reply, Responses},
};

use crate::{Deps, routes};

pub(super) use http_kit::fake::{PATIENCE, Said, UUID};

/// The routes on a socket.
pub(super) struct House(http_kit::fake::House);

/// The internet, as far as it goes.
struct Internet;

#[async_trait]
impl Fetch for Internet {
    async fn fetch(&self, url: &str, terms: &FetchTerms) -> Result<Fetched, FetchError> {
        let address = domain::outbound::WebAddress::parse(url)?;
        let (mime, bytes): (_, &[u8]) = match address.file_name() {
            "cat.png" => (Some("image/png"), b"\x89PNG\r\n\x1a\n"),
            "octets" => (Some("application/octet-stream"), b"\x89PNG\r\n\x1a\n"),
            "bare" => (None, b"\xff\xd8\xff\xe0"),
            "disguised.jpg" => (Some("image/jpeg"), b"\x89PNG\r\n\x1a\n"),
            "page" => {
                (Some("text/html"), b"<h1>Hello</h1><script>no()</script> <b>you</b> &amp; me")
            }
            _ => return Err(FetchError::Status(404)),
        };
        assert!(terms.max_redirects <= 3 && !terms.timeout.is_zero());
        Ok(Fetched {
            mime: mime.map(str::to_owned),
            name: address.file_name().to_owned(),
            bytes: bytes.to_vec(),
        })
    }
}

/// Keeps responses in memory.
#[derive(Default)]
struct Shelf(Mutex<Vec<Arc<KeptResponse>>>);

#[async_trait]
impl Responses for Shelf {
    fn keep(&self, response: KeptResponse) {
        self.0.lock().unwrap().push(Arc::new(response));
    }

    fn find(&self, owner: &Owner, id: &str) -> Option<Arc<KeptResponse>> {
        let kept = self.0.lock().unwrap();
        kept.iter().find(|kept| kept.id == id && kept.owner == owner.as_str()).cloned()
    }

    async fn forget(&self, owner: &Owner, id: &str) -> Result<bool, CommitError> {
        let found = self.find(owner, id).is_some();
        self.0.lock().unwrap().retain(|kept| kept.id != id);
        Ok(found)
    }
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(Config::default(), true).await
    }

    /// A house that is configured so.
    pub(super) fn with(config: Config, loopback_only: bool) -> impl Future<Output = Self> {
        let house = http_kit::fake::House::with(config, move |cast| {
            routes(&Deps {
                door: cast.door.clone(),
                conversations: cast.agent.clone(),
                fetch: Arc::new(Internet),
                responses: Arc::new(Shelf::default()),
                relay: cast.relay.clone(),
                entropy: cast.fixed.clone(),
                clock: cast.fixed.clone(),
                config: cast.fixed.clone(),
                loopback_only: Live::new(loopback_only),
            })
        });
        async move { Self(house.await) }
    }

    /// Asks for a completion.
    pub(super) async fn complete(&self, body: &str) -> Said {
        self.request("POST", "/v1/chat/completions", BEARER, body).await
    }

    /// Asks for a completion with more headers.
    pub(super) async fn complete_with(&self, headers: &str, body: &str) -> Said {
        let headers = format!("{BEARER}{headers}");
        self.request("POST", "/v1/chat/completions", &headers, body).await
    }
}

impl Deref for House {
    type Target = http_kit::fake::House;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Who may do everything.
pub(super) const BEARER: &str = "Authorization: Bearer all\r\n";

pub(super) fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

pub(super) fn done(text: &str) -> Reply {
    let usage = Usage { input: 11, output: 4, ..Usage::default() };
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: Vec::new(),
        finish: FinishReason::Stop,
        usage,
    })
}

/// The end of an answer that asks for tools: their names and what they are
/// given. They are called `call_0`, `call_1` and so on.
pub(super) fn asks_for(text: &str, calls: &[(&str, &str)]) -> Reply {
    let calls = calls.iter().enumerate().map(|(at, (name, arguments))| ToolCall {
        id: format!("call_{at}"),
        name: (*name).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    let usage = Usage { input: 11, output: 4, cache_read: 3, cache_write: 0 };
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: calls.collect(),
        finish: FinishReason::ToolCalls,
        usage,
    })
}

/// The same, as it is said before the end.
pub(super) fn call_begins(at: usize, name: &str) -> Reply {
    Reply::CallBegun { at, id: format!("call_{at}"), name: name.to_owned() }
}

pub(super) fn given(at: usize, piece: &str) -> Reply {
    Reply::CallArguments { at, piece: piece.to_owned() }
}

pub(super) fn thought(text: &str) -> Reply {
    Reply::Thinking(text.to_owned())
}

pub(super) fn failed(kind: Option<FailureKind>) -> Reply {
    Reply::End(Outcome::Failed { message: "it did not work".to_owned(), kind })
}
