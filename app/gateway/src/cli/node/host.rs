//! A node that is connected: takes what the gateway asks for, does it, and says
//! what came of it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use approvals_file::PolicyFile;
use serde::Serialize;
use tokio::{sync::mpsc, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;
use ws_client::{CallError, Client, Event};

use super::{
    decide::Memory,
    invoke::{Cancel, Refused, Request, Said},
    notify, run_command,
};

/// How many requests are worked on at the same time.
const MAX_RUNNING: usize = 16;
/// How much that is to be said waits for a connection.
const MAX_UNSAID: usize = 256;
/// How long commands that are told to end may take.
const GRACE: Duration = Duration::from_secs(5);

/// What a connection is to a node.
pub(super) trait Link {
    /// The next event. May be given up and asked for again.
    async fn event(&mut self) -> Result<Event, CallError>;

    /// Calls a method whose answer does not matter.
    async fn say(&mut self, method: &str, params: &impl Serialize) -> Result<(), CallError>;
}

impl Link for Client {
    async fn event(&mut self) -> Result<Event, CallError> {
        Self::event(self).await
    }

    async fn say(&mut self, method: &str, params: &impl Serialize) -> Result<(), CallError> {
        self.notify(method, params).await
    }
}

/// What a node works with.
#[derive(Debug)]
pub(super) struct Machine {
    /// What may run here.
    pub(super) policy: PolicyFile,
    /// Where commands run that do not say where.
    pub(super) home: PathBuf,
    /// The variables of this process.
    pub(super) env: Vec<(String, String)>,
}

impl Machine {
    /// Where programs are looked for.
    pub(super) fn path(&self) -> &str {
        let path = self.env.iter().find(|(name, _)| name == "PATH");
        path.map_or("/usr/local/bin:/usr/bin:/bin", |(_, path)| path)
    }

    /// A variable of this process that is not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Why a connection is not served any more.
#[derive(Debug)]
pub(super) enum Left {
    /// We stop.
    Stopped,
    /// It broke.
    Lost(CallError),
}

/// A node. What it is asked for goes on when the connection breaks, and what
/// came of it is said on the next one.
#[derive(Debug)]
pub(super) struct Host {
    shared: Arc<Shared>,
    unsaid: mpsc::Receiver<Said>,
    /// What could not be said because the connection broke meanwhile.
    again: Option<Said>,
}

/// What everything a node works on shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) machine: Machine,
    pub(super) memory: Memory,
    say: mpsc::Sender<Said>,
    running: Mutex<HashMap<String, CancellationToken>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Shared {
    /// Says something to the gateway, sooner or later.
    pub(super) async fn say(&self, said: Said) {
        // Nobody listens any more when the node has stopped.
        let _ = self.say.send(said).await;
    }
}

impl Host {
    /// A node that works with `machine`.
    pub(super) fn new(machine: Machine) -> Self {
        let (say, unsaid) = mpsc::channel(MAX_UNSAID);
        let shared = Shared {
            machine,
            memory: Memory::default(),
            say,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared), unsaid, again: None }
    }

    /// Does what it is asked for on `link` until that breaks, or `stop`.
    pub(super) async fn serve(&mut self, link: &mut impl Link, stop: &CancellationToken) -> Left {
        loop {
            if let Some(said) = self.again.take()
                && let Err(error) = link.say(said.method, &said.params).await
            {
                self.again = Some(said);
                return Left::Lost(error);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.finish(link).await;
                    return Left::Stopped;
                }
                Some(said) = self.unsaid.recv() => self.again = Some(said),
                event = link.event() => match event {
                    Ok(event) => self.heard(&event),
                    Err(error) => return Left::Lost(error),
                },
            }
        }
    }

    /// Ends whatever runs, and says so as long as the connection lasts.
    async fn finish(&mut self, link: &mut impl Link) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        let shared = Arc::clone(&self.shared);
        let mut ended = Box::pin(time::timeout(GRACE, shared.tasks.wait()));
        loop {
            tokio::select! {
                biased;
                Some(said) = self.unsaid.recv() => {
                    if link.say(said.method, &said.params).await.is_err() {
                        return;
                    }
                }
                _ = &mut ended => return,
            }
        }
    }

    /// Ends whatever runs.
    pub(super) async fn stop(mut self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.unsaid.close();
        if time::timeout(GRACE, self.shared.tasks.wait()).await.is_err() {
            warn!("commands do not end");
        }
    }

    fn heard(&mut self, event: &Event) {
        let payload = event.payload.as_str();
        match event.name.as_str() {
            "node.invoke.request" => match serde_json::from_str(payload) {
                Ok(request) => self.begin(request),
                Err(error) => warn!(%error, "the gateway asks for something that makes no sense"),
            },
            "node.invoke.cancel" => {
                let cancel = serde_json::from_str::<Cancel>(payload);
                let running = self.running();
                let found = cancel.ok().and_then(|it| running.get(&it.invoke_id).cloned());
                drop(running);
                if let Some(token) = found {
                    token.cancel();
                }
            }
            _ => (),
        }
    }

    fn begin(&mut self, request: Request) {
        let cancel = self.shared.stop.child_token();
        let refused = {
            let mut running = self.running();
            if running.contains_key(&request.id) {
                // It is being worked on.
                return;
            }
            let full = MAX_RUNNING <= running.len();
            if !full {
                running.insert(request.id.clone(), cancel.clone());
            }
            full
        };
        if refused {
            let busy = Refused::unavailable("too many commands are running on this node");
            self.again = Some(Said::result(&request, Err(busy)));
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let answer = answer(&shared, &request, &cancel).await;
            shared.say(Said::result(&request, answer)).await;
            shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.id);
        });
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what is asked for.
async fn answer(
    shared: &Arc<Shared>,
    request: &Request,
    cancel: &CancellationToken,
) -> Result<serde_json::Value, Refused> {
    match request.command.as_str() {
        "system.run" => run_command::run(shared, request, cancel).await,
        "system.run.prepare" => run_command::prepare(shared, request).await,
        "system.which" => run_command::which(&shared.machine, request),
        "system.notify" => notify::notify(&shared.machine, request, cancel).await,
        "system.execApprovals.get" => run_command::policy(shared).await,
        "system.execApprovals.set" => run_command::set_policy(shared, request).await,
        other => Err(Refused::invalid(format!("unknown command: {other}"))),
    }
}
