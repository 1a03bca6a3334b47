//! Reading the file again while it is in force.

use std::fs;

use config_file::ConfigFile;
use ports::driven::{ConfigReload, ConfigSource};
use tempfile::TempDir;

struct Home {
    dir: TempDir,
    file: ConfigFile,
}

impl Home {
    fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("openclaw.json");
        fs::write(&path, text).expect("it is writable");
        Self { file: ConfigFile::load(path, |_| None), dir }
    }

    fn write(&self, text: &str) {
        fs::write(self.dir.path().join("openclaw.json"), text).expect("it is writable");
    }
}

#[test]
fn what_was_read_is_in_force_once_it_is_adopted() {
    let home = Home::with("{ gateway: { port: 1 }, session: { mainKey: 'a' } }");
    home.write("{ gateway: { port: 2, prot: 3 }, session: { mainKey: 'a' } }");
    let read = home.file.read_again();
    assert_eq!(read.changed, ["gateway.port", "gateway.prot"]);
    assert_eq!((read.before.gateway.port, read.after.gateway.port), (1, 2));
    assert!(read.issues.is_empty());
    assert_eq!(home.file.current().gateway.port, 1, "it was only read");
    home.file.adopt();
    assert_eq!(home.file.current().gateway.port, 2);
    assert!(home.file.read_again().changed.is_empty());
}

#[test]
fn a_mistake_keeps_its_section_and_says_where_it_is() {
    let home = Home::with("{ gateway: { port: 1, auth: { token: 'a-good-token' } } }");
    home.write(
        "{\n gateway: {\n  port: 'x',\n  auth: { token: 5 } },\n session: { mainKey: 'b' } }",
    );
    let read = home.file.read_again();
    assert_eq!(read.changed, ["session.mainKey"]);
    let mut told: Vec<_> =
        read.issues.iter().map(|issue| (issue.path.as_str(), issue.line.unwrap())).collect();
    told.sort_unstable();
    assert_eq!(told, [("gateway.auth.token", 4), ("gateway.port", 3)]);
    home.file.adopt();
    let now = home.file.current();
    assert_eq!(now.gateway.auth.token.as_deref(), Some("a-good-token"));
    assert_eq!((now.gateway.port, &*now.session.main_key), (1, "b"));
}

#[test]
fn what_cannot_be_read_or_is_gone_changes_nothing() {
    let home = Home::with("{ gateway: { port: 1 } }");
    for text in ["{ gateway: {", "[]", "\u{0}"] {
        home.write(text);
        let read = home.file.read_again();
        assert!(read.changed.is_empty() && read.issues.len() == 1, "{text}: {read:?}");
        home.file.adopt();
        assert_eq!(home.file.current().gateway.port, 1, "{text}");
    }
    home.write("");
    let read = home.file.read_again();
    assert!(read.changed.is_empty());
    assert_eq!(read.issues[0].message, "the file is empty; what was in force stays");

    let path = home.dir.path().join("openclaw.json");
    fs::remove_file(&path).unwrap();
    let read = home.file.read_again();
    assert!(read.changed.is_empty());
    assert_eq!(read.issues[0].message, "the file is gone; what was in force stays");

    home.write("{ gateway: { port: 2 } }");
    assert_eq!(home.file.read_again().changed, ["gateway.port"]);
    home.file.adopt();
    assert_eq!(home.file.current().gateway.port, 2);
}

#[test]
fn a_file_that_comes_is_read_and_what_it_includes_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("openclaw.json");
    let file = ConfigFile::load(path.clone(), |_| None);
    assert!(file.read_again().issues.is_empty(), "none was there, and none is");
    let more = dir.path().join("more.json");
    fs::write(&more, "{ session: { mainKey: 'c' } }").unwrap();
    fs::write(&path, "{ $include: './more.json' }").unwrap();
    let read = file.read_again();
    assert_eq!(read.changed, ["session.mainKey"]);
    assert!(read.files.contains(&path) && read.files.contains(&more), "{:?}", read.files);
}
