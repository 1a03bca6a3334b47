//! `system-event`, `wake` and the heartbeats: what agents are told unasked.

use domain::{
    access::{
        Access::Operator,
        Scope::{Admin, Read, Write},
    },
    presence::Person,
};
use ports::{Json, driving::RpcError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    method::{Context, methods},
    params::{List, NonEmpty, Nothing, Text, Unused},
};

methods! {
    /// Announces a machine, or tells the agent of the main session something.
    ///
    /// Everybody hears of it as `presence`. A text that begins with `Node:` is
    /// about a machine; the agent is told only when something about it changed.
    "system-event" [Operator(Admin)] event(EventParams) -> Done;

    /// Tells the agent of the main session something when it is next asked.
    "wake" [Operator(Write)] wake(WakeParams) -> Done;

    /// The last heartbeat that was sent or skipped, or `null`.
    "last-heartbeat" [Operator(Read)] last_heartbeat(Nothing) => Option<Json>;

    /// Switches the heartbeats on or off until the gateway stops.
    "set-heartbeats" [Operator(Admin), governs] set_heartbeats(SetHeartbeatsParams) -> Heartbeats;
}

/// Something short about a machine.
type Fact = Text<0, 256>;

/// Parameters of `system-event`. Others are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EventParams {
    /// What to say. Required.
    text: Option<Text<0, 4096>>,
    /// The device.
    device_id: Option<Fact>,
    /// Tells several running copies apart.
    instance_id: Option<Fact>,
    /// The machine.
    host: Option<Fact>,
    /// Its address.
    ip: Option<Fact>,
    /// What kind of program it is.
    mode: Option<Fact>,
    /// The version of its program.
    version: Option<Fact>,
    /// What it runs on.
    platform: Option<Fact>,
    /// As in `iPhone`.
    device_family: Option<Fact>,
    /// As in `iPhone17,1`.
    model_identifier: Option<Fact>,
    /// Seconds since somebody touched it.
    last_input_seconds: Option<f64>,
    /// Why it announces itself.
    reason: Option<Fact>,
    /// What it is to the gateway.
    roles: Option<List<Fact, 0, 32>>,
    /// What it may do.
    scopes: Option<List<Fact, 0, 32>>,
    /// Marks.
    tags: Option<List<Fact, 0, 32>>,
}

/// Result of what either happens or not.
#[derive(Debug, Serialize, JsonSchema)]
struct Done {
    /// Whether it was done.
    ok: bool,
}

async fn event(cx: Context, params: EventParams) -> Result<Done, RpcError> {
    let person = params.read().ok_or_else(|| RpcError::invalid("text required"))?;
    cx.services.system.announce(person);
    Ok(Done { ok: true })
}

/// What a text says, if it says something.
fn fact<const MAX: usize>(text: Option<Text<0, MAX>>) -> Option<Box<str>> {
    let text = text?.into_string();
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

impl EventParams {
    fn read(self) -> Option<Person> {
        let facts = |facts: Option<List<Fact, 0, 32>>| {
            let facts = facts.unwrap_or_default().into_vec().into_iter();
            facts.filter_map(|it| fact(Some(it))).collect()
        };
        let text = fact(self.text)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and less than a second ago is now"
        )]
        let seconds = |seconds: f64| seconds.max(0.0) as u64;
        Some(Person {
            host: fact(self.host),
            ip: fact(self.ip),
            version: fact(self.version),
            platform: fact(self.platform),
            device_family: fact(self.device_family),
            model_identifier: fact(self.model_identifier),
            mode: fact(self.mode),
            last_input_seconds: self.last_input_seconds.map(seconds),
            reason: fact(self.reason),
            tags: facts(self.tags),
            text: Some(text),
            device_id: fact(self.device_id),
            roles: facts(self.roles),
            scopes: facts(self.scopes),
            instance_id: fact(self.instance_id),
        })
    }
}

/// Parameters of `wake`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "nothing runs by itself yet, so both modes are the same")]
struct WakeParams {
    /// When: at once, or with the next heartbeat.
    mode: WakeMode,
    /// What to say.
    text: NonEmpty,
    /// The session; the main one is told.
    session_key: Option<Unused>,
    /// The agent; the default one is told.
    agent_id: Option<Unused>,
}

/// When an agent is told something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WakeMode {
    /// At once.
    Now,
    /// With the next heartbeat.
    NextHeartbeat,
}

async fn wake(cx: Context, params: WakeParams) -> Result<Done, RpcError> {
    Ok(Done { ok: cx.services.system.wake(params.text.as_str()) })
}

async fn last_heartbeat(cx: Context, _: Nothing) -> Result<Json, RpcError> {
    Ok(cx.services.system.last_heartbeat().unwrap_or_else(Json::null))
}

/// Parameters of `set-heartbeats`. Others are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
struct SetHeartbeatsParams {
    /// Whether they are sent. Required.
    enabled: Option<bool>,
}

/// Result of `set-heartbeats`.
#[derive(Debug, Serialize, JsonSchema)]
struct Heartbeats {
    /// Whether it was done.
    ok: bool,
    /// Whether they are sent.
    enabled: bool,
}

async fn set_heartbeats(cx: Context, params: SetHeartbeatsParams) -> Result<Heartbeats, RpcError> {
    let Some(enabled) = params.enabled else {
        let missing = "invalid set-heartbeats params: enabled (boolean) required";
        return Err(RpcError::invalid(missing));
    };
    cx.services.system.set_heartbeats(enabled);
    Ok(Heartbeats { ok: true, enabled })
}
