//! How much a key may ask for.

use std::time::Duration;

use super::ledger::Spent;
use crate::time::Timestamp;

/// What a key is allowed; `None` is as much as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Requests in a minute.
    pub requests: Option<u64>,
    /// Tokens in a minute, those that are read and those that are said.
    pub tokens: Option<u64>,
    /// Tokens in a day of UTC.
    pub day: Option<u64>,
    /// Tokens in a month of UTC.
    pub month: Option<u64>,
}

/// What a key has left of its minute.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its requests, if they are counted.
    pub requests: Option<Window>,
    /// Its tokens, if they are.
    pub tokens: Option<Window>,
}

/// What is left of something that comes back by and by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How much there is in a minute.
    pub limit: u64,
    /// How much is left.
    pub remaining: u64,
    /// How long it takes until nothing is missing.
    pub reset: Duration,
}

/// Why a key may not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// It asked too often.
    #[error("too many requests for this key, at most {limit} a minute")]
    Requests {
        /// How often it may.
        limit: u64,
        /// When it may again.
        retry_after: Duration,
    },
    /// It used too much in a short time.
    #[error("too many tokens for this key, at most {limit} a minute")]
    Tokens {
        /// How many it may.
        limit: u64,
        /// When it may again.
        retry_after: Duration,
    },
    /// It used up what it has.
    #[error("the budget of this key is used up, {budget} tokens a {period}")]
    Budget {
        /// How much it has.
        budget: u64,
        /// In which time.
        period: Period,
    },
}

crate::words::words! {
    /// What a budget is for.
    pub enum Period {
        /// A day of UTC.
        Day = "day",
        /// A month of UTC.
        Month = "month",
    }
}

impl Allowance {
    /// Whether something is left of the budgets when so much was `spent`.
    pub fn has_left(&self, spent: Spent) -> Result<(), Exhausted> {
        let budgets =
            [(self.day, spent.day, Period::Day), (self.month, spent.month, Period::Month)];
        for (budget, spent, period) in budgets {
            if let Some(budget) = budget.filter(|budget| *budget <= spent) {
                return Err(Exhausted::Budget { budget, period });
            }
        }
        Ok(())
    }
}

impl Quota {
    /// Takes one request of about so many `tokens`. A request that is larger than
    /// a whole minute is let through when the minute is untouched.
    pub fn take(
        &mut self,
        allowance: &Allowance,
        tokens: u64,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        Bucket::keep_to(&mut self.requests, allowance.requests, now);
        Bucket::keep_to(&mut self.tokens, allowance.tokens, now);
        if let Some(bucket) = &self.requests
            && let Err(retry_after) = bucket.has(1)
        {
            return Err(Exhausted::Requests { limit: bucket.limit, retry_after });
        }
        if let Some(bucket) = &self.tokens
            && let Err(retry_after) = bucket.has(tokens)
        {
            return Err(Exhausted::Tokens { limit: bucket.limit, retry_after });
        }
        if let Some(bucket) = &mut self.requests {
            bucket.pour(1);
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.pour(tokens);
        }
        Ok(())
    }

    /// It was `used` that was `taken` to be less or more.
    pub fn settle(&mut self, taken: u64, used: u64) {
        if let Some(bucket) = &mut self.tokens {
            bucket.level += units(taken);
            bucket.pour(used);
            bucket.level = bucket.level.min(bucket.full());
        }
    }

    /// How it stands.
    pub fn standing(&mut self, now: Timestamp) -> Standing {
        let window = |bucket: &mut Bucket| {
            bucket.flow(now);
            bucket.window()
        };
        Standing {
            requests: self.requests.as_mut().map(window),
            tokens: self.tokens.as_mut().map(window),
        }
    }
}

/// Something of which there is so much in a minute. It comes back evenly, and
/// can be in debt.
#[derive(Clone, Debug)]
struct Bucket {
    limit: u64,
    /// What is left, in parts of which [`MINUTE`] are one: so it grows by the
    /// limit in each millisecond.
    level: i128,
    at: Timestamp,
}

/// A minute in milliseconds.
const MINUTE: i128 = 60_000;

fn units(amount: u64) -> i128 {
    i128::from(amount) * MINUTE
}

impl Bucket {
    /// Makes `bucket` one with `limit`, as it is `now`.
    fn keep_to(bucket: &mut Option<Self>, limit: Option<u64>, now: Timestamp) {
        let Some(limit) = limit else {
            *bucket = None;
            return;
        };
        let bucket = bucket.get_or_insert_with(|| Self { limit, level: units(limit), at: now });
        bucket.flow(now);
        bucket.limit = limit;
        bucket.level = bucket.level.min(bucket.full());
    }

    fn full(&self) -> i128 {
        units(self.limit)
    }

    fn flow(&mut self, now: Timestamp) {
        let passed = i128::try_from(now.since(self.at).as_millis()).unwrap_or(i128::MAX);
        let more = passed.saturating_mul(i128::from(self.limit));
        self.level = self.level.saturating_add(more).min(self.full());
        self.at = self.at.max(now);
    }

    /// Whether there is `amount`, or otherwise when there is.
    fn has(&self, amount: u64) -> Result<(), Duration> {
        let missing = units(amount).min(self.full()) - self.level;
        if missing <= 0 && 0 < self.limit { Ok(()) } else { Err(self.time_of(missing)) }
    }

