//! Which provider is asked next when one fails, and how long a failing one is
//! left alone (`gateway-reference.md` 8.1).

use std::{collections::HashMap, time::Duration};

use crate::{agent::ModelRef, time::Timestamp, words::words};

words! {
    /// What kind of failure a provider had.
    pub enum FailureKind {
        /// The key is missing, wrong or revoked.
        Auth = "auth",
        /// Nobody paid.
        Billing = "billing",
        /// Too many requests.
        RateLimit = "rate_limit",
        /// The provider cannot serve anybody just now.
        Overloaded = "overloaded",
        /// No answer in time.
        Timeout = "timeout",
        /// There is no connection.
        Unreachable = "unreachable",
        /// The connection broke before the answer was whole.
        Disconnected = "disconnected",
        /// The conversation does not fit into the model.
        ContextLength = "context_length",
        /// The provider refuses the request itself.
        Format = "format",
        /// There is no such model.
        UnknownModel = "unknown_model",
    }
}

impl FailureKind {
    /// Whether another provider may do better with the same request.
    pub const fn try_next(self) -> bool {
        match self {
            Self::Auth
            | Self::Billing
            | Self::RateLimit
            | Self::Overloaded
            | Self::Timeout
            | Self::Unreachable
            | Self::Disconnected
            | Self::Format
            | Self::UnknownModel => true,
            Self::ContextLength => false,
        }
    }

    /// How long to leave a provider alone after it failed so for the
    /// `repeats`-th time in a row, counted from zero.
    const fn cooldown(self, repeats: u32) -> Option<Duration> {
        const fn minutes(n: u64) -> Duration {
            Duration::from_secs(60 * n)
        }
        match self {
            Self::Auth | Self::RateLimit | Self::Overloaded => Some(match repeats {
                0 => minutes(1),
                1 => minutes(5),
                2 => minutes(25),
                _ => minutes(60),
            }),
            Self::Billing => Some(match repeats {
                0 => minutes(5 * 60),
                1 => minutes(10 * 60),
                2 => minutes(20 * 60),
                _ => minutes(24 * 60),
            }),
            Self::Timeout
            | Self::Unreachable
            | Self::Disconnected
            | Self::ContextLength
            | Self::Format
            | Self::UnknownModel => None,
        }
    }
}

/// Which providers are left alone, and until when.
#[derive(Debug, Default)]
pub struct Cooldowns {
    providers: HashMap<Box<str>, Cooldown>,
}

#[derive(Clone, Copy, Debug)]
struct Cooldown {
    kind: FailureKind,
    repeats: u32,
    until: Timestamp,
}

impl Cooldowns {
    /// Takes note that `provider` failed. `retry_after` is what the provider
    /// itself asked for; it counts when it is longer.
    pub fn failed(
        &mut self,
        provider: &str,
        kind: FailureKind,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) {
        let repeats = match self.providers.get(provider) {
            Some(cooldown) if cooldown.kind == kind => cooldown.repeats + 1,
            _ => 0,
        };
        let Some(pause) = kind.cooldown(repeats) else { return };
        let until = now + pause.max(retry_after.unwrap_or_default());
        self.providers.insert(provider.into(), Cooldown { kind, repeats, until });
    }

    /// Takes note that `provider` answered.
    pub fn succeeded(&mut self, provider: &str) {
        self.providers.remove(provider);
    }

    /// Until when `provider` is left alone, if it is.
    pub fn cooling_until(&self, provider: &str, now: Timestamp) -> Option<Timestamp> {
        self.providers.get(provider).map(|cooldown| cooldown.until).filter(|until| now < *until)
    }

    /// The order in which to ask `candidates`: those whose provider is ready as
    /// they stand, then the cooling ones, the soonest ready first. Nobody is
    /// left out: when all are cooling, the best of them is still asked.
    pub fn order<'a>(&self, candidates: &'a [ModelRef], now: Timestamp) -> Vec<&'a ModelRef> {
        let mut order: Vec<&ModelRef> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            if !order.contains(&candidate) {
                order.push(candidate);
            }
        }
        order.sort_by_key(|model| self.cooling_until(model.provider(), now));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(text: &str) -> ModelRef {
        text.parse().unwrap()
    }

    #[test]
    fn a_failing_provider_is_left_alone_longer_each_time() {
        let mut cooldowns = Cooldowns::default();
        let mut now = Timestamp::from_millis(0);
        for minutes in [1u64, 5, 25, 60, 60] {
            cooldowns.failed("a", FailureKind::RateLimit, None, now);
            let until = now + Duration::from_mins(minutes);
            assert_eq!(cooldowns.cooling_until("a", now), Some(until));
            now = until;
            assert_eq!(cooldowns.cooling_until("a", now), None);
        }
        cooldowns.succeeded("a");
        cooldowns.failed("a", FailureKind::Billing, None, now);
        assert_eq!(cooldowns.cooling_until("a", now), Some(now + Duration::from_hours(5)));
    }

    #[test]
    fn the_provider_may_ask_for_more_time() {
        let mut cooldowns = Cooldowns::default();
        let now = Timestamp::from_millis(0);
        let hour = Duration::from_hours(1);
        cooldowns.failed("a", FailureKind::RateLimit, Some(hour), now);
        assert_eq!(cooldowns.cooling_until("a", now), Some(now + hour));
    }

    #[test]
    fn ready_providers_are_asked_first_and_nobody_is_left_out() {
        let now = Timestamp::from_millis(0);
        let [a, b, c] = ["a/1", "b/1", "c/1"].map(model);
        let all = [a.clone(), b.clone(), c.clone(), a.clone()];

        let mut cooldowns = Cooldowns::default();
        assert_eq!(cooldowns.order(&all, now), [&a, &b, &c]);
        cooldowns.failed("a", FailureKind::Billing, None, now);
        assert_eq!(cooldowns.order(&all, now), [&b, &c, &a]);
        cooldowns.failed("b", FailureKind::RateLimit, None, now);
        cooldowns.failed("c", FailureKind::Timeout, None, now);
        assert_eq!(cooldowns.order(&all, now), [&c, &b, &a]);
    }

    #[test]
    fn a_conversation_that_is_too_long_is_too_long_everywhere() {
        assert!(!FailureKind::ContextLength.try_next());
        assert!(FailureKind::Auth.try_next());
    }
}
