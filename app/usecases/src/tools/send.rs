//! `sessions_send`: saying something elsewhere, as `chat.send` does.

use std::time::Duration;

use domain::{ids::RunId, run::RunStatus, session::SessionKey};
use ports::driving::ToolRefusal;
use serde::Serialize;

use super::{Call, Outcome, Tools, at_fault, found};
use crate::{
    chat::{RunSummary, Send, SendError, Sent, Waited},
    sessions::{Filter, Named, SessionsError},
};

/// How long the answer is waited for when nobody says.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    run_id: &'a RunId,
    /// `accepted`: nobody waited for the answer. `timeout`: it did not come in
    /// time; the run goes on.
    status: &'static str,
    session_key: &'a SessionKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Says `message` in a session and waits for the answer. The run goes on when
/// nobody waits any more.
pub(super) async fn send(tools: Tools, call: Call) -> Outcome {
    let key = tools.addressee(&call).await?;
    let run: RunId = call.name.parse().map_err(|error| at_fault(&error))?;
    let message = Send {
        key: key.clone(),
        client_key: key.as_str().into(),
        run: run.clone(),
        text: call.arguments.text("message").unwrap_or_default().to_owned(),
        attachments: Vec::new(),
        thinking: None,
        timeout: None,
        model: None,
        instructions: None,
        may_command: call.caller.scopes,
        sender: call.caller.user.as_ref().map(ToString::to_string),
    };
    let said = |status, reply, error| {
        found(&Said { run_id: &run, status, session_key: &key, reply, error })
    };
    let patience = call.arguments.count("timeoutSeconds").map_or(PATIENCE, Duration::from_secs);
    let summary = match tools.0.deps.chat.send(message).await.map_err(refusal)? {
        Sent::Started { .. } | Sent::InFlight if patience.is_zero() => {
            return Ok(said("accepted", None, None));
        }
        Sent::Started { .. } | Sent::InFlight => {
            match tools.0.deps.chat.wait(&run, patience).await.map_err(|error| at_fault(&error))? {
                Waited::Ended(summary) => summary,
                Waited::TimedOut => return Ok(said("timeout", None, None)),
            }
        }
        Sent::Finished(summary) => summary,
        Sent::Stopped(_) => return Ok(said("ok", None, None)),
    };
    let RunSummary { status, text, error, .. } = &*summary;
    Ok(match status {
        RunStatus::Error => said("error", None, error.as_deref()),
        RunStatus::Aborted => said("aborted", Some(text), None),
        RunStatus::Ok | RunStatus::Accepted => said("ok", Some(text), None),
    })
}

impl Tools {
    /// The session the call names by its key or by its label.
    async fn addressee(&self, call: &Call) -> Result<SessionKey, ToolRefusal> {
        match (call.arguments.text("sessionKey"), call.arguments.text("label")) {
            (Some(_), None) => self.key(call, "sessionKey"),
            (None, Some(label)) => {
                let named = Named::Label(label.to_owned());
                let found = self.0.deps.sessions.resolve(named, &Filter::default(), label).await;
                found.map_err(|error| match error {
                    SessionsError::NotFound(_) | SessionsError::Ambiguous(_) => {
                        ToolRefusal::Tool(error.to_string())
                    }
                    error => at_fault(&error),
                })
            }
            _ => Err(ToolRefusal::Tool("give either sessionKey or label".to_owned())),
        }
    }
}

fn refusal(error: SendError) -> ToolRefusal {
    match error {
        SendError::Denied(denied) => denied.into(),
        SendError::QueueFull | SendError::Stopping => ToolRefusal::Unavailable(error.to_string()),
        SendError::Empty | SendError::Blocked | SendError::UnknownAgent(_) => {
            ToolRefusal::Tool(error.to_string())
        }
        SendError::Commit(failed) => at_fault(&failed),
    }
}
