//! The things a case can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use super::device::Claim;

/// One thing a case does. A word that is not here makes the case fail, so that
/// nothing passes because it was not understood.
///
/// `Value`s may hold generators and placeholders; see
/// [`generate`](super::generate).
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", deny_unknown_fields)]
pub(super) enum Step {
    /// Asks for a WebSocket; the answer may be another one.
    #[serde(rename = "ws.upgrade")]
    Upgrade(Upgrade),
    /// Opens a WebSocket and logs in, which has to succeed.
    #[serde(rename = "ws.login")]
    Login(Login),
    /// Sends a `connect` request.
    #[serde(rename = "ws.connect")]
    Connect(Connect),
    /// Sends a `connect` request with one number written as in `literal`.
    #[serde(rename = "ws.connect_raw_number")]
    ConnectRawNumber { conn: String, field: String, literal: String },
    /// Ends a connection.
    #[serde(rename = "ws.close")]
    Close { conn: String },
    /// Does steps again and again, and looks at the last time.
    #[serde(rename = "repeat")]
    Repeat(Repeat),
    /// Connects with the setup code of this case.
    #[serde(rename = "pair.with_setup_code")]
    SetupCode {
        conn: String,
        device: String,
        /// Whether it has to be let in.
        #[serde(default)]
        expect_fail: bool,
    },
    /// Sends bytes.
    #[serde(rename = "ws.raw")]
    Raw { conn: String, hex: Value },
    /// Sends a text frame.
    #[serde(rename = "ws.text")]
    Text { conn: String, data: Value },
    /// Sends a text frame that holds JSON.
    #[serde(rename = "ws.json")]
    Json { conn: String, data: Value },
    /// Sends one message in many fragments, or as many of them as get through.
    #[serde(rename = "ws.fragments")]
    Fragments { conn: String, opcode: u8, count: usize, each: String },
    /// Sends many pings, or as many of them as get through.
    #[serde(rename = "ws.pings")]
    Pings { conn: String, count: usize, read: bool, payload_bytes: usize },
    /// Calls a method and waits for its response.
    #[serde(rename = "rpc")]
    Rpc {
        conn: String,
        id: String,
        method: String,
        #[serde(default)]
        params: Value,
    },
    /// Opens many WebSocket connections.
    #[serde(rename = "ws.open_many")]
    OpenMany {
        count: usize,
        #[serde(default)]
        hold: bool,
        #[serde(default)]
        login: bool,
        #[serde(default)]
        distinct_source_ips: bool,
    },
    /// Sends an HTTP request.
    #[serde(rename = "http")]
    Http(Http),
    /// Sends what Slack would send, except for what `craft` says.
    #[serde(rename = "slack.post")]
    Slack {
        target: Value,
        #[serde(default)]
        craft: Map<String, Value>,
    },
    /// Makes one request and then leaves the connection alone, until the gateway
    /// ends it or was expected to.
    #[serde(rename = "http.idle")]
    HttpIdle {
        #[serde(rename = "seconds")]
        _seconds: u64,
    },
    /// Sends bytes on a fresh connection, which is then held open in any case.
    #[serde(rename = "tcp")]
    Tcp {
        #[serde(default)]
        text: Option<Value>,
        /// The bytes in hexadecimal digits, instead of `text`.
        #[serde(default)]
        hex: Option<String>,
        #[serde(default, rename = "hold")]
        _hold: bool,
    },
    /// Sends a greeting of this version of TLS, and nothing more.
    #[serde(rename = "tls.hello")]
    TlsHello {
        version: String,
        #[serde(default, rename = "stall")]
        _stall: bool,
    },
    /// Greets a second time on a connection of TLS 1.2.
    #[serde(rename = "tls.renegotiate")]
    TlsRenegotiate {},
    /// Gives the gateway this long to end the connection.
    #[serde(rename = "sleep")]
    Sleep { ms: u64 },
    /// Kills the gateway without warning and starts it again.
    #[serde(rename = "gateway.kill9_restart")]
    KillAndRestart {},
    /// Kills the gateway without warning.
    #[serde(rename = "gateway.stop9")]
    Kill {},
    /// Starts it again; or, if nothing is done beside, starts it for the first
    /// time, which it may refuse.
    #[serde(rename = "gateway.start")]
    Start {
        #[serde(default, rename = "ms")]
        _ms: u64,
    },
    /// Runs the program with these arguments.
    #[serde(rename = "cli")]
    Cli { args: Vec<String> },
    /// Does something to the files of a gateway that does not run.
    #[serde(rename = "damage")]
    Damage { what: Damage },
    /// Has this be the configuration.
    #[serde(rename = "config.write")]
    WriteConfig {
        raw: Value,
        /// Whether the gateway runs meanwhile.
        while_running: bool,
    },
    /// Puts this over the configuration.
    #[serde(rename = "config.write_merge")]
    MergeConfig { json: Value },
    /// Says who may do what with a file.
    #[serde(rename = "chmod")]
    Chmod { path: String, mode: String },
    /// Leaves this much room on the volume that holds the state.
    #[serde(rename = "fill_disk")]
    FillDisk { leave_kib: u64 },
    /// Makes a system call on files fail from now on.
    #[serde(rename = "fault")]
    Fault(Fault),
    /// Calls a method many times, one after the other.
    #[serde(rename = "load")]
    Load { method: String, count: usize },
    /// Runs the gateway with this much memory.
    #[serde(rename = "cgroup")]
    Cgroup { memory_mib: u64 },
    /// Makes events while a share of the clients does not read.
    #[serde(rename = "broadcast_load")]
    BroadcastLoad(BroadcastLoad),
}

