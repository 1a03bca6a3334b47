//! Reaching the gateway: which one, and as whom.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use domain::{time::Timestamp, tls::Fingerprint};
use ports::{config::GatewayMode, driven::ConfigSource};
use serde_json::Value;
use signatures::DeviceKey;
use ws_client::{Client, ConnectError, Credentials, DeviceTokens, Introduction, Target};

use crate::cli::{context::Context, failure::Failure, lock::Holder, output, port};

/// How long to wait for an answer when nobody says, in milliseconds.
const PATIENCE: u64 = 10_000;
/// Who said where the gateway is.
const ENV: &str = "env OPENCLAW_GATEWAY_URL";
const RUNNING: &str = "the running gateway";
const LOCAL: &str = "local";
const REMOTE: &str = "gateway.remote.url";

/// Which gateway to talk to, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct Rpc {
    /// Where the gateway is, instead of on this machine.
    #[arg(long, value_name = "WS-URL")]
    pub(crate) url: Option<String>,
    /// The gateway's token.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) token: Option<String>,
    /// The gateway's password.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) password: Option<String>,
    /// The SHA-256 of the gateway's certificate: no other is accepted, and this
    /// one whoever signed it.
    #[arg(long, value_name = "SHA256")]
    pub(crate) tls_fingerprint: Option<String>,
    /// Send the token or password to another machine unencrypted.
    #[arg(long)]
    pub(crate) allow_insecure: bool,
    /// How long to wait for an answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = PATIENCE)]
    pub(crate) timeout: u64,
}

impl Default for Rpc {
    fn default() -> Self {
        Self {
            url: None,
            token: None,
            password: None,
            tls_fingerprint: None,
            allow_insecure: false,
            timeout: PATIENCE,
        }
    }
}

/// A gateway to talk to.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// Where it is.
    pub(crate) target: Target,
    /// Who said so.
    pub(crate) source: &'static str,
    pub(crate) credentials: Credentials,
    /// Whether secrets are sent there even if they are not encrypted.
    may_be_read: bool,
}

impl Destination {
    /// The gateway `rpc` asks for, else the one of this profile.
    pub(crate) fn choose(context: &Context, rpc: &Rpc) -> Result<Self, Failure> {
        let named = |what: &str, url: &str| -> Result<Target, Failure> {
            url.parse().map_err(|error| Failure::new(format!("Invalid {what}: {error}")))
        };
        let gateway = context.config.current().gateway.clone();
        let is_remote = gateway.mode == Some(GatewayMode::Remote);
        let remote = gateway.remote.url.as_deref().filter(|_| is_remote);
        let (target, source) = match (&rpc.url, context.variable("GATEWAY_URL"), remote) {
            (Some(url), ..) => (named("--url", url)?, "--url"),
            (None, Some(url), _) => (named("--url", &url)?, ENV),
            (None, None, Some(url)) => (named(REMOTE, url)?, REMOTE),
            (None, None, None) => local(context)?,
        };
        let ours = match source {
            LOCAL | RUNNING => true,
            ENV | REMOTE => false,
            _ => target.is_loopback(),
        };
        let pin = match (&rpc.tls_fingerprint, &gateway.remote.tls_fingerprint) {
            (Some(text), _) => Some(fingerprint("--tls-fingerprint", text)?),
            (None, Some(text)) if source == REMOTE => {
                Some(fingerprint("gateway.remote.tlsFingerprint", text)?)
            }
            _ if ours && target.is_secure() => {
                tls::own_fingerprint(&gateway.tls, &context.paths.state_dir)
            }
            _ => None,
        };
        let mut credentials = credentials(context, rpc, ours)?;
        if source == REMOTE {
            credentials.token = credentials.token.or(gateway.remote.token);
            credentials.password = credentials.password.or(gateway.remote.password);
        }
        // What is sent to an address of this machine does not leave it.
        let is_here = matches!(source, LOCAL | RUNNING);
        let may_be_read = is_here || rpc.allow_insecure;
        Ok(Self { target: target.pinned(pin), source, credentials, may_be_read })
    }

    /// Whether the configuration or the environment says that it is not the one
    /// of this profile.
    pub(crate) fn is_elsewhere(&self) -> bool {
        !matches!(self.source, LOCAL | RUNNING)
    }

    /// Connects and logs in.
    pub(crate) async fn connect(
        &self,
        context: &Context,
        patience: Duration,
    ) -> Result<Client, ConnectError> {
        let readable = self.may_be_read(context);
        let device = Device::of(context);
        let who = Introduction {
            device: device.as_ref().map(|device| &device.key as _),
            ..Introduction::CLI
        };
        let mut credentials = self.credentials.clone();
        if let Some(device) = device.as_ref().filter(|_| credentials.token.is_none()) {
            credentials.device_token = device.tokens.get(who.role, &self.target);
        }
        let client = Client::connect(&self.target, &credentials, &who, patience, readable).await?;
        if let Some(device) = &device {
            device.keep_token(&client, &self.target);
        }
        Ok(client)
    }

    /// Connects as somebody else than the command line.
    pub(crate) async fn connect_as(
        &self,
        context: &Context,
        who: &Introduction<'_>,
        credentials: &Credentials,
        patience: Duration,
    ) -> Result<Client, ConnectError> {
        let readable = self.may_be_read(context);
        Client::connect(&self.target, credentials, who, patience, readable).await
    }

    /// Whether secrets are sent there even if they are not encrypted.
    fn may_be_read(&self, context: &Context) -> bool {
        let allowed = context.variable("ALLOW_INSECURE_PRIVATE_WS").as_deref() == Some("1");
        self.may_be_read || allowed
    }

