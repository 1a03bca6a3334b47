//! What must hold for every file and every sequence of changes, deaths and
//! strangers.

use std::{
    io::Write,
    ops::Range,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use ports::{
    Json,
    driven::{ConfigEdit, ConfigWrite, ConfigWriteError, ConfigWritten},
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{hash_of, memory::Memory};
use crate::{
    ConfigFileStore,
    edit::get,
    outline::{Kind, Node, comment, outline},
    read::read,
};

/// How many sequences are tried, unless the variable says otherwise.
const SEQUENCES: u32 = 1_000;
const VARIABLE: &str = "CONFIG_FILE_SEQUENCES";

const PATH: &str = "/nowhere/openclaw.json";

#[test]
fn whatever_happens_the_file_is_whole_and_says_what_was_asked() {
    let cases = std::env::var(VARIABLE).ok().and_then(|it| it.parse().ok()).unwrap_or(SEQUENCES);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let tried = Tried::default();
    let sequences = vec(any::<u8>(), 0..400);
    let result = TestRunner::new(config).run(&sequences, |bytes| {
        Sequence::new(bytes, &tried).run();
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // What never happens proves nothing.
    let Tried { written, refused, died, raced, meddled } = tried;
    for (what, count) in [
        ("written", written),
        ("refused", refused),
        ("died", died),
        ("raced", raced),
        ("meddled", meddled),
    ] {
        let count = count.into_inner();
        let _ = writeln!(std::io::stdout(), "{what}: {count}");
        assert!(cases as usize / 20 < count, "{what} only {count} times");
    }
}

/// How often what happened.
#[derive(Debug, Default)]
struct Tried {
    written: AtomicUsize,
    refused: AtomicUsize,
    died: AtomicUsize,
    raced: AtomicUsize,
    meddled: AtomicUsize,
}

/// Choices made beforehand; the first alternative when there are no more.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % count
    }

    fn of<'a>(&mut self, alternatives: &[&'a str]) -> &'a str {
        alternatives[self.below(alternatives.len())]
    }

    fn is_over(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// A text that says an object, spelled in any way.
    fn file(&mut self) -> String {
        let mark = self.of(&["", "", "", "\u{feff}"]);
        let (before, after) = (self.trivia(), self.trivia());
        if self.below(12) == 11 {
            return format!("{mark}{before}");
        }
        let root = self.container(&["env", "wizard", "'env'", "\"wizard\""], 0, ['{', '}']);
        format!("{mark}{before}{root}{after}")
    }

    fn value(&mut self, depth: usize) -> String {
        const NAMES: [&str; 8] = ["a", "'a'", "b", "\"b\"", "$c", "'d e'", "\"f.g\"", "h_1"];
        match self.below(if depth < 3 { 10 } else { 7 }) {
            0 => self.of(&["1", "0x1F", "-2", "+7", ".5", "1e3", "5."]).into(),
            1 | 2 => {
                self.of(&["'x'", "\"x\"", "'it\\'s'", "\"// no\"", "'{,}'", "'\\u0041'"]).into()
            }
            3 => self.of(&["true", "false", "null"]).into(),
            4..=6 => self.of(&["'é'", "\"\"", "'a\\\nb'", "'/* */'", "'😀'"]).into(),
            7 => self.container(&[], depth + 1, ['[', ']']),
            _ => self.container(&NAMES, depth + 1, ['{', '}']),
        }
    }

    fn container(&mut self, names: &[&str], depth: usize, [open, close]: [char; 2]) -> String {
        let count = self.below(4);
        let layout = self.of(&["", " ", "\n  ", "\r\n\t", "\n"]);
        let mut text = String::from(open);
        for index in 0..count {
            text += layout;
            text += &self.trivia();
            if !names.is_empty() {
                // The reader wants a blank between a name without quotes and a
                // comment.
                let behind = self.of(&["", "", "", " ", "\n", " /* : */"]);
                text.extend([self.of(names), behind, ":", self.of(&["", " "])]);
            }
            // At the top only objects make sense.
            let nested = depth == 0;
            text += &if nested {
                self.container(&["a", "b", "'c'"], 1, ['{', '}'])
            } else {
                self.value(depth)
            };
            text += &self.trivia();
            if index + 1 < count || self.below(2) == 0 {
                text += ",";
            }
            text += self.of(&["", "", " // note, with: { and ,\n", " /* , */"]);
        }
        text += if layout.contains('\n') { "\n" } else { layout };
        text.push(close);
        text
    }

    fn trivia(&mut self) -> String {
        self.of(&["", "", "", "", " ", "\n", "\t", "/* x: , */", "// y: }\n", "\r\n"]).into()
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.below(if depth < 2 { 8 } else { 5 }) {
            0 => json!(self.below(9)),
            1 => json!(["x", "it's", "say \"y\"", "é\n"][self.below(4)]),
            2 => json!(self.below(2) == 0),
            3 => json!(1.5),
            4 => json!(""),
            5 => Value::Array((0..self.below(4)).map(|_| self.json(depth + 1)).collect()),
            _ => {
                let names = ["a", "b", "d e", "new"];
                (0..self.below(3))
                    .map(|_| (names[self.below(4)].to_owned(), self.json(depth + 1)))
                    .collect()
            }
        }
    }

    /// A path into `tree`, or a little way out of it.
    fn path(&mut self, tree: &Value) -> Vec<String> {
        let mut path = vec![self.of(&["env", "wizard"]).to_owned()];
        for _ in 0..=self.below(3) {
            let step = match get(tree, &path) {
                Some(Value::Object(map)) if !map.is_empty() && self.below(4) < 3 => {
                    let index = self.below(map.len());
                    map.keys().nth(index).unwrap().clone()
                }
                Some(Value::Array(values)) => format!("[{}]", self.below(values.len() + 2)),
                _ => self.of(&["a", "b", "d e", "f.g", "true", "new"]).to_owned(),
            };
            path.push(step);
        }
        path
    }

    fn edit(&mut self, tree: &Value) -> ConfigEdit {
        match self.below(10) {
            0..=3 => ConfigEdit::Set { path: self.path(tree), value: Json::of(&self.json(0)) },
            4 | 5 => ConfigEdit::Unset { path: self.path(tree) },
            6 | 7 => {
                let steps = self.path(tree);
                let value = if self.below(3) == 0 { Value::Null } else { self.json(0) };
                let keys = steps.into_iter().filter(|step| !step.starts_with('['));
                let patch = keys.rev().fold(value, |value, key| json!({ key: value }));
                ConfigEdit::Merge(patch.to_string())
            }
            8 => ConfigEdit::Replace(self.file()),
            _ => ConfigEdit::Set {
                path: vec!["gateway".into(), "port".into()],
                value: Json::of(&"not a port"),
            },
        }
    }
}

