//! What the gateway needs.

mod agent;
mod approvals;
mod clock;
mod config;
mod connections;
mod digests;
mod discovery;
mod events;
mod fetch;
mod foreign;
mod lifecycle;
mod logs;
mod macs;
mod meter;
mod models;
mod portraits;
mod reach;
mod relay;
mod restart;
mod secrets;
mod service;
mod signatures;
mod signer;
mod store;
mod tailnet;
mod traces;
mod transforms;
mod updater;
mod wizard;
mod zones;

pub use agent::{AgentError, AgentEvent, AgentRuntime, AgentTurn};
pub use approvals::{ApprovalPolicy, PolicyError, PolicySnapshot};
pub use clock::{Clock, Entropy};
pub use config::{
    ConfigEdit, ConfigIssue, ConfigManual, ConfigReload, ConfigSnapshot, ConfigSource, ConfigStore,
    ConfigWatch, ConfigWrite, ConfigWriteError, ConfigWritten, Reloaded,
};
pub use connections::Connections;
pub use digests::Digests;
pub use discovery::{Advertisement, AdvertisementChange, Advertiser, DiscoveryError, Finder};
pub use events::EventSink;
pub use fetch::{Fetch, FetchError, FetchTerms, Fetched};
pub use foreign::{
    ForeignConversation, ForeignItem, ForeignKind, ForeignRecord, ForeignState, LeftOut, Shelf,
    Shelved,
};
pub use lifecycle::Lifecycle;
pub use logs::{LogPage, LogQuery, LogSource};
pub use macs::Macs;
pub use meter::{Answered, EndedRun, Meter, NoMeter};
pub use models::{
    AnswerFormat, FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelPart,
    ModelProvider, ModelRequest, ModelRole, Sampling, Setting, ToolCall, ToolChoice, ToolResult,
    ToolSpec, ToolUse, Unspoken,
};
pub use portraits::{Portrait, Portraits};
pub use reach::{CodeWriter, Reach};
pub use relay::{RelayAnswer, RelayBody, RelayError, RelayRequest, RelayStream, Said, Used};
pub use restart::{Restart, RestartNotes};
pub use secrets::{Revocations, Secrets, TokenMint};
pub use service::{
    InstalledService, OtherService, ServiceAuthor, ServiceDefinition, ServiceError,
    ServiceInstalled, ServiceKind, ServiceManager, ServiceRuntime, ServiceStatus, ServiceWording,
};
pub use signatures::{BadSignature, PublicKey, Signatures};
pub use signer::Signer;
pub use store::{
    Archive, Change, CommitError, Committed, Drawer, Entry, HistoryPage, HistoryQuery, Journal,
    Record, RunEnd, RunRecord, SessionPage, SessionQuery, SpendingPage, SpendingPlace,
    SpendingQuery, StoreError, StoreStats, StoredRecord, Urgency,
};
pub use tailnet::{Exposed, Tailnet, TailnetError, TailnetStatus, TailnetUser};
pub use traces::Traces;
pub use transforms::{Transform, TransformError, Transforms};
pub use updater::{Installed, Updater};
pub use wizard::{Attic, ProviderCheck, WizardNotes};
pub use zones::{TimeZone, TimeZones};

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
    fetch::MockFetch,
    foreign::{MockForeignState, MockShelf},
    lifecycle::MockLifecycle,
    logs::MockLogSource,
    macs::MockMacs,
    models::MockModelProvider,
    portraits::MockPortraits,
    reach::{MockCodeWriter, MockReach},
    restart::{MockRestart, MockRestartNotes},
    secrets::{MockRevocations, MockSecrets, MockTokenMint},
    service::MockServiceManager,
    signatures::MockSignatures,
    store::{MockArchive, MockJournal},
    tailnet::MockTailnet,
    transforms::MockTransforms,
    updater::MockUpdater,
    wizard::{MockAttic, MockProviderCheck, MockWizardNotes},
};
