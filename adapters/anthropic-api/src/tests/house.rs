//! The routes on a socket, with fakes behind them.

use std::ops::Deref;

use domain::{agent::FailureKind, run::Usage};
use ports::{
    config::{Config, Live},
    driven::FinishReason,
    driving::{Outcome, Reply},
};

use crate::{Deps, routes};

pub(super) use http_kit::fake::{PATIENCE, Said};

/// The routes on a socket.
pub(super) struct House(http_kit::fake::House);

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
                counter: cast.agent.clone(),
                relay: cast.relay.clone(),
                entropy: cast.fixed.clone(),
                config: cast.fixed.clone(),
                loopback_only: Live::new(loopback_only),
            })
        });
        async move { Self(house.await) }
    }

    /// Asks for an answer.
    pub(super) async fn create(&self, body: &str) -> Said {
        self.create_with("", body).await
    }

    /// Asks for an answer with more headers.
    pub(super) async fn create_with(&self, headers: &str, body: &str) -> Said {
        self.request("POST", "/v1/messages", &format!("{KEY}{headers}"), body).await
    }
}

impl Deref for House {
    type Target = http_kit::fake::House;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Who may do everything.
pub(super) const KEY: &str = "x-api-key: all\r\n";

pub(super) fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

pub(super) fn done(text: &str) -> Reply {
    ended(text, FinishReason::Stop)
}

pub(super) fn begun(at: usize, id: &str, name: &str) -> Reply {
    Reply::CallBegun { at, id: id.to_owned(), name: name.to_owned() }
}

pub(super) fn given(at: usize, piece: &str) -> Reply {
    Reply::CallArguments { at, piece: piece.to_owned() }
}

pub(super) fn ended(text: &str, finish: FinishReason) -> Reply {
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: Vec::new(),
        finish,
        usage: Usage { input: 41, output: 15, cache_read: 30, cache_write: 2 },
    })
}

pub(super) fn failed(kind: Option<FailureKind>) -> Reply {
    Reply::End(Outcome::Failed { message: "it did not work".to_owned(), kind })
}
