//! `openclaw node`: this machine as a node of a gateway.

mod decide;
mod host;
mod invoke;
mod notify;
mod run_command;
#[cfg(test)]
mod tests;

use std::{env, path::PathBuf, time::Duration};

use clap::Args;
use ports::driven::ApprovalPolicy;
use serde_json::json;
use signatures::DeviceKey;
use tokio::{
    signal::unix::{SignalKind, signal},
    time,
};
use tokio_util::sync::CancellationToken;
use ws_client::{Client, ConnectError, Credentials, Introduction};

use self::host::{Host, Left, Machine};
use crate::cli::{
    connect::{Destination, Device, Rpc, to_approve},
    context::Context,
    failure::Failure,
    output, service,
};

/// How long to wait before the second try; each further try waits twice as
/// long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What this machine can be asked for.
const COMMANDS: [&str; 6] = [
    "system.run",
    "system.run.prepare",
    "system.which",
    "system.notify",
    "system.execApprovals.get",
    "system.execApprovals.set",
];

/// Which gateway, and as what.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The gateway's host, instead of `--url`.
    #[arg(long, conflicts_with = "url")]
    host: Option<String>,
    /// The gateway's port.
    #[arg(long, requires = "host", default_value_t = 18789)]
    port: u16,
    /// What to call this machine.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

impl Run {
    /// Whether it names a secret.
    pub(crate) fn has_secret(&self) -> bool {
        self.rpc.token.is_some() || self.rpc.password.is_some()
    }

    /// What to type for the same, secrets left out.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let port = self.host.as_ref().map(|_| self.port.to_string());
        let options = [
            ("--host", &self.host),
            ("--port", &port),
            ("--display-name", &self.display_name),
            ("--url", &self.rpc.url),
            ("--tls-fingerprint", &self.rpc.tls_fingerprint),
        ];
        let given = options.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let flag = self.rpc.allow_insecure.then(|| "--allow-insecure".to_owned());
        given.map(|(name, value)| format!("{name}={value}")).chain(flag).collect()
    }
}

/// Connects, and connects again, until the process is asked to stop.
pub(crate) async fn run(context: &Context, run: &Run) -> Result<(), Failure> {
    let mut rpc = run.rpc.clone();
    if let Some(host) = &run.host {
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        rpc.url = Some(format!("ws://{host}:{}", run.port));
    }
    let destination = Destination::choose(context, &rpc)?;
    let device = Device::of(context);
    let device = device.ok_or_else(|| Failure::new("a node needs a device identity"))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut host = Host::new(machine(context));
    let node = Node { context, destination, device, run, patience: rpc.timeout };
    output::note(&format!("Node {} for {}", node.device.key.id(), node.destination.target))?;
    let (stop, over) = (CancellationToken::new(), CancellationToken::new());
    let asked = async {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    };
    let staying = async {
        let stayed = node.stay(&mut host, &stop).await;
        over.cancel();
        stayed
    };
    let stopping = async {
        over.run_until_cancelled(asked).await;
        stop.cancel();
    };
    let (stayed, ()) = tokio::join!(staying, stopping);
    host.stop().await;
    stayed?;
    Ok(output::note("Node stopped")?)
}

/// Prints as which device this machine connects, and what may run on it.
pub(crate) async fn status(context: &Context) -> Result<(), Failure> {
    let state_dir = &context.paths.state_dir;
    let key = DeviceKey::load(state_dir).map_err(|error| Failure::new(error.to_string()))?;
    let id = key.as_ref().map(|key| key.id().to_string());
    let paired =
        id.as_deref().is_some_and(|id| ws_client::DeviceTokens::of(state_dir, id).has_any(ROLE));
    let policy = approvals_file::PolicyFile::in_dir(state_dir).load();
    let rules = policy.rules(&domain::ids::AgentId::main());
    let (security, ask) = (rules.security.as_str(), rules.ask.as_str());
    if context.json {
        let policy = json!({ "path": policy.path, "exists": policy.exists,
            "problem": policy.problem, "security": security, "ask": ask });
        let service = service::status::of_node(context).await;
        let status =
            json!({ "deviceId": id, "hasToken": paired, "policy": policy, "service": service });
        return Ok(output::json(&status)?);
    }
    let id = id.as_deref().unwrap_or("none yet; the first `node run` makes one");
    output::line(&format!("Device: {id}"))?;
    output::line(&format!("Token: {}", if paired { "kept" } else { "none" }))?;
    let service = service::status::of_node(context).await;
    output::line(&format!("Service: {}", service::status::in_words(&service)))?;
    output::line(&format!("Policy: {} (security {security}, ask {ask})", policy.path))?;
    if let Some(problem) = policy.problem {
        output::line(&format!("Nothing may run: {problem}"))?;
    }
    Ok(())
}

