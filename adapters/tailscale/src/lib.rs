#![doc = include_str!("../README.md")]

mod answer;
mod command;
mod local_api;
mod route;
mod users;

use std::{
    fmt,
    net::IpAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::exposure::{Exposure, is_tailnet};
use ports::driven::{Exposed, Tailnet, TailnetError, TailnetStatus, TailnetUser};
use serde_json::Value;
use tracing::debug;

use crate::{
    answer::Status,
    command::Command,
    local_api::LocalApi,
    route::{Added, Route},
    users::Users,
};

/// How long changing what is served may take, all questions together.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a question about this machine may take, looking for the command
/// included.
const STATUS_TIMEOUT: Duration = Duration::from_secs(10);
/// How often to begin again when somebody else changed it meanwhile.
const TRIES: u32 = 3;

/// How to ask Tailscale.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The socket of tailscaled, instead of the usual one.
    pub socket: Option<PathBuf>,
    /// The command, instead of the `tailscale` that is found.
    pub command: Option<PathBuf>,
    /// What runs the command as root where it lacks permissions, instead of
    /// `sudo`; it is told `-n`, so it must not ask for a password.
    pub sudo: Option<PathBuf>,
    /// Whether a funnel that is already open for the gateway stays open when it
    /// is to be served to the tailnet.
    pub preserve_funnel: bool,
    /// Whether the gateway speaks TLS on its port.
    pub tls: bool,
}

/// Tailscale on this machine. Nothing is asked before there is a question.
pub struct Tailscale {
    api: LocalApi,
    command: Command,
    options: Options,
    users: Users,
    // Invariant: what `expose` added in this process and nobody took back.
    added: Mutex<Option<Route>>,
}

impl Tailscale {
    /// Asks in the manner of `options`.
    pub fn new(options: Options) -> Self {
        Self {
            api: LocalApi::new(options.socket.clone()),
            command: Command::new(&options),
            options,
            users: Users::default(),
            added: Mutex::default(),
        }
    }

    async fn ask_status(&self) -> Result<Status, TailnetError> {
        match self.api.status().await {
            Err(error) if may_ask_otherwise(&error) => {
                self.command.status().await.map_err(|second| worse(error, second))
            }
            answer => answer,
        }
    }

    async fn ask_whois(&self, address: IpAddr) -> Result<Option<TailnetUser>, TailnetError> {
        match self.api.whois(address).await {
            Err(error) if may_ask_otherwise(&error) => {
                self.command.whois(address).await.map_err(|second| worse(error, second))
            }
            answer => answer,
        }
    }

    async fn add(&self, how: Exposure, route: &Route) -> Result<Added, TailnetError> {
        let change = |config: &mut Value| route.add(config, how, self.options.preserve_funnel);
        match self.change(change).await {
            Err(error) if may_ask_otherwise(&error) => {
                self.add_by_command(how, route).await.map_err(|second| worse(error, second))
            }
            answer => answer,
        }
    }

    async fn remove(&self, how: Exposure, route: &Route) -> Result<(), TailnetError> {
        let change = |config: &mut Value| {
            route.remove(config);
            Ok(())
        };
        match self.change(change).await {
            Err(error) if may_ask_otherwise(&error) => {
                self.remove_by_command(how, route).await.map_err(|second| worse(error, second))
            }
            answer => answer,
        }
    }

    /// Changes what is served through the local API, again if somebody else did
    /// at the same time.
    async fn change<T>(
        &self,
        change: impl Fn(&mut Value) -> Result<T, TailnetError>,
    ) -> Result<T, TailnetError> {
        for _ in 0..TRIES {
            let (before, tag) = self.api.serve_config().await?;
            let mut after = before.clone();
            let done = change(&mut after)?;
            if after == before || self.api.put_serve_config(&after, tag).await? {
                return Ok(done);
            }
            debug!("somebody else changed what Tailscale serves; looking again");
        }
        Err(TailnetError::Refused("what it serves keeps changing".to_owned()))
    }

    async fn add_by_command(&self, how: Exposure, route: &Route) -> Result<Added, TailnetError> {
        let before = self.command.serve_config(how).await?;
        let mut after = before.clone();
        let added = route.add(&mut after, how, self.options.preserve_funnel)?;
        if after != before {
            self.command.expose(how, &route.command_target()).await?;
        }
        Ok(added)
    }

    async fn remove_by_command(&self, how: Exposure, route: &Route) -> Result<(), TailnetError> {
        let before = self.command.serve_config(how).await?;
        let mut after = before.clone();
        route.remove(&mut after);
        if after == before {
            return Ok(());
        }
        if route::serves_anything(&after) {
            let word = how.word();
            return Err(TailnetError::Taken(format!(
                "other routes are served as well, so ours stays (to remove it: tailscale {word} \
                 --https=443 off)"
            )));
        }
        self.command.reset(how).await
    }

    fn added(&self) -> std::sync::MutexGuard<'_, Option<Route>> {
        self.added.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tailnet for Tailscale {
    async fn whois(&self, address: IpAddr) -> Result<Option<TailnetUser>, TailnetError> {
        let address = address.to_canonical();
        if !is_tailnet(address) {
            return Ok(None);
        }
        // Boxed, so that whoever remembers the answer does not carry the question.
        self.users.get(address, Box::pin(self.ask_whois(address))).await
    }

    async fn status(&self) -> Result<TailnetStatus, TailnetError> {
        Ok(in_time(STATUS_TIMEOUT, self.ask_status()).await?.known)
    }

    async fn expose(&self, how: Exposure, port: u16) -> Result<Exposed, TailnetError> {
        // Boxed, because running a command takes a lot of room.
        let exposing = Box::pin(async {
            let status = in_time(STATUS_TIMEOUT, self.ask_status()).await?;
            let host = status.host_for(how)?;
            let route = Route { host, port, tls: self.options.tls };
            let added = self.add(how, &route).await?;
            let exposed = Exposed { url: route.url(), public: added.public };
            if !added.preserved {
                *self.added() = Some(route);
            }
            Ok(exposed)
        });
        in_time(CHANGE_TIMEOUT, exposing).await
    }

    async fn withdraw(&self, how: Exposure) -> Result<(), TailnetError> {
        let Some(route) = self.added().clone() else { return Ok(()) };
        in_time(CHANGE_TIMEOUT, self.remove(how, &route)).await?;
        *self.added() = None;
        Ok(())
    }
}

/// Whether the command may get an answer where the local API gave this one.
fn may_ask_otherwise(error: &TailnetError) -> bool {
    matches!(error, TailnetError::Absent | TailnetError::Denied)
}

/// The error that says more: that there is no command says nothing about why the
/// local API did not do it.
fn worse(first: TailnetError, second: TailnetError) -> TailnetError {
    if second == TailnetError::Absent { first } else { second }
}

async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, TailnetError>>,
) -> Result<T, TailnetError> {
    let late = |_| Err(TailnetError::Silent(limit.as_secs()));
    tokio::time::timeout(limit, work).await.unwrap_or_else(late)
}

impl fmt::Debug for Tailscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tailscale").field("options", &self.options).finish_non_exhaustive()
    }
}
