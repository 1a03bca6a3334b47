//! From the file to the configuration, step by step.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use ports::config::{Config, holds_secret};
use serde_json::{Map, Value};

use crate::{
    alias,
    decode::decode,
    dotenv::dotenv,
    hooks,
    include::include,
    problem::{Place, Problem, Severity},
    read::{Document, read},
    redact::Redaction,
    secret_refs,
    substitute::{Variables, env_block, substitute},
    tilde, tools, unknown,
};

/// A file and what it comes to.
#[derive(Debug)]
pub(crate) struct Evaluated {
    /// Its bytes, if there is one.
    pub(crate) text: Option<Vec<u8>>,
    /// What it says by itself, if it can be read.
    pub(crate) document: Option<Document>,
    /// What it says with includes, variables and today's spelling.
    pub(crate) resolved: Value,
    /// What is in force by it.
    pub(crate) config: Config,
    /// What a person should know about it.
    pub(crate) problems: Vec<Problem>,
    /// The variables it and the `.env` beside it set.
    pub(crate) variables: Variables,
    /// The files it was read from, or would have been.
    pub(crate) files: Vec<PathBuf>,
    /// The secrets that came out of variables.
    used_secrets: Vec<String>,
}

/// Reads the file at `path` and everything it refers to.
pub(crate) fn evaluate(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Evaluated {
    evaluate_over(path, env, None)
}

/// The same, while `running` is in force, which counts wherever the file has a
/// mistake.
pub(crate) fn evaluate_over(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    running: Option<&Value>,
) -> Evaluated {
    let mut problems = Vec::new();
    let text = bytes(path, &mut problems);
    evaluate_text(path, text, problems, env, running)
}

/// What `text` comes to as the file at `path`, with `problems` known before.
pub(crate) fn evaluate_text(
    path: &Path,
    text: Option<Vec<u8>>,
    mut problems: Vec<Problem>,
    env: &dyn Fn(&str) -> Option<String>,
    running: Option<&Value>,
) -> Evaluated {
    let mut places = BTreeMap::new();
    let mut files = vec![path.to_owned(), path.with_file_name(".env")];
    let document = text.as_deref().and_then(|text| document(path, text, &mut problems));
    let mut tree = document.as_ref().map_or_else(
        || Value::Object(Map::new()),
        |document| said(path, document, env, &mut places, &mut problems),
    );

    let mut variables = env_block(&tree);
    variables.extend(dotenv(&path.with_file_name(".env")));
    let lookup = |name: &str| {
        let set = |value: &String| !value.is_empty();
        env(name).filter(set).or_else(|| variables.get(name).cloned())
    };
    alias::modernise(&mut tree, &mut problems);
    let used = substitute(&mut tree, &lookup, &mut problems);
    let secrets = used.iter().filter(|name| holds_secret(name));
    let mut used_secrets: Vec<String> = secrets.filter_map(|name| lookup(name)).collect();
    let directory = path.parent().unwrap_or(path);
    used_secrets.extend(secret_refs::resolve(&mut tree, directory, &lookup, &mut problems));
    tilde::expand(&mut tree, &lookup);
    unknown::warn(&tree, &mut problems);
    tools::only_one_list(&mut tree, &mut problems);
    let mut config = decode(tree.clone(), running, &mut problems);
    // Known even if something it includes cannot be read.
    let own = document.as_ref().map(|it| &it.value["gateway"]["config"]["strict"]);
    config.gateway.config.strict |= own.is_some_and(|strict| *strict == true);
    check_secrets(&config, &mut problems);
    hooks::check(&mut config, running, &mut problems);
    hooks::check_slack(&config, &mut problems);
    tools::warn(&config, &mut problems);

    for problem in &mut problems {
        problem.place = problem.place.take().or_else(|| place(&places, &problem.key));
    }
    files.extend(places.values().map(|place: &Place| place.file.clone()));
    files.sort();
    files.dedup();
    Evaluated { text, document, resolved: tree, config, problems, variables, used_secrets, files }
}

impl Evaluated {
    /// What has to be hidden of it.
    pub(crate) fn redaction(&self) -> Redaction {
        let mut redaction = Redaction::default();
        redaction.learn(&self.resolved);
        if let Some(document) = &self.document {
            redaction.learn(&document.value);
        }
        self.used_secrets.iter().for_each(|secret| redaction.learn_one(secret));
        redaction
    }

    /// What is in force, and what the file says beyond that.
    pub(crate) fn in_force(&self) -> Value {
        let mut all = self.resolved.clone();
        overlay(&mut all, serde_json::to_value(&self.config).unwrap_or_default());
        all
    }
}

/// The bytes of the file; none if it is not there.
fn bytes(path: &Path, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let message = format!("the file cannot be read: {}", error.kind());
            problems.push(Problem::new(Severity::Fatal, "", message));
            None
        }
    }
}