/// A file, and what happens to it.
struct Sequence<'a> {
    choices: Choices,
    disk: Memory,
    store: ConfigFileStore,
    tried: &'a Tried,
}

impl<'a> Sequence<'a> {
    fn new(bytes: Vec<u8>, tried: &'a Tried) -> Self {
        let disk = Memory::default();
        let mut choices = Choices(bytes.into_iter());
        disk.put(Path::new(PATH), choices.file().as_bytes());
        let store = store(&disk);
        Self { choices, disk, store, tried }
    }

    fn run(mut self) {
        while !self.choices.is_over() {
            let text = self.text();
            let tree = read(&text).unwrap_or_else(|error| panic!("{error:?}: {text}")).value;
            let edit = self.choices.edit(&tree);
            match self.choices.below(6) {
                0..=2 => self.change(&text, &tree, &edit),
                3 => self.die(&text, edit),
                4 => self.race(&text, &tree, edit),
                _ => self.meddle(&text, edit),
            }
        }
    }

    fn text(&self) -> String {
        let bytes = self.disk.get(Path::new(PATH)).expect("the file is there");
        String::from_utf8(bytes).expect("the file is whole")
    }

    fn write(&self, write: &ConfigWrite) -> Result<ConfigWritten, ConfigWriteError> {
        self.store.0.write(write, false)
    }

    /// What `edit` would make of the file: the hash of it.
    fn would(&self, edit: &ConfigEdit) -> Option<String> {
        let write = ConfigWrite { dry_run: true, ..any_base(edit.clone()) };
        self.write(&write).ok().map(|written| written.hash)
    }

