//! What the gateway needs.

mod agent;
mod clock;
mod config;
mod discovery;
mod events;
mod logs;
mod models;
mod secrets;
mod store;

pub use agent::{AgentError, AgentEvent, AgentRuntime, AgentTurn};
pub use clock::{Clock, Entropy};
pub use config::{ConfigIssue, ConfigSnapshot, ConfigSource};
pub use discovery::{Advertisement, AdvertisementChange, Advertiser, DiscoveryError, Finder};
pub use events::EventSink;
pub use logs::{LogPage, LogQuery, LogSource};
pub use models::{
    FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelPart, ModelProvider,
    ModelRequest, ModelRole, Sampling,
};
pub use secrets::Secrets;
pub use store::{
    Archive, Change, CommitError, Committed, HistoryPage, HistoryQuery, Journal, Record, RunEnd,
    RunRecord, SessionPage, SessionQuery, StoreError, StoreStats, StoredRecord, Urgency,
};

#[cfg(feature = "mock")]
pub use {
    agent::MockAgentRuntime,
    clock::{MockClock, MockEntropy},
    config::MockConfigSource,
    discovery::{MockAdvertisement, MockAdvertiser, MockFinder},
    events::MockEventSink,
    logs::MockLogSource,
    models::MockModelProvider,
    secrets::MockSecrets,
    store::{MockArchive, MockJournal},
};
