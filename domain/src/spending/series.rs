//! What was used over time, in so few points that they can be drawn.

use super::{Money, Tokens};
use crate::time::Timestamp;

/// Answers in the order of time, put together so that there are never more than
/// twice as many points as wanted, however many are added.
#[derive(Clone, Debug)]
pub struct Series {
    most: usize,
    /// How many answers a point is made of.
    step: usize,
    points: Vec<Point>,
    /// How many answers the last point is made of.
    inside: usize,
}

/// What some answers after one another used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// When the last of them was given.
    pub at: Timestamp,
    /// What they used.
    pub tokens: Tokens,
    /// What those cost whose price is known.
    pub cost: Money,
}

impl Series {
    /// An empty series of at most `most` points, at least one.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), step: 1, points: Vec::new(), inside: 0 }
    }

    /// Adds an answer that was given after the others.
    pub fn add(&mut self, point: Point) {
        match self.points.last_mut() {
            Some(last) if self.inside < self.step => {
                *last = last.and(point);
                self.inside += 1;
            }
            _ => {
                self.points.push(point);
                self.inside = 1;
            }
        }
        if self.points.len() == 2 * self.most && self.inside == self.step {
            self.halve();
        }
    }

    /// The points.
    pub fn points(mut self) -> Vec<Point> {
        if self.most < self.points.len() {
            self.halve();
        }
        self.points
    }

    fn halve(&mut self) {
        let pair = |pair: &[Point]| pair.iter().copied().reduce(Point::and).unwrap_or_default();
        self.points = self.points.chunks(2).map(pair).collect();
        self.step *= 2;
        self.inside = self.step;
    }
}

impl Point {
    fn and(self, later: Self) -> Self {
        Self {
            at: later.at,
            tokens: self.tokens.plus(later.tokens),
            cost: self.cost.plus(later.cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(at: u64) -> Point {
        Point {
            at: Timestamp::from_millis(at),
            tokens: Tokens { input: at, output: 1, ..Tokens::default() },
            cost: Money::from_dollars(0.25).unwrap(),
        }
    }

    #[test]
    fn few_answers_are_a_point_each() {
        let mut series = Series::new(3);
        (1..=3).for_each(|at| series.add(point(at)));
        assert_eq!(series.points(), [point(1), point(2), point(3)]);
    }

    proptest! {
        /// However many answers there are: no more points than wanted, in the order
        /// of time, up to the last answer, and nothing is lost or counted twice.
        #[test]
        fn points_are_few_and_add_up(most in 1usize..40, answers in 0u64..500) {
            let mut series = Series::new(most);
            (1..=answers).for_each(|at| series.add(point(at)));
            let points = series.points();
            prop_assert!(points.len() <= most);
            prop_assert!(points.is_sorted_by(|one, other| one.at < other.at));
            prop_assert_eq!(points.last().map_or(0, |last| last.at.as_millis()), answers);
            let tokens = points.iter().fold(Tokens::default(), |sum, it| sum.plus(it.tokens));
            prop_assert_eq!((tokens.input, tokens.output), (answers * (answers + 1) / 2, answers));
            if answers <= most as u64 {
                prop_assert_eq!(points.len() as u64, answers);
            }
        }
    }
}
