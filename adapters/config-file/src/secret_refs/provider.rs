//! Places secrets are kept in (`secrets.providers`).

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::tilde::expanded;

/// How long a program may take, unless the file says less.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much a file or a program may say, unless the file says less.
const LENGTH: u64 = 64 * 1024;

/// Why there is no secret. Never quotes what a place said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(String);

type Answer = Result<String, Unresolved>;

/// One place.
#[derive(Debug)]
pub(super) enum Provider<'a> {
    /// Variables of the environment.
    Env { allowlist: Option<Vec<&'a str>> },
    /// A file.
    File(&'a Value),
    /// What a program says.
    Exec(&'a Value),
}

impl<'a> Provider<'a> {
    /// The place called `name` in the section `secrets`.
    pub(super) fn of(
        section: &'a Value,
        source: &str,
        name: Option<&str>,
    ) -> Result<Self, Unresolved> {
        let settings = name.map(|name| &section["providers"][name]);
        if let Some(kind) = settings.and_then(|settings| settings["source"].as_str())
            && kind != source
        {
            let name = name.unwrap_or_default();
            return Err(Unresolved(format!("the provider {name} is not of this source")));
        }
        match (source, settings, name) {
            ("env", settings, _) => {
                let allowlist = settings.map_or(&Value::Null, |settings| &settings["allowlist"]);
                let names = |list: &'a Vec<Value>| list.iter().filter_map(Value::as_str).collect();
                Ok(Self::Env { allowlist: allowlist.as_array().map(names) })
            }
            ("store", _, _) => Err(Unresolved("this gateway has no store of secrets".into())),
            ("file" | "exec", _, None) => {
                Err(Unresolved("no provider is named, and secrets.defaults names none".into()))
            }
            ("file" | "exec", Some(settings), Some(name)) if !settings.is_object() => {
                Err(Unresolved(format!("there is no provider {name}")))
            }
            ("file", Some(settings), _) => Ok(Self::File(settings)),
            ("exec", Some(settings), _) => Ok(Self::Exec(settings)),
            _ => Err(Unresolved("there is no such source".into())),
        }
    }

    /// The secrets called `ids`, in order.
    pub(super) fn ask(
        &self,
        ids: &[&str],
        directory: &Path,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<Answer> {
        let each = |said: Result<String, Unresolved>, pick: &dyn Fn(&str, &str) -> Answer| {
            let pick = |id: &&str| said.as_ref().map_err(Clone::clone).and_then(|it| pick(it, id));
            ids.iter()
                .map(pick)
                .map(|answer| answer.and_then(|secret| not_empty(&secret)))
                .collect()
        };
        match self {
            Self::Env { allowlist } => {
                ids.iter().map(|id| variable(id, allowlist.as_deref(), lookup)).collect()
            }
            Self::File(settings) => {
                let is_single = settings["mode"].as_str().is_some_and(|mode| mode != "json");
                let said = read(&place(settings, directory, lookup), limit(settings, "maxBytes"));
                each(said, &|text, id| {
                    if is_single { Ok(text.to_owned()) } else { pointed(text, id) }
                })
            }
            Self::Exec(settings) => {
                let is_json = settings["jsonOnly"] == true;
                each(run(settings, ids, directory, lookup), &|text, id| answered(text, id, is_json))
            }
        }
    }

    /// What a person should know about the place.
    pub(super) fn warning(
        &self,
        directory: &Path,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let Self::File(settings) = self else { return None };
        let place = place(settings, directory, lookup);
        let is_open = settings["allowInsecurePath"] != true && others_may_read(&place);
        is_open.then(|| format!("{} can be read by others (chmod 600 it)", place.display()))
    }
}

#[cfg(unix)]
fn others_may_read(place: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(place).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

fn variable(
    id: &str,
    allowlist: Option<&[&str]>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Answer {
    if allowlist.is_some_and(|allowed| !allowed.is_empty() && !allowed.contains(&id)) {
        return Err(Unresolved(format!("{id} is not on the allowlist")));
    }
    let value = lookup(id).filter(|value| !value.is_empty());
    value.ok_or_else(|| Unresolved(format!("the environment variable {id} is not set")))
}

fn not_empty(secret: &str) -> Answer {
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(Unresolved("it is empty".into())) } else { Ok(secret.to_owned()) }
}

fn place(settings: &Value, directory: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    directory.join(expanded(settings["path"].as_str().unwrap_or_default(), lookup))
}

fn limit(settings: &Value, name: &str) -> u64 {
    settings[name].as_u64().unwrap_or(LENGTH).min(LENGTH)
}

fn read(place: &Path, limit: u64) -> Result<String, Unresolved> {
    let failed = |error: std::io::Error| {
        Unresolved(format!("{} cannot be read: {}", place.display(), error.kind()))
    };
    let found = fs::metadata(place).map_err(failed)?;
    if !found.is_file() {
        return Err(Unresolved(format!("{} is not a file", place.display())));
    }
    whole(fs::File::open(place).map_err(failed)?, limit)
}

/// All that `from` says, if that is not too much.
fn whole(from: impl Read, limit: u64) -> Result<String, Unresolved> {
    let mut bytes = Vec::new();
    let read = from.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|error| Unresolved(format!("it cannot be read: {}", error.kind())))?;
    if limit < bytes.len() as u64 {
        return Err(Unresolved(format!("it is more than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Unresolved("it is not UTF-8".into()))
}

/// What the JSON pointer `id` leads to in `text`.
fn pointed(text: &str, id: &str) -> Answer {
    let not_json = |_| Unresolved("the file is not JSON".into());
    let value: Value = serde_json::from_str(text).map_err(not_json)?;
    let pointer =
        if id.is_empty() || id.starts_with('/') { id.to_owned() } else { format!("/{id}") };
    let found = value.pointer(&pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Unresolved(format!("there is no text at {pointer}")))
}

/// What a program said about `id`: in JSON, by name, or nothing else than that.
fn answered(text: &str, id: &str, is_json: bool) -> Answer {
    let said = serde_json::from_str::<Value>(text).ok().filter(|said| said["values"].is_object());
    match said {
        Some(said) => {
            let found = said["values"][id].as_str().map(str::to_owned);
            found.ok_or_else(|| Unresolved(format!("the program does not know {id}")))
        }
        None if is_json => Err(Unresolved("the program did not answer in JSON".into())),
        None => Ok(text.to_owned()),
    }
}

/// What the program says when it is asked for `ids`. It is asked over its input,
/// in JSON, as OpenClaw does it; it need not listen.
fn run(
    settings: &Value,
    ids: &[&str],
    directory: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Unresolved> {
    let patience = settings["timeoutMs"].as_u64().map_or(PATIENCE, Duration::from_millis);
    let patience = patience.min(PATIENCE);
    let limit = limit(settings, "maxOutputBytes");
    let mut child = command(settings, directory, lookup)?
        .spawn()
        .map_err(|error| Unresolved(format!("the program cannot be started: {}", error.kind())))?;
    if let Some(mut input) = child.stdin.take() {
        let request = json!({ "protocolVersion": 1, "ids": ids });
        // One that does not listen has closed it.
        let _ = writeln!(input, "{request}");
    }
    let (tell, told) = mpsc::sync_channel(1);
    let output = child.stdout.take();
    // Ends when the program does, or is killed.
    thread::spawn(move || {
        let said = output.map_or_else(|| Ok(String::new()), |output| whole(output, limit));
        let _ = tell.send(said);
    });
    let until = Instant::now() + patience;
    let said = told.recv_timeout(patience);
    let is_well = wait(&mut child, if said.is_ok() { until } else { Instant::now() });
    let slow = || Unresolved(format!("the program took longer than {} ms", patience.as_millis()));
    let said = said.map_err(|_| slow())??;
    match is_well {
        Some(true) => Ok(said),
        Some(false) => Err(Unresolved("the program failed".into())),
        None => Err(slow()),
    }
}

/// Whether `child` ended well; it is killed when it has not ended by `until`.
fn wait(child: &mut Child, until: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn command(
    settings: &Value,
    directory: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Command, Unresolved> {
    let texts = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut argv = texts(&settings["command"]);
    argv.extend(settings["command"].as_str().map(str::to_owned));
    argv.extend(texts(&settings["args"]));
    let (program, arguments) = match argv.split_first() {
        Some((program, arguments)) if !program.is_empty() => (program, arguments),
        Some(_) | None => return Err(Unresolved("the provider has no command".into())),
    };
    let program = expanded(program, lookup);
    let trusted = texts(&settings["trustedDirs"]);
    let is_trusted = |dir: &String| Path::new(&program).starts_with(expanded(dir, lookup));
    if !trusted.is_empty() && !trusted.iter().any(is_trusted) {
        return Err(Unresolved("the program is not in one of trustedDirs".into()));
    }
    let mut command = Command::new(&program);
    command.args(arguments).current_dir(directory).env_clear();
    let passed = ["PATH".to_owned(), "HOME".to_owned()];
    for name in passed.iter().chain(&texts(&settings["passEnv"])) {
        if let Some(value) = lookup(name) {
            command.env(name, value);
        }
    }
    for (name, value) in settings["env"].as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    Ok(command)
}
