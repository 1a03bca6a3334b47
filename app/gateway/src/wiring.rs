//! From the options to adapters to use cases to routes: a straight list of
//! constructors, in the order of dependence.

mod authority;
mod canvas;
mod count;
mod dashboard;
pub(crate) mod discovery;
mod encryption;
mod facts;
mod follow;
mod heap_care;
mod hooks;
pub(crate) mod live;
mod models;
mod reach;
mod routes;
pub(crate) mod tailnet;
mod talk;
mod tools;
pub(crate) mod update;
mod watch;
pub(crate) mod wizard;

use std::{path::Path, sync::Arc};

use config_file::FileManual;
use http_server::{Manner, Server};
use ports::{
    driven::{Archive, Clock, ConfigSource, Entropy, EventSink, Journal},
    driving::Doorkeeper,
};
use qr_code::Codes;
use rpc::{Door, Registry, Services};
use signatures::{Ed25519, HmacSha256};
use store_sqlite::SqliteStore;
use tls::Certificates;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use usecases::{
    agents::Catalogue,
    auth::{self, Auth},
    chat::Chat,
    config::Configuration,
    health::Health,
    logs::Logs,
    presence::Presence,
    probe::Parts,
    reload::Reload,
    restart::{self, Restarts},
    system::{System, SystemEvents},
    ticks,
    versions::Versions,
};
use ws_server::Hub;

use crate::{
    StartError, StartOptions,
    clock::{SystemClock, SystemEntropy},
    listen::Plan,
};

use self::{
    authority::Authority,
    live::{Around, Moving, Shown},
    talk::Talk,
    watch::Watch,
};

/// The parts of a running gateway that the rest of it needs.
pub(crate) struct Wired {
    pub(crate) chat: Chat,
    pub(crate) hub: Hub,
    pub(crate) model: String,
    pub(crate) moved: Arc<Notify>,
    pub(crate) moving: Moving,
    pub(crate) parts: Parts,
    pub(crate) reload: Reload,
    pub(crate) restarts: Restarts,
    pub(crate) store: Arc<SqliteStore>,
}

fn open(database: &Path) -> Result<SqliteStore, StartError> {
    SqliteStore::open(database, store_sqlite::Options::default())
        .map_err(|source| StartError::State { path: database.to_owned(), source })
}

/// Answers who comes over `listeners`.
fn serve(deps: http_server::Deps, listeners: Vec<TcpListener>) -> Server {
    let tasks = deps.tasks.clone();
    let server = Server::new(deps);
    for listener in listeners {
        server.listen(listener);
    }
    let serving = server.clone();
    tasks.spawn(async move { serving.ended().await });
    server
}

/// What goes on beside everything else, until `stop`.
fn keep_going(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    hub: &Hub,
    server: &Server,
    presence: Presence,
    health: Health,
) {
    tasks.spawn(hub.clone().flusher());
    tasks.spawn(presence.run(stop.clone()));
    tasks.spawn(health.run(stop.clone()));
    tasks.spawn(heap_care::run(hub.clone(), server.clone(), stop.clone()));
}

