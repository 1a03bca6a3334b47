//! Directories that the real OpenClaw wrote, and ones somebody damaged.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::SystemTime,
};

use domain::{access::Role, ids::AgentId};
use flate2::read::GzDecoder;
use openclaw_state::{OpenClawState, Options};
use ports::driven::{ForeignItem, ForeignKind, ForeignState};

fn fixture(version: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("tests/fixtures/openclaw-{version}.tar.gz");
    let file = fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    tar::Archive::new(GzDecoder::new(file)).unpack(dir.path()).unwrap();
    dir
}

fn options(scratch: &Path) -> Options {
    Options { agents: Vec::new(), config: true, in_place: false, scratch: scratch.to_owned() }
}

fn read(dir: &Path) -> Vec<ForeignItem> {
    let scratch = tempfile::tempdir().unwrap();
    let mut state = OpenClawState::open(dir, options(scratch.path())).unwrap();
    let items = std::iter::from_fn(|| state.next()).collect();
    drop(state);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "no copy is left");
    items
}

/// Every file, with its length, time and content.
fn everything(dir: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut directories = vec![dir.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                found.insert(path.clone(), (modified, fs::read(&path).unwrap()));
            }
        }
    }
    found
}

fn conversations(items: &[ForeignItem]) -> Vec<(String, bool, Vec<String>)> {
    let mut found: Vec<(String, bool, Vec<String>)> = Vec::new();
    for item in items {
        match item {
            ForeignItem::Conversation(it) => {
                found.push((it.session.key.to_string(), it.current, Vec::new()));
            }
            ForeignItem::Record(it) => {
                found.last_mut().unwrap().2.push(it.text.clone().unwrap_or_default());
            }
            _ => (),
        }
    }
    found
}

/// What is left out of `what`, with its place.
fn left_out(items: &[ForeignItem], what: ForeignKind) -> Vec<String> {
    let left_out = items.iter().filter_map(|item| match item {
        ForeignItem::LeftOut(it) if it.what == what => Some(format!("{}: {}", it.at, it.why)),
        _ => None,
    });
    left_out.collect()
}

#[test]
fn what_both_generations_wrote_is_read_and_left_as_it_is() {
    for version in ["2026.1.30", "2026.9.6"] {
        let dir = fixture(version);
        let before = everything(dir.path());
        let items = read(dir.path());
        assert_eq!(everything(dir.path()), before, "{version} was touched");

        let found = conversations(&items);
        let main = found.iter().find(|(key, ..)| key == "agent:main:main").unwrap();
        let work = found.iter().find(|(key, ..)| key == "agent:work:main").unwrap();
        assert!(main.1 && work.1, "{version}");
        let texts: Vec<_> = main.2.iter().map(String::as_str).collect();
        let [hello, first, another, second] = texts[..] else { panic!("{version}: {texts:?}") };
        assert!(hello.ends_with("Hello from the fixture"), "{version}: {hello}");
        assert_eq!(first, "The first answer of the old gateway.");
        assert!(another.ends_with("Another question"), "{version}: {another}");
        assert_eq!(second, "Second answer, with ümlauts and 日本語.");
        assert_eq!(work.2[1], "Work answer.");

        let devices: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                ForeignItem::Device(device) => Some(device),
                _ => None,
            })
            .collect();
        let of = |id: &str| *devices.iter().find(|it| it.id.as_str().starts_with(id)).unwrap();
        assert_eq!(of("dbc29825").roles().collect::<Vec<_>>(), [Role::Operator], "{version}");
        assert_eq!(of("fe812c12").roles().collect::<Vec<_>>(), [Role::Node], "{version}");
        assert!(of("fe812c12").grants[&Role::Node].commands.is_empty(), "none were approved");

        let kept = items.iter().find_map(|item| match item {
            ForeignItem::Keepsake { name, content } if name.starts_with("cron/") => {
                Some(String::from_utf8(content.clone()).unwrap())
            }
            _ => None,
        });
        assert!(kept.unwrap().contains("say good morning"), "{version}");
        let config = items.iter().find_map(|item| match item {
            ForeignItem::Config { text, .. } => Some(String::from_utf8(text.clone()).unwrap()),
            _ => None,
        });
        assert!(config.unwrap().contains("fake-16-0"), "{version}");
        for kind in [ForeignKind::Conversation, ForeignKind::Message, ForeignKind::Device] {
            assert_eq!(left_out(&items, kind), Vec::<String>::new(), "{version}");
        }
    }
}

#[test]
fn reading_again_gives_the_same() {
    for version in ["2026.1.30", "2026.9.6"] {
        let dir = fixture(version);
        assert_eq!(read(dir.path()), read(dir.path()), "{version}");
    }
}

#[test]
fn only_the_agents_that_were_named_are_read() {
    let dir = fixture("2026.1.30");
    let agents = vec![AgentId::normalize("work")];
    let named = Options { agents, ..options(dir.path()) };
    let mut state = OpenClawState::open(dir.path(), named).unwrap();
    let items: Vec<_> = std::iter::from_fn(|| state.next()).collect();
    let keys: Vec<_> = conversations(&items).into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["agent:work:main"]);
}

