//! Chance that can be repeated: the same seed rolls the same dice.

use std::{ops::Range, time::Duration};

/// A `splitmix64` generator; good enough to choose what to do next.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for the `n`-th of several.
    pub(crate) fn child(&self, n: u64) -> Self {
        let mut child = Self(self.0 ^ n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        child.roll();
        child
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.roll() % (range.end - range.start)
    }

    pub(crate) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }
}
