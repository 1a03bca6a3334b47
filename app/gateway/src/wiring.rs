//! From the options to adapters to use cases to routes: a straight list of
//! constructors, in the order of dependence.

mod authority;
pub(crate) mod discovery;
mod encryption;
mod facts;
mod heap_care;
mod models;
mod reach;
pub(crate) mod tailnet;
mod wizard;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use domain::{discovery::BeaconFacts, exposure::Reach};
use ports::{
    driven::{Archive, Clock, ConfigSource, Entropy, EventSink, Journal, ModelProvider},
    driving::{Conversations, Doorkeeper, Probe, Rpc},
};
use qr_code::Codes;
use rpc::{Addresses, Door, Registry, Services};
use signatures::Ed25519;
use store_sqlite::SqliteStore;
use tls::Certificates;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;
use usecases::{
    agents::Agents,
    auth::{self, Auth},
    book::Book,
    chat::{self, Chat},
    config::Configuration,
    directory::Directory,
    health::{self, Health},
    logs::Logs,
    models::Models,
    presence::Presence,
    probe::Parts,
    sessions::{self, Sessions},
    status::{self, Status},
    system::{System, SystemEvents},
    ticks,
    versions::Versions,
};
use ws_server::Hub;

use crate::{
    StartError, StartOptions,
    clock::{SystemClock, SystemEntropy},
    expose::{self, Serving},
    listen::Plan,
};

use self::{authority::Authority, discovery::Announcing};

/// The parts of a running gateway that stopping it needs.
pub(crate) struct Wired {
    pub(crate) announcing: Option<Announcing>,
    pub(crate) certificates: Option<Certificates>,
    pub(crate) chat: Chat,
    pub(crate) drain: Duration,
    pub(crate) hub: Hub,
    pub(crate) model: String,
    pub(crate) parts: Parts,
    pub(crate) store: Arc<SqliteStore>,
}

fn open(database: &Path) -> Result<SqliteStore, StartError> {
    SqliteStore::open(database, store_sqlite::Options::default())
        .map_err(|source| StartError::State { path: database.to_owned(), source })
}

