//! Naming something by the beginning of its id, where that is clear enough.

use serde_json::Value;

use crate::cli::{failure::Failure, output};

/// How many characters of an id are shown at least.
const SHORTEST: usize = 8;
/// How many ids are listed when it is not clear which one is meant.
const LISTED: usize = 5;

/// The one of `ids` that `given` means: the one that is called so, else the only
/// one that begins so.
pub(crate) fn pick<'a>(
    what: &str,
    given: &str,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<&'a str, Failure> {
    let given = given.trim();
    if given.is_empty() {
        return Err(Failure::new(format!("which {what}? Its id is empty")));
    }
    let ids: Vec<&str> = ids.into_iter().collect();
    if let Some(exact) = ids.iter().find(|id| **id == given) {
        return Ok(exact);
    }
    let mut fitting: Vec<&str> = ids.into_iter().filter(|id| id.starts_with(given)).collect();
    fitting.sort_unstable();
    fitting.dedup();
    let given = output::cell(given, 80);
    match fitting.as_slice() {
        [] => Err(Failure::new(format!("no {what} is called {given}"))),
        [only] => Ok(only),
        several => {
            let some = several.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
            Err(Failure::new(format!("several {what}s begin with {given}: {some}")))
        }
    }
}

/// The texts called `name` in the objects of `list`.
pub(crate) fn texts<'a>(list: &'a Value, name: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().filter_map(move |item| item[name].as_str())
}

/// How many characters of each of `ids` have to be shown to tell them apart.
pub(crate) fn enough<'a>(ids: impl IntoIterator<Item = &'a str>) -> usize {
    let mut ids: Vec<&str> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    // Of ids in order, only neighbours can begin alike for longest.
    let shared = ids.windows(2).map(|pair| {
        let [one, other] = pair else { return 0 };
        one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
    });
    shared.max().map_or(SHORTEST, |shared| SHORTEST.max(shared + 1))
}

/// The first `length` characters of `id`, harmless to a terminal.
pub(crate) fn brief(id: &str, length: usize) -> String {
    let harmless = output::cell(id, usize::MAX);
    harmless.chars().take(length).collect()
}

#[test]
fn the_beginning_of_an_id_is_enough_when_it_is_clear() {
    let ids = ["abc1", "abc2", "abd", "x", "xy"];
    let picked = |given| pick("device", given, ids);
    assert_eq!(picked("abd").unwrap(), "abd");
    assert_eq!(picked("abc1").unwrap(), "abc1");
    assert_eq!(picked(" abc2 ").unwrap(), "abc2");
    assert_eq!(picked("x").unwrap(), "x", "a whole id is clear, whatever begins like it");
    let refused = |given| picked(given).unwrap_err().message().to_owned();
    assert_eq!(refused("abc"), "several devices begin with abc: abc1, abc2");
    assert_eq!(refused("nobody\u{1b}"), "no device is called nobody");
    assert_eq!(refused(" "), "which device? Its id is empty");
}

#[test]
fn as_much_of_an_id_is_shown_as_tells_it_from_the_others() {
    assert_eq!(enough([]), 8);
    assert_eq!(enough(["0123456789", "1123456789"]), 8);
    assert_eq!(enough(["0123456789a", "0123456789b", "x"]), 11);
    assert_eq!(enough(["0123456789a", "0123456789a"]), 8, "the same id twice is one");
    assert_eq!(brief("01234567-89ab", 8), "01234567");
    assert_eq!(brief("short", 8), "short");
}
