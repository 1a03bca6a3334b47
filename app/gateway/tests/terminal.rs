//! `openclaw onboard` and `configure` with somebody at a terminal. The terminal
//! is made by `script`, which every Debian has.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const ENTER: &str = "\r";
const CTRL_C: &str = "\x03";
const DOWN: &str = "\x1b[B";

/// A user at a terminal.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(".openclaw").join(path)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.path("openclaw.json")).unwrap_or_default()
    }

    /// The command, in a terminal of its own.
    fn types(&self, words: &str) -> Terminal {
        let program = env!("CARGO_BIN_EXE_openclaw");
        let line = format!("stty cols 120 rows 40; PATH=; exec '{program}' {words}");
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.0.path()).env("SHELL", "/bin/sh").env("TERM", "xterm");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tells, shown) = channel();
        thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut some) {
                if tells.send(some[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { child, keys, shown, unread: String::new(), all: String::new() }
    }
}

/// A terminal in which a command runs.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    shown: Receiver<Vec<u8>>,
    /// What is shown and was not waited for.
    unread: String,
    all: String,
}

impl Terminal {
    /// Waits until `text` is shown, and then presses `keys`.
    fn answers(&mut self, text: &str, keys: &str) {
        self.shows(text);
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn shows(&mut self, text: &str) {
        loop {
            if let Some(at) = self.unread.find(text) {
                self.unread.drain(..at + text.len());
                return;
            }
            let Ok(more) = self.shown.recv_timeout(PATIENCE) else {
                panic!("{text:?} is not shown: {}", self.all);
            };
            let more = String::from_utf8_lossy(&more);
            self.unread.push_str(&more);
            self.all.push_str(&more);
        }
    }

    /// Waits for the end of the command. Returns its code, and all it has shown.
    fn ends(mut self) -> (Option<i32>, String) {
        while let Ok(more) = self.shown.recv_timeout(PATIENCE) {
            self.all.push_str(&String::from_utf8_lossy(&more));
        }
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.all))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_quick_start_asks_what_it_has_to_know() {
    let home = Home::new();
    let mut terminal = home.types("onboard");
    terminal.answers("Go on?", "y\r");
    terminal.answers("How much should be asked?", ENTER);
    terminal.answers("Who offers the model?", ENTER);
    terminal.answers("Where do agents work?", "~/mine\r");
    terminal.shows("The token clients show is in");
    terminal.shows("openclaw gateway run");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(home.0.path().join("mine").is_dir() && home.path("gateway-token").exists());
    assert!(home.config().contains("\"workspace\": \"~/mine\""), "{}", home.config());
    assert!(!home.path("wizard.json").exists());
}

#[test]
fn whoever_stops_goes_on_and_no_secret_is_shown() {
    let home = Home::new();
    let mut terminal = home.types("onboard --flow advanced");
    terminal.answers("Go on?", "y\r");
    terminal.answers("Where does the gateway run?", ENTER);
    terminal.answers("Who offers the model?", CTRL_C);
    terminal.shows("openclaw onboard goes on from there");
    assert_eq!(terminal.ends().0, Some(1));
    assert_eq!(home.config(), "");

    let mut terminal = home.types("onboard");
    terminal.answers("Go on where it stopped?", ENTER);
    terminal.answers("Who offers the model?", ENTER);
    terminal.answers("Where do agents work?", ENTER);
    terminal.answers("On which port does it listen?", "70000\r");
    terminal.answers("must be a port", "\x7f\x7f\x7f\x7f\x7f18799\r");
    terminal.answers("Who can reach it?", ENTER);
    terminal.answers("What do clients have to show?", &format!("{DOWN}\r"));
    terminal.answers("Whom does Tailscale bring?", ENTER);
    terminal.answers("The password", "a-canary-of-letters\r");
    terminal.answers("Again", "a-canary-of-letters\r");
    terminal.shows("openclaw gateway run");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    let config = home.config();
    assert!(config.contains("18799") && config.contains("a-canary-of-letters"), "{config}");
}

#[test]
fn an_unaccepted_risk_is_the_end() {
    let home = Home::new();
    let mut terminal = home.types("onboard");
    terminal.answers("Go on?", "n\r");
    terminal.shows("the risk has to be accepted to go on");
    assert_eq!(terminal.ends().0, Some(1));
    assert_eq!(home.config(), "");
}

#[test]
fn a_part_that_is_kept_stays_as_it_is() {
    let home = Home::new();
    fs::create_dir(home.path("")).unwrap();
    let text = "{ gateway: { mode: 'local', port: 7, bind: '192.0.2.9', auth: { mode: 'password', \
        password: 'a-canary-of-letters-and-more' } } } // Mine.\n";
    fs::write(home.path("openclaw.json"), text).unwrap();
    let mut terminal = home.types("config");
    terminal.answers("What do you want to change?", "gateway\r");
    terminal.answers("On which port does it listen?", ENTER);
    terminal.answers("Who can reach it?", ENTER);
    terminal.answers("What do clients have to show?", ENTER);
    terminal.answers("The password (empty: it stays)", ENTER);
    terminal.answers("Again", ENTER);
    terminal.shows("Nothing changes in the configuration.");
    terminal.answers("What do you want to change?", "nothing\r");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(home.config(), text);
    assert!(!shown.contains("canary"), "{shown}");
}
