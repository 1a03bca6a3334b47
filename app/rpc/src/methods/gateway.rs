//! `health`, `system-presence`, `system.info`, `gateway.identity.get`: the
//! gateway about itself.

use domain::access::{Access::Operator, Scope::Read};
use ports::{
    Json,
    driving::RpcError,
    view::{HealthSummary, PresenceEntry},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::presence::Detail;

use crate::{
    method::{Context, methods},
    params::Nothing,
};

methods! {
    /// How the gateway is.
    ///
    /// The answer is the last summary, at most a minute old. With `probe` a new
    /// one is made, which everybody gets as the event `health`.
    "health" [Operator(Read)] health(HealthParams) => HealthSummary;

    /// Who is connected, or was a moment ago; the gateway itself comes first.
    "system-presence" [Operator(Read)] presence(Nothing) => Vec<PresenceEntry>;

    /// The machine and the process the gateway runs on and in.
    "system.info" [Operator(Read)] info(Nothing) -> Info;

    /// The key by which the gateway can be recognized.
    "gateway.identity.get" [Operator(Read)] identity(Nothing) -> GatewayIdentity;
}

/// Parameters of `health`. Others are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
struct HealthParams {
    /// Whether to look anew.
    probe: Option<bool>,
}

async fn health(cx: Context, params: HealthParams) -> Result<Json, RpcError> {
    match params.probe {
        Some(true) => Ok(cx.services.health.fresh().await),
        _ => Ok(cx.services.health.current().await),
    }
}

async fn presence(cx: Context, _: Nothing) -> Result<Json, RpcError> {
    Ok(cx.services.presence.snapshot(Detail::Full))
}

/// Result of `system.info`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Info {
    /// What the machine is called by people.
    machine_name: String,
    /// What it is called on the network.
    hostname: String,
    /// The operating system.
    platform: String,
    /// Its release.
    release: String,
    /// The processor architecture.
    arch: String,
    /// The operating system, for people.
    os_label: String,
    /// The version of the gateway.
    version: String,
    /// The port it listens on.
    port: u16,
    /// The process.
    pid: u32,
    /// Tells this start of the gateway from others.
    process_instance_id: String,
    /// How long it has been running, in milliseconds.
    uptime_ms: u64,
    /// What runs the gateway. Called so because OpenClaw runs on Node.
    node_version: &'static str,
    /// How many processors there are.
    cpu_count: usize,
    /// How much memory the machine has, in bytes.
    memory_total_bytes: u64,
    /// How much of it is free, in bytes.
    memory_free_bytes: u64,
    /// How many clients are connected.
    clients: usize,
    /// How many runs are active.
    active_runs: usize,
}

async fn info(cx: Context, _: Nothing) -> Result<Info, RpcError> {
    let services = &cx.services;
    let facts = (*services.facts).clone();
    let uptime = services.clock.now().since(facts.started_at);
    let memory = (facts.memory)();
    Ok(Info {
        machine_name: facts.host.clone(),
        hostname: facts.host,
        os_label: format!("{} {}", facts.platform, facts.release),
        platform: facts.platform,
        release: facts.release,
        arch: facts.arch,
        version: facts.version,
        port: *facts.port.get(),
        pid: facts.pid,
        process_instance_id: facts.instance,
        uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
        node_version: "none (native)",
        cpu_count: facts.cpus,
        memory_total_bytes: memory.total,
        memory_free_bytes: memory.free,
        clients: services.events.clients(),
        active_runs: services.chat.active_runs(),
    })
}

/// Result of `gateway.identity.get`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GatewayIdentity {
    /// The fingerprint of the key.
    device_id: String,
    /// The public key, in base64url.
    public_key: String,
}

async fn identity(cx: Context, _: Nothing) -> Result<GatewayIdentity, RpcError> {
    let facts = &cx.services.facts;
    Ok(GatewayIdentity { device_id: facts.device_id.clone(), public_key: facts.public_key.clone() })
}
