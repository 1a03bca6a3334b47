//! The checks that have a name in the file.

use std::{collections::BTreeSet, path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::time;

use super::{
    authority,
    client::Connection,
    configured::Configured,
    device::Keys,
    environment,
    expect::Mismatch,
    gateway::{self, Gateway},
    generate::Words,
    model::EndlessModel,
    operator::{self, Said},
    starting::{Scene, Started},
    swarm::Swarm,
    watch::Watch,
    webhook::Hooked,
};

/// How long the gateway may take to clean up or to recover.
const SOON: Duration = Duration::from_secs(5);

/// How many loads may go to one conversation, so that one page of history holds
/// all of them.
pub(super) const LOADS_PER_SESSION: usize = 500;

/// A check with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Invariant {
    ProcessAlive,
    NoPanic,
    /// Its own memory grows by at most so many MiB.
    MemoryGrowsAtMost(u64),
    /// Another client's `health` takes at most so many milliseconds.
    OthersAreServedWithin(u64),
    OutgoingQueueIsBounded,
    ResponseIsAtMost(usize),
    LogHasNoControlBytes,
    LogLinesAreAtMost(usize),
    PayloadLacks(String),
    BodyLacks(String),
    NoSecondResponse,
    NoFileOutsideState,
    OneUserMessage,
    AgentIdsAreNormal,
    KeyIsUnaffected(String),
    MainIsUnaffected,
    SlackSessionUnchanged,
    StoreIsRead,
    StableAcrossRestart,
    AtMostOneSessionMore,
    RunEnds,
    ListenersBack,
    AcknowledgedIsThere,
    AcknowledgedIsThereAfterRestart,
    NothingTorn,
    ReadsAreAnswered,
    RecoversWhenFreed,
    NothingAcknowledgedAfterFailure,
    StopsAfterFailure,
    NotKilledForMemory,
    StalledAreClosed,
    LiveMissNothing,
    StartsWithWarningAboutEnd,
    ApprovalIsEscaped,
    ApprovalIsWhole,
    NobodyMeansNo,
    /// The gateway takes the client for one at this address.
    ClientIpIs(String),
    NotLocal,
    /// At most so many devices wait.
    PendingAtMost(usize),
    /// An administrator was told of at most so many.
    RequestedAtMost(usize),
    TokenNotInLog,
    SnapshotIsGolden,
    NothingForeign,
    StoredPlatformIs(String),
    NothingOfSystemGained,
    NodeIsNotFooled,
    /// About what is configured.
    Configured(Configured),
    /// About a start.
    Started(Started),
    /// About webhooks.
    Hooked(Hooked),
    NothingIsPending,
    RevokedNodeGetsNothing,
}

/// What is known when a case is over.
pub(super) struct Aftermath<'a> {
    pub(super) gateway: &'a mut Gateway,
    pub(super) keys: &'a mut Keys,
    pub(super) words: &'a Words,
    /// The headers of the last request for a WebSocket.
    pub(super) headers: &'a [(String, String)],
    /// The token that was shown last.
    pub(super) shown: Option<&'a str>,
    /// The device that logged in last.
    pub(super) device: Option<&'a str>,
    /// The node that is there.
    pub(super) node: Option<&'a Connection>,
    /// The connection that was used last, and what came on it before that.
    pub(super) connection: Option<&'a Connection>,
    pub(super) from: usize,
    /// The conversation that was spoken in last.
    pub(super) session: Option<&'a str>,
    pub(super) watch: &'a Watch,
    pub(super) loads: &'a [Loaded],
    pub(super) swarm: Option<&'a Swarm>,
    pub(super) model: Option<&'a EndlessModel>,
}

/// One call of a load.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) session: String,
    pub(super) text: String,
    /// The response, or what came in its place.
    pub(super) response: Result<Value, String>,
}

impl Loaded {
    /// Whether the gateway said that it has it.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.response.as_ref().is_ok_and(|response| response["ok"] == true)
    }
}