/// Puts a gateway together and lets it run on `tasks`.
pub(crate) async fn wire(
    options: StartOptions,
    plan: &Plan,
    listeners: Vec<TcpListener>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
    cut: &CancellationToken,
) -> Result<Wired, StartError> {
    let StartOptions { paths, config: file, secrets, logs, auth_mode, discoverability, .. } =
        options;
    let config: Arc<dyn ConfigSource> = Arc::clone(&file) as _;
    let settings = config.current().gateway.clone();
    let limits = settings.limits.clone();
    let mdns = config.current().discovery.mdns.mode;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    let started_at = clock.now();
    let strict_transport_security = encryption::promise(&settings)?;

    let database = paths.state_dir.join("state").join("openclaw-gateway.sqlite");
    let store = Arc::new(open(&database)?);
    let archive: Arc<dyn Archive> = Arc::clone(&store) as _;
    let journal: Arc<dyn Journal> = Arc::clone(&store) as _;

    let found = models::find(&file).await;
    let providers: Arc<[Arc<dyn ModelProvider>]> = found.providers.into();
    let tailnet = tailnet::tailnet(&file, plan.login, plan.tls);
    let names = tailnet::names(tailnet.as_deref(), plan.reach()).await;
    let certificates = encryption::open(&settings, &paths, &listeners, &names, started_at)?;
    let facts = Arc::new(facts::gather(&paths, &listeners, &*entropy, started_at)?);
    let machine = facts.host.clone();
    let hub = Hub::new((&limits).into());
    let events: Arc<dyn EventSink> = Arc::new(hub.clone());
    let versions = Arc::new(Versions::default());

    let agents = Agents::new(&providers, found.models, Arc::clone(&config), Arc::clone(&clock));
    let models = Models::new(Arc::clone(&providers), agents.clone(), Arc::clone(&config));
    let book = Book::new(Arc::clone(&archive), Arc::clone(&journal));
    let system_events = SystemEvents::default();
    let chat = Chat::new(
        chat::Deps {
            agent: Arc::new(agents.clone()),
            agents,
            archive: Arc::clone(&archive),
            book: book.clone(),
            clock: Arc::clone(&clock),
            config: Arc::clone(&config),
            entropy: Arc::clone(&entropy),
            events: Arc::clone(&events),
            system_events: system_events.clone(),
            tasks: tasks.clone(),
        },
        limits.queued_runs_per_session,
    );
    let sessions = Sessions::new(sessions::Deps {
        archive: Arc::clone(&archive),
        book,
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        facts: Arc::clone(&facts),
        models: models.clone(),
        runs: Arc::new(chat.clone()),
    });
    let Authority { approvals, nodes, pairing } = authority::open(
        &paths.state_dir,
        &database,
        authority::Around {
            archive: Arc::clone(&archive),
            chat: chat.clone(),
            clock: Arc::clone(&clock),
            config: Arc::clone(&config),
            entropy: Arc::clone(&entropy),
            events: Arc::clone(&events),
            hub: hub.clone(),
            journal,
            stop: stop.clone(),
            system_events: system_events.clone(),
            tasks: tasks.clone(),
        },
    )
    .await?;
    let auth = auth::Deps {
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        pairing: pairing.clone(),
        secrets,
        signatures: Arc::new(Ed25519),
        tailscale: plan.tailscale,
        tailnet: tailnet.clone(),
    };
    let presence =
        Presence::new(&facts, Arc::clone(&clock), Arc::clone(&events), Arc::clone(&versions));
    let system = System::new(Arc::clone(&config), presence.clone(), system_events);
    let log_source = Arc::clone(&logs) as Arc<dyn ports::driven::LogSource>;
    let parts = Parts::new(
        Arc::clone(&archive),
        providers,
        Arc::clone(&log_source),
        Arc::clone(&clock),
        started_at,
    );
    let health = Health::new(health::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        events: Arc::clone(&events),
        parts: parts.clone(),
        facts: Arc::clone(&facts),
        versions: Arc::clone(&versions),
    });
    let status = Status::new(status::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        facts: Arc::clone(&facts),
        models: models.clone(),
        sessions: sessions.clone(),
        system: system.clone(),
    });
    let served = names.first().filter(|_| plan.tailscale.is_some()).map(String::as_str);
    let tailnet_dns = names.first().cloned();
    let services = Arc::new(Services {
        approvals,
        auth: Auth::new(auth, auth_mode),
        chat: chat.clone(),
        clock: Arc::clone(&clock),
        codes: Arc::new(Codes),
        configuration: Configuration::new(Arc::clone(&config)),
        directory: Directory::new(Arc::clone(&config), models.clone()),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        facts,
        health: health.clone(),
        logs: Logs::new(log_source),
        models,
        pairing,
        nodes,
        presence: presence.clone(),
        reach: Arc::new(reach::Reached::by(served, &listeners, certificates.clone())),
        sessions,
        status,
        system,
        versions,
        wizard: wizard::open(&paths, &file, &clock, &entropy),
    });

    let bound: Vec<_> = listeners.iter().filter_map(|it| it.local_addr().ok()).collect();
    let addresses = Addresses { listening: bound.iter().map(SocketAddr::ip).collect(), names };
    let door: Arc<dyn Doorkeeper> = Arc::new(Door::new(Arc::clone(&services), addresses));
    let registry: Arc<dyn Rpc> = Arc::new(Registry::new(services));
    let mut routes = http_server::probe_routes(&(Arc::new(parts.clone()) as Arc<dyn Probe>));
    routes.extend(openai_api::routes(&openai_api::Deps {
        door: Arc::clone(&door),
        conversations: Arc::new(chat.clone()) as Arc<dyn Conversations>,
        entropy: Arc::clone(&entropy),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        loopback_only: plan.reach() == Reach::ThisMachine,
    }));
    let upgrade = ws_server::handler(ws_server::Deps {
        door: Arc::clone(&door),
        rpc: registry,
        hub: hub.clone(),
        clock: Arc::clone(&clock),
        entropy,
        limits: limits.clone(),
        tasks: tasks.clone(),
        stop: stop.clone(),
    });

    // Before anybody is let in, so that everybody finds the runs marked.
    if let Err(error) = chat.recover().await {
        error!(error = &error as &dyn std::error::Error, "interrupted runs are not marked");
    }

    let [drain, tick] = [limits.drain_ms, limits.tick_interval_ms].map(Duration::from_millis);
    if let (Some(tailnet), Some(how)) = (tailnet, plan.tailscale) {
        let port = bound.first().map_or(0, SocketAddr::port);
        let serving = Serving { how, port, reset_on_exit: plan.reset_on_exit };
        tasks.spawn(expose::run(tailnet, serving, stop.clone()));
    }
    tasks.spawn(http_server::serve(
        listeners,
        http_server::Deps {
            routes,
            upgrade: Some(upgrade),
            fallback: None,
            door,
            encryption: certificates.as_ref().map(Certificates::encryption),
            strict_transport_security,
            limits,
            tasks: tasks.clone(),
            stop: stop.clone(),
            cut: cut.clone(),
        },
    ));
    if let Some(certificates) = certificates.clone() {
        tasks.spawn(certificates.keep_good(Arc::clone(&clock), stop.clone()));
    }
    tasks.spawn(hub.clone().flusher());
    tasks.spawn(ticks::tick(tick, Arc::clone(&clock), events, stop.clone()));
    tasks.spawn(presence.run(stop.clone()));
    tasks.spawn(health.run(stop.clone()));
    tasks.spawn(heap_care::run(hub.clone(), stop.clone()));
    let announcing = discovery::facts(&bound, &machine, discoverability).and_then(|facts| {
        let facts = BeaconFacts { tailnet_dns: facts.tailnet_dns.or(tailnet_dns), ..facts };
        let (told, facts) = watch::channel(facts);
        tasks.spawn(discovery::keep_told(told, certificates.clone(), stop.clone()));
        Announcing::start(facts, mdns, clock, tasks, cut)
    });
    Ok(Wired { announcing, certificates, chat, drain, hub, model: found.choice, parts, store })
}
