//! Talking to agents, and the list of conversations.

use std::{path::PathBuf, sync::Arc};

use ports::driven::{Archive, Clock, ConfigSource, Entropy, EventSink, Journal, Meter};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;
use usecases::{
    agents::{Agents, Catalogue},
    book::Book,
    chat::{self, Chat},
    facts::Facts,
    models::Models,
    relay::{self, Relay},
    responses::{self, Responses},
    sessions::{self, Sessions},
    spending::{self, Spendings},
    system::SystemEvents,
};

use crate::{StartError, zones::SystemZones};

/// What it takes.
pub(super) struct Around {
    pub(super) archive: Arc<dyn Archive>,
    pub(super) catalogue: Catalogue,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<dyn ConfigSource>,
    pub(super) database: PathBuf,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) facts: Arc<Facts>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) meter: Arc<dyn Meter>,
    pub(super) stop: CancellationToken,
    pub(super) system_events: SystemEvents,
    pub(super) tasks: TaskTracker,
}

/// What comes of it.
pub(super) struct Talk {
    pub(super) chat: Chat,
    pub(super) models: Models,
    pub(super) relay: Relay,
    pub(super) responses: Responses,
    pub(super) sessions: Sessions,
    pub(super) spendings: Spendings,
}

/// Marks the runs that were interrupted when the gateway last ended.
pub(super) async fn recover(chat: &Chat) {
    if let Err(error) = chat.recover().await {
        error!(error = &error as &dyn std::error::Error, "interrupted runs are not marked");
    }
}

/// Puts it together.
pub(super) async fn open(around: Around) -> Result<Talk, StartError> {
    let Around { archive, catalogue, clock, config, entropy, events, facts, journal, .. } = around;
    let responses = Responses::open(responses::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        journal: Arc::clone(&journal),
        tasks: around.tasks.clone(),
    })
    .await
    .map_err(|source| StartError::State { path: around.database, source })?;
    let relay = Relay::new(relay::Deps {
        archive: Arc::clone(&archive),
        catalogue: catalogue.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        entropy: Arc::clone(&entropy),
        journal: Arc::clone(&journal),
        stop: around.stop,
        tasks: around.tasks.clone(),
    });
    let agents = Agents::new(catalogue.clone(), Arc::clone(&config), Arc::clone(&clock));
    let models = Models::new(catalogue, agents.clone(), Arc::clone(&config));
    let book = Book::new(Arc::clone(&archive), journal);
    let chat = Chat::new(chat::Deps {
        agent: Arc::new(agents.clone()),
        agents,
        archive: Arc::clone(&archive),
        book: book.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        meter: around.meter,
        system_events: around.system_events,
        tasks: around.tasks,
    });
    let spendings = Spendings::new(spending::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        zones: Arc::new(SystemZones),
    });
    let sessions = Sessions::new(sessions::Deps {
        archive,
        book,
        clock,
        config,
        entropy,
        events,
        facts,
        models: models.clone(),
        runs: Arc::new(chat.clone()),
    });
    Ok(Talk { chat, models, relay, responses, sessions, spendings })
}
