//! What exactly an approval is about.

use std::fmt::Write;

/// A file, so that another one in its place is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMark {
    /// Where it is, every link followed.
    pub path: String,
    /// On which device.
    pub device: u64,
    /// Which file of the device.
    pub inode: u64,
    /// SHA-256 of what is in it, in hex; empty for a folder.
    pub sha256: String,
}

/// A command with everything that decides what it does. What was approved and
/// what is about to run are the same when their lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub cwd: FileMark,
    /// The variables that are set for it, by name, and their values.
    pub env: Vec<(String, String)>,
    /// The program itself.
    pub program: FileMark,
    /// The arguments that are files: which of them, and what is in them. A
    /// script may be replaced just as well as the program that reads it.
    pub files: Vec<(usize, FileMark)>,
}

impl Binding {
    /// Everything on one line, to take a hash of. Every text stands behind its
    /// length, so two bindings never have the same line.
    pub fn line(&self) -> String {
        let mut line = String::from("exec-binding-v1");
        let mut text = |text: &str| {
            // Writing to a text cannot fail.
            let _ = write!(line, " {}:{text}", text.len());
        };
        text(&self.argv.len().to_string());
        self.argv.iter().for_each(|word| text(word));
        let mut env: Vec<_> = self.env.iter().collect();
        env.sort();
        text(&env.len().to_string());
        for (name, value) in env {
            text(name);
            text(value);
        }
        for mark in [&self.cwd, &self.program] {
            self::mark(mark, &mut text);
        }
        for (at, file) in &self.files {
            text(&at.to_string());
            mark(file, &mut text);
        }
        line
    }
}

fn mark(file: &FileMark, text: &mut impl FnMut(&str)) {
    text(&file.path);
    text(&file.device.to_string());
    text(&file.inode.to_string());
    text(&file.sha256);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn file(path: &str) -> FileMark {
        FileMark { path: path.into(), device: 1, inode: 2, sha256: "aa".into() }
    }

    fn binding() -> Binding {
        Binding {
            argv: vec!["python3".into(), "x.py".into()],
            cwd: FileMark { sha256: String::new(), ..file("/work") },
            env: vec![("TZ".into(), "UTC".into())],
            program: file("/usr/bin/python3.11"),
            files: vec![(1, file("/work/x.py"))],
        }
    }

    #[test]
    fn whatever_changes_changes_the_line() {
        let same = binding();
        let others: Vec<Binding> = vec![
            Binding { argv: vec!["python3".into()], ..binding() },
            Binding { argv: vec!["python3 x.py".into()], ..binding() },
            Binding { argv: vec!["python3".into(), "x.py".into(), String::new()], ..binding() },
            Binding { cwd: file("/work"), ..binding() },
            Binding { cwd: FileMark { inode: 3, ..same.cwd.clone() }, ..binding() },
            Binding { env: vec![], ..binding() },
            Binding { env: vec![("TZ".into(), "GMT".into())], ..binding() },
            Binding { env: vec![("T".into(), "ZUTC".into())], ..binding() },
            Binding { program: FileMark { inode: 3, ..same.program.clone() }, ..binding() },
            Binding { program: FileMark { device: 3, ..same.program.clone() }, ..binding() },
            Binding {
                program: FileMark { sha256: "bb".into(), ..same.program.clone() },
                ..binding()
            },
            Binding { program: file("/tmp/python3.11"), ..binding() },
            Binding { files: vec![], ..binding() },
            Binding { files: vec![(0, file("/work/x.py"))], ..binding() },
            Binding {
                files: vec![(1, FileMark { sha256: "bb".into(), ..file("/work/x.py") })],
                ..binding()
            },
        ];
        let lines: HashSet<_> = others.iter().chain([&same]).map(Binding::line).collect();
        assert_eq!(lines.len(), others.len() + 1);
    }

    #[test]
    fn the_order_of_variables_does_not_matter() {
        let env = |pairs: [(&str, &str); 2]| Binding {
            env: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..binding()
        };
        let (one, other) = (env([("A", "1"), ("B", "2")]), env([("B", "2"), ("A", "1")]));
        assert_eq!(one.line(), other.line());
    }
}
