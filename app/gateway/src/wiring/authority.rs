//! Who may what: devices, nodes, and consent for commands.

use std::{path::Path, sync::Arc};

use approvals_file::PolicyFile;
use ports::driven::{
    Archive, Clock, ConfigSource, Connections, Entropy, EventSink, Journal, StoreError,
};
use secrets_file::{RevokedFile, TokenKey};
use signatures::Sha256;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;
use usecases::{
    approvals::{self, Approvals},
    chat::Chat,
    nodes::{self, Nodes},
    pairing::{self, Pairing},
    system::SystemEvents,
};
use ws_server::Hub;

use crate::StartError;

/// The parts that decide.
pub(super) struct Authority {
    pub(super) approvals: Approvals,
    pub(super) nodes: Nodes,
    pub(super) pairing: Pairing,
}

/// What they need.
pub(super) struct Around {
    pub(super) archive: Arc<dyn Archive>,
    pub(super) chat: Chat,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<dyn ConfigSource>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) hub: Hub,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) stop: CancellationToken,
    pub(super) system_events: SystemEvents,
    pub(super) tasks: TaskTracker,
}

/// Reads what was decided before, so that nobody is let in before it is known.
pub(super) async fn open(
    state_dir: &Path,
    database: &Path,
    around: Around,
) -> Result<Authority, StartError> {
    let unusable = |source: StoreError| StartError::State { path: database.to_owned(), source };
    let Around { archive, chat, clock, config, entropy, events, hub, journal, .. } = around;
    let connections: Arc<dyn Connections> = Arc::new(hub);
    let mint = Arc::new(TokenKey::open(state_dir)?);
    let revocations = Arc::new(RevokedFile::open(state_dir)?);
    let pairing = Pairing::load(pairing::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        connections: Arc::clone(&connections),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        journal: Arc::clone(&journal),
        mint: mint.clone(),
        revocations: revocations.clone(),
        tasks: around.tasks.clone(),
    });
    let pairing = pairing.await.map_err(unusable)?;
    let approvals = Approvals::new(approvals::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        digests: Arc::new(Sha256),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        journal: Arc::clone(&journal),
        policy: Arc::new(PolicyFile::in_dir(state_dir)),
        stop: around.stop,
        tasks: around.tasks,
    });
    if let Err(error) = approvals.recover().await {
        error!(error = &error as &dyn std::error::Error, "earlier approvals are not known");
    }
    let nodes = Nodes::new(nodes::Deps {
        archive,
        clock,
        config,
        connections,
        consents: Arc::new(approvals.clone()),
        devices: Arc::new(pairing.clone()),
        entropy,
        events,
        journal,
        revocations,
        system_events: around.system_events,
        talk: Arc::new(chat),
        tokens: mint,
    });
    // What was withdrawn must not be forgotten.
    nodes.recover().await.map_err(unusable)?;
    pairing.tell_of_departures(Arc::new(nodes.clone()));
    Ok(Authority { approvals, nodes, pairing })
}
