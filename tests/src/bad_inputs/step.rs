//! The things a case can do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

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
    /// Sends a `connect` request that differs from a good one by `merge_params`.
    #[serde(rename = "ws.connect")]
    Connect {
        conn: String,
        #[serde(default)]
        merge_params: Value,
    },
    /// Sends a `connect` request with one number written as in `literal`.
    #[serde(rename = "ws.connect_raw_number")]
    ConnectRawNumber { conn: String, field: String, literal: String },
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
    /// Starts the gateway, which may refuse to. Nothing else is done in such a
    /// case.
    #[serde(rename = "gateway.start")]
    Start {},
    /// Gives the gateway this long to end the connection.
    #[serde(rename = "sleep")]
    Sleep { ms: u64 },
    /// Kills the gateway without warning and starts it again.
    #[serde(rename = "gateway.kill9_restart")]
    KillAndRestart {},
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
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) conn: String,
    /// Only `token` is known until there are devices and passwords.
    pub(super) auth: String,
    pub(super) role: String,
    pub(super) scopes: Vec<String>,
    /// A device of the fixture. Devices come with issue B; until then a login
    /// with a paired device is a plain login with the token.
    #[serde(rename = "device")]
    pub(super) _device: String,
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
fn a_word_the_runner_does_not_know_is_refused() {
    let read = |text: &str| serde_json::from_str::<Step>(text).map_err(|error| error.to_string());

    assert!(read(r#"{"op":"sleep","ms":5}"#).is_ok());
    assert!(read(r#"{"op":"ws.shout","conn":"a"}"#).unwrap_err().contains("ws.shout"));
    assert!(read(r#"{"op":"sleep","ms":5,"deeply":true}"#).unwrap_err().contains("deeply"));
    assert!(read(r#"{"op":"tcp","text":"","loud":1}"#).unwrap_err().contains("loud"));
}
