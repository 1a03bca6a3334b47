//! Changes of the file, through the door everyone uses.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::PathBuf,
};

use config_file::{ConfigFile, ConfigFileStore, REDACTED, parse_path};
use ports::{
    Json,
    driven::{ConfigEdit, ConfigSource, ConfigStore, ConfigWrite, ConfigWriteError, ConfigWritten},
};
use serde::Serialize;
use serde_json::json;

struct Home {
    dir: tempfile::TempDir,
    env: BTreeMap<&'static str, &'static str>,
}

impl Home {
    fn with(text: &str) -> Self {
        let home = Self::empty();
        fs::write(home.path(), text).expect("it is writable");
        home
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self { dir, env: BTreeMap::new() }
    }

    fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.dir.path().join(name), text).expect("it is writable");
        self
    }

    fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.insert(name, value);
        self
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("openclaw.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).expect("it is there")
    }

    fn hash(&self) -> String {
        ConfigFile::load(self.path(), |_| None).snapshot().hash
    }

    fn store(&self) -> ConfigFileStore {
        let env = self.env.clone();
        ConfigFileStore::new(self.path(), move |name| env.get(name).map(|&it| it.to_owned()))
    }

    async fn write(&self, edit: ConfigEdit) -> Result<ConfigWritten, ConfigWriteError> {
        self.store().write(any_base(edit)).await
    }
}

fn any_base(edit: ConfigEdit) -> ConfigWrite {
    ConfigWrite { edit, base_hash: None, any_base: true, dry_run: false }
}

fn set(path: &str, value: impl Serialize) -> ConfigEdit {
    ConfigEdit::Set { path: parse_path(path).expect("a path"), value: Json::of(&value) }
}

fn unset(path: &str) -> ConfigEdit {
    ConfigEdit::Unset { path: parse_path(path).expect("a path") }
}

fn merge(text: &str) -> ConfigEdit {
    ConfigEdit::Merge(text.to_owned())
}

fn replace(text: &str) -> ConfigEdit {
    ConfigEdit::Replace(text.to_owned())
}

const FILE: &str = "\u{feff}// Mine.\r\n{\r\n\t'gateway': { // where\r\n\t\tport: 0x4965,\r\n\t\tauth: { token: '${TOKEN}' },\r\n\t},\r\n\t/* who */ agents: { list: [{ id: 'a' }, { id: 'b' },], },\r\n} // end\r\n";

