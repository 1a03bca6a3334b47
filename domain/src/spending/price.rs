//! Tokens times price.

use std::iter::Sum;

use serde::{Deserialize, Serialize};

use super::Tokens;

/// An amount of money, in millionths of a millionth of a dollar: small enough
/// for a price with six decimals per million tokens, so that sums are exact in
/// whatever order they are made.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(u64);

/// So many [`Money`] are a dollar.
const DOLLAR: f64 = 1e12;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount in dollars; nothing where that is no amount: below zero, or not
    /// a number. What is too much is the most there is.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and the sign was looked at"
    )]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let is_amount = 0.0 <= dollars && dollars.is_finite();
        is_amount.then(|| Self((dollars * DOLLAR).round() as u64))
    }

    /// The amount in dollars, to be shown.
    #[expect(clippy::cast_precision_loss, reason = "15 digits are enough to be shown")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / DOLLAR
    }

    /// The two together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

/// What a token of a model costs, by its kind, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    input: Option<Money>,
    output: Option<Money>,
    cache_read: Option<Money>,
    cache_write: Option<Money>,
}

/// What was paid, by the kind of what it was paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cost {
    /// For what was read anew.
    pub input: Money,
    /// For what was written.
    pub output: Money,
    /// For what was read from the cache.
    pub cache_read: Money,
    /// For what was written to the cache.
    pub cache_write: Money,
}

impl Price {
    /// A price in dollars per million tokens: of those read, written, read from
    /// the cache and written to it. What is no price, as one below zero, is not
    /// known.
    pub fn per_million(
        input: Option<f64>,
        output: Option<f64>,
        cache_read: Option<f64>,
        cache_write: Option<f64>,
    ) -> Self {
        let of_one = |dollars: Option<f64>| dollars.and_then(|it| Money::from_dollars(it / 1e6));
        Self {
            input: of_one(input),
            output: of_one(output),
            cache_read: of_one(cache_read),
            cache_write: of_one(cache_write),
        }
    }

    /// What `tokens` cost; nothing where the price of a kind that is among them is
    /// not known. Nothing used costs nothing where any price is known.
    pub fn of(&self, tokens: Tokens) -> Option<Cost> {
        let known = [self.input, self.output, self.cache_read, self.cache_write];
        if known.iter().all(Option::is_none) {
            return None;
        }
        let part = |price: Option<Money>, count| match (price, count) {
            (_, 0) => Some(Money::ZERO),
            (price, count) => price.map(|price| price.times(count)),
        };
        Some(Cost {
            input: part(self.input, tokens.input)?,
            output: part(self.output, tokens.output)?,
            cache_read: part(self.cache_read, tokens.cache_read)?,
            cache_write: part(self.cache_write, tokens.cache_write)?,
        })
    }
}

impl Cost {
    /// All of it.
    pub fn total(self) -> Money {
        [self.input, self.output, self.cache_read, self.cache_write].into_iter().sum()
    }

    /// The two together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.plus(other.input),
            output: self.output.plus(other.output),
            cache_read: self.cache_read.plus(other.cache_read),
            cache_write: self.cache_write.plus(other.cache_write),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(input: u64, output: u64, cache_read: u64, cache_write: u64) -> Tokens {
        Tokens { input, output, cache_read, cache_write }
    }

    #[test]
    fn what_is_known_is_priced_and_nothing_is_guessed() {
        let whole = Price::per_million(Some(3.0), Some(15.0), Some(0.3), Some(3.75));
        let plain = Price::per_million(Some(3.0), Some(15.0), None, None);
        let free = Price::per_million(Some(0.0), Some(0.0), None, None);
        let wrong = Price::per_million(Some(-3.0), Some(f64::NAN), None, None);
        let unknown = Price::default();
        #[rustfmt::skip]
        let table = [
            // price    tokens                                   dollars
            (whole,   tokens(1_000_000, 0, 0, 0),              Some(3.0)),
            (whole,   tokens(1_000, 1_000, 1_000, 1_000),      Some(0.022_05)),
            (whole,   tokens(0, 0, 0, 0),                      Some(0.0)),
            (whole,   tokens(1, 0, 0, 0),                      Some(0.000_003)),
            (plain,   tokens(1_000_000, 1_000_000, 0, 0),      Some(18.0)),
            (plain,   tokens(1_000_000, 0, 1, 0),              None),
            (plain,   tokens(1_000_000, 0, 0, 1),              None),
            (free,    tokens(1_000_000, 1_000_000, 0, 0),      Some(0.0)),
            (wrong,   tokens(1, 0, 0, 0),                      None),
            (wrong,   tokens(0, 0, 0, 0),                      None),
            (unknown, tokens(1, 1, 1, 1),                      None),
            (unknown, tokens(0, 0, 0, 0),                      None),
        ];
        for (price, tokens, dollars) in table {
            let cost = price.of(tokens).map(|cost| cost.total().dollars());
            assert_eq!(cost, dollars, "{tokens:?} at {price:?}");
        }
    }

    #[test]
    fn an_amount_is_neither_negative_nor_without_end() {
        let most = Money::from_dollars(1e300).unwrap();
        assert_eq!(most.plus(most), most);
        for bad in [-0.01, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Money::from_dollars(bad), None, "{bad}");
        }
        let dear = Price::per_million(Some(1e12), None, None, None);
        assert!(dear.of(tokens(u64::MAX, 0, 0, 0)).is_some());
    }

    proptest! {
        /// Two answers together cost what each of them costs, whatever the price.
        #[test]
        fn costs_add_up_like_tokens(
            prices in prop::array::uniform4(prop::option::of(0u32..100_000_000)),
            one in prop::array::uniform4(0u64..1_000_000),
            other in prop::array::uniform4(0u64..1_000_000),
        ) {
            let [a, b, c, d] = prices.map(|price| price.map(|it| f64::from(it) / 1e6));
            let price = Price::per_million(a, b, c, d);
            let [one, other] = [one, other].map(|[a, b, c, d]| tokens(a, b, c, d));
            let apart = price.of(one).zip(price.of(other)).map(|(one, other)| one.plus(other));
            prop_assert_eq!(price.of(one.plus(other)), apart);
        }

        /// More tokens never cost less.
        #[test]
        fn more_is_never_cheaper(price in 0.0..1e9f64, few in 0u64..1 << 40, more in 0u64..1 << 40) {
            let price = Price::per_million(Some(price), None, None, None);
            let cost = |count| price.of(tokens(count, 0, 0, 0)).unwrap().total();
            prop_assert!(cost(few) <= cost(few + more));
        }
    }
}