/// The file of the conversation `agent:main:main` in the layout of January.
fn transcript(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir.join("agents/main/sessions")).unwrap();
    let mut files = files.map(|it| it.unwrap().path());
    files.find(|it| it.extension().is_some_and(|it| it == "jsonl")).unwrap()
}

#[test]
fn damaged_lines_are_told_with_their_place_and_the_rest_is_read() {
    let dir = fixture("2026.1.30");
    let path = transcript(dir.path());
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let whole = lines.len();
    lines.insert(2, "{\"type\":\"message\",\"id\":");
    lines.insert(4, "");
    lines.push("{\"type\":\"message\",\"id\":\"half\",\"mess");
    fs::write(&path, lines.join("\n")).unwrap();

    let items = read(dir.path());
    assert_eq!(conversations(&items)[0].2.len(), 4, "all four messages");
    let told = left_out(&items, ForeignKind::Message);
    let name = format!("agents/main/sessions/{}", path.file_name().unwrap().to_str().unwrap());
    let last = whole + 3;
    assert_eq!(
        told,
        [format!("{name}:3: it is not JSON"), format!("{name}:{last}: it is not JSON")]
    );
}

#[test]
fn a_transcript_that_belongs_to_nothing_any_more_is_an_earlier_conversation() {
    let dir = fixture("2026.1.30");
    let path = transcript(dir.path());
    fs::copy(&path, path.with_file_name("0ld.jsonl")).unwrap();
    fs::write(path.with_file_name("sessions.json"), "{ not JSON").unwrap();
    let items = read(dir.path());
    let found = conversations(&items);
    let of_main = found.iter().filter(|(key, ..)| key.starts_with("agent:main:earlier:"));
    assert_eq!(of_main.filter(|(_, current, said)| !current && said.len() == 4).count(), 2);
    let told = left_out(&items, ForeignKind::Other);
    assert!(
        told.iter().any(|it| it.starts_with("agents/main/sessions/sessions.json:1")),
        "{told:?}"
    );
}

#[test]
fn newer_formats_are_refused_by_name() {
    let dir = fixture("2026.1.30");
    let path = transcript(dir.path());
    let text = fs::read_to_string(&path).unwrap().replacen("\"version\":3", "\"version\":9", 1);
    fs::write(&path, text).unwrap();
    let items = read(dir.path());
    let told = left_out(&items, ForeignKind::Conversation);
    assert!(told[0].ends_with("its format is 9, and this program knows 4 at most"), "{told:?}");
    assert!(!conversations(&items).iter().any(|(key, ..)| key == "agent:main:main"));

    let dir = fixture("2026.9.6");
    for name in ["agents/main/agent/openclaw-agent.sqlite", "state/openclaw.sqlite"] {
        // The version stands in bytes 60 to 63 of a database.
        let path = dir.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
        fs::write(&path, bytes).unwrap();
        let log = dir.path().join(format!("{name}-wal"));
        fs::write(log, "").unwrap();
    }
    let items = read(dir.path());
    let told = left_out(&items, ForeignKind::Other);
    let refused = told.iter().filter(|it| it.contains("its version is 99, and this program knows"));
    assert_eq!(refused.count(), 2, "{told:?}");
    let keys: Vec<_> = conversations(&items).into_iter().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["agent:work:main"], "the rest is read");
}

#[test]
fn links_that_lead_out_are_not_followed() {
    let dir = fixture("2026.1.30");
    let outside = tempfile::tempdir().unwrap();
    let path = transcript(dir.path());
    let moved = outside.path().join("t.jsonl");
    fs::rename(&path, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &path).unwrap();
    let items = read(dir.path());
    assert_eq!(conversations(&items)[0].2.len(), 0);
    let told = left_out(&items, ForeignKind::Conversation);
    assert!(told[0].contains("leads out of the directory"), "{told:?}");
}

/// 100 MB of transcript pass through little memory.
#[test]
fn a_huge_transcript_is_not_held_in_memory() {
    const MESSAGES: usize = 1_000;

    let dir = fixture("2026.1.30");
    let mut file = fs::OpenOptions::new().append(true).open(transcript(dir.path())).unwrap();
    let text = "x".repeat(100_000);
    for n in 0..MESSAGES {
        writeln!(
            file,
            r#"{{"type":"message","id":"big{n}","message":{{"role":"user","content":"{text}"}}}}"#
        )
        .unwrap();
    }
    let mut state = OpenClawState::open(dir.path(), options(dir.path())).unwrap();
    let mut messages = 0;
    while let Some(item) = state.next() {
        messages += usize::from(matches!(item, ForeignItem::Record(_)));
    }
    assert!(MESSAGES < messages);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 60_000, "{peak} kB at most for a file of 100 MB");
}