impl Invariant {
    /// The check of that name. `name` has its placeholders filled in.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        if let Some((what, limit)) = name.split_once("<=")
            && let Ok(limit) = limit.parse::<u32>()
        {
            return match what {
                "rss_delta_mib" => Ok(Self::MemoryGrowsAtMost(limit.into())),
                "other_client_health_p99_ms" => Ok(Self::OthersAreServedWithin(limit.into())),
                "response_bytes" => Ok(Self::ResponseIsAtMost(limit as usize)),
                "log_line_bytes" => Ok(Self::LogLinesAreAtMost(limit as usize)),
                "pending_requests" => Ok(Self::PendingAtMost(limit as usize)),
                "broadcasts device.pair.requested" => Ok(Self::RequestedAtMost(limit as usize)),
                _ => Err(format!("runner does not know the invariant '{name}'")),
            };
        }
        if let Some(secret) = name.strip_prefix("payload_does_not_contain:") {
            return Ok(Self::PayloadLacks(secret.to_owned()));
        }
        if let Some(secret) = name.strip_prefix("body_does_not_contain:") {
            return Ok(Self::BodyLacks(secret.to_owned()));
        }
        if let Some(ip) = name.strip_prefix("client_ip==") {
            return Ok(Self::ClientIpIs(ip.to_owned()));
        }
        if let Some(platform) = name.strip_prefix("stored_platform==") {
            return Ok(Self::StoredPlatformIs(platform.to_owned()));
        }
        if let Some(started) = Started::parse(name) {
            return Ok(Self::Started(started));
        }
        if let Some(hooked) = Hooked::parse(name) {
            return Ok(Self::Hooked(hooked));
        }
        if let Some(configured) = Configured::parse(name) {
            return Ok(Self::Configured(configured));
        }
        Ok(match name {
            "pending_invokes==0" => Self::NothingIsPending,
            "node reconnecting after revocation receives nothing" => Self::RevokedNodeGetsNothing,
            "process_alive" => Self::ProcessAlive,
            "no panic" => Self::NoPanic,
            "outbound_queue_bytes<=policy.maxBufferedBytes" => Self::OutgoingQueueIsBounded,
            "log_has_no_raw_control_bytes" => Self::LogHasNoControlBytes,
            "no second response" => Self::NoSecondResponse,
            "no_file_touched_outside_state_dir" => Self::NoFileOutsideState,
            "exactly_one_user_message_with_key_dup" => Self::OneUserMessage,
            "agent id normalised to ^[a-z0-9][a-z0-9_-]{0,63}$ or refused" => {
                Self::AgentIdsAreNormal
            }
            "no truncation: key 'agent:main:a' unaffected" => {
                Self::KeyIsUnaffected("agent:main:a".to_owned())
            }
            "not treated as agent 'main'" | "main session unchanged" => Self::MainIsUnaffected,
            "slack session u1 unchanged unless gateway.http.allowSessionKeyHeader=true" => {
                Self::SlackSessionUnchanged
            }
            "store parses" | "store still parses" => Self::StoreIsRead,
            "stable across restart" => Self::StableAcrossRestart,
            "sessions.list count grows by exactly one or zero" => Self::AtMostOneSessionMore,
            "run aborted or finished within 5 s" => Self::RunEnds,
            "listener count back to baseline" => Self::ListenersBack,
            "no acknowledged message lost" => Self::AcknowledgedIsThere,
            "all acked present" | "after restart: every acked message present" => {
                Self::AcknowledgedIsThereAfterRestart
            }
            "no torn record visible to readers" => Self::NothingTorn,
            "reads still answered" => Self::ReadsAreAnswered,
            "recovers <=5 s after space is freed without restart" => Self::RecoversWhenFreed,
            "no ack after the failed sync" => Self::NothingAcknowledgedAfterFailure,
            "store goes fail-stop; readiness=false; exit or read-only" => Self::StopsAfterFailure,
            "no OOM kill" => Self::NotKilledForMemory,
            "stalled clients closed 1008 'slow consumer'" => Self::StalledAreClosed,
            "live clients miss no event" => Self::LiveMissNothing,
            "starts with a warning naming notAfter, or exit 1" => Self::StartsWithWarningAboutEnd,
            "event_text_escapes_U+202E" => Self::ApprovalIsEscaped,
            "event_shows_full_command_or_marks_truncation" => Self::ApprovalIsWhole,
            "caller treats null as deny in every ask/askFallback mode" => Self::NobodyMeansNo,
            "not_treated_as_local" | "client_ip_unknown_is_not_local" => Self::NotLocal,
            "token_not_in_log" => Self::TokenNotInLog,
            "snapshot keys subset of golden list for the scope" => Self::SnapshotIsGolden,
            "no configPath, stateDir, foreign ip, foreign deviceId" => Self::NothingForeign,
            "node_received_no_invoke or params.approved absent" => Self::NodeIsNotFooled,
            "system.* not gained" => Self::NothingOfSystemGained,
            _ => return Err(format!("runner does not know the invariant '{name}'")),
        })
    }

    /// Whether the conversations beforehand have to be known.
    pub(super) fn is_about_sessions(&self) -> bool {
        matches!(self, Self::AtMostOneSessionMore | Self::MainIsUnaffected)
    }

    /// Whether another client has to be there.
    pub(super) fn is_about_latency(&self) -> bool {
        matches!(self, Self::OthersAreServedWithin(_))
    }

    /// Whether memory has to be measured.
    pub(super) fn is_about_memory(&self) -> bool {
        matches!(self, Self::MemoryGrowsAtMost(_) | Self::OutgoingQueueIsBounded)
    }

    /// Whether something else on the machine can spoil it.
    pub(super) fn is_measured(&self) -> bool {
        self.is_about_latency() || self.is_about_memory()
    }

    /// Whether it holds of a start.
    pub(super) async fn check_start(&self, scene: &mut Scene<'_>) -> Result<(), Mismatch> {
        match (self, scene.start.ended.map(|status| status.code())) {
            (Self::Started(started), _) => started.check(scene).await,
            (Self::StartsWithWarningAboutEnd, Some(Some(1))) => Ok(()),
            (Self::StartsWithWarningAboutEnd, None) => {
                let log = scene.gateway.log();
                let log = String::from_utf8_lossy(&log);
                let mut lines = log.lines();
                let warned = lines.any(|line| line.contains(" warn ") && line.contains("notAfter"));
                if warned { Ok(()) } else { Err("a warning that names notAfter".to_owned()) }
            }
            _ => Err(format!("{self:?}; the start {:?}", scene.start)),
        }
    }

    /// Whether it holds.
    pub(super) async fn check(&self, after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
        match self {
            Self::ProcessAlive => alive(after.gateway),
            Self::NoPanic => no_panic(after.gateway),
            Self::MemoryGrowsAtMost(mib) => grows_at_most(after.watch, mib << 20),
            Self::OthersAreServedWithin(ms) => {
                others(after.watch, Duration::from_millis(*ms)).await
            }
            Self::OutgoingQueueIsBounded => outgoing_queue(after).await,
            Self::ResponseIsAtMost(limit) => response_is_at_most(after, *limit),
            Self::LogHasNoControlBytes => no_control_bytes(&after.gateway.log()),
            Self::LogLinesAreAtMost(limit) => lines_are_at_most(&after.gateway.log(), *limit),
            Self::PayloadLacks(secret) => payload_lacks(after, secret),
            Self::BodyLacks(secret) => body_lacks(after, secret).await,
            Self::NoSecondResponse => no_second_response(after).await,
            Self::NoFileOutsideState => no_file_outside(after.gateway),
            Self::OneUserMessage => one_user_message(after).await,
            Self::AgentIdsAreNormal => agent_ids(after).await,
            Self::KeyIsUnaffected(key) => unaffected(after, key).await,
            Self::MainIsUnaffected => unaffected(after, "agent:main:main").await,
            Self::SlackSessionUnchanged => unaffected(after, "agent:main:slack:direct:u1").await,
            Self::StoreIsRead => store_is_read(after).await,
            Self::StableAcrossRestart => stable(after).await,
            Self::AtMostOneSessionMore => at_most_one_more(after).await,
            Self::RunEnds => run_ends(after).await,
            Self::ListenersBack => listeners_back(after).await,
            Self::AcknowledgedIsThere => acknowledged_is_there(after).await,
            Self::AcknowledgedIsThereAfterRestart => {
                struck(after)?;
                after.gateway.kill_and_restart_healthy().await?;
                acknowledged_is_there(after).await
            }
            Self::NothingTorn => nothing_torn(after).await,
            Self::ReadsAreAnswered => reads_are_answered(after).await,
            Self::RecoversWhenFreed => recovers(after).await,
            Self::NothingAcknowledgedAfterFailure => nothing_after_failure(after),
            Self::StopsAfterFailure => stops(after).await,
            Self::NotKilledForMemory => not_killed(after.gateway),
            Self::StalledAreClosed => swarm(after)?.stalled_are_closed(after.gateway).await,
            Self::LiveMissNothing => swarm(after)?.live_miss_nothing().await,
            Self::StartsWithWarningAboutEnd => {
                Err("runner does not know this of a gateway that was started already".to_owned())
            }
            Self::ApprovalIsEscaped => {
                approval(after, |shown| !shown.contains('\u{202e}') && shown.contains("\\u{202E}"))
                    .await
            }
            Self::ApprovalIsWhole => {
                approval(after, |shown| shown.starts_with("ls") && shown.ends_with("; rm -rf ~"))
                    .await
            }
            Self::NobodyMeansNo => nobody_means_no(after).await,
            Self::ClientIpIs(ip) => authority::client_ip(after, ip).await,
            Self::NotLocal => authority::not_local(after).await,
            Self::PendingAtMost(limit) => authority::pending_at_most(after, *limit).await,
            Self::RequestedAtMost(limit) => authority::requested_at_most(after, *limit).await,
            Self::TokenNotInLog => authority::token_not_in_log(after),
            Self::SnapshotIsGolden => authority::snapshot_is_golden(after),
            Self::NothingForeign => authority::nothing_foreign(after),
            Self::StoredPlatformIs(platform) => authority::stored_platform(after, platform).await,
            Self::NodeIsNotFooled => authority::node_is_not_fooled(after),
            Self::NothingOfSystemGained => authority::nothing_of_system(after).await,
            Self::NothingIsPending => authority::nothing_is_pending(after).await,
            Self::RevokedNodeGetsNothing => authority::revoked_node_gets_nothing(after).await,
            Self::Configured(configured) => configured.check(after).await,
            Self::Hooked(hooked) => hooked.check(after).await,
            Self::Started(started) => Err(format!("runner does not know which start {started:?}")),
        }
    }
}

