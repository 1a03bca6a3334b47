//! What is done when a provider does not answer.

use std::time::Duration;

use crate::agent::FailureKind;

/// Why a provider did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no connection.
    Unreachable,
    /// The connection broke before the answer was there.
    Broken,
    /// Nothing was heard in time.
    Silent,
    /// What it says is no answer.
    Garbled,
    /// It answers with this status, which is none of success.
    Refused(u16),
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same model is asked again after this time.
    Again(Duration),
    /// Another model is asked.
    Other,
    /// Whoever asked is told.
    End,
}

/// How often a model is asked, and how long in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often one model is asked, at most.
    pub attempts: u32,
    /// How long the first pause is, about; each is twice as long as the one
    /// before.
    pub pause: Duration,
    /// The longest pause. A provider that wants more is left alone.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 3, pause: Duration::from_millis(400), longest: Duration::from_secs(8) }
    }
}

impl Fault {
    /// What a failure of this `kind` means that came with this `status`, or with
    /// none.
    pub const fn of(kind: FailureKind, status: Option<u16>) -> Self {
        match (kind, status) {
            (_, Some(status)) => Self::Refused(status),
            (FailureKind::Timeout, None) => Self::Silent,
            (FailureKind::Unreachable, None) => Self::Unreachable,
            (FailureKind::Disconnected, None) => Self::Broken,
            // What is complained about in the middle of an answer has no status.
            (FailureKind::Auth, None) => Self::Refused(401),
            (FailureKind::Billing, None) => Self::Refused(402),
            (FailureKind::RateLimit, None) => Self::Refused(429),
            (FailureKind::Overloaded, None) => Self::Refused(503),
            (FailureKind::ContextLength, None) => Self::Refused(400),
            (FailureKind::UnknownModel, None) => Self::Refused(404),
            (FailureKind::Format, None) => Self::Garbled,
        }
    }

    /// Whether it may be over soon.
    const fn passes(self) -> bool {
        match self {
            Self::Unreachable | Self::Broken => true,
            Self::Silent | Self::Garbled => false,
            Self::Refused(status) => matches!(status, 408 | 429 | 500 | 502..=504 | 520..=599),
        }
    }

    /// Whether another provider may do better with the same request.
    const fn is_of_provider(self) -> bool {
        match self {
            Self::Unreachable | Self::Broken | Self::Silent | Self::Garbled => true,
            Self::Refused(status) => matches!(status, 401..=404 | 408 | 429 | 500..),
        }
    }
}

impl Patience {
    /// What is done after the attempt number `attempt`, counted from 1, at a model
    /// ended in `fault`, when the provider wants to be left alone for `wanted` and
    /// there are `others` to ask or not. `dice` spreads the pauses of many.
    pub fn after(
        &self,
        fault: Fault,
        attempt: u32,
        wanted: Option<Duration>,
        others: bool,
        dice: u8,
    ) -> Next {
        if fault.passes() && attempt < self.attempts {
            let half = self.pause / 2;
            let spread = half * u32::from(dice) / u32::from(u8::MAX);
            let pause = match wanted {
                Some(wanted) => wanted.saturating_add(spread),
                None => (half + spread).saturating_mul(1 << attempt.saturating_sub(1).min(16)),
            };
            if pause <= self.longest {
                return Next::Again(pause);
            }
        }
        if others && fault.is_of_provider() { Next::Other } else { Next::End }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Patience = Patience {
        attempts: 3,
        pause: Duration::from_millis(400),
        longest: Duration::from_secs(8),
    };

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_a_failure_means() {
        #[rustfmt::skip]
        let table = [
            // kind                       status      fault
            (FailureKind::Timeout,        None,       Fault::Silent),
            (FailureKind::Unreachable,    None,       Fault::Unreachable),
            (FailureKind::Disconnected,   None,       Fault::Broken),
            (FailureKind::Format,         None,       Fault::Garbled),
            (FailureKind::Format,         Some(422),  Fault::Refused(422)),
            (FailureKind::Overloaded,     None,       Fault::Refused(503)),
            (FailureKind::Overloaded,     Some(529),  Fault::Refused(529)),
            (FailureKind::RateLimit,      None,       Fault::Refused(429)),
            (FailureKind::Auth,           None,       Fault::Refused(401)),
        ];
        for (kind, status, fault) in table {
            assert_eq!(Fault::of(kind, status), fault, "{kind:?} {status:?}");
        }
    }

    #[test]
    fn what_passes_is_tried_again_and_then_elsewhere() {
        use Fault::{Broken, Garbled, Refused, Silent, Unreachable};
        use Next::{Again, End, Other};

        #[rustfmt::skip]
        let table = [
            // fault          attempt  wanted         others  next
            (Unreachable,     1,       None,          false,  Again(millis(200))),
            (Broken,          2,       None,          true,   Again(millis(400))),
            (Broken,          3,       None,          true,   Other),
            (Broken,          3,       None,          false,  End),
            (Silent,          1,       None,          true,   Other),
            (Silent,          1,       None,          false,  End),
            (Garbled,         1,       None,          true,   Other),
            (Refused(429),    1,       None,          true,   Again(millis(200))),
            (Refused(429),    1,       Some(1_000),   true,   Again(millis(1_000))),
            (Refused(429),    1,       Some(60_000),  true,   Other),
            (Refused(429),    1,       Some(60_000),  false,  End),
            (Refused(503),    2,       Some(0),       false,  Again(millis(0))),
            (Refused(529),    1,       None,          false,  Again(millis(200))),
            (Refused(501),    1,       None,          true,   Other),
            (Refused(401),    1,       None,          true,   Other),
            (Refused(404),    1,       None,          false,  End),
            // The request itself is wrong, and would be everywhere.
            (Refused(400),    1,       None,          true,   End),
            (Refused(422),    1,       Some(1),       true,   End),
        ];
        for (fault, attempt, wanted, others, next) in table {
            let found = PATIENCE.after(fault, attempt, wanted.map(millis), others, 0);
            assert_eq!(found, next, "{fault:?} {attempt} {wanted:?} {others}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_asked_for_ever_nor_waited_for_too_long(
            status in 100_u16..=999,
            attempt in 1_u32..10,
            wanted in prop::option::of(0_u64..100_000),
            others: bool,
            dice: u8,
        ) {
            let fault = Fault::Refused(status);
            match PATIENCE.after(fault, attempt, wanted.map(millis), others, dice) {
                Next::Again(pause) => {
                    prop_assert!(attempt < PATIENCE.attempts);
                    prop_assert!(pause <= PATIENCE.longest);
                    prop_assert!(wanted.is_none_or(|wanted| millis(wanted) <= pause));
                }
                Next::Other => prop_assert!(others),
                Next::End => (),
            }
        }
    }
}
