//! Reaching the gateway: which one, and as whom.

use std::{net::IpAddr, time::Duration};

use clap::Args;
use ports::driven::ConfigSource;
use serde_json::Value;
use ws_client::{Client, ConnectError, Credentials, Target};

use crate::cli::{context::Context, failure::Failure, lock::Holder, port};

/// Who said where the gateway is.
const ENV: &str = "env OPENCLAW_GATEWAY_URL";
const RUNNING: &str = "the running gateway";
const LOCAL: &str = "local";

/// Which gateway to talk to, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct Rpc {
    /// Where the gateway is, instead of on this machine.
    #[arg(long, value_name = "WS-URL")]
    pub(crate) url: Option<String>,
    /// The gateway's token.
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The gateway's password.
    #[arg(long)]
    pub(crate) password: Option<String>,
    /// How long to wait for an answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub(crate) timeout: u64,
}

/// A gateway to talk to.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// Where it is.
    pub(crate) target: Target,
    /// Who said so.
    pub(crate) source: &'static str,
    credentials: Credentials,
}

impl Destination {
    /// The gateway `rpc` asks for, else the one of this profile.
    pub(crate) fn choose(context: &Context, rpc: &Rpc) -> Result<Self, Failure> {
        let named = |url: &str| -> Result<Target, Failure> {
            url.parse().map_err(|error| Failure::new(format!("Invalid --url: {error}")))
        };
        let (target, source) = match (&rpc.url, context.variable("GATEWAY_URL")) {
            (Some(url), _) => (named(url)?, "--url"),
            (None, Some(url)) => (named(&url)?, ENV),
            (None, None) => local(context)?,
        };
        let ours = match source {
            LOCAL | RUNNING => true,
            ENV => false,
            _ => target.is_loopback(),
        };
        let credentials = credentials(context, rpc, ours)?;
        Ok(Self { target, source, credentials })
    }

    /// Connects and logs in.
    pub(crate) async fn connect(
        &self,
        context: &Context,
        patience: Duration,
    ) -> Result<Client, ConnectError> {
        let readable = context.variable("ALLOW_INSECURE_PRIVATE_WS").as_deref() == Some("1");
        Client::connect(&self.target, &self.credentials, patience, readable).await
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
    Ok((first.map_or_else(|_| Target::local(port), |address| at(address, port)), LOCAL))
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
    Ok(Credentials { token, password })
}
