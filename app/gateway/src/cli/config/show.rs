//! What the file says, and what is wrong with it.

use std::path::Path;

use config_file::{ConfigFile, FileManual, REDACTED, parse_path};
use ports::driven::{ConfigIssue, ConfigManual, ConfigSource};
use serde_json::{Value, json};

use super::{Get, Validate};
use crate::cli::{context::Context, failure::Failure, output};

pub(super) fn get(context: &Context, asked: &Get) -> Result<(), Failure> {
    let steps = parse_path(&asked.path).map_err(|error| Failure::new(error.to_string()))?;
    if let Some(refusal) = context.config.refusal().filter(|it| it.problem.key.is_empty()) {
        return Err(Failure::new(refusal.to_string()));
    }
    let snapshot = context.config.snapshot();
    let tree = if asked.show_secrets { context.config.with_secrets() } else { snapshot.config };
    let tree: Value = serde_json::from_str(tree.as_str()).unwrap_or_default();
    let missing = || Failure::new(format!("Config path not found: {}", asked.path));
    let value = at(&tree, &steps).ok_or_else(missing)?;
    if context.json {
        return Ok(output::json(value)?);
    }
    let text = match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    };
    output::line(&output::tame(&text))?;
    if text.contains(REDACTED) {
        output::note("Secrets are hidden; --show-secrets prints them.")?;
    }
    Ok(())
}

/// What is at `steps` of `tree`.
fn at<'a>(tree: &'a Value, steps: &[String]) -> Option<&'a Value> {
    steps.iter().try_fold(tree, |value, step| match value {
        Value::Array(values) => values.get(step.trim_matches(['[', ']']).parse::<usize>().ok()?),
        value => value.get(step),
    })
}

pub(super) fn validate(context: &Context, asked: &Validate) -> Result<(), Failure> {
    let other = asked.file.as_ref().map(|path| {
        let env = |name: &str| std::env::var(name).ok();
        ConfigFile::load(path.clone(), env)
    });
    let file = other.as_ref().unwrap_or(&context.config);
    let snapshot = file.snapshot();
    if other.is_some() && !snapshot.exists && snapshot.valid {
        return Err(Failure::new(format!("{}: no such file", file.path().display())));
    }
    if context.json {
        output::json(&json!({
            "ok": snapshot.valid, "path": snapshot.path, "exists": snapshot.exists,
            "valid": snapshot.valid, "issues": snapshot.issues, "warnings": snapshot.warnings,
        }))?;
    } else {
        output::line(&output::tame(&verdict(file.path(), &snapshot.issues, &snapshot.warnings)))?;
    }
    if snapshot.valid { Ok(()) } else { Err(Failure::silent()) }
}

fn verdict(path: &Path, issues: &[ConfigIssue], warnings: &[ConfigIssue]) -> String {
    let mut lines: Vec<_> = issues.iter().map(|issue| told(issue, path)).collect();
    lines.extend(warnings.iter().map(|it| format!("warning: {}", told(it, path))));
    let count = match issues.len() {
        0 => "valid".to_owned(),
        1 => "1 mistake".to_owned(),
        more => format!("{more} mistakes"),
    };
    lines.push(format!("{}: {count}", path.display()));
    lines.join("\n")
}

/// A problem as compilers tell them: `file:line: key: what is wrong`.
pub(super) fn told(issue: &ConfigIssue, path: &Path) -> String {
    let file = issue.file.clone().unwrap_or_else(|| path.display().to_string());
    let line = issue.line.map(|line| format!(":{line}")).unwrap_or_default();
    let key = if issue.path.is_empty() { String::new() } else { format!("{}: ", issue.path) };
    format!("{file}{line}: {key}{}", issue.message)
}

pub(super) fn path(context: &Context) -> Result<(), Failure> {
    let path = &context.paths.config_path;
    if context.json {
        return Ok(output::json(&json!({ "path": path, "exists": path.exists() }))?);
    }
    Ok(output::line(&path.display().to_string())?)
}

pub(super) fn schema() -> Result<(), Failure> {
    Ok(output::json(&FileManual.manual().schema())?)
}

#[test]
fn a_verdict_names_file_line_and_key() {
    let issue = |path: &str, line: Option<usize>| ConfigIssue {
        path: path.into(),
        message: "is wrong".into(),
        file: line.map(|_| "/x/included.json5".into()),
        line,
    };
    let file = Path::new("/x/openclaw.json");
    let issues = [issue("gateway.port", Some(3)), issue("", None)];
    let expected = "/x/included.json5:3: gateway.port: is wrong\n/x/openclaw.json: is wrong\n\
        warning: /x/openclaw.json: session: is wrong\n/x/openclaw.json: 2 mistakes";
    assert_eq!(verdict(file, &issues, &[issue("session", None)]), expected);
    assert_eq!(verdict(file, &[], &[]), "/x/openclaw.json: valid");
}