async fn login(after: &Aftermath<'_>) -> Result<Connection, Mismatch> {
    operator::login(&after.gateway.site, &Value::Null).await
}

fn swarm<'a>(after: &Aftermath<'a>) -> Result<&'a Swarm, Mismatch> {
    after.swarm.ok_or_else(|| "runner does not know which clients are meant".to_owned())
}

/// Whether the gateway is still there.
pub(super) fn alive(gateway: &mut Gateway) -> Result<(), Mismatch> {
    match gateway.exited() {
        None => Ok(()),
        Some(status) => Err(format!("the gateway is alive; it ended ({status})")),
    }
}

/// Whether nothing panicked.
pub(super) fn no_panic(gateway: &Gateway) -> Result<(), Mismatch> {
    let log = gateway.log();
    let log = String::from_utf8_lossy(&log);
    match log.lines().find(|line| line.contains("panicked at")) {
        None => Ok(()),
        Some(line) => Err(format!("no panic; {line}")),
    }
}

fn grows_at_most(watch: &Watch, limit: u64) -> Result<(), Mismatch> {
    let grew = watch.memory_grew().ok_or("runner did not measure memory")?;
    if grew <= limit {
        return Ok(());
    }
    Err(format!("memory grows by at most {} KiB; it grew by {} KiB", limit >> 10, grew >> 10))
}