fn document(path: &Path, text: &[u8], problems: &mut Vec<Problem>) -> Option<Document> {
    let fatal = |message: String| Problem::new(Severity::Fatal, "", message);
    let Ok(text) = str::from_utf8(text) else {
        problems.push(fatal("the file is not UTF-8".into()));
        return None;
    };
    match read(text) {
        Ok(document) => Some(document),
        Err(error) => {
            let place = Some(Place { file: path.to_owned(), line: error.line });
            problems.push(Problem { place, ..fatal(error.message) });
            None
        }
    }
}

/// What `document` says together with the files it includes.
fn said(
    path: &Path,
    document: &Document,
    env: &dyn Fn(&str) -> Option<String>,
    places: &mut BTreeMap<String, Place>,
    problems: &mut Vec<Problem>,
) -> Value {
    let place = |line| Place { file: path.to_owned(), line };
    places.extend(document.lines.iter().map(|(key, line)| (key.clone(), place(*line))));
    for key in &document.repeated {
        let message = "is said twice; the last one counts";
        problems.push(Problem::new(Severity::Warning, key, message));
    }
    match with_includes(path, document.value.clone(), env, places) {
        Ok(Value::Object(tree)) => Value::Object(tree),
        Ok(_) => {
            problems.push(Problem::new(Severity::Fatal, "", "the file has to hold an object"));
            Value::Object(Map::new())
        }
        Err(problem) => {
            problems.push(problem);
            Value::Object(Map::new())
        }
    }
}

/// `value`, which the file at `path` says, with what it includes.
pub(crate) fn with_includes(
    path: &Path,
    value: Value,
    env: &dyn Fn(&str) -> Option<String>,
    places: &mut BTreeMap<String, Place>,
) -> Result<Value, Problem> {
    let roots = env("OPENCLAW_INCLUDE_ROOTS").unwrap_or_default();
    let roots = std::env::split_paths(&roots).filter(|root| root.is_absolute());
    include(value, path, roots.collect(), places)
}

/// A token or password that is set has to be one.
fn check_secrets(config: &Config, problems: &mut Vec<Problem>) {
    let auth = &config.gateway.auth;
    for (name, secret) in [("token", &auth.token), ("password", &auth.password)] {
        let message = match secret.as_deref().map(str::trim) {
            Some("") => format!("is blank, so no {name} is configured"),
            Some("undefined" | "null") => format!("is a placeholder and an invalid {name}"),
            None | Some(_) => continue,
        };
        problems.push(Problem::new(Severity::Fatal, &format!("gateway.auth.{name}"), message));
    }
}

/// Where `key` stands, or what it is part of.
pub(crate) fn place(places: &BTreeMap<String, Place>, key: &str) -> Option<Place> {
    let mut key = key;
    loop {
        if let Some(place) = places.get(key) {
            return Some(place.clone());
        }
        key = &key[..key.rfind(['.', '['])?];
    }
}

fn overlay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                overlay(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}
