//! The files of cases.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The cases the project was given.
const GIVEN: &str = include_str!("../../cases/bad-inputs.json");
/// Its own, for published holes that none of those is about.
const OWN: &str = include_str!("../../cases/advisories.json");
/// Those about configurations, where every mistake is to be an error.
const STRICT: &str = include_str!("../../cases/strict.json");

/// What a file holds, as far as the runner reads it.
#[derive(Debug, Deserialize)]
pub(super) struct Cases {
    /// What is true of all cases.
    pub(super) meta: Meta,
    /// Every case, in the order of the file.
    pub(super) cases: Vec<Case>,
}

/// What is true of all cases.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    /// What `{{path.tools}}` and its like stand for.
    pub(super) paths: BTreeMap<String, Value>,
}

/// One hostile input.
///
/// Steps and expectations are read only when the case is played: those of later
/// issues use words that the runner does not know yet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// As in `WSF-012`.
    pub(super) id: String,
    /// The part of the gateway it is aimed at.
    pub(super) surface: String,
    /// What it does, for people.
    pub(super) title: String,
    /// The state the gateway is in beforehand.
    pub(super) fixture: String,
    /// What is done, in order.
    pub(super) steps: Vec<Value>,
    /// What has to come of it.
    pub(super) expect: Value,
    /// Why this copy of the case differs from the one the project was given.
    #[serde(default)]
    pub(super) corrected: Option<String>,
    // For people.
    #[serde(default, rename = "original")]
    _original: Value,
    #[serde(default, rename = "divergence")]
    _divergence: Value,
    #[serde(default, rename = "refs")]
    _refs: Value,
    #[serde(default, rename = "notes")]
    _notes: Value,
}

/// Reads all files.
pub(super) fn load() -> Result<Cases, serde_json::Error> {
    let mut given: Cases = serde_json::from_str(GIVEN)?;
    for own in [OWN, STRICT] {
        let own: Cases = serde_json::from_str(own)?;
        given.cases.extend(own.cases);
    }
    Ok(given)
}

#[test]
fn the_files_are_read_and_names_are_unique() {
    let given: Cases = serde_json::from_str(GIVEN).unwrap();
    assert_eq!(given.cases.len(), 299);
    let mut ids: Vec<String> = load().unwrap().cases.into_iter().map(|case| case.id).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
