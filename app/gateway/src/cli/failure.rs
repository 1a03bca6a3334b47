//! A command that did not work out.

use std::{fmt::Display, io, process::ExitCode};

use serde_json::{Value, json};
use ws_client::{CallError, Details};

use crate::cli::output;

/// The exit code for a configuration that has to be changed by a person.
/// Supervisors know not to try again.
const EX_CONFIG: u8 = 78;

/// Why a command did not work out.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
    // What the gateway says about it.
    details: Details,
}

impl Failure {
    /// Something went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, details: Details::default() }
    }

    /// Everything was said already.
    pub(crate) fn silent() -> Self {
        Self::new("")
    }

    /// The configuration has to be changed first.
    pub(crate) fn config(message: impl Display) -> Self {
        Self { code: EX_CONFIG, ..Self::new(message.to_string()) }
    }

    /// A call of `method` that was not answered well.
    pub(crate) fn of_call(method: &str, error: &CallError) -> Self {
        Self::new(format!("{method}: {error}")).told(error)
    }

    /// The same with more to say about it.
    pub(crate) fn with(mut self, more: impl Display) -> Self {
        self.message = format!("{}\n{more}", self.message);
        self
    }

    /// The same with what the gateway says one can do about it.
    pub(crate) fn advised(mut self, details: &Details) -> Self {
        self.details = details.clone();
        self
    }

    fn told(self, error: &CallError) -> Self {
        match error {
            CallError::Gateway(refused) => self.advised(&refused.details),
            CallError::Closed { .. } | CallError::Timeout(_) | CallError::Nonsense => self,
        }
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
            (_, true) => output::json(&self.for_programs()),
            (_, false) => output::complain(&output::tame(&self.for_people())),
        };
        ExitCode::from(self.code)
    }

    fn for_programs(&self) -> Value {
        let mut error = json!({ "type": "cli_error", "message": self.message });
        let Details { code, request_id, next } = &self.details;
        for (name, said) in [("code", code), ("requestId", request_id), ("next", next)] {
            if let Some(said) = said {
                error[name] = said.as_str().into();
            }
        }
        json!({ "ok": false, "error": error })
    }

    fn for_people(&self) -> String {
        let mut text = self.message.clone();
        let Details { request_id, next, .. } = &self.details;
        for (name, said) in [("Request", request_id), ("Next", next)] {
            if let Some(said) = said {
                text = format!("{text}\n{name}: {said}");
            }
        }
        text
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever read our output has read enough.
            io::ErrorKind::BrokenPipe => Self { code: 0, ..Self::new("") },
            _ => Self::new(error.to_string()),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::new(error.to_string()).told(&error)
    }
}

#[test]
fn a_refusal_ends_with_what_to_type() {
    let details = Details {
        code: Some("PAIRING_REQUIRED".into()),
        request_id: Some("r1".into()),
        next: Some("openclaw devices approve r1".into()),
    };
    let refused = Failure::new("pairing required").advised(&details);
    let lines = "pairing required\nRequest: r1\nNext: openclaw devices approve r1";
    assert_eq!(refused.for_people(), lines);
    let error = json!({ "type": "cli_error", "message": "pairing required",
        "code": "PAIRING_REQUIRED", "requestId": "r1", "next": "openclaw devices approve r1" });
    assert_eq!(refused.for_programs(), json!({ "ok": false, "error": error }));
    let plain = Failure::new("no");
    assert_eq!(plain.for_people(), "no");
    assert_eq!(plain.for_programs()["error"], json!({ "type": "cli_error", "message": "no" }));
}