/// What this machine is to the gateway.
const ROLE: &str = "node";

/// This machine and the gateway it belongs to.
struct Node<'a> {
    context: &'a Context,
    destination: Destination,
    device: Device,
    run: &'a Run,
    patience: u64,
}

impl Node<'_> {
    /// Stays connected until `stop`.
    async fn stay(&self, host: &mut Host, stop: &CancellationToken) -> Result<(), Failure> {
        let mut pause = FIRST_PAUSE;
        let mut asked = None;
        loop {
            let connecting = stop.run_until_cancelled(self.connect());
            match connecting.await {
                None => return Ok(()),
                Some(Ok(mut client)) => {
                    (pause, asked) = (FIRST_PAUSE, None);
                    output::note("Node connected")?;
                    match host.serve(&mut client, stop).await {
                        Left::Stopped => {
                            client.close().await;
                            return Ok(());
                        }
                        Left::Lost(error) => output::note(&format!("Node disconnected: {error}"))?,
                    }
                }
                Some(Err(error)) => complain(&error, &mut asked)?,
            }
            if stop.run_until_cancelled(time::sleep(pause)).await.is_none() {
                return Ok(());
            }
            pause = next_pause(pause);
        }
    }

    /// Connects with the token of this device if there is one. One that is no
    /// good any more is forgotten where there is another way in.
    async fn connect(&self) -> Result<Client, ConnectError> {
        let path = env::var("PATH").unwrap_or_default();
        let who = Introduction {
            client: "node-host",
            mode: ROLE,
            role: ROLE,
            scopes: &[],
            caps: &["system"],
            commands: &COMMANDS,
            path_env: Some(&path),
            display_name: self.run.display_name.as_deref(),
            device: Some(&self.device.key),
        };
        let patience = Duration::from_millis(self.patience);
        let connect = async |credentials: &Credentials| {
            self.destination.connect_as(self.context, &who, credentials, patience).await
        };
        let shared = &self.destination.credentials;
        let kept = self.device.tokens.get(ROLE, &self.destination.target);
        let credentials = match &kept {
            Some(_) => Credentials { device_token: kept.clone(), ..Credentials::default() },
            None => shared.clone(),
        };
        let mut connected = connect(&credentials).await;
        let other_way = shared.token.is_some() || shared.password.is_some();
        if matches!(connected, Err(ConnectError::Refused(_))) && kept.is_some() && other_way {
            if let Err(error) = self.device.tokens.forget(ROLE, &self.destination.target) {
                let _ = output::complain(&error.to_string());
            }
            connected = connect(shared).await;
        }
        let client = connected?;
        self.device.keep_token(&client, &self.destination.target);
        Ok(client)
    }
}

/// Says why there is no connection; who has to be asked, once.
fn complain(error: &ConnectError, asked: &mut Option<String>) -> Result<(), Failure> {
    let request = match error {
        ConnectError::Refused(refused) => refused.details.request_id.clone(),
        _ => None,
    };
    if request.is_some() && request == *asked {
        return Ok(());
    }
    output::note(&output::tame(&error.to_string()))?;
    if let Some(request) = &request {
        output::note(&output::tame(&to_approve(request)))?;
    }
    *asked = request;
    Ok(())
}

fn next_pause(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}

fn machine(context: &Context) -> Machine {
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_dir());
    Machine {
        policy: approvals_file::PolicyFile::in_dir(&context.paths.state_dir),
        home: home.unwrap_or_else(|| PathBuf::from("/")),
        env: env::vars().collect(),
    }
}

#[test]
fn pauses_double_up_to_half_a_minute() {
    let pauses: Vec<_> = std::iter::successors(Some(FIRST_PAUSE), |pause| Some(next_pause(*pause)))
        .take(7)
        .collect();
    assert_eq!(pauses.iter().map(Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30]);
}