async fn others(watch: &Watch, limit: Duration) -> Result<(), Mismatch> {
    match watch.others_p99().await {
        Some((p99, _)) if p99 <= limit => Ok(()),
        Some((p99, calls)) => {
            Err(format!("another client's health within {limit:?}; p99 of {calls} is {p99:?}"))
        }
        None => Err("another client is served at all".to_owned()),
    }
}

/// What waits to be sent is part of the gateway's memory, so that growing by
/// less than the limit and what a connection costs anyway proves it.
async fn outgoing_queue(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    const CONNECTION: u64 = 1 << 20;
    let connection = operator::open(&after.gateway.site, None).await?;
    let params = operator::connect_params();
    let hello = connection.response(operator::CONNECT_ID, "connect", &params).await?;
    let limit = hello["payload"]["policy"]["maxBufferedBytes"].as_u64();
    grows_at_most(after.watch, limit.ok_or("policy.maxBufferedBytes")? + CONNECTION)
}

fn response_is_at_most(after: &Aftermath<'_>, limit: usize) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let seen = connection.seen();
    let response = seen.message(after.from, |message| message["type"] == "res");
    let bytes = response.ok_or("a response")?.bytes;
    if bytes <= limit { Ok(()) } else { Err(format!("at most {limit} bytes; {bytes}")) }
}

