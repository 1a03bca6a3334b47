//! How what was used adds up.

use std::collections::BTreeMap;

use super::{Cost, Spending, Tokens};
use crate::{agent::ModelRef, ids::AgentId, time::Timestamp};

/// What many answers used, by day, agent and model. However it is looked at, it
/// adds up to the same, and the order in which it was added does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    places: BTreeMap<Place, Totals>,
    tools: BTreeMap<Box<str>, u64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// Where an answer counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day, counted from the first of January 1970, wherever whoever asks has
    /// their midnight.
    pub day: u32,
    /// The agent.
    pub agent: AgentId,
    /// The model, if it is known.
    pub model: Option<ModelRef>,
}

/// What some answers used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tokens.
    pub tokens: Tokens,
    /// What those cost whose price is known.
    pub cost: Cost,
    /// How many answers there are whose price is not known, by their model.
    pub missing: BTreeMap<Option<ModelRef>, u64>,
    /// How many messages there were.
    pub exchanges: Exchanges,
}

/// How often something was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanges {
    /// By somebody.
    pub asked: u64,
    /// By an agent.
    pub answered: u64,
    /// How many tools were asked for.
    pub tools: u64,
    /// How many answers came to a bad end.
    pub failed: u64,
}

/// So many tools are told apart: their names come from outside.
const TOOLS: usize = 200;

/// What the other tools are called.
const OTHERS: &str = "(others)";

impl Sums {
    /// Adds an answer that was given on `day`. Its `cost` is what it was then, or
    /// what it is today; nothing where no price is known.
    pub fn add(&mut self, day: u32, spending: &Spending, cost: Option<Cost>) {
        let place = Place { day, agent: spending.agent.clone(), model: spending.model.clone() };
        self.places.entry(place).or_default().add(spending, cost);
        for tool in &spending.tools {
            let known = self.tools.contains_key(tool) || self.tools.len() < TOOLS;
            let name = if known { tool.clone() } else { OTHERS.into() };
            *self.tools.entry(name).or_default() += 1;
        }
        self.first = Some(self.first.map_or(spending.at, |first| first.min(spending.at)));
        self.last = Some(self.last.map_or(spending.at, |last| last.max(spending.at)));
    }

    /// All of it.
    pub fn total(&self) -> Totals {
        self.by(|_| ()).remove(&()).unwrap_or_default()
    }

    /// The same by something that answers have in common, as their day.
    pub fn by<K: Ord>(&self, key: impl Fn(&Place) -> K) -> BTreeMap<K, Totals> {
        let mut grouped = BTreeMap::<K, Totals>::new();
        for (place, totals) in &self.places {
            grouped.entry(key(place)).or_default().merge(totals);
        }
        grouped
    }

    /// How often each tool was asked for.
    pub fn tools(&self) -> impl Iterator<Item = (&str, u64)> {
        self.tools.iter().map(|(name, count)| (&**name, *count))
    }

    /// When the first and the last of the answers were given.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.first.zip(self.last)
    }
}

impl Totals {
    /// How many answers there are whose price is not known.
    pub fn missing(&self) -> u64 {
        self.missing.values().sum()
    }

    fn add(&mut self, spending: &Spending, cost: Option<Cost>) {
        self.tokens = self.tokens.plus(spending.tokens);
        match cost {
            Some(cost) => self.cost = self.cost.plus(cost),
            None => *self.missing.entry(spending.model.clone()).or_default() += 1,
        }
        self.exchanges.asked += u64::from(spending.asked);
        self.exchanges.answered += 1;
        self.exchanges.tools += spending.tools.len() as u64;
        self.exchanges.failed += u64::from(spending.failed);
    }

