//! What the gateway needs.

mod agent;
mod approvals;
mod clock;
mod config;
mod connections;
mod digests;
mod discovery;
mod events;
mod logs;
mod models;
mod reach;
mod secrets;
mod signatures;
mod signer;
mod store;
mod tailnet;
mod wizard;

pub use agent::{AgentError, AgentEvent, AgentRuntime, AgentTurn};
pub use approvals::{ApprovalPolicy, PolicyError, PolicySnapshot};
pub use clock::{Clock, Entropy};
pub use config::{
    ConfigEdit, ConfigIssue, ConfigReload, ConfigSnapshot, ConfigSource, ConfigStore, ConfigWatch,
    ConfigWrite, ConfigWriteError, ConfigWritten, Reloaded,
};
pub use connections::Connections;
pub use digests::Digests;
pub use discovery::{Advertisement, AdvertisementChange, Advertiser, DiscoveryError, Finder};
pub use events::EventSink;
pub use logs::{LogPage, LogQuery, LogSource};
pub use models::{
    FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelPart, ModelProvider,
    ModelRequest, ModelRole, Sampling,
};
pub use reach::{CodeWriter, Reach};
pub use secrets::{Revocations, Secrets, TokenMint};
pub use signatures::{BadSignature, PublicKey, Signatures};
pub use signer::Signer;
pub use store::{
    Archive, Change, CommitError, Committed, Drawer, Entry, HistoryPage, HistoryQuery, Journal,
    Record, RunEnd, RunRecord, SessionPage, SessionQuery, StoreError, StoreStats, StoredRecord,
    Urgency,
};
pub use tailnet::{Exposed, Tailnet, TailnetError, TailnetStatus, TailnetUser};
pub use wizard::{ProviderCheck, WizardNotes};

#[cfg(feature = "mock")]
pub use {
    agent::MockAgentRuntime,
    approvals::MockApprovalPolicy,
    clock::{MockClock, MockEntropy},
    config::{MockConfigReload, MockConfigSource, MockConfigStore, MockConfigWatch},
    connections::MockConnections,
    digests::MockDigests,
    discovery::{MockAdvertisement, MockAdvertiser, MockFinder},
    events::MockEventSink,
    logs::MockLogSource,
    models::MockModelProvider,
    reach::{MockCodeWriter, MockReach},
    secrets::{MockRevocations, MockSecrets, MockTokenMint},
    signatures::MockSignatures,
    store::{MockArchive, MockJournal},
    tailnet::MockTailnet,
    wizard::{MockProviderCheck, MockWizardNotes},
};