fn no_control_bytes(log: &[u8]) -> Result<(), Mismatch> {
    let raw = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t');
    match log.iter().position(raw) {
        None => Ok(()),
        Some(at) => {
            let around = &log[at.saturating_sub(40)..log.len().min(at + 20)];
            Err(format!("no control bytes in the log; {:?}", String::from_utf8_lossy(around)))
        }
    }
}

fn lines_are_at_most(log: &[u8], limit: usize) -> Result<(), Mismatch> {
    let longest = log.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or_default();
    if longest <= limit {
        return Ok(());
    }
    Err(format!("log lines of at most {limit} bytes; there is one of {longest}"))
}

/// Whether whoever decides about a command sees what he has to.
async fn approval(after: &Aftermath<'_>, fits: impl Fn(&str) -> bool) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let asked = |message: &Value| message["event"] == "exec.approval.requested";
    let event = connection.message(0, asked).await?;
    let shown = event["payload"]["request"]["command"].as_str().unwrap_or_default();
    if fits(shown) { Ok(()) } else { Err(format!("the command is seen; {shown:.200}")) }
}

/// Whether a command nobody decided about is on record as one that may not run,
/// and can no longer be allowed. What a node does without consent is tested
/// there.
async fn nobody_means_no(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let id = {
        let seen = connection.seen();
        let response = seen.message(after.from, |message| message["type"] == "res");
        response.ok_or("a response")?.json["payload"]["id"].clone()
    };
    let operator = login(after).await?;
    let allow = json!({ "id": id, "decision": "allow-once" });
    let response = operator.response("late", "exec.approval.resolve", &allow).await?;
    if response["ok"] == false {
        return Ok(());
    }
    Err("nobody can allow it any more; somebody could".to_owned())
}

fn payload_lacks(after: &Aftermath<'_>, secret: &str) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let seen = connection.seen();
    let response = seen.message(after.from, |message| message["type"] == "res");
    let payload = response.ok_or("a response")?.json["payload"].to_string();
    if payload.contains(secret) {
        return Err("the secret is not in the payload; it is".to_owned());
    }
    Ok(())
}

async fn body_lacks(after: &Aftermath<'_>, secret: &str) -> Result<(), Mismatch> {
    let answer = after.connection.ok_or("a connection")?.answer().await?;
    if answer.text().contains(secret) {
        return Err("the secret is not in the body; it is".to_owned());
    }
    Ok(())
}

async fn no_second_response(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let first = connection.answer().await?;
    connection.wait(SOON, |seen| seen.ended.is_some()).await;
    let seen = connection.seen();
    match seen.bytes.get(first.length..) {
        None | Some([]) => Ok(()),
        Some(more) => Err(format!("one answer; then came {:?}", String::from_utf8_lossy(more))),
    }
}

