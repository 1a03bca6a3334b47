//! What a request wants only under conditions, and which part of it (RFC 9110
//! 13 and 14).

use std::ops::Range;

use http::{HeaderMap, HeaderName, header};

/// What a request says about that.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// What the client has already.
    if_none_match: Option<Box<str>>,
    /// What the part it wants has to belong to.
    if_range: Option<Box<str>>,
    range: Option<Box<str>>,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The client has it already.
    Nothing,
    /// All of it.
    Whole,
    /// A part of it.
    Part(Range<u64>),
    /// A part that is not there.
    Beyond,
}

impl Conditions {
    /// What `headers` say. Parts are for those who get something (`is_get`).
    pub fn of(headers: &HeaderMap, is_get: bool) -> Self {
        let says = |name: HeaderName| -> Option<Box<str>> {
            let mut values = headers.get_all(name).iter();
            let first = values.next()?.to_str().ok()?;
            // Who says it twice gets everything.
            values.next().is_none().then(|| first.into())
        };
        Self {
            if_none_match: says(header::IF_NONE_MATCH),
            if_range: says(header::IF_RANGE).filter(|_| is_get),
            range: says(header::RANGE).filter(|_| is_get),
        }
    }

    /// What is wanted of something `length` bytes long that is called `tag`.
    pub fn wanted(&self, tag: &str, length: u64) -> Wanted {
        let is_same =
            |other: &str| other == "*" || other.strip_prefix("W/").unwrap_or(other) == tag;
        if self
            .if_none_match
            .as_deref()
            .is_some_and(|tags| tags.split(',').map(str::trim).any(is_same))
        {
            return Wanted::Nothing;
        }
        // A date is never precise enough, and nothing here has one.
        let is_of_this = self.if_range.as_deref().is_none_or(|other| other == tag);
        match self.range.as_deref().filter(|_| is_of_this) {
            Some(range) => part(range, length),
            None => Wanted::Whole,
        }
    }
}

/// The part `range` means. What is no range of bytes, or several of them, is
/// not understood, and that means everything.
fn part(range: &str, length: u64) -> Wanted {
    let Some(bounds) = range.strip_prefix("bytes=") else { return Wanted::Whole };
    let Some((first, last)) = bounds.trim().split_once('-') else { return Wanted::Whole };
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // Larger than any number there is means the end.
        is_number.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1)),
        (Some(first), None) if last.is_empty() => (first, length),
        (None, Some(suffix)) if first.is_empty() && suffix == 0 => return Wanted::Beyond,
        (None, Some(suffix)) if first.is_empty() => (length.saturating_sub(suffix), length),
        _ => return Wanted::Whole,
    };
    if length <= start { Wanted::Beyond } else { Wanted::Part(start..end.min(length)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_a_part_or_everything() {
        use Wanted::{Beyond, Part, Whole};

        #[rustfmt::skip]
        let table = [
            ("bytes=0-3",                   Part(0..4)),
            ("bytes=4-",                    Part(4..10)),
            ("bytes=-3",                    Part(7..10)),
            ("bytes=-99",                   Part(0..10)),
            ("bytes=0-99",                  Part(0..10)),
            ("bytes=9-9",                   Part(9..10)),
            ("bytes=9-99999999999999999999", Part(9..10)),
            ("bytes=10-",                   Beyond),
            ("bytes=-0",                    Beyond),
            ("bytes=99999999999999999999-", Beyond),
            ("bytes=0-1,4-5",               Whole),
            ("bytes=3-1",                   Whole),
            ("bytes=",                      Whole),
            ("bytes=-",                     Whole),
            ("bytes=+1-2",                  Whole),
            ("bytes=a-b",                   Whole),
            ("items=0-1",                   Whole),
        ];
        for (range, expected) in table {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Beyond);
        assert_eq!(part("bytes=-5", 0), Beyond);
    }

    #[test]
    fn conditions_come_first() {
        let part = Wanted::Part(0..1);
        #[rustfmt::skip]
        let table = [
            // If-None-Match       If-Range         wanted
            (None,                 None,            part.clone()),
            (Some("\"a\""),        None,            Wanted::Nothing),
            (Some("W/\"a\""),      None,            Wanted::Nothing),
            (Some("\"b\", \"a\""), None,            Wanted::Nothing),
            (Some("*"),            None,            Wanted::Nothing),
            (Some("\"b\""),        None,            part.clone()),
            (None,                 Some("\"a\""),   part),
            (None,                 Some("\"b\""),   Wanted::Whole),
            (None,                 Some("W/\"a\""), Wanted::Whole),
            (None,                 Some("Tue, 15 Nov 1994 08:12:31 GMT"), Wanted::Whole),
        ];
        for (if_none_match, if_range, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, "bytes=0-0".parse().unwrap());
            for (name, value) in
                [(header::IF_NONE_MATCH, if_none_match), (header::IF_RANGE, if_range)]
            {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let wanted = Conditions::of(&headers, true).wanted("\"a\"", 10);
            assert_eq!(wanted, expected, "{if_none_match:?} {if_range:?}");
            if expected != Wanted::Nothing {
                let looked = Conditions::of(&headers, false).wanted("\"a\"", 10);
                assert_eq!(looked, Wanted::Whole, "only what is got has parts");
            }
        }
    }

    #[test]
    fn who_says_it_twice_gets_everything() {
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, "bytes=0-0".parse().unwrap());
        headers.append(header::RANGE, "bytes=1-1".parse().unwrap());
        assert_eq!(Conditions::of(&headers, true).wanted("\"a\"", 10), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_nor_outside(range in "bytes=[0-9]{0,20}-[0-9]{0,20}", length in 0..200_u64) {
            if let Wanted::Part(part) = part(&range, length) {
                prop_assert!(part.start < part.end && part.end <= length);
            }
        }
    }
}
