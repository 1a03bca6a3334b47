//! Commands people type into a conversation (`ws-protocol.md` 8.2).

use crate::access::Scope;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// What commands there are.
    Help,
    /// How things are.
    Status,
    /// Starts over; what follows is the first message.
    New,
    /// Starts over; what follows is the first message.
    Reset,
    /// Shows or chooses the model.
    Model,
    /// Shows or chooses how long the model thinks.
    Think,
    /// Stops what is running.
    Stop,
    /// Forgets the older part of the conversation.
    Compact,
    /// Shows or chooses whether answers say what they cost.
    Usage,
}

/// What there is to know about a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Which.
    pub command: Command,
    /// Its names, without the slash, the proper one first.
    pub names: &'static [&'static str],
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What may follow it, for people, if anything may.
    pub argument: Option<Argument>,
    /// What typing it takes.
    pub scope: Scope,
    /// What asking for it through `agent` takes, where no person types and more
    /// is expected of whoever starts a conversation over.
    pub agent_scope: Scope,
}

/// What may follow a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What to call it.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub doc: &'static str,
    /// The words it can be; any text if there are none.
    pub choices: &'static [&'static str],
}

/// Every command, in the order of the manual.
pub const COMMANDS: &[Spec] = &[
    Spec {
        command: Command::Help,
        names: &["help", "commands"],
        doc: "Shows the commands.",
        argument: None,
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::Status,
        names: &["status"],
        doc: "Shows the model, the session and what it has used.",
        argument: None,
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::New,
        names: &["new"],
        doc: "Starts a new conversation.",
        argument: Some(Argument {
            name: "message",
            doc: "The first message of the new conversation.",
            choices: &[],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Admin,
    },
    Spec {
        command: Command::Reset,
        names: &["reset"],
        doc: "Starts the conversation over.",
        argument: Some(Argument {
            name: "message",
            doc: "The first message of the new conversation.",
            choices: &[],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Admin,
    },
    Spec {
        command: Command::Model,
        names: &["model"],
        doc: "Shows or chooses the model of this session.",
        argument: Some(Argument {
            name: "model",
            doc: "The model, as in openai/gpt-5.2, or default.",
            choices: &[],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::Think,
        names: &["think", "thinking", "t"],
        doc: "Shows or chooses how long the model thinks.",
        argument: Some(Argument {
            name: "level",
            doc: "How long.",
            choices: &["off", "minimal", "low", "medium", "high", "xhigh"],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::Stop,
        names: &["stop"],
        doc: "Stops what is running.",
        argument: None,
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::Compact,
        names: &["compact"],
        doc: "Forgets the older part of the conversation.",
        argument: Some(Argument {
            name: "records",
            doc: "How many of the newest entries to keep.",
            choices: &[],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
    Spec {
        command: Command::Usage,
        names: &["usage"],
        doc: "Shows or chooses whether answers say what they cost.",
        argument: Some(Argument {
            name: "mode",
            doc: "What to show below answers; `cost` says what this conversation cost.",
            choices: &["off", "tokens", "full", "cost"],
        }),
        scope: Scope::Write,
        agent_scope: Scope::Write,
    },
];

/// A command that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed<'a> {
    /// Which.
    pub command: Command,
    /// What follows it, trimmed.
    pub argument: Option<&'a str>,
}

impl Command {
    /// What there is to know about it.
    pub fn spec(self) -> &'static Spec {
        COMMANDS.iter().find(|spec| spec.command == self).unwrap_or(&COMMANDS[0])
    }

    /// Reads `message` as a command: a slash, a known name, and perhaps
    /// something after a blank, a line break or a colon. Everything else,
    /// unknown names included, is a message like any other.
    pub fn parse(message: &str) -> Option<Typed<'_>> {
        let text = message.trim().strip_prefix('/')?;
        let end = text.find(|c: char| c == ':' || c.is_whitespace()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let is_name = |known: &&str| known.eq_ignore_ascii_case(name);
        let spec = COMMANDS.iter().find(|spec| spec.names.iter().any(is_name))?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
        Some(Typed { command: spec.command, argument: (!rest.is_empty()).then_some(rest) })
    }
}

#[test]
fn commands_are_a_slash_and_a_known_name() {
    use Command::{Help, Model, New, Status, Think};

    #[rustfmt::skip]
    let table = [
        ("/status",               Some((Status, None))),
        ("  /STATUS  ",           Some((Status, None))),
        ("/commands",             Some((Help,   None))),
        ("/think high",           Some((Think,  Some("high")))),
        ("/t: low",               Some((Think,  Some("low")))),
        ("/think:medium",         Some((Think,  Some("medium")))),
        ("/model openai/gpt-5.2", Some((Model,  Some("openai/gpt-5.2")))),
        ("/new\nhello there",     Some((New,    Some("hello there")))),
        ("/think:",               Some((Think,  None))),
        ("status",                None),
        ("/",                     None),
        ("/etc/passwd",           None),
        ("/newish",               None),
        ("what is /status",       None),
    ];
    for (message, expected) in table {
        let typed = Command::parse(message).map(|typed| (typed.command, typed.argument));
        assert_eq!(typed, expected, "{message:?}");
    }
}

#[test]
fn every_command_is_listed_once_and_documented() {
    for (at, spec) in COMMANDS.iter().enumerate() {
        assert_eq!(spec.command.spec(), spec);
        assert!(spec.doc.ends_with('.'), "{} lacks a sentence", spec.names[0]);
        for name in spec.names {
            let others = COMMANDS.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(others.clone().all(|(_, other)| !other.names.contains(name)), "{name}");
        }
    }
}
