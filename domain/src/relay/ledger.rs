//! What was used, by day, key and model.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// A day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Which one, counted from the first of January 1970.
    pub number: u32,
    /// Its month, counted in the same manner.
    pub month: u32,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId {
    /// The day.
    pub day: Day,
    /// The key, or nobody's: whoever asks as an operator has none.
    pub key: Option<Box<str>>,
    /// The model.
    pub model: Box<str>,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tally {
    /// How many requests there were.
    pub requests: u64,
    /// How many of them came to nothing.
    pub failures: u64,
    /// How many tokens were read.
    pub input: u64,
    /// How many tokens were said.
    pub output: u64,
}

/// How many tokens a key used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// On that day.
    pub day: u64,
    /// In its month.
    pub month: u64,
}

/// So many models of one key are told apart in a day: their names come from
/// outside.
const MODELS: usize = 100;

/// What the other models are called.
const OTHERS: &str = "(others)";

/// So many days are remembered.
const DAYS: u32 = 400;

/// So many rows are remembered, and the oldest days go first.
const ROWS: usize = 50_000;

/// What was used.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: BTreeMap<RowId, Tally>,
    // Invariant: what the rows of the newest day of each key, and of its month, add
    // up to.
    spent: HashMap<Box<str>, (Day, Spent)>,
    // How many models each key has on the newest day.
    models: HashMap<Option<Box<str>>, (u32, usize)>,
}

impl Tally {
    /// The tokens, read and said.
    pub const fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.failures = self.failures.saturating_add(other.failures);
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
    }
}

impl Ledger {
    /// Adds what was `used`. Answers the row it is in, and what is in it.
    pub fn add(&mut self, id: RowId, used: Tally) -> (RowId, Tally) {
        let id = self.row_of(id);
        if let Some(key) = &id.key {
            let (day, spent) = self.spent.entry(key.clone()).or_insert((id.day, Spent::default()));
            // Days come in order, except when somebody sets back the clock; then
            // the newer day goes on.
            if day.number < id.day.number {
                let month = if day.month == id.day.month { spent.month } else { 0 };
                (*day, *spent) = (id.day, Spent { day: 0, month });
            }
            spent.day = spent.day.saturating_add(used.tokens());
            spent.month = spent.month.saturating_add(used.tokens());
        }
        let row = self.rows.entry(id.clone()).or_default();
        row.add(used);
        (id, *row)
    }

    /// The row for `id`: that of other models where there are too many.
    fn row_of(&mut self, id: RowId) -> RowId {
        if *id.model == *OTHERS || self.rows.contains_key(&id) {
            return id;
        }
        let (day, count) = self.models.entry(id.key.clone()).or_insert((id.day.number, 0));
        if *day != id.day.number {
            (*day, *count) = (id.day.number, 0);
        }
        if MODELS <= *count {
            return RowId { model: OTHERS.into(), ..id };
        }
        *count += 1;
        id
    }

    /// What `key` used on `day`, and in its month.
    pub fn spent(&self, key: &str, day: Day) -> Spent {
        match self.spent.get(key) {
            Some((last, spent)) if day.number <= last.number => *spent,
            Some((last, spent)) if day.month == last.month => Spent { day: 0, month: spent.month },
            Some(_) | None => Spent::default(),
        }
    }

    /// The rows of the day number `since` and of later ones, in order.
    pub fn rows(&self, since: u32) -> impl Iterator<Item = (&RowId, &Tally)> {
        self.rows.iter().skip_while(move |(id, _)| id.day.number < since)
    }

