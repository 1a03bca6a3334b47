//! `openclaw config`, as somebody at a terminal uses it.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn with(text: &str) -> Self {
        let home = Self(TempDir::new().unwrap());
        fs::create_dir(home.0.path().join(".openclaw")).unwrap();
        fs::write(home.path(), text).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(".openclaw/openclaw.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.arg("config").args(words).env_clear();
        command.env("HOME", self.0.path()).env("PATH", path);
        command
    }

    fn config(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// A program that stands for an editor: a shell script that is given the file.
    fn editor(&self, script: &str) -> String {
        let path = self.0.path().join("editor");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn edit(&self, script: &str) -> Output {
        let editor = self.editor(script);
        self.command(&["edit"]).env("EDITOR", editor).output().unwrap()
    }

    /// What is in the directory besides the file, its backups and its lock.
    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().parent().unwrap()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.display().to_string().contains(".edit-")).collect()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const FILE: &str = "// Mine.\n{\n  gateway: { mode: 'local', auth: { token: 'canary-token' } },\n  agents: { list: [{ id: 'a' }, { id: 'b', }] },\n}\n";

#[test]
fn values_are_set_where_they_belong_and_comments_stay() {
    #[rustfmt::skip]
    let table: [(&[&str], &str, &str); 8] = [
        (&["set", "gateway.port", "18790", "--strict-json"], " } },\n  agents", " }, port: 18790 },\n  agents"),
        (&["set", "agents.list[1].name", "Bert"], "'b', }", "'b', name: 'Bert', }"),
        (&["set", "agents.list.0.id", "'c'"], "{ id: 'a' }", "{ id: 'c' }"),
        (&["set", "agents[\"list\"][0].id", "-x"], "{ id: 'a' }", "{ id: '-x' }"),
        (&["unset", "agents.list[0]"], "{ id: 'a' }, ", ""),
        (&["patch", "{ agents: { list: null } }"], "list: [{ id: 'a' }, { id: 'b', }] ", ""),
        (&["set", "gateway.mode", "local"], "", ""),
        (&["set", "gateway.port", "1", "--dry-run"], "", ""),
    ];
    for (words, old, new) in table {
        let home = Home::with(FILE);
        let output = home.config(words);
        assert!(output.status.success(), "{words:?}: {}", err(&output));
        assert_eq!(home.text(), FILE.replacen(old, new, 1), "{words:?}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_with_line_and_key() {
    #[rustfmt::skip]
    let table: [(&[&str], &str); 8] = [
        (&["set", "gateway.port", "many"], ":3: gateway.port: invalid type"),
        (&["set", "gateway.prot", "1"], ":3: gateway.prot: unknown key"),
        (&["set", "agents.list[0].id", "lan", "--strict-json"], "no JSON5"),
        (&["set", "agents.list[5].id", "x"], "agents.list has only 2 entries"),
        (&["set", "a..b", "x"], "no empty keys"),
        (&["get", "gateway.nothing"], "Config path not found: gateway.nothing"),
        (&["patch", "[]"], "a patch is a JSON5 object"),
        (&["patch", "--file", "/nonexistent"], "/nonexistent: entity not found"),
    ];
    for (words, why) in table {
        let home = Home::with(FILE);
        let output = home.config(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(err(&output).contains(why), "{words:?}: {}", err(&output));
        assert_eq!(home.text(), FILE, "{words:?}");
    }
    let home = Home::with(FILE);
    let managed =
        home.command(&["set", "gateway.port", "1"]).env("OPENCLAW_NIX_MODE", "1").output();
    assert!(err(&managed.unwrap()).contains("managed by Nix"));
    assert_eq!(home.text(), FILE);
}

#[test]
fn secrets_are_printed_only_for_those_who_ask() {
    let home = Home::with(FILE);
    let hidden = home.config(&["get", "gateway.auth.token"]);
    assert_eq!(out(&hidden), "__OPENCLAW_REDACTED__\n");
    assert!(err(&hidden).contains("--show-secrets"));
    let shown = home.config(&["get", "gateway.auth.token", "--show-secrets"]);
    assert_eq!(out(&shown), "canary-token\n");
    assert_eq!(out(&home.config(&["get", "gateway.port"])), "18789\n", "the default");
    assert_eq!(out(&home.config(&["get", "agents.list[0].id", "--json"])), "\"a\"\n");
}

#[test]
fn programs_are_told_in_json() {
    let home = Home::with(FILE);
    let set = home.config(&["set", "gateway.port", "5", "--json"]);
    let told: Value = serde_json::from_slice(&set.stdout).unwrap();
    assert_eq!((&told["ok"], &told["changed"]), (&json!(true), &json!(["gateway.port"])));
    let refused = home.config(&["set", "gateway.port", "'x'", "--json"]);
    let told: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &told["ok"]), (Some(1), &json!(false)));
    let plan = home.config(&["plan", "set", "gateway.port", "6", "--json"]);
    let told: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(told["hot"], json!(["gateway.port"]));
    assert!(home.text().contains("port: 5"), "a plan writes nothing");
}

#[test]
fn a_patch_comes_from_the_standard_input() {
    let home = Home::with(FILE);
    let mut command = home.command(&["patch", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{ gateway: { port: 7 } }").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(home.text(), FILE.replace("'canary-token' } }", "'canary-token' }, port: 7 }"));
}

