//! What nodes say unasked (`ws-protocol.md` 10.2).

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use domain::{
    access::Scopes,
    client::Client,
    ids::{NodeId, RunId},
    session::{SessionKey, Thinking},
};
use ports::{Json, event::Topic};
use tracing::debug;

use super::{Nodes, identity};
use crate::{
    chat::{Send, SendError},
    config::keys,
};

/// The longest thing a node may say to an agent, in characters.
const MAX_TEXT: usize = 20_000;
/// How much of what a command wrote the agent is told, from its end, in
/// characters.
const MAX_OUTPUT: usize = 20_000;
/// How much of a command line the agent is told, in characters.
const MAX_LINE: usize = 400;
/// How much a node may say about its machine, in bytes.
const MAX_STATS: usize = 16 * 1024;

/// Something a node says.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeNews {
    /// Somebody spoke to it.
    Transcript {
        /// What he said.
        text: String,
        /// In which session; the main one when it does not say.
        session: Option<String>,
    },
    /// It wants an agent to do something.
    Request {
        /// What.
        message: String,
        /// In which session; one of its own when it does not say.
        session: Option<String>,
        /// How long to think.
        thinking: Option<Thinking>,
        /// How long it may take.
        timeout: Option<Duration>,
    },
    /// It wants to hear what is answered in a session.
    Subscribe(String),
    /// It does not want to any more.
    Unsubscribe(String),
    /// It is at a command it was given.
    Exec(ExecNews),
    /// It is there.
    Alive,
    /// Somebody uses it.
    Activity,
    /// How its machine is.
    HostStats(Json),
}

/// How a node is getting on with a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecNews {
    /// How far it is.
    pub step: ExecStep,
    /// Which run it is about.
    pub run: Option<String>,
    /// The session the run belongs to.
    pub session: Option<String>,
    /// The command.
    pub command: Option<String>,
    /// How it ended.
    pub exit_code: Option<i64>,
    /// Whether it was stopped because it took too long.
    pub timed_out: bool,
    /// What it wrote.
    pub output: Option<String>,
    /// Why it was not run.
    pub reason: Option<String>,
}

/// How far a command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecStep {
    /// It runs.
    #[default]
    Started,
    /// It ended.
    Finished,
    /// It was not run.
    Denied,
}

/// What became of it.
pub type Heard = Result<(), Unheard>;

/// Why nothing came of what a node said.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// There is nothing in it, or too much.
    #[error("invalid_text")]
    Text,
    /// No session can be called that.
    #[error("invalid_session_key")]
    Session,
    /// The node was not asked to run this, or not there, or has ended it.
    #[error("unknown_run")]
    UnknownRun,
    /// Whoever says it is no node.
    #[error("not_a_node")]
    NotANode,
    /// The agent could not be told.
    #[error(transparent)]
    Send(#[from] SendError),
}

impl Nodes {
    /// `client` says something.
    pub async fn heard(&self, client: &Client, news: NodeNews) -> Heard {
        let (_, node) = identity(client).ok_or(Unheard::NotANode)?;
        match news {
            NodeNews::Transcript { text, session } => {
                let session = session.unwrap_or_else(|| "main".to_owned());
                let said = Said { text, session, thinking: Some(Thinking::Low), timeout: None };
                self.say(client, "voice", said).await
            }
            NodeNews::Request { message, session, thinking, timeout } => {
                let session = session.unwrap_or_else(|| format!("node-{node}"));
                let said = Said { text: message, session, thinking, timeout };
                self.say(client, "node", said).await
            }
            NodeNews::Subscribe(session) => {
                let topic = Topic::Messages(self.session(&session)?);
                self.0.deps.events.subscribe(client.id, topic);
                Ok(())
            }
            NodeNews::Unsubscribe(session) => {
                let topic = Topic::Messages(self.session(&session)?);
                self.0.deps.events.unsubscribe(client.id, &topic);
                Ok(())
            }
            NodeNews::Exec(exec) => self.ran(&node, &exec),
            NodeNews::Alive => {
                self.saw(client, &node, "alive", None);
                Ok(())
            }
            NodeNews::Activity => {
                self.saw(client, &node, "activity", None);
                Ok(())
            }
            NodeNews::HostStats(stats) if stats.as_str().len() <= MAX_STATS => {
                self.saw(client, &node, "host-stats", Some(stats));
                Ok(())
            }
            NodeNews::HostStats(_) => Err(Unheard::Text),
        }
    }

