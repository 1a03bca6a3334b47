//! `system.run`: what a node is told about consent is what the gateway knows
//! about it, never what the caller says.

use std::collections::BTreeMap;

use domain::{
    access::Principal,
    ids::{InvokeId, NodeId, RunId},
    node::raw_command_fits,
};
use ports::Json;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Consent, Given, Nodes, RunAsk};
use crate::config::keys;

/// Why a command is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunRefused {
    /// There is no program in it.
    #[error("system.run: command must be a list of words")]
    NoCommand,
    /// What is shown is not what is run.
    #[error("system.run: rawCommand does not match command")]
    RawCommand,
    /// It says that somebody consented, and nobody did.
    #[error(
        "system.run: no approval for this command; approved and approvalDecision are ignored from callers"
    )]
    NoConsent,
    /// What names the run cannot be a name, or the session cannot be one.
    #[error("system.run: runId or sessionKey is not a name")]
    BadName,
}

/// Whether `command` runs programs, and may therefore carry a consent.
pub(super) fn is_run(command: &str) -> bool {
    command == "system.run" || command.starts_with("system.run.")
}

/// What this gateway has to know about the parameters. All others are passed on
/// as they are.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Params {
    command: Vec<String>,
    raw_command: Option<String>,
    cwd: Option<String>,
    env: BTreeMap<String, Value>,
    session_key: Option<String>,
    run_id: Option<String>,
    approved: Option<Value>,
    approval_decision: Option<Value>,
}

impl Params {
    /// Whether the caller says that somebody consented.
    fn claims_consent(&self) -> bool {
        let says =
            |value: &Option<Value>| !matches!(value, None | Some(Value::Null | Value::Bool(false)));
        says(&self.approved) || says(&self.approval_decision)
    }
}

impl Nodes {
    /// The parameters as the node gets them: with a name for the run, and with
    /// the consent there is. Remembers the run, so that what the node says about
    /// it is believed.
    pub(super) fn prepare_run(
        &self,
        caller: &Principal,
        node: &NodeId,
        id: &InvokeId,
        params: Option<&Json>,
    ) -> Result<Json, RunRefused> {
        let text = params.map_or("{}", Json::as_str);
        // Read twice from the same text: once as it is, once for its meaning. A
        // name that stands there twice means the last one, and is written once.
        let mut members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(text).map_err(|_| RunRefused::NoCommand)?;
        let flat = Json::of(&members);
        let params: Params =
            serde_json::from_str(flat.as_str()).map_err(|_| RunRefused::NoCommand)?;
        if params.command.first().is_none_or(|program| program.trim().is_empty()) {
            return Err(RunRefused::NoCommand);
        }
        let raw = params.raw_command.as_deref().filter(|raw| !raw.trim().is_empty());
        if raw.is_some_and(|raw| !raw_command_fits(&params.command, raw)) {
            return Err(RunRefused::RawCommand);
        }
        let consent = self.consent(caller, node, &params)?;
        for about_consent in ["approved", "approvalDecision", "bindingHash"] {
            members.remove(about_consent);
        }
        if let Some(Consent { decision, binding }) = consent {
            members.insert("approved".to_owned(), written(&true));
            members.insert("approvalDecision".to_owned(), written(&decision));
            if let Some(binding) = binding {
                members.insert("bindingHash".to_owned(), written(&binding));
            }
        }
        let run = params.run_id.as_deref().map(str::trim).filter(|run| !run.is_empty());
        let run = run.unwrap_or(id.as_str()).parse().map_err(|_| RunRefused::BadName)?;
        members.insert("runId".to_owned(), written(&run));
        self.remember_run(node, run, params.session_key.as_deref())?;
        Ok(Json::of(&members))
    }

    fn consent(
        &self,
        caller: &Principal,
        node: &NodeId,
        params: &Params,
    ) -> Result<Option<Consent>, RunRefused> {
        if !params.claims_consent() {
            return Ok(None);
        }
        let ask = RunAsk {
            node: node.clone(),
            argv: params.command.clone(),
            cwd: params.cwd.clone(),
            env: params.env.keys().cloned().collect(),
            session: params.session_key.clone(),
        };
        let request = params.run_id.as_deref().unwrap_or_default().trim();
        let consent = self.0.deps.consents.redeem(caller, request, &ask);
        // What else was decided is no consent, whoever keeps it.
        let consent = consent.filter(|consent| consent.decision.allows());
        consent.map(Some).ok_or(RunRefused::NoConsent)
    }

    fn remember_run(
        &self,
        node: &NodeId,
        run: RunId,
        session: Option<&str>,
    ) -> Result<(), RunRefused> {
        let keys = keys(&self.0.deps.config.current());
        let session = session.map(str::trim).filter(|session| !session.is_empty());
        let session = session.map(|session| keys.resolve(session)).transpose();
        let session = session.map_err(|_| RunRefused::BadName)?;
        let now = self.0.deps.clock.now();
        self.state().runs.put((node.clone(), run), Given { session, ended: false }, now);
        Ok(())
    }
}

fn written(value: &impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("texts and switches can be written")
}