/// Puts a gateway together and lets it run on `tasks`.
pub(crate) async fn wire(
    options: StartOptions,
    plan: Plan,
    listeners: Vec<TcpListener>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
    cut: &CancellationToken,
) -> Result<Wired, StartError> {
    let StartOptions { paths, config: file, secrets, logs, overrides, .. } = options.clone();
    let config: Arc<dyn ConfigSource> = Arc::clone(&file) as _;
    let current = config.current();
    let (settings, shown) = (&current.gateway, Shown::new(&current));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    let (started_at, strict_transport_security) = (clock.now(), encryption::promise(settings)?);

    let database = paths.database();
    let store = Arc::new(open(&database)?);
    let (archive, journal): (Arc<dyn Archive>, Arc<dyn Journal>) = (store.clone(), store.clone());

    let found = models::find(&file, &options.tracing).await;
    let tailnet = tailnet::tailnet(&file, plan.login, plan.tls);
    let names = tailnet::names(tailnet.as_deref(), plan.reach()).await;
    let certificates = encryption::open(settings, &paths, &plan.listening(), &names, started_at)?;
    let facts = Arc::new(facts::gather(&paths, shown.port.clone(), &*entropy, started_at)?);
    let hub = Hub::new(shown.limits.clone());
    let events: Arc<dyn EventSink> = Arc::new(hub.clone());

    let catalogue = Catalogue::new(found.providers, found.models);
    let (metrics, moved) = (count::open(&hub, &store), Arc::new(Notify::new()));
    let (system_events, versions) = (SystemEvents::default(), Arc::new(Versions::default()));
    let Talk { chat, models, relay, responses, sessions, spendings } = talk::open(talk::Around {
        archive: Arc::clone(&archive),
        catalogue: catalogue.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        database: database.clone(),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        facts: Arc::clone(&facts),
        journal: Arc::clone(&journal),
        meter: Arc::new(metrics.clone()),
        stop: stop.clone(),
        system_events: system_events.clone(),
        tasks: tasks.clone(),
    })
    .await?;
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
        macs: Arc::new(HmacSha256),
        pairing: pairing.clone(),
        secrets: Arc::clone(&secrets) as _,
        signatures: Arc::new(Ed25519),
        tailscale: shown.exposure.clone(),
        tailnet: tailnet.clone(),
    };
    let presence =
        Presence::new(&facts, Arc::clone(&clock), Arc::clone(&events), Arc::clone(&versions));
    let system = System::new(Arc::clone(&config), presence.clone(), system_events);
    let log_source = Arc::clone(&logs) as Arc<dyn ports::driven::LogSource>;
    let restarts = Restarts::default();
    let reload = follow::reload(&file, &events, &restarts);
    let Watch { health, parts, status } = watch::open(watch::Around {
        archive: Arc::clone(&archive),
        catalogue: catalogue.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        events: Arc::clone(&events),
        facts: Arc::clone(&facts),
        log: Arc::clone(&log_source),
        models: models.clone(),
        reload: reload.clone(),
        sessions: sessions.clone(),
        started_at,
        system: system.clone(),
        versions: Arc::clone(&versions),
    });
    let (notes, told) = (update::notes(&paths.state_dir), system.clone());
    let services = Arc::new(Services {
        approvals,
        auth: Auth::new(auth, overrides.auth_mode),
        canvas: canvas::passes(&file, &clock, &entropy),
        chat: chat.clone(),
        clock: Arc::clone(&clock),
        codes: Arc::new(Codes),
        configuration: Configuration::new(
            Arc::clone(&config),
            Arc::new(file.store()),
            reload.clone(),
        ),
        directory: dashboard::directory(&config, &models, &paths.state_dir),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        facts: Arc::clone(&facts),
        health: health.clone(),
        logs: Logs::new(log_source),
        manual: Arc::new(FileManual),
        models,
        pairing,
        nodes,
        presence: presence.clone(),
        reach: Arc::new(reach::Now(shown.reach.clone())),
        restarts: restarts.clone(),
        sessions,
        spendings,
        status,
        system,
        update: update::update(&paths.state_dir, &clock, Some(Arc::new(restarts.clone())), tasks),
        versions,
        wizard: wizard::open(&paths, &file, &clock, &entropy),
    });

    let door: Arc<dyn Doorkeeper> =
        Arc::new(Door::new(Arc::clone(&services), shown.addresses.clone()));
    let (areas, sockets) = canvas::areas(hooks::Around {
        config: &config,
        door: &door,
        paths: &paths,
        secrets,
        services: &services,
        stop,
        store: &store,
        tasks,
    });
    let tools = tools::open(&services);
    let routes = routes::all(routes::Around {
        services: &services,
        config: Arc::clone(&config),
        door: Arc::clone(&door),
        metrics: metrics.clone(),
        near: shown.near.clone(),
        parts: parts.clone(),
        relay,
        responses,
        tools: tools.clone(),
    });
    let registry = count::calls(Arc::new(Registry::new(services, tools)), &metrics);
    let upgrade = ws_server::handler(ws_server::Deps {
        door: Arc::clone(&door),
        rpc: registry,
        hub: hub.clone(),
        clock: Arc::clone(&clock),
        entropy,
        limits: shown.limits.clone(),
        tasks: tasks.clone(),
        stop: stop.clone(),
    });

    // Before anybody is let in, so that everybody finds the runs marked.
    talk::recover(&chat).await;
    let deps = http_server::Deps {
        routes,
        upgrade: Some(dashboard::sockets(&config, upgrade)),
        sockets: Some(sockets),
        fallback: Some(http_kit::areas(areas)),
        door,
        meter: Arc::new(metrics),
        manner: Manner {
            encryption: certificates.as_ref().map(Certificates::encryption),
            strict_transport_security,
            limits: settings.limits.clone(),
        },
        tasks: tasks.clone(),
        stop: stop.clone(),
        cut: cut.clone(),
    };
    let server = serve(deps, listeners);
    tasks.spawn(ticks::tick(shown.limits.clone(), Arc::clone(&clock), events, stop.clone()));
    keep_going(tasks, stop, &hub, &server, presence, health);
    tasks.spawn(restart::tell(notes, told, stop.clone()));
    let around = Around {
        catalogue,
        clock,
        cut: cut.clone(),
        hub: hub.clone(),
        machine: facts.host.clone(),
        moved: Arc::clone(&moved),
        options,
        server,
        shown,
        stop: stop.clone(),
        tasks: tasks.clone(),
    };
    let moving = Moving::start(around, plan, certificates, names).await;
    tasks.spawn(reload.clone().run(Arc::new(moving.clone()), follow::watch(&file), stop.clone()));
    Ok(Wired { chat, hub, model: found.choice, moved, moving, parts, reload, restarts, store })
}