#[tokio::test]
async fn bytes_that_are_not_concerned_stay() {
    #[rustfmt::skip]
    let table = [
        (set("gateway.port", json!(18_790)), "0x4965", "18790"),
        (set("gateway.bind", json!("lan")), "' },\r\n\t},", "' },\r\n\t\tbind: 'lan',\r\n\t},"),
        (set("agents.list[1].name", json!("B")), "{ id: 'b' }", "{ id: 'b', name: 'B' }"),
        (set("agents.list[2]", json!({ "id": "c" })), "{ id: 'b' },", "{ id: 'b' }, { id: 'c' },"),
        (set("gateway.port", json!(0x4965)), "", ""),
        (unset("agents.list[0]"), "{ id: 'a' }, ", ""),
        (unset("gateway.port"), "\t\tport: 0x4965,\r\n", ""),
        (unset("gateway.nothing"), "", ""),
        (merge("{ gateway: { port: null, bind: 'lan' } }"), "\t\tport: 0x4965,\r\n\t\tauth: { token: '${TOKEN}' },\r\n", "\t\tauth: { token: '${TOKEN}' },\r\n\t\tbind: 'lan',\r\n"),
    ];
    for (edit, old, new) in table {
        let home = Home::with(FILE).set("TOKEN", "canary-canary");
        let asked = format!("{edit:?}");
        let written = home.write(edit).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        assert_eq!(home.text(), FILE.replacen(old, new, 1), "{asked}");
        assert_eq!(written.hash, home.hash(), "{asked}");
        assert_eq!(written.changed.is_empty(), old == new, "{asked}: {:?}", written.changed);
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_for_its_owner_only() {
    let home = Home::empty();
    let nested = home.dir.path().join("a/b/openclaw.json");
    let store = ConfigFileStore::new(nested.clone(), |_| None);
    let written = store.write(any_base(set("gateway.port", json!(1)))).await.unwrap();
    assert_eq!(written.changed, ["gateway.port"]);
    assert_eq!(written.config.gateway.port, 1);
    let text = "{\n  \"gateway\": {\n    \"port\": 1\n  }\n}\n";
    assert_eq!(fs::read_to_string(&nested).unwrap(), text);
    assert_eq!(fs::metadata(&nested).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(nested.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_change_is_for_the_text_it_was_made_for() {
    let home = Home::with("{ gateway: { port: 1 } }");
    let store = home.store();
    let change = |port: u16, base_hash: Option<String>| ConfigWrite {
        edit: set("gateway.port", json!(port)),
        base_hash,
        any_base: false,
        dry_run: false,
    };
    let hash = home.hash();
    let refused = store.write(change(2, None)).await.unwrap_err();
    assert!(matches!(refused, ConfigWriteError::BaseHashRequired), "{refused:?}");
    let first = store.write(change(2, Some(hash.clone()))).await.unwrap();
    let refused = store.write(change(3, Some(hash))).await.unwrap_err();
    assert!(matches!(refused, ConfigWriteError::Changed), "{refused:?}");
    store.write(change(4, Some(first.hash))).await.unwrap();
    assert_eq!(home.text(), "{ gateway: { port: 4 } }");

    let nothing = Home::empty();
    nothing.store().write(change(5, None)).await.expect("there is no text it could be for");
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let home = Home::with("{ gateway: { port: 1 } }").set("OPENCLAW_NIX_MODE", "1");
    let dry = ConfigWrite { dry_run: true, ..any_base(set("gateway.port", json!(2))) };
    let told = home.store().write(dry).await.unwrap();
    assert_eq!(told.changed, ["gateway.port"]);
    assert_eq!(told.config.gateway.port, 2);
    assert_eq!(home.text(), "{ gateway: { port: 1 } }");
    assert_eq!(fs::read_dir(home.dir.path()).unwrap().count(), 1, "not even a lock");
}

#[tokio::test]
async fn five_backups_are_kept() {
    let home = Home::with("{ gateway: { port: 1 } }");
    let store = home.store();
    for port in 2..=8 {
        store.write(any_base(set("gateway.port", json!(port)))).await.unwrap();
    }
    for (suffix, port) in [("", 8), (".bak", 7), (".bak.1", 6), (".bak.2", 5), (".bak.4", 3)] {
        let path = home.dir.path().join(format!("openclaw.json{suffix}"));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{{ gateway: {{ port: {port} }} }}"), "{suffix}");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
    let mut names: Vec<_> = fs::read_dir(home.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = ["", ".bak", ".bak.1", ".bak.2", ".bak.3", ".bak.4", ".lock"];
    assert_eq!(names, expected.map(|suffix| format!("openclaw.json{suffix}")));
}

#[tokio::test]
async fn a_link_stays_one() {
    let home = Home::empty().file("real.json", "{ gateway: { port: 1 } }");
    symlink("real.json", home.dir.path().join("hop.json")).unwrap();
    symlink("hop.json", home.path()).unwrap();
    home.write(set("gateway.port", json!(2))).await.unwrap();
    assert!(fs::symlink_metadata(home.path()).unwrap().is_symlink());
    let real = home.dir.path().join("real.json");
    assert_eq!(fs::read_to_string(real).unwrap(), "{ gateway: { port: 2 } }");
    assert!(home.dir.path().join("real.json.bak").exists(), "and its backup is beside it");
}

#[tokio::test]
async fn what_cannot_be_read_is_not_written_over() {
    let home = Home::empty();
    fs::write(home.path(), b"{ note: '\xff' }").unwrap();
    let refused = home.write(replace("{ gateway: { port: 2 } }")).await.unwrap_err();
    assert!(matches!(refused, ConfigWriteError::Io { doing: "read", .. }), "{refused:?}");
    assert_eq!(fs::read(home.path()).unwrap(), b"{ note: '\xff' }");

    let home = Home::empty();
    fs::create_dir(home.path()).unwrap();
    let refused = home.write(replace("{}")).await.unwrap_err();
    assert!(matches!(refused, ConfigWriteError::Io { doing: "read", .. }), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_managed_elsewhere_is_left_alone() {
    for name in ["OPENCLAW_NIX_MODE", "OPENCLAW_CONFIG_READONLY"] {
        let home = Home::with("{}").set(name, "1");
        let refused = home.write(set("gateway.port", json!(2))).await.unwrap_err();
        assert!(matches!(&refused, ConfigWriteError::ReadOnly(_)), "{refused:?}");
        assert!(refused.to_string().contains(name), "{refused}");
        assert_eq!(home.text(), "{}");
    }
}

#[tokio::test]
async fn nothing_invalid_is_written() {
    #[rustfmt::skip]
    let table = [
        ("{}", set("gateway.port", json!("many")), "Invalid gateway.port"),
        ("{}", set("gateway.prot", json!(1)), "Invalid gateway.prot"),
        ("{}", replace("{ gatway: {} }"), "Invalid gatway"),
        ("{}", replace("{ gateway: "), "Syntax"),
        ("{}", replace("[]"), "Invalid "),
        ("{}", merge("[]"), "NotAnObject"),
        ("{}", merge("{ a: "), "Syntax"),
        ("{}", merge("{ __proto__: { a: 1 } }"), "Syntax"),
        ("{}", set("__proto__.a", json!(1)), "Invalid "),
        ("{ agents: { list: [] } }", set("agents.list[3].id", json!("x")), "Syntax"),
        ("{ gateway: ", set("gateway.port", json!(1)), "InvalidFile "),
        ("{ gateway: { port: 'x' } }", merge("{ agents: {} }"), "InvalidFile gateway.port"),
        ("[]", set("gateway.port", json!(1)), "InvalidFile "),
        // What was odd before does not keep anybody from changing something else.
        ("{ gatway: {}, session: { mainKey: 5 } }", set("gateway.port", json!(1)), "Ok"),
        ("{ gateway: { port: 'x' } }", set("gateway.port", json!(1)), "Ok"),
        ("{ gateway: { auth: { token: '${ELSEWHERE}' } } }", set("gateway.port", 1), "Ok"),
        ("{ gateway: { auth: { token: '${ELSEWHERE}' } } }", merge("{ gateway: { port: 1 } }"), "Ok"),
        ("{}", set("gateway.auth.token", "${UNSET}"), "Invalid gateway.auth.token"),
        ("{ gateway: ", replace("{ gateway: { port: 1 } }"), "Ok"),
        ("", merge("{ gateway: { port: 1 } }"), "Ok"),
    ];
    for (text, edit, expected) in table {
        let home = Home::with(text);
        let asked = format!("{text} {edit:?}");
        let came = match home.write(edit).await {
            Ok(_) => "Ok".to_owned(),
            Err(ConfigWriteError::Invalid(issues)) => format!("Invalid {}", issues[0].path),
            Err(ConfigWriteError::InvalidFile(issues)) => format!("InvalidFile {}", issues[0].path),
            Err(ConfigWriteError::Syntax(_)) => "Syntax".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(came, expected, "{asked}");
        if came != "Ok" {
            assert_eq!(home.text(), text, "{asked}");
        }
    }
}

#[tokio::test]
async fn placeholders_mean_the_secret_that_was_there() {
    let text = "{ gateway: { port: 1, auth: { token: '${TOKEN}' } },
      models: { providers: { x: { apiKey: \"canary\\u002dkey\", headers: { A: 'canary-header' } } } } }";
    let home = || Home::with(text).set("TOKEN", "canary-token-of-the-environment");
    let sent = format!(
        "{{ gateway: {{ auth: {{ token: '{REDACTED}' }}, port: 2 }}, models: {{ providers: {{ x: \
         {{ headers: {{ A: '{REDACTED}' }}, apiKey: '{REDACTED}' }} }} }} }}"
    );
    let replaced = home();
    replaced.write(replace(&sent)).await.unwrap();
    let spelled = "{ gateway: { auth: { token: '${TOKEN}' }, port: 2 }, models: { providers: { x: \
         { headers: { A: 'canary-header' }, apiKey: \"canary\\u002dkey\" } } } }";
    assert_eq!(replaced.text(), spelled);

    let merged = home();
    merged.write(merge(&sent)).await.unwrap();
    assert_eq!(merged.text(), text.replace("port: 1", "port: 2"), "and nothing else");

    let lost = home();
    for edit in [
        set("gateway.auth.password", json!(REDACTED)),
        merge(&format!("{{ models: {{ providers: {{ y: {{ apiKey: '{REDACTED}' }} }} }} }}")),
        replace(&format!("{{ gateway: {{ port: '{REDACTED}' }} }}")),
    ] {
        let refused = lost.write(edit).await.unwrap_err();
        assert!(matches!(refused, ConfigWriteError::LostSecret(_)), "{refused:?}");
        assert!(!format!("{refused:?}").contains("canary"));
    }
    assert_eq!(lost.text(), text);
}

#[tokio::test]
async fn what_a_client_was_shown_can_be_sent_back() {
    let text = "// token: canary-old\n{ gateway: { auth: { token: 'canary-canary' } }, // mine\n \
        /* see canary-canary */ session: {} } // apiKey=canary-key\n";
    let home = Home::with(text);
    let raw = ConfigFile::load(home.path(), |_| None).snapshot().raw.unwrap();
    assert!(!raw.contains("canary"));
    home.write(replace(&raw)).await.unwrap();
    assert_eq!(home.text(), text);
}

#[tokio::test]
async fn an_old_spelling_makes_way() {
    let home = Home::with("{\n  gateway: {\n    token: 'old', // mine\n    port: 1,\n  },\n}");
    home.write(set("gateway.auth.token", json!("new-token"))).await.unwrap();
    let text = "{\n  gateway: {\n    // mine\n    port: 1,\n    auth: {\n      token: 'new-token',\n    },\n  },\n}";
    assert_eq!(home.text(), text);
}

#[tokio::test]
async fn included_files_are_neither_changed_nor_copied() {
    let home = || {
        Home::with("{ $include: 'base.json5', agents: { $include: 'agents.json5' } }")
            .file(
                "base.json5",
                "{ gateway: { port: 1, bind: 'lan', trustedProxies: ['10.0.0.1'] } }",
            )
            .file("agents.json5", "{ list: [{ id: 'a' }] }")
    };
    #[rustfmt::skip]
    let table = [
        // A key beside the include wins over it.
        (set("gateway.port", json!(2)), Ok("{ $include: 'base.json5', agents: { $include: 'agents.json5' }, gateway: { port: 2 } }")),
        (merge("{ gateway: { port: 2 } }"), Ok("{ $include: 'base.json5', agents: { $include: 'agents.json5' }, gateway: { port: 2 } }")),
        (set("agents.defaults.timeoutSeconds", json!(5)), Ok("{ $include: 'base.json5', agents: { $include: 'agents.json5', defaults: { timeoutSeconds: 5 } } }")),
        (unset("agents"), Ok("{ $include: 'base.json5' }")),
        // Lists would follow each other, and nothing beside an include takes away.
        (set("gateway.trustedProxies", json!(["10.0.0.2"])), Err("base.json5")),
        (set("gateway", json!({ "port": 2 })), Err("base.json5")),
        (unset("gateway.bind"), Err("base.json5")),
        (merge("{ gateway: { bind: null } }"), Err("base.json5")),
        (set("agents.list[0].name", json!("A")), Err("agents.json5")),
        (unset("agents.list[0]"), Err("agents.json5")),
    ];
    for (edit, expected) in table {
        let home = home();
        let asked = format!("{edit:?}");
        match (home.write(edit).await, expected) {
            (Ok(_), Ok(text)) => assert_eq!(home.text(), text, "{asked}"),
            (Err(ConfigWriteError::ReadOnly(why)), Err(file)) => {
                assert!(why.contains(file) && why.contains("change it there"), "{asked}: {why}");
            }
            (came, _) => panic!("{asked}: {came:?}"),
        }
    }
    let home = home();
    home.write(set("gateway.port", json!(2))).await.unwrap();
    let written = home.write(unset("gateway.port")).await.unwrap();
    assert_eq!(written.config.gateway.port, 1);
    assert_eq!(written.warnings[0].path, "gateway.port", "the included file counts again");
}

#[tokio::test]
async fn what_looks_like_an_accident_is_refused() {
    let provider = |n| format!("p{n}: {{ baseUrl: 'http://127.0.0.1:1/{n}' }}");
    let providers = (0..30).map(provider).collect::<Vec<_>>().join(", ");
    let text =
        format!("{{ gateway: {{ mode: 'local' }}, models: {{ providers: {{ {providers} }} }} }}");
    #[rustfmt::skip]
    let table = [
        (replace("{ gateway: { port: 2 } }"), Some("gateway.mode")),
        (replace("{ gateway: { mode: 'local' } }"), Some("")),
        (set("gateway", json!({ "port": 2 })), Some("gateway.mode")),
        (unset("gateway"), Some("gateway.mode")),
        (merge("{ gateway: null }"), Some("gateway.mode")),
        // Said by name, it is no accident.
        (unset("gateway.mode"), None),
        (merge("{ gateway: { mode: null } }"), None),
        (unset("models"), None),
        (merge("{ models: null }"), None),
    ];
    for (edit, refused) in table {
        let home = Home::with(&text);
        let asked = format!("{edit:?}");
        match (home.write(edit).await, refused) {
            (Ok(_), None) => (),
            (Err(ConfigWriteError::Invalid(issues)), Some(path)) => {
                assert_eq!(issues[0].path, path, "{asked}");
                assert_eq!(home.text(), text, "{asked}");
            }
            (came, _) => panic!("{asked}: {came:?}"),
        }
    }
    let home = Home::with(&text);
    home.store().write_by_hand(any_base(replace("{}"))).await.expect("a person wanted it so");
}

#[test]
fn a_change_that_has_begun_is_finished() {
    // One thread for what blocks, so that the first to come is the first to go.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let home = Home::with("{ gateway: { port: 1 } }");
        let store = home.store();
        // The lock holds the change up until nobody waits for it any more.
        let lock = fs::File::create(home.dir.path().join("openclaw.json.lock")).unwrap();
        lock.lock().unwrap();
        let mut change = Box::pin(store.write(any_base(set("gateway.port", json!(2)))));
        let waited = tokio::time::timeout(std::time::Duration::ZERO, &mut change).await;
        assert!(waited.is_err(), "it waits for the lock");
        drop(change);
        lock.unlock().unwrap();
        let after = store.write(any_base(set("gateway.bind", json!("lan")))).await.unwrap();
        assert_eq!(after.config.gateway.port, 2, "the one before it came first");
    });
}

#[tokio::test]
async fn a_directory_nobody_may_write_keeps_its_file() {
    let home = Home::with("{ gateway: { port: 1 } }");
    // Root may write everywhere, but not through a file.
    let path = home.path().join("not-a-directory/openclaw.json");
    let store = ConfigFileStore::new(path, |_| None);
    let refused = store.write(any_base(set("gateway.port", json!(2)))).await.unwrap_err();
    assert!(matches!(refused, ConfigWriteError::Io { .. }), "{refused:?}");
    let about = fs::metadata(home.path()).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o644, "it is as it was");
}