    fn pour(&mut self, amount: u64) {
        self.level = self.level.saturating_sub(units(amount));
    }

    /// How long it takes for so much to come back; an hour where nothing does.
    fn time_of(&self, missing: i128) -> Duration {
        if self.limit == 0 {
            return Duration::from_hours(1);
        }
        let limit = i128::from(self.limit);
        let millis = (missing + limit - 1).max(0) / limit;
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn window(&self) -> Window {
        Window {
            limit: self.limit,
            remaining: u64::try_from(self.level / MINUTE).unwrap_or(0),
            reset: self.time_of(self.full() - self.level),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn allowance(requests: Option<u64>, tokens: Option<u64>) -> Allowance {
        Allowance { requests, tokens, ..Allowance::default() }
    }

    #[test]
    fn requests_come_back_by_and_by() {
        let mut quota = Quota::default();
        let two = allowance(Some(2), None);
        assert_eq!(quota.take(&two, 9, at(0)), Ok(()));
        assert_eq!(quota.take(&two, 9, at(0)), Ok(()));
        let retry_after = Duration::from_secs(30);
        assert_eq!(quota.take(&two, 9, at(0)), Err(Exhausted::Requests { limit: 2, retry_after }));
        let window = quota.standing(at(0)).requests.unwrap();
        assert_eq!((window.limit, window.remaining, window.reset.as_secs()), (2, 0, 60));
        assert_eq!(quota.take(&two, 9, at(30_000)), Ok(()));
        assert!(quota.take(&two, 9, at(30_000)).is_err());
        assert_eq!(quota.standing(at(30_000)).tokens, None);
    }

    #[test]
    fn what_was_used_is_settled_afterwards() {
        let mut quota = Quota::default();
        let hundred = allowance(None, Some(100));
        assert_eq!(quota.take(&hundred, 10, at(0)), Ok(()));
        quota.settle(10, 250);
        let window = quota.standing(at(0)).tokens.unwrap();
        assert_eq!((window.remaining, window.reset.as_secs()), (0, 150));
        let retry_after = Duration::from_secs(96);
        assert_eq!(
            quota.take(&hundred, 10, at(0)),
            Err(Exhausted::Tokens { limit: 100, retry_after })
        );
        assert_eq!(quota.take(&hundred, 10, at(96_000)), Ok(()));
        quota.settle(10, 0);
        assert_eq!(quota.standing(at(96_000)).tokens.unwrap().remaining, 10);
    }

    #[test]
    fn a_request_larger_than_a_minute_needs_all_of_it() {
        let mut quota = Quota::default();
        let hundred = allowance(None, Some(100));
        assert_eq!(quota.take(&hundred, 1, at(0)), Ok(()));
        assert!(quota.take(&hundred, 500, at(0)).is_err());
        assert_eq!(quota.take(&hundred, 500, at(1_000)), Ok(()));
    }

    #[test]
    fn other_limits_hold_from_now_on() {
        let mut quota = Quota::default();
        assert_eq!(quota.take(&allowance(Some(10), None), 1, at(0)), Ok(()));
        assert_eq!(quota.take(&allowance(Some(1), None), 1, at(0)), Ok(()));
        assert!(quota.take(&allowance(Some(1), None), 1, at(0)).is_err());
        assert_eq!(quota.take(&allowance(None, None), 1, at(0)), Ok(()));
        assert!(quota.take(&allowance(Some(0), None), 1, at(600_000)).is_err(), "never");
    }

    #[test]
    fn budgets_end() {
        let spent = |day, month| Spent { day, month };
        let both = Allowance { day: Some(10), month: Some(100), ..Allowance::default() };
        assert_eq!(both.has_left(spent(9, 99)), Ok(()));
        let day = Exhausted::Budget { budget: 10, period: Period::Day };
        assert_eq!(both.has_left(spent(10, 10)), Err(day));
        let month = Exhausted::Budget { budget: 100, period: Period::Month };
        assert_eq!(both.has_left(spent(0, 100)), Err(month));
        assert_eq!(Allowance::default().has_left(spent(u64::MAX, u64::MAX)), Ok(()));
        let nothing = Allowance { day: Some(0), ..Allowance::default() };
        assert!(nothing.has_left(spent(0, 0)).is_err());
    }

    proptest! {
        /// Over any time, nobody gets more than one full minute and what came back.
        #[test]
        fn nobody_gets_more_than_there_is(
            limit in 1_u64..50,
            steps in prop::collection::vec(0_u64..5_000, 1..200),
        ) {
            let (mut quota, mut now, mut granted) = (Quota::default(), 0, 0_u64);
            let allowed = allowance(Some(limit), None);
            for step in steps {
                now += step;
                granted += u64::from(quota.take(&allowed, 0, at(now)).is_ok());
            }
            prop_assert!(granted <= limit + limit * now / 60_000 + 1);
        }

        #[test]
        fn the_time_that_is_told_is_enough(limit in 1_u64..1_000, tokens in 1_u64..5_000, used in 0_u64..5_000) {
            let mut quota = Quota::default();
            let allowed = allowance(None, Some(limit));
            quota.take(&allowed, 1, at(0)).unwrap();
            quota.settle(1, used);
            if let Err(Exhausted::Tokens { retry_after, .. }) = quota.take(&allowed, tokens, at(0)) {
                prop_assert_eq!(quota.take(&allowed, tokens, at(0) + retry_after), Ok(()));
            }
        }
    }
}
