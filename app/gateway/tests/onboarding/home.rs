//! A user at a machine, and what there is around.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A user whose machine has no systemd, unless one is made.
pub(crate) struct Home(pub(crate) TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn with(text: &str) -> Self {
        let home = Self::new();
        fs::create_dir(home.path("")).unwrap();
        fs::write(home.path("openclaw.json"), text).unwrap();
        home
    }

    /// A path in the state directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(".openclaw").join(path)
    }

    pub(crate) fn config(&self) -> String {
        fs::read_to_string(self.path("openclaw.json")).unwrap_or_default()
    }

    pub(crate) fn tree(&self) -> Value {
        let output = self.run("config get gateway --json --show-secrets");
        let gateway: Value = serde_json::from_slice(&output.stdout).unwrap();
        let output = self.run("config get agents.defaults --json");
        json!({ "gateway": gateway, "defaults": serde_json::from_slice::<Value>(&output.stdout).unwrap() })
    }

    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
        command.args(words.split_whitespace()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.0.path()).env("PATH", self.0.path().join("bin"));
        command
    }

    pub(crate) fn run(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a command that works out prints as JSON.
    pub(crate) fn json(&self, words: &str) -> Value {
        told(&self.run(&format!("{words} --json")))
    }

    /// What a command says that does not work out.
    pub(crate) fn refused(&self, words: &str) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(1), "{words}: {output:?}");
        everything(&output)
    }

    pub(crate) fn with_input(&self, words: &str, input: &str) -> Output {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// A gateway that has told that it is ready.
    pub(crate) fn start(&self) -> Running {
        let socket = UnixDatagram::bind(self.0.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = self.command("gateway run --port 0");
        command.env("NOTIFY_SOCKET", self.0.path().join("notify")).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        let mut told = [0; 256];
        let length = socket.recv(&mut told).unwrap();
        assert!(told[..length].starts_with(b"READY=1"));
        running
    }
}

pub(crate) fn told(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn everything(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned()).concat()
}

/// A gateway that is ended when the test is.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A provider that knows one key and two models, and ends with the process.
pub(crate) fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = BufReader::new(socket.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && socket.read_line(&mut head).unwrap() != 0 {}
            let known = head.to_lowercase().contains("authorization: bearer good-key");
            let (status, body) = if known {
                ("200 OK", json!({ "data": [{ "id": "small" }, { "id": "large" }] }))
            } else {
                ("401 Unauthorized", json!({ "error": { "message": "no such key" } }))
            };
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close");
            let _ =
                write!(socket.get_mut(), "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    url
}
