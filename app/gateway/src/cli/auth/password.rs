//! `openclaw auth hash-password`.

use std::io::{self, IsTerminal, Stdin};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    signal::unix::{Signal, SignalKind, signal},
};

use crate::cli::{context::Context, failure::Failure, output};

/// Reads a password, from the terminal twice and unseen, and prints its hash.
/// It is never an argument: other users can read those.
pub(super) async fn hash_password(context: &Context) -> Result<(), Failure> {
    let at_terminal = io::stdin().is_terminal();
    let mut typing = Typing {
        lines: BufReader::new(tokio::io::stdin()).lines(),
        // Before the terminal is changed, so that it is changed back.
        interrupts: signal(SignalKind::interrupt())?,
        at_terminal,
    };
    let unseen = at_terminal.then(Unseen::begin).transpose()?;
    let password = typing.ask("Password: ").await?;
    if at_terminal && typing.ask("Again: ").await? != password {
        return Err(Failure::new("these were two different passwords"));
    }
    drop(unseen);
    let hash =
        secrets_file::hash_password(&password).map_err(|error| Failure::new(error.to_string()))?;
    if context.json {
        return Ok(output::json(&json!({ "hash": hash }))?);
    }
    output::line(&hash)?;
    if at_terminal {
        output::note("Put it into gateway.auth.password in openclaw.json.")?;
    }
    Ok(())
}

/// Somebody who types, or a pipe.
struct Typing {
    lines: Lines<BufReader<tokio::io::Stdin>>,
    interrupts: Signal,
    at_terminal: bool,
}

impl Typing {
    /// The next line; Ctrl-C leaves, and lets the terminal be as it was.
    async fn ask(&mut self, prompt: &str) -> Result<String, Failure> {
        if self.at_terminal {
            output::prompt(prompt)?;
        }
        let line = tokio::select! {
            line = self.lines.next_line() => line?,
            _ = self.interrupts.recv() => None,
        };
        if self.at_terminal {
            output::note("")?;
        }
        line.ok_or_else(|| Failure::new("no password was given"))
    }
}

/// While it lives, what is typed is not shown.
struct Unseen {
    terminal: Stdin,
    before: Termios,
}

impl Unseen {
    fn begin() -> io::Result<Self> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone needs no settings.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
