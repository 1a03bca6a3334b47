//! What somebody asks consent for.

use std::fmt::Write;

use domain::{
    approval::{Command, Decision, show, show_within},
    client::Client,
};
use ports::{driven::Digests, view::ExecRequest};

use super::ResolveError;

/// How much of a text beside the command is shown, in characters.
const BESIDE: usize = 400;
/// How many arguments are shown one by one.
const MAX_WORDS: usize = 64;

/// What somebody asks consent for, exactly as he says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The command as a line. Where the words are known one by one, they count.
    pub command: String,
    /// Program and arguments.
    pub argv: Option<Vec<String>>,
    /// The variables that would be set for it, by name.
    pub env: Vec<String>,
    /// Where it would run.
    pub cwd: Option<String>,
    /// On which kind of machine.
    pub host: Option<String>,
    /// On which node.
    pub node: Option<String>,
    /// What the caller says may run.
    pub security: Option<String>,
    /// When the caller says somebody is asked.
    pub ask: Option<String>,
    /// For which agent.
    pub agent: Option<String>,
    /// The file of the program.
    pub resolved_path: Option<String>,
    /// For which session.
    pub session: Option<String>,
    /// What to look out for.
    pub warning: Option<String>,
    /// The fingerprint of everything that decides what it does, taken by the
    /// machine that would run it.
    pub binding: Option<String>,
    /// Whether it can be allowed once and for all.
    pub once_only: bool,
    /// The devices whose users may answer; everybody's if there are none.
    pub reviewers: Vec<String>,
}

impl Question {
    /// What whoever decides gets to see.
    pub(super) fn shown(&self, digests: &dyn Digests) -> ExecRequest {
        let line = match &self.argv {
            Some(argv) => Command::Argv(argv).line(),
            None => self.command.clone(),
        };
        let text = |text: &Option<String>| text.as_deref().map(|it| show_within(it, BESIDE));
        let word = |word: &String| show_within(word, BESIDE);
        let words = self.argv.as_ref().filter(|argv| argv.len() <= MAX_WORDS);
        ExecRequest {
            command: show(&line),
            command_argv: words.map(|argv| argv.iter().map(word).collect()),
            env_keys: self.env.iter().map(word).collect(),
            cwd: text(&self.cwd),
            host: text(&self.host),
            node_id: text(&self.node),
            security: text(&self.security),
            ask: text(&self.ask),
            agent_id: text(&self.agent),
            resolved_path: text(&self.resolved_path),
            session_key: text(&self.session),
            warning_text: text(&self.warning),
            request_hash: self.hash(digests),
            binding_hash: self.binding.clone(),
        }
    }

    /// The fingerprint of everything that was asked. Every text stands behind
    /// its length, so two questions never look the same.
    pub(super) fn hash(&self, digests: &dyn Digests) -> String {
        let mut line = String::from("exec-request-v1");
        let mut put = |text: Option<&str>| match text {
            // Writing to a text cannot fail.
            Some(text) => drop(write!(line, " {}:{text}", text.len())),
            None => line.push_str(" -"),
        };
        match &self.argv {
            Some(argv) => {
                put(Some(&argv.len().to_string()));
                for word in argv {
                    put(Some(word));
                }
            }
            None => {
                put(None);
                put(Some(&self.command));
            }
        }
        put(Some(&self.env.len().to_string()));
        for name in &self.env {
            put(Some(name));
        }
        let Self { cwd, host, node, agent, session, binding, resolved_path, .. } = self;
        for text in [cwd, host, node, agent, session, binding, resolved_path] {
            put(text.as_deref());
        }
        digests.sha256(line.as_bytes())
    }

    /// Whether `decision` is one `caller` may make.
    pub(super) fn takes(&self, decision: Decision, caller: &Client) -> Result<(), ResolveError> {
        let device = caller.principal.device.as_ref();
        let asked = |name: &String| device.is_some_and(|device| device.as_str() == name);
        if !self.reviewers.is_empty() && !self.reviewers.iter().any(asked) {
            return Err(ResolveError::NotAsked);
        }
        match decision {
            Decision::AllowAlways if self.once_only => Err(ResolveError::Invalid),
            Decision::AllowOnce | Decision::AllowAlways | Decision::Deny => Ok(()),
        }
    }
}