fn no_file_outside(gateway: &Gateway) -> Result<(), Mismatch> {
    let ours = [gateway.state(), gateway.temporary(), gateway.root().join("output.log")];
    let outside = |path: &Path| !ours.iter().any(|ours| path.starts_with(ours));
    match gateway::files(gateway.root()).into_iter().find(|path| outside(path)) {
        None => Ok(()),
        Some(path) => Err(format!("no file outside the state; {}", path.display())),
    }
}

async fn one_user_message(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let history = login(after).await?.history(after.session.ok_or("a conversation")?).await?;
    let said: Vec<&Said> = history.iter().filter(|said| said.role == "user").collect();
    match said[..] {
        [one] if one.text.contains("first") => Ok(()),
        _ => Err(format!("one message of the user, 'first'; {said:?}")),
    }
}

async fn agent_ids(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let is_normal = |agent: &str| {
        let mut chars = agent.chars();
        let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        chars.next().is_some_and(plain)
            && agent.len() <= 64
            && chars.all(|char| plain(char) || matches!(char, '_' | '-'))
    };
    for key in login(after).await?.sessions().await? {
        if let Some(agent) = key.strip_prefix("agent:").and_then(|rest| rest.split(':').next())
            && !is_normal(agent)
        {
            return Err(format!("a normal agent; {key}"));
        }
    }
    Ok(())
}

/// Whether nothing was ever said in a conversation, nor is for a while: an answer
/// may come before what it says is kept.
async fn unaffected(after: &Aftermath<'_>, key: &str) -> Result<(), Mismatch> {
    const WHILE: Duration = Duration::from_secs(1);
    const LOOKS: u32 = 20;
    let operator = login(after).await?;
    for _ in 0..LOOKS {
        let history = operator.history(key).await?;
        if !history.is_empty() {
            return Err(format!("nothing in {key}; {history:?}"));
        }
        time::sleep(WHILE / LOOKS).await;
    }
    Ok(())
}

async fn store_is_read(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    after.gateway.kill_and_restart().await?;
    let operator = login(after).await?;
    for key in operator.sessions().await? {
        operator.history(&key).await?;
    }
    Ok(())
}

async fn stable(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    let key = after.session.ok_or("a conversation")?;
    let users = |history: Vec<Said>| -> Vec<Said> {
        history.into_iter().filter(|said| said.role == "user").collect()
    };
    let operator = login(after).await?;
    let before = (operator.sessions().await?, users(operator.history(key).await?));
    after.gateway.kill_and_restart().await?;
    let operator = login(after).await?;
    let later = (operator.sessions().await?, users(operator.history(key).await?));
    if before == later { Ok(()) } else { Err(format!("{before:?}; after a restart {later:?}")) }
}

async fn at_most_one_more(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let now: BTreeSet<String> = login(after).await?.sessions().await?.into_iter().collect();
    let new: Vec<&String> = now.difference(&after.watch.sessions).collect();
    if new.len() <= 1 { Ok(()) } else { Err(format!("at most one more; {new:?}")) }
}

async fn run_ends(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let model = after.model.ok_or("runner did not start a model")?;
    model.is_left_alone(SOON).await.map_err(|got| format!("the run ends; {got}"))
}

async fn listeners_back(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    /// What is opened once and kept, such as a file of the store.
    const KEPT: usize = 4;
    let mut open = 0;
    for _ in 0..50 {
        open = after.gateway.open_files().unwrap_or_default();
        if open <= after.watch.open_files + KEPT {
            return Ok(());
        }
        time::sleep(SOON / 50).await;
    }
    Err(format!("{} open files as before; {open}", after.watch.open_files))
}