    fn merge(&mut self, other: &Self) {
        let Self { tokens, cost, missing, exchanges } = other;
        self.tokens = self.tokens.plus(*tokens);
        self.cost = self.cost.plus(*cost);
        for (model, count) in missing {
            *self.missing.entry(model.clone()).or_default() += count;
        }
        self.exchanges.asked += exchanges.asked;
        self.exchanges.answered += exchanges.answered;
        self.exchanges.tools += exchanges.tools;
        self.exchanges.failed += exchanges.failed;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::spending::{Money, Price};

    fn spending(agent: &str, model: Option<&str>, input: u64) -> Spending {
        Spending {
            at: Timestamp::from_millis(input),
            session: format!("agent:{agent}:main").parse().unwrap(),
            transcript: "t".parse().unwrap(),
            agent: AgentId::normalize(agent),
            model: model.map(|model| model.parse().unwrap()),
            tokens: Tokens { input, output: 1, ..Tokens::default() },
            cost: None,
            asked: input.is_multiple_of(2),
            tools: Vec::new(),
            failed: input.is_multiple_of(3),
        }
    }

    fn priced(spending: &Spending) -> Option<Cost> {
        let price = Price::per_million(Some(1.0), Some(2.0), None, None);
        price.of(spending.tokens)
    }

    #[test]
    fn what_has_no_price_counts_its_tokens_and_is_counted() {
        let mut sums = Sums::default();
        let (known, unknown) =
            (spending("a", Some("p/known"), 10), spending("a", Some("p/new"), 6));
        sums.add(1, &known, priced(&known));
        sums.add(2, &unknown, None);
        sums.add(2, &spending("b", None, 1), None);

        let total = sums.total();
        assert_eq!(total.tokens, Tokens { input: 17, output: 3, ..Tokens::default() });
        assert_eq!(total.cost.total(), Money::from_dollars(0.000_012).unwrap());
        assert_eq!(total.missing(), 2);
        let missing: Vec<_> = total
            .missing
            .iter()
            .map(|(model, count)| (model.as_ref().map(ModelRef::model), *count))
            .collect();
        assert_eq!(missing, [(None, 1), (Some("new"), 1)]);
        assert_eq!(total.exchanges, Exchanges { asked: 2, answered: 3, tools: 0, failed: 1 });
        assert_eq!(sums.span(), Some((Timestamp::from_millis(1), Timestamp::from_millis(10))));

        let by_day = sums.by(|place| place.day);
        assert_eq!(by_day[&1].missing(), 0);
        assert_eq!((by_day[&2].missing(), by_day[&2].cost), (2, Cost::default()));
        assert_eq!(sums.by(|place| place.agent.clone()).len(), 2);
    }

    #[test]
    fn tools_without_end_are_not_told_apart() {
        let mut sums = Sums::default();
        for number in 0..TOOLS + 50 {
            let tools = vec![format!("tool {number}").into(), "tool 0".into()];
            sums.add(0, &Spending { tools, ..spending("a", None, 1) }, None);
        }
        let tools: BTreeMap<_, _> = sums.tools().collect();
        assert_eq!(tools.len(), TOOLS + 1);
        assert_eq!((tools["tool 0"], tools[OTHERS]), (TOOLS as u64 + 51, 50));
        assert_eq!(sums.total().exchanges.tools, 2 * (TOOLS as u64 + 50));
    }

    fn together<K>(parts: BTreeMap<K, Totals>) -> Totals {
        parts.into_values().fold(Totals::default(), |mut all, part| {
            all.merge(&part);
            all
        })
    }

    proptest! {
        /// Whatever was used, in whatever order it is added: it is the same
        /// altogether, by day, by agent and by model.
        #[test]
        fn every_view_adds_up_to_the_same(
            used in vec((0u32..4, 0usize..3, prop::option::of(0usize..3), 0u64..1_000, any::<bool>()), 0..40),
        ) {
            let answers: Vec<_> = used
                .iter()
                .map(|(day, agent, model, input, known)| {
                    let model = model.map(|model| ["p/a", "p/b", "q/a"][model]);
                    let answer = spending(["x", "y", "z"][*agent], model, *input);
                    let cost = known.then(|| priced(&answer)).flatten();
                    (*day, answer, cost)
                })
                .collect();
            let (mut forth, mut back) = (Sums::default(), Sums::default());
            for (day, answer, cost) in &answers {
                forth.add(*day, answer, *cost);
            }
            for (day, answer, cost) in answers.iter().rev() {
                back.add(*day, answer, *cost);
            }
            prop_assert_eq!(&forth, &back);

            let total = forth.total();
            prop_assert_eq!(total.exchanges.answered, answers.len() as u64);
            let unpriced = answers.iter().filter(|(.., cost)| cost.is_none()).count();
            prop_assert_eq!(total.missing(), unpriced as u64);
            prop_assert_eq!(together(forth.by(|place| place.day)), total.clone());
            prop_assert_eq!(together(forth.by(|place| place.agent.clone())), total.clone());
            prop_assert_eq!(together(forth.by(|place| place.model.clone())), total);
        }
    }
}
