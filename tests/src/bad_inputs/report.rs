//! What came of the cases.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use super::{cases::Case, scope::NotYet};

/// What came of one case.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Passed,
    /// What was expected and did not come.
    Failed(Vec<String>),
    NotYet(NotYet),
    /// This machine lacks what it takes, for this reason.
    ImpossibleHere(String),
}

/// One case, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Played {
    id: String,
    surface: String,
    title: String,
    corrected: bool,
    outcome: Outcome,
}

impl Played {
    pub(super) fn new(case: &Case, outcome: Outcome) -> Self {
        Self {
            id: case.id.clone(),
            surface: case.surface.clone(),
            title: case.title.clone(),
            corrected: case.corrected.is_some(),
            outcome,
        }
    }
}

/// What came of all cases that were selected. Displayed, it is a line for each
/// that failed, and a table.
#[derive(Clone, Debug)]
pub struct Report {
    binary: PathBuf,
    played: Vec<Played>,
}

impl Report {
    pub(super) fn new(binary: &Path) -> Self {
        Self { binary: binary.to_owned(), played: Vec::new() }
    }

    pub(super) fn add(&mut self, played: Played) {
        self.played.push(played);
    }

    /// How many cases were selected.
    pub fn selected(&self) -> usize {
        self.played.len()
    }

    /// How many cases failed.
    pub fn failed(&self) -> usize {
        let failed = |played: &&Played| matches!(played.outcome, Outcome::Failed(_));
        self.played.iter().filter(failed).count()
    }
}

#[derive(Default)]
struct Row {
    passed: usize,
    failed: usize,
    not_yet: usize,
    impossible: usize,
    corrected: usize,
}

impl Row {
    fn count(&mut self, played: &Played) {
        match played.outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::NotYet(_) => self.not_yet += 1,
            Outcome::ImpossibleHere(_) => self.impossible += 1,
        }
        self.corrected += usize::from(played.corrected);
    }

    fn write(&self, surface: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, not_yet, impossible, corrected } = self;
        writeln!(f, "{surface:18}{passed:>8}{failed:>8}{not_yet:>9}{impossible:>17}{corrected:>11}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut played: Vec<&Played> = self.played.iter().collect();
        played.sort_by_key(|played| &played.id);
        writeln!(f, "binary: {}", self.binary.display())?;
        let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Played { id, title, outcome, .. } in &played {
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(why) => {
                    writeln!(f, "FAIL {id} {title}: expected {}", why.join("; expected "))?;
                }
                Outcome::NotYet(not_yet) => waiting.entry(not_yet.issue()).or_default().push(id),
                Outcome::ImpossibleHere(why) => {
                    writeln!(f, "IMPOSSIBLE HERE {id} {title}: {why}")?;
                }
            }
        }
        for (issue, ids) in waiting {
            writeln!(f, "not yet ({issue}): {}", ids.join(" "))?;
        }
        writeln!(
            f,
            "\n{:18}{:>8}{:>8}{:>9}{:>17}{:>11}",
            "surface", "passed", "failed", "not yet", "impossible here", "corrected"
        )?;
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        let mut total = Row::default();
        for played in played {
            rows.entry(&played.surface).or_default().count(played);
            total.count(played);
        }
        for (surface, row) in rows {
            row.write(surface, f)?;
        }
        total.write("total", f)
    }
}
