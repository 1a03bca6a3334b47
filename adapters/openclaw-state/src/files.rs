//! Conversations in files: `sessions.json` and a file of lines per transcript.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{BufRead, BufReader},
};

use domain::ids::AgentId;
use ports::driven::{ForeignItem, ForeignKind};
use serde_json::value::RawValue;

use crate::{
    agent::{Events, Planned, Source},
    root::{NoFile, Root, left_out},
    session::Entry,
};

/// A longer line is passed over without being held in memory.
const MAX_LINE: usize = 64 << 20;

/// The conversations in the files of the agent in the directory `name`, and
/// transcripts that belong to none any more.
pub(crate) fn plan(
    root: &Root,
    name: &str,
    agent: &AgentId,
    findings: &mut Vec<ForeignItem>,
) -> Vec<Planned> {
    let directory = format!("agents/{name}/sessions");
    let mut planned = Vec::new();
    let mut used = HashSet::new();
    for (key, entry) in entries(root, &format!("{directory}/sessions.json"), findings) {
        let Some(id) = entry.get("sessionId").and_then(|id| id.as_str()).map(str::to_owned) else {
            let why = "its entry names no transcript";
            findings.push(left_out(ForeignKind::Conversation, key, why));
            continue;
        };
        // Only the name counts: the directory may have been moved since.
        let file = entry.get("sessionFile").and_then(|it| it.as_str());
        let file = file.and_then(|it| it.rsplit(['/', '\\']).next()).map(str::to_owned);
        let file = file.unwrap_or_else(|| format!("{id}.jsonl"));
        used.insert(file.clone());
        let key = whole(&key, agent);
        let source = Source::File(format!("{directory}/{file}"));
        planned.push(Planned { key, id, entry: Some(entry), source });
    }
    for file in root.list(&directory) {
        let Some(id) = file.strip_suffix(".jsonl").filter(|_| !used.contains(&file)) else {
            continue;
        };
        let (key, id) = (format!("agent:{agent}:earlier:{id}"), id.to_owned());
        let source = Source::File(format!("{directory}/{file}"));
        planned.push(Planned { key, id, entry: None, source });
    }
    planned
}

/// The entries of `sessions.json`, each read by itself.
fn entries(root: &Root, name: &str, findings: &mut Vec<ForeignItem>) -> Vec<(String, Entry)> {
    let text = match root.read(name) {
        Ok(text) => text,
        Err(NoFile::Absent) => return Vec::new(),
        Err(NoFile::Unreadable(why)) => {
            findings.push(left_out(ForeignKind::Other, name, why));
            return Vec::new();
        }
    };
    let raw: BTreeMap<String, Box<RawValue>> = match serde_json::from_slice(&text) {
        Ok(raw) => raw,
        Err(error) => {
            let at = format!("{name}:{}", error.line());
            let why = "it is not JSON; the transcripts are taken over without it";
            findings.push(left_out(ForeignKind::Other, at, why));
            return Vec::new();
        }
    };
    let mut entries = Vec::with_capacity(raw.len());
    for (key, raw) in raw {
        match serde_json::from_str::<Entry>(raw.get()) {
            Ok(entry) => entries.push((key, entry)),
            Err(_) => {
                let why = "its entry is not an object";
                findings.push(left_out(ForeignKind::Conversation, key, why));
            }
        }
    }
    entries
}

/// A key as it is today: the oldest ones did not name their agent.
pub(crate) fn whole(key: &str, agent: &AgentId) -> String {
    let key = key.trim();
    let special = matches!(key, "global" | "unknown");
    if special || key.starts_with("agent:") {
        return key.to_owned();
    }
    format!("agent:{agent}:{key}")
}

/// The lines of the transcript `name`; nothing is wrong when there is none.
pub(crate) fn events(root: &Root, name: &str) -> Result<Box<dyn Events>, Option<(String, String)>> {
    let path = match root.file(name) {
        Ok(path) => path,
        Err(NoFile::Absent) => return Err(None),
        Err(NoFile::Unreadable(why)) => return Err(Some((name.to_owned(), why))),
    };
    match File::open(path) {
        Ok(file) => Ok(Box::new(Lines::new(name.to_owned(), BufReader::new(file), MAX_LINE))),
        Err(error) => Err(Some((name.to_owned(), error.kind().to_string()))),
    }
}

/// The lines of a file, numbered. Blank ones are passed over.
#[derive(Debug)]
struct Lines<R> {
    name: String,
    reader: R,
    longest: usize,
    number: u64,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    fn new(name: String, reader: R, longest: usize) -> Self {
        Self { name, reader, longest, number: 0, ended: false }
    }

    /// The next line without its end; whether it was too long to be kept.
    fn line(&mut self) -> std::io::Result<Option<(Vec<u8>, bool)>> {
        let (mut line, mut too_long, mut any) = (Vec::new(), false, false);
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(any.then_some((line, too_long)));
            }
            any = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let text = &piece[..end.unwrap_or(piece.len())];
            too_long |= self.longest < line.len() + text.len();
            if too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(text);
            }
            let used = end.map_or(piece.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some((line, too_long)));
            }
        }
    }
}

impl<R: BufRead + Send> Events for Lines<R> {
    fn next(&mut self) -> Option<(String, Result<String, String>)> {
        while !self.ended {
            self.number += 1;
            let event = match self.line() {
                Ok(None) => break,
                Ok(Some((_, true))) => Err(format!("it is longer than {} MiB", self.longest >> 20)),
                Ok(Some((line, false))) => match String::from_utf8(line) {
                    Ok(line) if line.trim().is_empty() => continue,
                    Ok(line) => Ok(line),
                    Err(_) => Err("it is not text".to_owned()),
                },
                Err(error) => {
                    self.ended = true;
                    Err(format!("it cannot be read: {}", error.kind()))
                }
            };
            return Some((format!("{}:{}", self.name, self.number), event));
        }
        self.ended = true;
        None
    }
}

#[test]
fn lines_are_numbered_and_too_long_ones_are_not_held() {
    let text = b"one\n\n\xff\xfe\nlonger than ten\nlast";
    let mut lines = Lines::new("x".to_owned(), BufReader::with_capacity(4, &text[..]), 10);
    let mut next = || Events::next(&mut lines);
    assert_eq!(next(), Some(("x:1".to_owned(), Ok("one".to_owned()))));
    assert_eq!(next(), Some(("x:3".to_owned(), Err("it is not text".to_owned()))));
    assert_eq!(next(), Some(("x:4".to_owned(), Err("it is longer than 0 MiB".to_owned()))));
    assert_eq!(next(), Some(("x:5".to_owned(), Ok("last".to_owned()))));
    assert_eq!(next(), None);
}

#[test]
fn old_keys_get_their_agent() {
    let agent = AgentId::normalize("work");
    assert_eq!(whole("main", &agent), "agent:work:main");
    assert_eq!(whole("agent:main:x", &agent), "agent:main:x");
    assert_eq!(whole("global", &agent), "global");
}
