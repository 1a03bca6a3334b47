//! The JSON of a session.
//!
//! Every field may be missing, so that rows of older versions can be read, and
//! a word that this version does not know counts as not chosen.

use std::str::FromStr;

use domain::{
    session::{
        Elevated, ExecAsk, ExecHost, ExecSecurity, GroupActivation, Reasoning, ResponseUsage,
        SendPolicy, Session, Thinking, Tokens, Verbose,
    },
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Data {
    created_at: u64,
    #[serde(skip_serializing_if = "is_zero")]
    input_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    output_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    context_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_provider: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Box<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    aborted_last_run: bool,
    #[serde(skip_serializing_if = "is_zero")]
    compactions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Box<str>>,
    #[serde(skip_serializing_if = "is_zero")]
    history_from: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbose: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_usage: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elevated: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_host: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_security: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_ask: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_node: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_override: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_policy: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_activation: Option<Box<str>>,
}

impl Data {
    /// What `session` remembers and no column holds.
    pub(super) fn of(session: &Session) -> Self {
        let settings = &session.settings;
        let word = |word: Option<&'static str>| word.map(Box::from);
        Self {
            created_at: session.created_at.as_millis(),
            input_tokens: session.tokens.input,
            output_tokens: session.tokens.output,
            context_tokens: session.tokens.context,
            model_provider: session.model_provider.clone(),
            model: session.model.clone(),
            aborted_last_run: session.aborted_last_run,
            compactions: session.compactions.into(),
            channel: session.channel.clone(),
            history_from: session.history_from,
            preview: session.preview.clone(),
            thinking: word(settings.thinking.map(Thinking::as_str)),
            verbose: word(settings.verbose.map(Verbose::as_str)),
            reasoning: word(settings.reasoning.map(Reasoning::as_str)),
            response_usage: word(settings.response_usage.map(ResponseUsage::as_str)),
            elevated: word(settings.elevated.map(Elevated::as_str)),
            exec_host: word(settings.exec_host.map(ExecHost::as_str)),
            exec_security: word(settings.exec_security.map(ExecSecurity::as_str)),
            exec_ask: word(settings.exec_ask.map(ExecAsk::as_str)),
            exec_node: settings.exec_node.clone(),
            model_override: settings.model.as_ref().map(|it| it.to_string().into()),
            send_policy: word(settings.send_policy.map(SendPolicy::as_str)),
            group_activation: word(settings.group_activation.map(GroupActivation::as_str)),
        }
    }

    /// Gives it back to `session`.
    pub(super) fn restore(self, session: &mut Session) {
        session.created_at = Timestamp::from_millis(self.created_at);
        session.tokens = Tokens {
            input: self.input_tokens,
            output: self.output_tokens,
            context: self.context_tokens,
        };
        session.model_provider = self.model_provider;
        session.model = self.model;
        session.aborted_last_run = self.aborted_last_run;
        session.compactions = u32::try_from(self.compactions).unwrap_or(u32::MAX);
        session.channel = self.channel;
        session.history_from = self.history_from;
        session.preview = self.preview;
        let settings = &mut session.settings;
        settings.thinking = known(self.thinking.as_deref());
        settings.verbose = known(self.verbose.as_deref());
        settings.reasoning = known(self.reasoning.as_deref());
        settings.response_usage = known(self.response_usage.as_deref());
        settings.elevated = known(self.elevated.as_deref());
        settings.exec_host = known(self.exec_host.as_deref());
        settings.exec_security = known(self.exec_security.as_deref());
        settings.exec_ask = known(self.exec_ask.as_deref());
        settings.exec_node = self.exec_node;
        settings.model = known(self.model_override.as_deref());
        settings.send_policy = known(self.send_policy.as_deref());
        settings.group_activation = known(self.group_activation.as_deref());
    }
}

/// What `text` stands for, if this version knows it.
fn known<T: FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[test]
fn rows_of_other_versions_can_be_read() {
    let read = |json| {
        let mut session = Session::fresh(
            "agent:main:main".parse().unwrap(),
            "one".parse().unwrap(),
            Timestamp::from_millis(0),
        );
        serde_json::from_str::<Data>(json).unwrap().restore(&mut session);
        session
    };
    assert_eq!(read("{}").tokens, Tokens::default());
    let session = read(r#"{"createdAt":5,"thinking":"telepathy","sendPolicy":"deny","newer":[1]}"#);
    assert_eq!(session.created_at.as_millis(), 5);
    assert_eq!(session.settings.thinking, None);
    assert_eq!(session.settings.send_policy, Some(SendPolicy::Deny));
}