    /// Forgets what is too old `today`, or too much; answers what that was.
    #[must_use = "what is forgotten may be written down elsewhere"]
    pub fn forget(&mut self, today: Day) -> Vec<RowId> {
        let mut gone = Vec::new();
        while let Some((oldest, _)) = self.rows.first_key_value() {
            let is_old = oldest.day.number.saturating_add(DAYS) < today.number;
            if !is_old && self.rows.len() <= ROWS {
                break;
            }
            gone.extend(self.rows.pop_first().map(|(id, _)| id));
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Day {
        Day { number, month: number / 30 }
    }

    fn row(number: u32, key: Option<&str>, model: &str) -> RowId {
        RowId { day: day(number), key: key.map(Into::into), model: model.into() }
    }

    fn tokens(input: u64, output: u64) -> Tally {
        Tally { requests: 1, failures: 0, input, output }
    }

    #[test]
    fn what_is_used_adds_up_by_day_and_month() {
        let mut ledger = Ledger::default();
        #[rustfmt::skip]
        let table = [
            // day  key        tokens  of its day  of its month
            (30,    Some("a"), 5,      5,          5),
            (30,    Some("a"), 5,      10,         10),
            (31,    Some("a"), 1,      1,          11),
            (31,    Some("b"), 7,      7,          7),
            (59,    Some("a"), 2,      2,          13),
            (60,    Some("a"), 3,      3,          3),
            // The clock was set back: it counts all the same.
            (59,    Some("a"), 4,      7,          7),
        ];
        for (number, key, output, of_day, of_month) in table {
            let _ = ledger.add(row(number, key, "x/y"), tokens(0, output));
            let spent = ledger.spent(key.unwrap(), day(number));
            assert_eq!((spent.day, spent.month), (of_day, of_month), "{number} {key:?}");
        }
        assert_eq!(ledger.spent("a", day(61)), Spent { day: 0, month: 7 });
        assert_eq!(ledger.spent("a", day(90)), Spent::default());
        assert_eq!(ledger.spent("c", day(31)), Spent::default());
    }

    #[test]
    fn one_row_for_each_day_key_and_model() {
        let mut ledger = Ledger::default();
        for (number, key, model) in
            [(1, None, "x/y"), (1, Some("a"), "x/y"), (1, Some("a"), "x/y"), (2, None, "x/z")]
        {
            let _ = ledger.add(row(number, key, model), tokens(1, 2));
        }
        let rows: Vec<_> = ledger.rows(1).map(|(id, it)| (id.day.number, it.requests)).collect();
        assert_eq!(rows, [(1, 1), (1, 2), (2, 1)]);
        assert_eq!(ledger.rows(2).count(), 1);
        let (id, tally) = ledger.add(row(2, None, "x/z"), tokens(10, 20));
        assert_eq!((id, tally.tokens(), tally.requests), (row(2, None, "x/z"), 33, 2));
    }

    #[test]
    fn names_nobody_knows_do_not_fill_the_memory() {
        let mut ledger = Ledger::default();
        for number in 0..500 {
            let _ = ledger.add(row(1, Some("a"), &format!("x/{number}")), tokens(1, 0));
        }
        assert_eq!(ledger.rows(0).count(), MODELS + 1);
        let (id, others) = ledger.add(row(1, Some("a"), "x/new"), tokens(0, 1));
        assert_eq!((&*id.model, others.requests), (OTHERS, 401));
        let (id, _) = ledger.add(row(1, Some("b"), "x/new"), tokens(0, 1));
        assert_eq!(&*id.model, "x/new", "another key is not concerned");
        let (id, _) = ledger.add(row(2, Some("a"), "x/new"), tokens(0, 1));
        assert_eq!(&*id.model, "x/new", "nor is another day");
        assert_eq!(ledger.spent("a", day(1)).month, 502);
    }

    #[test]
    fn old_days_are_forgotten() {
        let mut ledger = Ledger::default();
        for number in [1, 2, 300] {
            let _ = ledger.add(row(number, None, "x/y"), tokens(1, 1));
        }
        assert_eq!(ledger.forget(day(401)), []);
        assert_eq!(ledger.forget(day(402)), [row(1, None, "x/y")]);
        assert_eq!(ledger.rows(0).count(), 2);
    }
}