#[test]
fn a_file_is_judged_by_line_and_key() {
    let home = Home::with(FILE);
    let good = home.config(&["validate"]);
    assert!(good.status.success() && out(&good).ends_with("openclaw.json: valid\n"));
    let other = home.0.path().join("other.json5");
    fs::write(&other, "{\n  gateway: {\n    port: 'x',\n    prot: 1 } }").unwrap();
    let other = other.to_str().unwrap();
    let bad = home.config(&["validate", other]);
    assert_eq!(bad.status.code(), Some(1));
    let told = out(&bad);
    assert!(told.contains(&format!("{other}:3: gateway.port: ")), "{told}");
    assert!(told.contains(&format!("warning: {other}:4: gateway.prot: unknown key")), "{told}");
    let json = home.config(&["validate", other, "--json"]);
    let told: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&told["valid"], &told["issues"][0]["line"]), (&json!(false), &json!(3)));
    assert_eq!(home.config(&["validate", "/nonexistent"]).status.code(), Some(1));
}

#[test]
fn an_editor_changes_the_file() {
    let home = Home::with(FILE);
    let saved = home.edit("sed -i \"s/'local'/'local', port: 9/\" \"$1\"");
    assert!(saved.status.success(), "{}", err(&saved));
    assert_eq!(out(&saved), "Saved. Changed: gateway.port\n");
    assert_eq!(home.text(), FILE.replace("'local'", "'local', port: 9"));
    assert_eq!(home.copies(), Vec::<PathBuf>::new());

    let untouched = home.edit("true");
    assert_eq!(out(&untouched), "Nothing was changed.\n");
    let failed = home.edit("exit 3");
    assert!(err(&failed).contains("nothing was written"), "{}", err(&failed));
    assert_eq!(home.copies(), Vec::<PathBuf>::new());

    let everything = home.edit("echo '{}' > \"$1\"");
    assert!(everything.status.success(), "whoever edits by hand means it: {}", err(&everything));
    assert_eq!(home.text(), "{}\n");
}

#[test]
fn an_edit_that_is_refused_is_not_lost() {
    let home = Home::with(FILE);
    let wrong = home.edit("echo '{ gateway: { port: \"x\" } }' > \"$1\"");
    assert_eq!(wrong.status.code(), Some(1));
    let copies = home.copies();
    assert!(err(&wrong).contains(&format!("Your text is in {}", copies[0].display())));
    assert!(err(&wrong).contains("gateway.port: invalid type"), "{}", err(&wrong));
    assert_eq!(fs::read_to_string(&copies[0]).unwrap(), "{ gateway: { port: \"x\" } }\n");
    assert_eq!(fs::metadata(&copies[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(home.text(), FILE);
    fs::remove_file(&copies[0]).unwrap();

    // Somebody else changes the file while the editor is open.
    let path = home.path();
    let theirs = format!("echo '{{}}' > {}; echo '{{ gateway: {{}} }}' > \"$1\"", path.display());
    let late = home.edit(&theirs);
    assert!(err(&late).contains("changed by somebody else"), "{}", err(&late));
    assert_eq!(home.text(), "{}\n", "their change stands");
    assert_eq!(home.copies().len(), 1);
}

#[test]
fn commands_at_the_same_time_lose_nothing() {
    let home = Home::with("{}");
    let ports = ["a", "b", "c", "d", "e", "f"];
    let children: Vec<_> = ports
        .iter()
        .map(|name| {
            let path = format!("env.vars.{name}");
            home.command(&["set", &path, "x"]).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let told = home.config(&["get", "env.vars", "--json"]);
    let vars: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(vars.as_object().unwrap().len(), ports.len(), "{vars}");
}

#[test]
fn where_the_file_is_and_what_it_may_say() {
    let home = Home::with(FILE);
    let path = format!("{}\n", home.path().display());
    assert_eq!(out(&home.config(&["path"])), path);
    assert_eq!(out(&home.config(&["file"])), path);
    let schema: Value = serde_json::from_slice(&home.config(&["schema"]).stdout).unwrap();
    assert!(schema["properties"]["gateway"].is_object());
}