    fn change(&mut self, before: &str, old: &Value, edit: &ConfigEdit) {
        let came = self.write(&any_base(edit.clone()));
        let after = self.text();
        let asked = || format!("{edit:?}\n--- before\n{before}\n--- after\n{after}\n---");
        if let Err(error) = came {
            let expected = matches!(
                error,
                ConfigWriteError::Invalid(_)
                    | ConfigWriteError::InvalidFile(_)
                    | ConfigWriteError::Syntax(_)
            );
            assert!(expected, "{error:?} {}", asked());
            assert_eq!(after, before, "{error:?} {}", asked());
            self.tried.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.tried.written.fetch_add(1, Ordering::Relaxed);
        let new = read(&after).unwrap_or_else(|error| panic!("{error:?} {}", asked())).value;
        match edit {
            ConfigEdit::Replace(text) => return assert_eq!(&after, text),
            ConfigEdit::Set { path, value } => {
                let value: Value = serde_json::from_str(value.as_str()).unwrap();
                assert_eq!(get(&new, path), Some(&value), "{}", asked());
            }
            ConfigEdit::Unset { path } => {
                let was_in_list = path.last().is_some_and(|step| step.starts_with('['));
                assert!(was_in_list || get(&new, path).is_none(), "{}", asked());
            }
            ConfigEdit::Merge(_) => (),
        }
        let mut changed = Vec::new();
        roots(Some(old), Some(&new), &mut Vec::new(), &mut changed);
        assert_eq!(skeleton(before, &changed), skeleton(&after, &changed), "{}", asked());
        if changed.is_empty() {
            assert_eq!(after, before, "{}", asked());
        }
    }

    fn die(&mut self, before: &str, edit: ConfigEdit) {
        let new = self.would(&edit);
        let steps = self.choices.below(24);
        let (eager, power_cut) = (self.choices.below(2) == 0, self.choices.below(2) == 0);
        // Time passed, so that what was there has reached the platter.
        self.disk.put(Path::new(PATH), before.as_bytes());
        self.disk.die_after(steps, eager);
        let came = self.write(&any_base(edit));
        let died = !self.disk.is_alive();
        self.disk.revive(power_cut);
        let after = hash_of(self.text().as_bytes());
        let old = hash_of(before.as_bytes());
        assert!(after == old || Some(&after) == new.as_ref(), "neither the old file nor the new");
        if came.is_ok() {
            assert_eq!(Some(after), new, "what was acknowledged is lost");
        }
        if died {
            self.tried.died.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn race(&mut self, before: &str, tree: &Value, edit: ConfigEdit) {
        let other = self.choices.edit(tree);
        let base = hash_of(before.as_bytes());
        let made = [self.would(&edit), self.would(&other)];
        let wins = |made: &Option<String>| made.as_ref().is_some_and(|made| *made != base);
        if !made.iter().all(wins) {
            return;
        }
        // Two processes: each has a store of its own.
        let stores = [store(&self.disk), store(&self.disk)];
        let came: Vec<_> = thread::scope(|scope| {
            let writers: Vec<_> = stores
                .iter()
                .zip([edit, other])
                .map(|(store, edit)| {
                    let base_hash = Some(base.clone());
                    let write = ConfigWrite { base_hash, any_base: false, edit, dry_run: false };
                    scope.spawn(move || store.0.write(&write, false))
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let winners: Vec<_> = came.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{came:?}");
        assert_eq!(winners[0].hash, hash_of(self.text().as_bytes()));
        assert!(came.iter().any(|it| matches!(it, Err(ConfigWriteError::Changed))), "{came:?}");
        self.tried.raced.fetch_add(1, Ordering::Relaxed);
    }

    fn meddle(&mut self, before: &str, edit: ConfigEdit) {
        let theirs = format!("{before} // somebody else was here");
        let steps = self.choices.below(20);
        self.disk.meddle_after(steps, Path::new(PATH), theirs.as_bytes());
        let came = self.write(&any_base(edit));
        let meddled = self.disk.meddled();
        self.disk.revive(false);
        if !meddled {
            return;
        }
        let after = self.text();
        let backup = self.disk.get(Path::new("/nowhere/openclaw.json.bak"));
        let built_upon = came.is_ok() && backup.as_deref() == Some(theirs.as_bytes());
        assert!(after == theirs || built_upon, "{came:?}: an edit of somebody else is lost");
        self.tried.meddled.fetch_add(1, Ordering::Relaxed);
    }
}

fn store(disk: &Memory) -> ConfigFileStore {
    ConfigFileStore::on(Box::new(disk.clone()), PATH.into(), std::sync::Arc::new(|_| None))
}

fn any_base(edit: ConfigEdit) -> ConfigWrite {
    ConfigWrite { edit, base_hash: None, any_base: true, dry_run: false }
}

/// The topmost paths at which two trees differ.
fn roots(
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    match (old, new) {
        (old, new) if old == new => (),
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)))
            {
                path.push(name.clone());
                roots(before.get(name), after.get(name), path, found);
                path.pop();
            }
        }
        _ => found.push(path.clone()),
    }
}

/// `text` without the values at `roots`, and without what separates values:
/// blanks and commas. Comments count.
fn skeleton(text: &str, roots: &[Vec<String>]) -> String {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cut = Vec::new();
    if let Some(root) = outline(body) {
        cuts(&root, &mut Vec::new(), roots, &mut cut);
    }
    cut.sort_by_key(|range: &Range<usize>| range.start);
    let (mut left, mut at) = (text[..text.len() - body.len()].to_owned(), 0);
    while at < body.len() {
        if let Some(range) = cut.iter().find(|range| range.start == at) {
            at = range.end;
            continue;
        }
        let rest = &body[at..];
        let length = match rest.chars().next().unwrap() {
            quote @ ('"' | '\'') => quoted(rest, quote),
            '/' => comment(rest).unwrap(),
            c => c.len_utf8(),
        };
        let piece = &rest[..length];
        if !(piece == "," || piece.chars().all(char::is_whitespace)) {
            left.push_str(piece);
        }
        at += length;
    }
    // A text that holds nothing gets its first brackets.
    if outline(body).is_none() { left + "{}" } else { left }
}

fn cuts(node: &Node, path: &mut Vec<String>, roots: &[Vec<String>], cut: &mut Vec<Range<usize>>) {
    let Kind::Object(members) = &node.kind else { return };
    for member in members {
        path.push(member.name.clone());
        if roots.contains(path) {
            cut.push(member.start..member.value.range.end);
        } else {
            cuts(&member.value, path, roots, cut);
        }
        path.pop();
    }
}

/// The length of the text in quotes that `rest` begins with.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            c if c == quote => return at + 1,
            _ => (),
        }
    }
    rest.len()
}
