//! Changing what was chosen for a session (`ws-protocol.md` 9.5).

use domain::{
    agent::ModelRef,
    session::{
        Elevated, ExecAsk, ExecHost, ExecSecurity, GroupActivation, Patch, Reasoning,
        ResponseUsage, SendPolicy, Session, SessionKey, Settings, Thinking, Verbose,
    },
};
use ports::driven::Urgency;

use super::{Sessions, SessionsError};

/// What shall become of each setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// The name for people.
    pub label: Patch<Box<str>>,
    /// How long the model thinks.
    pub thinking: Patch<Thinking>,
    /// Whether the steps of tools are shown.
    pub verbose: Patch<Verbose>,
    /// Whether what the model thinks is shown.
    pub reasoning: Patch<Reasoning>,
    /// Whether an answer says what it cost.
    pub response_usage: Patch<ResponseUsage>,
    /// Whether commands may leave the sandbox.
    pub elevated: Patch<Elevated>,
    /// Where commands run.
    pub exec_host: Patch<ExecHost>,
    /// Which commands run.
    pub exec_security: Patch<ExecSecurity>,
    /// When a person is asked.
    pub exec_ask: Patch<ExecAsk>,
    /// On which node commands run.
    pub exec_node: Patch<Box<str>>,
    /// Which model answers, as the caller named it.
    pub model: ModelPatch,
    /// Whether the conversation may be spoken in.
    pub send_policy: Patch<SendPolicy>,
    /// What wakes the agent in a group.
    pub group_activation: Patch<GroupActivation>,
    /// The conversation that started this one.
    pub spawned_by: Patch<SessionKey>,
}

/// A model by some name.
pub type ModelPatch = Patch<String>;

impl Sessions {
    /// Changes the settings of `key`, which is created if it does not exist.
    pub async fn patch(
        &self,
        key: &SessionKey,
        patch: SettingsPatch,
    ) -> Result<Session, SessionsError> {
        let model = self.chosen(patch.model.clone())?;
        let opened = self.0.book.open(key).await?;
        let id = self.fresh_id()?;
        let now = self.now();
        let (receipt, session) = opened.edit(Urgency::Now, |session| {
            let mut new = session.clone().unwrap_or_else(|| Session::fresh(key.clone(), id, now));
            apply(&mut new.settings, patch, model, key)?;
            new.updated_at = now;
            *session = Some(new.clone());
            Ok::<_, SessionsError>((Vec::new(), new))
        })?;
        receipt.await?;
        self.changed(key, "patch", Some(&session));
        Ok(session)
    }

    fn chosen(&self, model: ModelPatch) -> Result<Patch<ModelRef>, SessionsError> {
        Ok(match model {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(name) if name.trim().eq_ignore_ascii_case("default") => Patch::Clear,
            Patch::Set(name) => {
                let model = self.0.models.find(&name);
                Patch::Set(model.map_err(|unknown| SessionsError::Setting(unknown.to_string()))?)
            }
        })
    }
}

/// For some settings `off` is the default and clears them. Whether commands may
/// leave the sandbox is not one of them: there `off` is a choice.
fn apply(
    settings: &mut Settings,
    patch: SettingsPatch,
    model: Patch<ModelRef>,
    key: &SessionKey,
) -> Result<(), SessionsError> {
    spawned_by_may_change(settings, &patch.spawned_by, key)?;
    patch.label.apply(&mut settings.label);
    off_clears(patch.thinking, Thinking::Off).apply(&mut settings.thinking);
    patch.verbose.apply(&mut settings.verbose);
    off_clears(patch.reasoning, Reasoning::Off).apply(&mut settings.reasoning);
    off_clears(patch.response_usage, ResponseUsage::Off).apply(&mut settings.response_usage);
    patch.elevated.apply(&mut settings.elevated);
    patch.exec_host.apply(&mut settings.exec_host);
    patch.exec_security.apply(&mut settings.exec_security);
    patch.exec_ask.apply(&mut settings.exec_ask);
    patch.exec_node.apply(&mut settings.exec_node);
    model.apply(&mut settings.model);
    patch.send_policy.apply(&mut settings.send_policy);
    patch.group_activation.apply(&mut settings.group_activation);
    patch.spawned_by.apply(&mut settings.spawned_by);
    Ok(())
}

fn off_clears<T: PartialEq>(patch: Patch<T>, off: T) -> Patch<T> {
    if patch == Patch::Set(off) { Patch::Clear } else { patch }
}

/// Who started a session is set once, and only on sessions of sub-agents.
fn spawned_by_may_change(
    settings: &Settings,
    patch: &Patch<SessionKey>,
    key: &SessionKey,
) -> Result<(), SessionsError> {
    let refused = |why: &str| Err(SessionsError::Setting(why.to_owned()));
    match (patch, &settings.spawned_by) {
        (Patch::Set(_), _) if !key.place().starts_with("subagent:") => {
            refused("spawnedBy is only supported for subagent:* sessions")
        }
        (Patch::Set(new), Some(held)) if new != held => {
            refused("spawnedBy cannot be changed once set")
        }
        (Patch::Clear, Some(_)) => refused("spawnedBy cannot be cleared once set"),
        (Patch::Keep | Patch::Set(_), _) | (Patch::Clear, None) => Ok(()),
    }
}
