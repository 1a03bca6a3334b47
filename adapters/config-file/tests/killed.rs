//! A process that is killed while it changes the file.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use config_file::ConfigFileStore;
use ports::{
    Json,
    driven::{ConfigEdit, ConfigStore, ConfigWrite},
};

/// Names the file to the process that is killed.
const FILE: &str = "CONFIG_FILE_TO_CHANGE";

/// How often it is killed.
const KILLS: usize = 50;

/// How long the value is that it changes, so that writing takes a while.
const LENGTH: usize = 20_000;

fn text(letter: &str) -> String {
    format!("{{ env: {{ A: '{}' }} }} // mine\n", letter.repeat(LENGTH))
}

/// The process that is killed: this program once more, for this test alone.
#[tokio::test]
#[ignore = "it is the process that the test below kills"]
async fn a_process_that_changes_the_file_without_end() {
    let Some(path) = env::var_os(FILE).map(PathBuf::from) else { return };
    let store = ConfigFileStore::new(path, |_| None);
    for letter in ["b", "a"].iter().cycle() {
        let path = vec!["env".into(), "A".into()];
        let edit = ConfigEdit::Set { path, value: Json::of(&letter.repeat(LENGTH)) };
        let write = ConfigWrite { edit, base_hash: None, any_base: true, dry_run: false };
        store.write(write).await.expect("nobody else writes");
        // The one below may have killed us already.
        let _ = writeln!(std::io::stdout(), "written");
    }
}

fn start(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(env::current_exe().expect("it has a name"))
        .args(["--ignored", "--exact", "a_process_that_changes_the_file_without_end"])
        .arg("--nocapture")
        .env(FILE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    (child, output)
}

#[test]
fn whenever_it_is_killed_the_file_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("openclaw.json");
    let versions = [text("a"), text("b")];
    fs::write(&path, &versions[0]).unwrap();
    let mut left_behind = 0;
    for kill in 0..KILLS {
        let (mut child, output) = start(&path);
        assert!(output.lines().map_while(Result::ok).any(|line| line.contains("written")));
        // It goes on; killed as soon as a new text is seen beside the file, or
        // some time later, it is at one step of a change or another.
        while !home.path().join("openclaw.json.new.tmp").exists() {
            thread::yield_now();
        }
        (0..kill * kill).for_each(|_| thread::yield_now());
        child.kill().unwrap();
        child.wait().unwrap();

        let names = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
        for name in names.collect::<Vec<_>>() {
            if name.extension().is_some_and(|it| it == "tmp") {
                left_behind += 1;
            } else if name.extension().is_none_or(|it| it != "lock") {
                let text = fs::read_to_string(&name).unwrap();
                assert!(versions.contains(&text), "{name:?}: {} bytes", text.len());
            }
        }
        assert!(path.exists());
    }
    assert!(0 < left_behind, "it was never killed in the middle of a change");
}
