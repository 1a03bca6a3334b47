//! What people are shown of the file, and what they type.

use ports::Json;

use crate::{ConfigFile, evaluate::evaluate, outline::outline, read::read};

impl ConfigFile {
    /// What the file on disk puts into force and what it says beyond that, with
    /// its secrets. For whoever may read the file and asked for them.
    pub fn with_secrets(&self) -> Json {
        Json::of(&evaluate(&self.path, &*self.env).in_force())
    }
}

/// What `text` means as JSON5; nothing if it is no value, or more than one.
pub fn parse_value(text: &str) -> Option<Json> {
    let document = read(text).ok()?;
    outline(&document.text).map(|_| Json::of(&document.value))
}

#[test]
fn values_as_they_are_typed() {
    let table = [
        ("5", Some("5")),
        ("0x10", Some("16")),
        ("true", Some("true")),
        ("'x'", Some("\"x\"")),
        ("{ a: [1,], }", Some("{\"a\":[1]}")),
        ("", None),
        ("// x", None),
        ("lan", None),
        ("127.0.0.1", None),
        ("+15550100", Some("15550100")),
        ("{ a: ", None),
    ];
    for (text, expected) in table {
        let found = parse_value(text);
        assert_eq!(found.as_ref().map(Json::as_str), expected, "{text}");
    }
}

#[test]
fn secrets_are_shown_to_whoever_asks_for_them() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("openclaw.json");
    std::fs::write(&path, "{ gateway: { auth: { token: 'canary-${NAME}' } } }").unwrap();
    let env = |name: &str| (name == "NAME").then(|| "of-mine".to_owned());
    let shown = ConfigFile::load(path, env).with_secrets();
    assert!(shown.as_str().contains("\"token\":\"canary-of-mine\""), "{}", shown.as_str());
    assert!(shown.as_str().contains("\"port\":18789"), "defaults included");
}
