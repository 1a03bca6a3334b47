//! `openclaw chat`: a conversation on the terminal, or through a pipe.

use std::io::{self, IsTerminal};

use clap::Args;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines, Stdin},
    signal::unix::{Signal, SignalKind, signal},
};
use uuid::Uuid;
use ws_client::{CallError, Client};

use crate::cli::{
    answer::{Answer, Heard},
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

/// Which conversation.
#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// Its key. Default: the main conversation.
    #[arg(long, visible_alias = "session-key", value_name = "KEY", default_value = "main")]
    session: String,
    /// How long the model thinks: off, minimal, low, medium, high.
    #[arg(long, value_name = "LEVEL")]
    thinking: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

/// How a turn of the conversation ended.
enum Turn {
    Over,
    /// The person wants to leave.
    Leave,
}

/// A conversation that is going on.
struct Conversation<'a> {
    context: &'a Context,
    asked: &'a Chat,
    client: Client,
    typed: Lines<BufReader<Stdin>>,
    interrupts: Signal,
    at_terminal: bool,
}

pub(crate) async fn chat(context: &Context, asked: &Chat) -> Result<(), Failure> {
    let client = connect(context, &asked.rpc).await?;
    let mut conversation = Conversation {
        context,
        asked,
        client,
        typed: BufReader::new(tokio::io::stdin()).lines(),
        interrupts: signal(SignalKind::interrupt())?,
        at_terminal: io::stdin().is_terminal() && !context.json,
    };
    if conversation.at_terminal {
        let about = "Type a message; /help shows commands, /quit leaves, Ctrl-C stops an answer.";
        output::note(about)?;
    }
    while let Some(line) = conversation.next_line().await? {
        match line.trim() {
            "" => (),
            "/quit" | "/exit" => break,
            message => {
                if let Turn::Leave = conversation.turn(message).await? {
                    break;
                }
            }
        }
    }
    conversation.client.close().await;
    Ok(())
}

impl Conversation<'_> {
    /// What the person says next; nothing when they leave.
    async fn next_line(&mut self) -> Result<Option<String>, Failure> {
        if self.at_terminal {
            output::part("> ")?;
        }
        loop {
            tokio::select! {
                line = self.typed.next_line() => return Ok(line?),
                _ = self.interrupts.recv() => return Ok(None),
                // Nobody waits for an event now, but reading them keeps the
                // connection alive and shows when it ends.
                event = self.client.event() => drop(event?),
            }
        }
    }

    /// Says `message` and prints the answer.
    async fn turn(&mut self, message: &str) -> Result<Turn, Failure> {
        let run = Uuid::now_v7().to_string();
        let mut params = json!({
            "sessionKey": self.asked.session, "message": message, "idempotencyKey": run,
        });
        if let Some(level) = &self.asked.thinking {
            params["thinking"] = level.as_str().into();
        }
        let accepted = match self.client.call("chat.send", &params).await {
            Ok(accepted) => accepted,
            // The gateway does not like this message; perhaps it likes the next.
            Err(CallError::Gateway(error)) if self.at_terminal => {
                output::complain(&output::tame(&error.to_string()))?;
                return Ok(Turn::Over);
            }
            Err(error) => return Err(error.into()),
        };
        let accepted: Value = serde_json::from_str(accepted.as_str()).unwrap_or_default();
        if !accepted["aborted"].is_null() {
            self.say(&run, "aborted", "", "stopped")?;
            return Ok(Turn::Over);
        }
        self.listen(&run).await
    }

    /// Prints the answer of `run` until it ends.
    async fn listen(&mut self, run: &str) -> Result<Turn, Failure> {
        let mut answer = Answer::of(run);
        let mut stopping = false;
        loop {
            let event = tokio::select! {
                event = self.client.event() => event?,
                _ = self.interrupts.recv() => {
                    if stopping {
                        return Ok(Turn::Leave);
                    }
                    stopping = true;
                    let params = json!({ "sessionKey": self.asked.session, "runId": run });
                    self.client.call("chat.abort", &params).await?;
                    continue;
                }
            };
            match answer.hear(&event) {
                Heard::More(text) if !self.context.json => output::part(&output::tame(&text))?,
                Heard::More(_) | Heard::Nothing => (),
                Heard::Done(rest) => {
                    if !self.context.json {
                        output::line(&output::tame(&rest))?;
                        return Ok(Turn::Over);
                    }
                    self.say(run, "ok", answer.text(), "")?;
                    return Ok(Turn::Over);
                }
                Heard::Stopped(reason) => {
                    self.say(run, "aborted", answer.text(), &format!("stopped ({reason})"))?;
                    return Ok(Turn::Over);
                }
                Heard::Failed(reason) => {
                    self.say(run, "error", answer.text(), &reason)?;
                    // A script that pipes messages in has to notice.
                    return if self.at_terminal { Ok(Turn::Over) } else { Err(Failure::new("")) };
                }
            }
        }
    }

    /// Says how an answer ended.
    fn say(&self, run: &str, status: &str, text: &str, note: &str) -> io::Result<()> {
        if self.context.json {
            let mut end = json!({ "runId": run, "status": status, "text": text });
            if !note.is_empty() {
                end["message"] = note.into();
            }
            return output::json_line(&end);
        }
        if !text.is_empty() {
            output::line("")?;
        }
        output::note(&output::tame(note))
    }
}
