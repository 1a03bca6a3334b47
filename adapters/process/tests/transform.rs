//! Programs that say what a webhook means.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::Duration,
};

use ports::{
    Json,
    driven::{Transform, TransformError, Transforms},
};
use process::HookTransforms;

fn program(path: &Path, mode: u32, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn called(program: &str) -> Transform {
    Transform {
        directory: None,
        program: program.to_owned(),
        arguments: Vec::new(),
        timeout: Duration::from_secs(20),
    }
}

async fn run(root: &Path, transform: Transform, input: &str) -> Result<String, TransformError> {
    let input = Json::parse(input.to_owned()).unwrap();
    let said = HookTransforms::new(root.to_owned()).run(transform, input).await?;
    Ok(said.as_str().to_owned())
}

#[tokio::test]
async fn a_program_gets_the_call_and_answers_with_json() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("transforms");
    program(&root.join("echo"), 0o755, "cat");
    program(&root.join("deep/er"), 0o700, r#"read it; printf '{"name":"%s %s"}' "$1" "$0""#);
    program(&root.join("env"), 0o755, r"env | grep -cv '^\(PATH\|PWD\|SHLVL\|_\|OLDPWD\)='");
    program(&root.join("deaf"), 0o755, "exec echo null");

    assert_eq!(run(&root, called("echo"), r#"{"a":[1]}"#).await.unwrap(), r#"{"a":[1]}"#);
    let deep = Transform { arguments: vec!["$HOME;x".to_owned()], ..called("deep/er") };
    let said = run(&root, deep, "{}").await.unwrap();
    assert!(said.starts_with(r#"{"name":"$HOME;x "#), "no shell looks at arguments: {said}");
    let within = Transform { directory: Some("deep".to_owned()), ..called("er") };
    run(&root, within, "{}").await.unwrap();
    let variables = run(&root, called("env"), "{}").await;
    let Err(TransformError::Failed(why)) = &variables else { panic!("{variables:?}") };
    assert!(why.starts_with("it ended with 1"), "grep finds no other variable: {why}");
    let long = format!("\"{}\"", "x".repeat(200_000));
    assert_eq!(run(&root, called("deaf"), &long).await.unwrap(), "null");
}

/// V-90: what is not in the directory is not run, however it is named.
#[tokio::test]
async fn nothing_outside_the_directory_is_run() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("transforms");
    let outside = dir.path().join("outside");
    program(&outside, 0o755, "touch ran; echo null");
    program(&root.join("inside"), 0o755, "echo null");
    program(&root.join("plain"), 0o644, "echo null");
    program(&root.join("shared"), 0o777, "echo null");
    symlink(&outside, root.join("link")).unwrap();
    symlink("inside", root.join("alias")).unwrap();
    symlink(dir.path(), root.join("up")).unwrap();

    let absolute = outside.to_str().unwrap();
    for name in
        ["", ".", "..", "../outside", "./inside/../../outside", absolute, "link", "up/outside"]
    {
        let refused = run(&root, called(name), "{}").await;
        assert!(matches!(refused, Err(TransformError::Forbidden(_))), "{name}: {refused:?}");
    }
    for name in ["plain", "shared", "nobody", "up"] {
        let refused = run(&root, called(name), "{}").await;
        assert!(matches!(refused, Err(TransformError::Forbidden(_))), "{name}: {refused:?}");
    }
    for directory in ["..", "/", "up"] {
        let from = Transform { directory: Some(directory.to_owned()), ..called("outside") };
        let refused = run(&root, from, "{}").await;
        assert!(matches!(refused, Err(TransformError::Forbidden(_))), "{directory}: {refused:?}");
    }
    assert_eq!(run(&root, called("alias"), "{}").await.unwrap(), "null");
    assert!(!root.join("ran").exists());
}

#[tokio::test]
async fn a_program_that_does_not_answer_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    program(&root.join("slow"), 0o755, "sleep 60; echo null");
    program(&root.join("loud"), 0o755, "yes | head -c 1000000");
    program(&root.join("wrong"), 0o755, "echo nonsense");
    program(&root.join("sad"), 0o755, "echo why >&2; exit 3");

    let hasty = Transform { timeout: Duration::from_millis(200), ..called("slow") };
    let table = [
        (hasty, "the transform failed: it took too long"),
        (called("loud"), "the transform failed: it said more than 200000 letters"),
        (called("wrong"), "the transform did not answer with JSON"),
        (called("sad"), "the transform failed: it ended with 3: why"),
    ];
    for (transform, expected) in table {
        let refused = run(root, transform, "{}").await.unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
}