async fn acknowledged_is_there(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let operator = login(after).await?;
    let acknowledged = || after.loads.iter().filter(|loaded| loaded.is_acknowledged());
    let sessions: BTreeSet<&str> = acknowledged().map(|loaded| loaded.session.as_str()).collect();
    for session in sessions {
        let history = operator.history(session).await?;
        for loaded in acknowledged().filter(|loaded| loaded.session == session) {
            let times = history.iter().filter(|said| said.text == loaded.text).count();
            if times != 1 {
                let name = loaded.text.split(' ').next().unwrap_or_default();
                return Err(format!("{name} in {session} once; it is there {times} times"));
            }
        }
    }
    Ok(())
}

async fn nothing_torn(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let operator = login(after).await?;
    let sessions: BTreeSet<&str> =
        after.loads.iter().map(|loaded| loaded.session.as_str()).collect();
    let texts: BTreeSet<&str> = after.loads.iter().map(|loaded| loaded.text.as_str()).collect();
    for session in sessions {
        for said in operator.history(session).await? {
            if !texts.contains(said.text.as_str()) {
                return Err(format!("only whole records; {said:?}"));
            }
        }
    }
    Ok(())
}

async fn reads_are_answered(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let operator = login(after).await?;
    operator.sessions().await?;
    operator.history("main").await?;
    Ok(())
}

async fn recovers(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let pid = after.gateway.pid().ok_or("the gateway is alive")?;
    let operator = login(after).await?;
    environment::free(pid, &after.gateway.state())?;
    let params = json!({ "sessionKey": "load-0", "message": "room again" });
    let mut last = String::new();
    for _ in 0..50 {
        match operator.call("chat.inject", params.clone()).await {
            Ok(_) => return Ok(()),
            Err(why) => last = why,
        }
        time::sleep(SOON / 50).await;
    }
    Err(format!("accepts messages within {SOON:?} of being freed; {last}"))
}

fn struck(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    if environment::has_struck(after.gateway.root()) {
        return Ok(());
    }
    Err("the fault strikes; it did not, so nothing is proven".to_owned())
}

fn nothing_after_failure(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    struck(after)?;
    let mut loads = after.loads.iter().skip_while(|loaded| loaded.is_acknowledged());
    if loads.next().is_none() {
        return Err("refusals after the failed sync; everything was acknowledged".to_owned());
    }
    match loads.filter(|loaded| loaded.is_acknowledged()).count() {
        0 => Ok(()),
        n => Err(format!("no acknowledgement after the failed sync; {n}")),
    }
}

async fn stops(after: &mut Aftermath<'_>) -> Result<(), Mismatch> {
    for _ in 0..50 {
        if after.gateway.exited().is_some() {
            return Ok(());
        }
        if after.gateway.readiness().await.is_none_or(|status| status != 200) {
            return Ok(());
        }
        time::sleep(SOON / 50).await;
    }
    Err("/readyz says no, or the gateway ends; it says 200".to_owned())
}

fn not_killed(gateway: &mut Gateway) -> Result<(), Mismatch> {
    alive(gateway)?;
    match gateway.killed_for_memory() {
        Some(0) | None => Ok(()),
        Some(kills) => Err(format!("no kill for memory; {kills}")),
    }
}

#[test]
fn names() {
    let parse = Invariant::parse;

    assert_eq!(parse("rss_delta_mib<=4"), Ok(Invariant::MemoryGrowsAtMost(4)));
    assert_eq!(parse("response_bytes<=1024"), Ok(Invariant::ResponseIsAtMost(1024)));
    assert_eq!(parse("payload_does_not_contain:x"), Ok(Invariant::PayloadLacks("x".to_owned())));
    assert!(parse("smell<=4").unwrap_err().starts_with("runner does not know"));
    assert!(parse("all is well").unwrap_err().starts_with("runner does not know"));
}

#[test]
fn what_is_looked_for_in_logs() {
    assert!(no_control_bytes(b"a\tb\nc").is_ok());
    assert!(no_control_bytes(b"a\x1b[2J").is_err());
    assert!(no_control_bytes(b"a\r\n").is_err());
    assert!(lines_are_at_most(b"ab\nc", 2).is_ok());
    assert!(lines_are_at_most(b"abc\nc", 2).is_err());
}