    /// What to say when it cannot be reached.
    pub(crate) fn explain(&self, context: &Context, error: &impl ToString) -> Failure {
        let config = context.config.path().display();
        let bind = context.config.current().gateway.bind;
        let bind = serde_json::to_value(bind).unwrap_or_default();
        Failure::new(error.to_string()).with(format!(
            "Gateway target: {}\nSource: {}\nConfig: {config}\nBind: {}",
            self.target,
            self.source,
            bind.as_str().unwrap_or_default(),
        ))
    }
}

/// Connects to the gateway `rpc` asks for.
pub(crate) async fn connect(context: &Context, rpc: &Rpc) -> Result<Client, Failure> {
    let destination = Destination::choose(context, rpc)?;
    let patience = Duration::from_millis(rpc.timeout);
    destination.connect(context, patience).await.map_err(|error| {
        let failure = destination.explain(context, &error);
        match error {
            ConnectError::Unreachable { .. } => failure.with("Start it with: openclaw gateway run"),
            ConnectError::Refused(refused) => failure.advised(&refused.details),
            _ => failure,
        }
    })
}

/// What whoever looks after the gateway has to type so that we are let in.
pub(crate) fn to_approve(request: &str) -> String {
    format!("Approve this device on the gateway with: openclaw devices approve {request}")
}

/// Which device this is, and what gateways gave it.
#[derive(Debug)]
pub(crate) struct Device {
    /// Its key.
    pub(crate) key: DeviceKey,
    /// Its tokens.
    pub(crate) tokens: DeviceTokens,
}

impl Device {
    /// This device, which gets a key the first time. Without one that can be
    /// used a command is on no particular device, and says so.
    pub(crate) fn of(context: &Context) -> Option<Self> {
        let state_dir = &context.paths.state_dir;
        match DeviceKey::load_or_make(state_dir, now()) {
            Ok(key) => {
                let tokens = DeviceTokens::of(state_dir, key.id().as_str());
                Some(Self { key, tokens })
            }
            Err(error) => {
                // Nobody is left to be told that the pipe is broken.
                let _ = output::complain(&format!("no device identity: {error}"));
                None
            }
        }
    }

    /// Keeps the token `client` was let in with, for the next time.
    pub(crate) fn keep_token(&self, client: &Client, target: &Target) {
        let admission = client.hello().auth.as_ref();
        let kept = admission.map(|it| self.tokens.keep(it, target, now().as_millis()));
        if let Some(Err(error)) = kept {
            let _ = output::complain(&error.to_string());
        }
    }
}

fn now() -> Timestamp {
    Timestamp::default() + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Calls `method` and reads the answer.
pub(crate) async fn ask(
    client: &mut Client,
    method: &str,
    params: &Value,
) -> Result<Value, Failure> {
    let answer = client.call(method, params).await;
    let answer = answer.map_err(|error| Failure::of_call(method, &error))?;
    Ok(serde_json::from_str(answer.as_str()).unwrap_or_default())
}

/// Connects, calls `method`, reads the answer and leaves.
pub(crate) async fn ask_once(
    context: &Context,
    rpc: &Rpc,
    method: &str,
    params: &Value,
) -> Result<Value, Failure> {
    let mut client = connect(context, rpc).await?;
    let answer = ask(&mut client, method, params).await;
    client.close().await;
    answer
}

/// The gateway of this profile: where the one that runs says it listens, else
/// where the next one will.
fn local(context: &Context) -> Result<(Target, &'static str), Failure> {
    let fixed = context.variable("GATEWAY_PORT").is_some();
    let running = Holder::of(&context.paths.state_dir).filter(|_| !fixed);
    let running = running.and_then(|holder| holder.url?.parse().ok());
    if let Some(target) = running {
        return Ok((target, RUNNING));
    }
    let port = port::choose(context, None)?;
    let first = gateway::first_address(context.config.current().gateway.bind);
    let target = first.map_or_else(|_| Target::local(port), |address| at(address, port));
    Ok((target.secured(context.config.current().gateway.tls.enabled), LOCAL))
}

fn fingerprint(what: &str, text: &str) -> Result<Fingerprint, Failure> {
    text.parse().map_err(|error| Failure::new(format!("Invalid {what}: {error}")))
}

/// The URL of a gateway at `address`, as one reaches it from this machine.
pub(crate) fn at(address: IpAddr, port: u16) -> Target {
    let reachable = match address {
        IpAddr::V6(address) if !address.is_unspecified() => format!("ws://[{address}]:{port}"),
        IpAddr::V4(address) if !address.is_unspecified() => format!("ws://{address}:{port}"),
        _ => return Target::local(port),
    };
    reachable.parse().unwrap_or_else(|_| Target::local(port))
}

/// As whom: by option, by variable, and, for a gateway of this machine, by
/// configuration or by the token in the state directory. Our own secrets are
/// not sent anywhere else.
fn credentials(context: &Context, rpc: &Rpc, ours: bool) -> Result<Credentials, Failure> {
    let auth = context.config.current().gateway.auth.clone();
    let own = |secret: Option<String>| secret.filter(|_| ours);
    let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
    let mut token =
        given(&rpc.token).or_else(|| context.variable("GATEWAY_TOKEN")).or_else(|| own(auth.token));
    let password = given(&rpc.password)
        .or_else(|| context.variable("GATEWAY_PASSWORD"))
        .or_else(|| own(auth.password));
    if token.is_none() && password.is_none() && ours {
        let kept = secrets_file::token_for_cli(&context.paths.state_dir);
        let kept = kept.map_err(|error| Failure::new(error.to_string()))?;
        token = kept.map(|token| token.to_string());
    }
    Ok(Credentials { token, password, device_token: None })
}
