//! A command that did not work out.

use std::{fmt::Display, io, process::ExitCode};

use serde_json::json;
use ws_client::CallError;

use crate::cli::output;

/// The exit code for a configuration that has to be changed by a person.
/// Supervisors know not to try again.
const EX_CONFIG: u8 = 78;

/// Why a command did not work out.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The configuration has to be changed first.
    pub(crate) fn config(message: impl Display) -> Self {
        Self { message: message.to_string(), code: EX_CONFIG }
    }

    /// The same with more to say about it.
    pub(crate) fn with(mut self, more: impl Display) -> Self {
        self.message = format!("{}\n{more}", self.message);
        self
    }

    /// What to say about it.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Tells the person, or the program, and says how the process ends.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        // Nobody is left to be told that the pipe is broken.
        let _ = match (self.message.as_str(), json) {
            ("", _) => Ok(()),
            (message, true) => {
                let error = json!({ "type": "cli_error", "message": message });
                output::json(&json!({ "ok": false, "error": error }))
            }
            (message, false) => output::complain(message),
        };
        ExitCode::from(self.code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever read our output has read enough.
            io::ErrorKind::BrokenPipe => Self { message: String::new(), code: 0 },
            _ => Self::new(error.to_string()),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::new(error.to_string())
    }
}
