//! Where records are: the number of a transcript and a place in it, as one
//! number, so that a transcript lies together in the file and its end is found
//! in three steps.

use std::ops::RangeInclusive;

/// The bits that hold the place in the transcript.
pub(crate) const OFFSET_BITS: u32 = 32;

/// The place `offset` of a transcript, unless the transcript cannot be that
/// long.
pub(crate) fn place(transcript: i64, offset: u64) -> Option<i64> {
    let offset = u32::try_from(offset).ok()?;
    Some(transcript << OFFSET_BITS | i64::from(offset))
}

/// The place in the transcript.
pub(crate) fn offset(place: i64) -> u64 {
    // Only the lower bits are wanted.
    (place & i64::from(u32::MAX)).unsigned_abs()
}

/// All places of a transcript. Places begin at 1.
pub(crate) fn places(transcript: i64) -> RangeInclusive<i64> {
    let base = transcript << OFFSET_BITS;
    base + 1..=base + i64::from(u32::MAX)
}

#[test]
fn places_of_a_transcript_lie_together() {
    let last = u64::from(u32::MAX);
    assert_eq!(place(7, 1), Some(*places(7).start()));
    assert_eq!(place(7, last), Some(*places(7).end()));
    assert_eq!(place(7, last + 1), None);
    assert!(places(7).end() < places(8).start());
    assert_eq!(offset(place(i64::from(i32::MAX), 5).unwrap()), 5);
    assert_eq!(offset(place(1, last).unwrap()), last);
}