impl Step {
    /// Whether a gateway that does as it says can be reached from elsewhere.
    pub(super) fn may_reach_out(&self) -> bool {
        matches!(self, Self::Cli { args } if args.iter().any(|it| it == "--bind"))
    }

    /// Whether it is about whether a gateway starts, if it is the last one.
    pub(super) fn is_start(&self) -> bool {
        matches!(self, Self::Start { .. } | Self::Cli { .. })
    }

    /// The device that connects while the gateway has another key written down
    /// for it, if this is about one.
    pub(super) fn swapped(&self) -> Option<&str> {
        match self {
            Self::Connect(Connect { device: Some(Claim::Crafted(craft)), .. })
                if craft.stored_key_swapped =>
            {
                craft.base.as_deref()
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upgrade {
    pub(super) conn: String,
    pub(super) path: String,
    pub(super) method: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) drop_headers: Vec<String>,
    /// Where the client is; see [`settle`].
    #[serde(skip)]
    pub(super) from_ip: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connect {
    pub(super) conn: String,
    /// How it differs from a good one.
    #[serde(default)]
    pub(super) merge_params: Value,
    /// Whether what is null there is left out.
    #[serde(default)]
    pub(super) drop_null: bool,
    /// The device it comes from.
    #[serde(default, deserialize_with = "claim")]
    pub(super) device: Option<Claim>,
    /// What it shows, if not the token of the gateway.
    #[serde(default)]
    pub(super) auth: Show,
    from_ip: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repeat {
    pub(super) times: usize,
    pub(super) steps: Vec<Step>,
    /// Whether the device called `fresh` is another one each time.
    #[serde(default)]
    pub(super) fresh_device: bool,
    from_ip: Option<String>,
}

/// What a client shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Show {
    /// The token of the gateway.
    #[default]
    Token,
    /// The token of its device.
    DeviceToken,
    /// Nothing.
    None,
}

/// What is done to the files of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Damage {
    /// The database is again as it was before the first step.
    #[serde(rename = "devices:restore_previous")]
    RestoreDevices,
    /// Something else stands in the middle of one of three messages.
    #[serde(rename = "transcript:overwrite:50%:random:64")]
    OverwriteMessage,
    /// Half of what commands need consent for is missing.
    #[serde(rename = "approvals:truncate:50%")]
    TruncateApprovals,
    /// The first page of the database is noise.
    #[serde(rename = "db:overwrite:0:random:4096")]
    OverwriteDatabase,
    /// The database is one of the next version.
    #[serde(rename = "db:user_version:+1")]
    NextVersion,
    /// The database is again as it was before the first step, and its log is gone.
    #[serde(rename = "db:restore_without_sidecars")]
    RestoreDatabaseAlone,
}

fn claim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Claim>, D::Error> {
    Claim::read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Has every connection come from where the case says. It says so where it
/// repeats steps or where the client logs in, but the address is needed when the
/// connection is opened.
pub(super) fn settle(steps: &mut [Step], everywhere: Option<&str>) {
    let mut places = BTreeMap::new();
    for step in steps.iter_mut().rev() {
        match step {
            Step::Connect(Connect { conn, from_ip: Some(from), .. }) => {
                places.insert(conn.clone(), from.clone());
            }
            Step::Upgrade(upgrade) => {
                let place = places.remove(&upgrade.conn);
                upgrade.from_ip = place.or_else(|| everywhere.map(str::to_owned));
            }
            Step::Repeat(repeat) => {
                let from = repeat.from_ip.clone();
                settle(&mut repeat.steps, from.as_deref().or(everywhere));
            }
            _ => {}
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) conn: String,
    #[serde(default)]
    pub(super) auth: Show,
    pub(super) role: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// The device it comes from.
    #[serde(deserialize_with = "claim")]
    pub(super) device: Option<Claim>,
    /// What it says of itself, if not what it said when it was let in.
    #[serde(default)]
    pub(super) client: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) target: Value,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) body: Option<Value>,
    /// Go away after this many bytes of the answer's body.
    #[serde(default)]
    pub(super) disconnect_after_bytes: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// `fdatasync` or `write`.
    pub(super) call: String,
    /// The error it returns, as in `EIO`.
    #[serde(default)]
    pub(super) error: Option<String>,
    /// How many calls succeed before.
    #[serde(default)]
    pub(super) after: u64,
    /// Whether fewer bytes are written than were given.
    #[serde(default)]
    pub(super) short: bool,
    /// How likely a call is to be hit.
    #[serde(default)]
    pub(super) prob: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BroadcastLoad {
    pub(super) events_per_s: u64,
    pub(super) bytes: usize,
    pub(super) seconds: u64,
    pub(super) stalled_share: f64,
}

#[test]
fn connections_come_from_where_the_client_is_when_it_logs_in() {
    let upgrade = |conn: &str| {
        serde_json::json!({
            "op": "ws.upgrade", "conn": conn, "path": "/", "method": "GET", "version": "HTTP/1.1",
        })
    };
    let connect = serde_json::json!({ "op": "ws.connect", "conn": "a", "from_ip": "far" });
    let again = serde_json::json!({
        "op": "repeat", "times": 2, "from_ip": "near", "steps": [upgrade("a")],
    });
    let steps = serde_json::json!([upgrade("x"), upgrade("a"), connect, again]);
    let mut steps: Vec<Step> = serde_json::from_value(steps).unwrap();
    settle(&mut steps, None);

    let from = |step: &Step| match step {
        Step::Upgrade(upgrade) => upgrade.from_ip.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(from(&steps[0]), None);
    assert_eq!(from(&steps[1]).as_deref(), Some("far"));
    let Step::Repeat(again) = &steps[3] else { panic!("{:?}", steps[3]) };
    assert_eq!(from(&again.steps[0]).as_deref(), Some("near"));
}

#[test]
fn a_word_the_runner_does_not_know_is_refused() {
    let read = |text: &str| serde_json::from_str::<Step>(text).map_err(|error| error.to_string());

    assert!(read(r#"{"op":"sleep","ms":5}"#).is_ok());
    assert!(read(r#"{"op":"ws.shout","conn":"a"}"#).unwrap_err().contains("ws.shout"));
    assert!(read(r#"{"op":"sleep","ms":5,"deeply":true}"#).unwrap_err().contains("deeply"));
    assert!(read(r#"{"op":"tcp","text":"","loud":1}"#).unwrap_err().contains("loud"));
}