    /// A node speaks with no rights of its own: commands that take a scope do
    /// nothing in its mouth.
    async fn say(&self, client: &Client, kind: &str, said: Said) -> Heard {
        let text = said.text.trim();
        if text.is_empty() || MAX_TEXT < text.chars().count() {
            return Err(Unheard::Text);
        }
        let key = self.session(&said.session)?;
        let run = format!("{kind}-{}", self.0.deps.entropy.uuid());
        let message = Send {
            key,
            client_key: said.session.into(),
            run: run.parse().expect("a word and a UUID are a name"),
            text: text.to_owned(),
            attachments: Vec::new(),
            thinking: said.thinking,
            timeout: said.timeout,
            model: None,
            instructions: None,
            may_command: Scopes::NONE,
            sender: client.info.display_name.as_deref().map(str::to_owned),
        };
        self.0.deps.talk.say(message).await?;
        Ok(())
    }

    /// The node says how it is getting on with a command. It is believed about
    /// commands it was given, and the agent of the session they were given in
    /// is told, whatever session the node names.
    fn ran(&self, node: &NodeId, exec: &ExecNews) -> Heard {
        let run = exec.run.as_deref().unwrap_or_default();
        let claimed = exec.session.as_deref().map(|it| self.session(it)).transpose();
        let now = self.0.deps.clock.now();
        let session = {
            let mut state = self.state();
            let name = run.trim().parse::<RunId>().ok().map(|run| (node.clone(), run));
            let given = name.as_ref().and_then(|name| state.runs.get(name, now).cloned());
            let given = given.filter(|given| !given.ended);
            let fits = |session: &Option<SessionKey>| match (&claimed, session) {
                (Ok(Some(claimed)), Some(session)) => claimed == session,
                (Ok(None), _) => true,
                (Ok(Some(claimed)), None) => Ok(claimed) == self.own_session(node).as_ref(),
                (Err(_), _) => false,
            };
            let (Some(name), Some(mut given)) = (name, given.filter(|it| fits(&it.session))) else {
                drop(state);
                self.0.forged.fetch_add(1, Relaxed);
                debug!(%node, "an event about a run the node was not given");
                return Err(Unheard::UnknownRun);
            };
            let session = given.session.clone();
            if exec.step != ExecStep::Started {
                given.ended = true;
                state.runs.put(name, given, now);
            }
            session
        };
        let session = match session {
            Some(session) => session,
            None => self.own_session(node).map_err(|()| Unheard::Session)?,
        };
        self.0.deps.system_events.push(&session, &exec.line(node));
        Ok(())
    }

    fn saw(&self, client: &Client, node: &NodeId, what: &'static str, host: Option<Json>) {
        let now = self.0.deps.clock.now();
        let mut state = self.state();
        if state.live_on(node, client.id).is_none() {
            return;
        }
        let seen = state.saw(node, now, what);
        if host.is_some() {
            seen.host_stats = host;
        }
        let worth = state.is_worth_telling(node, now);
        drop(state);
        if worth {
            let name = client.info.display_name.as_deref();
            self.tell_presence(node, name, true, what, now);
        }
    }

    fn session(&self, name: &str) -> Result<SessionKey, Unheard> {
        keys(&self.0.deps.config.current()).resolve(name).map_err(|_| Unheard::Session)
    }

    /// The session a node has for itself.
    fn own_session(&self, node: &NodeId) -> Result<SessionKey, ()> {
        self.session(&format!("node-{node}")).map_err(drop)
    }
}

/// Something to say to an agent.
struct Said {
    text: String,
    session: String,
    thinking: Option<Thinking>,
    timeout: Option<Duration>,
}

impl ExecNews {
    /// What the agent is told.
    fn line(&self, node: &NodeId) -> String {
        let run = self.run.as_deref().map(one_line).unwrap_or_default();
        let command = self.command.as_deref().map(one_line).unwrap_or_default();
        match self.step {
            ExecStep::Started => format!("Exec started (node={node} id={run}): {command}"),
            ExecStep::Finished => {
                let end = match self.exit_code {
                    _ if self.timed_out => "timed out".to_owned(),
                    Some(code) => format!("code {code}"),
                    None => "no exit code".to_owned(),
                };
                let output = self.output.as_deref().unwrap_or_default().trim();
                let from = output.chars().count().saturating_sub(MAX_OUTPUT);
                let output: String = output.chars().skip(from).collect();
                let text = format!("Exec finished (node={node} id={run}, {end})\n{output}");
                text.trim_end().to_owned()
            }
            ExecStep::Denied => {
                let reason = self.reason.as_deref().map(one_line).unwrap_or_default();
                format!("Exec denied (node={node} id={run}, {reason}): {command}")
            }
        }
    }
}

/// `text` as one line of bearable length: what a node writes here must not look
/// like several events.
fn one_line(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || it.is_control());
    let text = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    text.chars().take(MAX_LINE).collect()
}
