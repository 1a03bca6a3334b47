//! What becomes of a command under the rules of a machine.

use std::borrow::Cow;

use super::{
    glob,
    policy::{AllowEntry, Ask, Rules, Security},
    safe,
    shell::{self, Word},
    wrapper,
};

/// A command, as somebody wants it run.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// A program and its arguments.
    Argv(&'a [String]),
    /// A line for a shell.
    Shell(&'a str),
}

/// Where the program of a command was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Under this path.
    pub found: String,
    /// Every link followed, it is this file.
    pub resolved: String,
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a command must not run without having been judged"]
pub enum Verdict {
    /// It runs.
    Run {
        /// The entries of the list that let it.
        by: Vec<Box<str>>,
    },
    /// Somebody has to be asked.
    Ask(Miss),
    /// It does not run, and nobody is asked.
    Refuse(Miss),
}

/// Why a command does not simply run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// Nothing runs here.
    #[error("security=deny")]
    Denied,
    /// Somebody wants to be asked every time.
    #[error("approval required")]
    Always,
    /// Something in it is not on the list.
    #[error("allowlist-miss")]
    NotListed,
    /// It is not known what it would do.
    #[error("allowlist-miss: the command is not understood")]
    NotUnderstood,
    /// It would run a program that is named in its arguments.
    #[error("allowlist-miss: the command runs other commands")]
    Wrapper,
}

impl Rules {
    /// What becomes of `command`. `find` says where a program is.
    pub fn judge(&self, command: Command<'_>, find: impl Fn(&str) -> Option<Program>) -> Verdict {
        match (self.security, self.ask) {
            (Security::Deny, _) => Verdict::Refuse(Miss::Denied),
            (Security::Allowlist | Security::Full, Ask::Always) => Verdict::Ask(Miss::Always),
            (Security::Full, Ask::Off | Ask::OnMiss) => Verdict::Run { by: Vec::new() },
            (Security::Allowlist, ask) => match self.listed(command, &find) {
                Ok(by) => Verdict::Run { by },
                Err(miss) if ask == Ask::Off => Verdict::Refuse(miss),
                Err(miss) => Verdict::Ask(miss),
            },
        }
    }

    /// The entries that let every part of `command` run.
    fn listed(
        &self,
        command: Command<'_>,
        find: &impl Fn(&str) -> Option<Program>,
    ) -> Result<Vec<Box<str>>, Miss> {
        let segments = match command {
            Command::Shell(text) => shell::segments(text),
            Command::Argv(argv) => match line_of(argv, find) {
                Some(text) => shell::segments(text),
                None if argv.is_empty() => Err(shell::NotUnderstood),
                None => Ok(vec![argv.iter().map(|text| word(text)).collect()]),
            },
        };
        let mut by = Vec::new();
        for segment in segments.map_err(|_| Miss::NotUnderstood)? {
            by.extend(self.entry_for(&segment, find)?.map(|entry| entry.id.clone()));
        }
        Ok(by)
    }

    /// The entry that lets one program run with its arguments, or none if it
    /// needs none.
    fn entry_for(
        &self,
        words: &[Word],
        find: &impl Fn(&str) -> Option<Program>,
    ) -> Result<Option<&AllowEntry>, Miss> {
        let (name, arguments) = words.split_first().ok_or(Miss::NotUnderstood)?;
        // A name with `=` would be an assignment before the name.
        if name.expands || name.text.is_empty() || name.text.contains('=') {
            return Err(Miss::NotUnderstood);
        }
        if wrapper::is_wrapper(&name.text) {
            return Err(Miss::Wrapper);
        }
        let program = find(&name.text).ok_or(Miss::NotListed)?;
        let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
        let names = [&name.text, &program.found, &program.resolved];
        if names.iter().any(|it| wrapper::is_wrapper(it) || wrapper::carries(it, &texts)) {
            return Err(Miss::Wrapper);
        }
        let expands = arguments.iter().any(|word| word.expands);
        let fits =
            |entry: &&AllowEntry| entry.understood && glob::fits(&entry.pattern, &program.resolved);
        match self.allowlist.iter().find(fits) {
            Some(entry) => Ok(Some(entry)),
            None if !expands && safe::is_safe(&program.resolved, &texts) => Ok(None),
            None => Err(Miss::NotListed),
        }
    }
}

fn word(text: &str) -> Word {
    Word { text: text.to_owned(), expands: false }
}

/// The line that a shell of the system is asked to run and nothing else: `sh -c
/// LINE`. What such a call does is what its line does. Every other call of a
/// shell is one of a wrapper; one with `-l` too, because it first reads files
/// that may put other programs in the place of those that were judged.
fn line_of<'a>(argv: &'a [String], find: &impl Fn(&str) -> Option<Program>) -> Option<&'a str> {
    const SHELLS: [&str; 3] = ["sh", "bash", "dash"];
    let of_the_system = |path: &str| {
        let name = ["/bin/", "/usr/bin/"].iter().find_map(|folder| path.strip_prefix(folder));
        name.is_some_and(|name| SHELLS.contains(&name))
    };
    let [shell, option, line] = argv else { return None };
    let program = find(shell).filter(|_| option == "-c")?;
    (of_the_system(&program.found) && of_the_system(&program.resolved)).then_some(line)
}

impl Command<'_> {
    /// The command as one line, for people.
    pub fn line(&self) -> String {
        match self {
            Self::Shell(text) => (*text).to_owned(),
            Self::Argv(argv) => {
                let words: Vec<_> = argv.iter().map(|word| quoted(word)).collect();
                words.join(" ")
            }
        }
    }
}

/// `word`, in quotes if a shell would otherwise read something else.
fn quoted(word: &str) -> Cow<'_, str> {
    let tame = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(tame) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests;
