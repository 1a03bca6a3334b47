//! Changes of the configuration that nobody notices: every key in turn while
//! runs stream and clients are connected, mistakes, and then a thousand more.
//!
//! ```text
//! reloads [--clients 100] [--runs 50] [--reloads 1000] [--keys 0] [--late 500]
//! ```
//!
//! With `--keys N` only the first so many keys are changed; `--late` says how many
//! milliseconds after the quiet a change may come. The gateway is a
//! process of its own, and whatever is changed is changed in its file, now in
//! place, now by renaming another file over it. At the end its token is replaced:
//! that closes everybody, and the runs go on. The exit code is 1 if a promise was
//! broken: a run that ended early, a connection that was closed without losing
//! its authority, a change that came late, memory that grows.

mod crowd;
mod gateway;
mod keys;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::{Duration, Instant},
};

use anstream::println;
use domain::client::Protocol;
use serde_json::{Value, json};
use tests::{ADMIN, Client, FakeModel};
use tokio::time::timeout;

use crate::{
    crowd::{Crowd, Seen, session},
    gateway::{Gateway, Written, free_port},
    keys::{Change, changes},
};

const TOKEN: &str = "a-token-that-is-good-until-the-last-act";
const NEXT_TOKEN: &str = "a-token-that-is-good-in-the-last-act-only";

/// How long the file has to be quiet, in the first act and in the second.
const SETTLING: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(10)];
/// How long a change is waited for that may not be told of.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long clients may take to notice that they were closed, and runs to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// After so many reloads memory is looked at for the first time.
const WARM: usize = 200;
/// How much it may grow after that.
const GROWTH: u64 = 2 * 1024 * 1024;

#[derive(Clone, Copy, Debug)]
struct Options {
    clients: usize,
    runs: usize,
    reloads: usize,
    keys: usize,
    /// How long after the quiet a change may take to be in force.
    late: Duration,
}

/// What was promised and not kept.
#[derive(Debug, Default)]
struct Broken(Vec<String>);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(options()?))) {
        Ok(Broken(broken)) if broken.is_empty() => {
            println!("every promise was kept");
            ExitCode::SUCCESS
        }
        Ok(Broken(broken)) => {
            println!("broken: {}", broken.join("; "));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("it did not work: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> io::Result<Options> {
    let late = Duration::from_millis(500);
    let mut options = Options { clients: 100, runs: 50, reloads: 1_000, keys: 0, late };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().and_then(|number| number.parse().ok());
        match (&*word, number) {
            ("--clients", Some(number @ 1..)) => options.clients = number,
            ("--runs", Some(number)) => options.runs = number,
            ("--reloads", Some(number)) => options.reloads = number,
            ("--keys", Some(number)) => options.keys = number,
            ("--late", Some(number)) => {
                options.late = Duration::from_millis(number.try_into().unwrap_or(u64::MAX));
            }
            _ => return Err(io::Error::other(format!("`{word}` and what follows make no sense"))),
        }
    }
    options.runs = options.runs.min(options.clients);
    Ok(options)
}

async fn run(options: Options) -> io::Result<Broken> {
    let model = FakeModel::start().await;
    let config = config(&model, free_port()?);
    let mut gateway = Gateway::start(&config)?;
    println!("{}", gateway.binary.display());
    let address = address(&config);
    let crowd = Crowd::enter(address, TOKEN, options.clients, options.runs).await?;
    let mut admin = Client::connect(address, TOKEN, Protocol::V4, ADMIN).await;
    let described = admin.call("config.schema", json!({})).await;
    let described = described.map_err(|error| io::Error::other(error.to_string()))?;
    drop(admin);

    let mut broken = Broken::default();
    let mut play = Play { gateway: &mut gateway, crowd, broken: &mut broken, late: options.late };
    let mut keys = changes(&described["schema"], free_port()?);
    if options.keys != 0 {
        keys.truncate(options.keys);
    }
    play.every_key(&config, &keys).await?;
    play.mistakes(&config).await?;
    play.again_and_again(&config, options.reloads).await?;
    play.nobody_noticed(options).await;
    let Play { crowd, .. } = play;
    last_act(&mut gateway, &config, crowd, &model, options, &mut broken).await?;
    if !broken.0.is_empty() {
        println!("{}", gateway.last_words());
    }
    Ok(broken)
}

fn config(model: &FakeModel, port: u16) -> Value {
    let [debounce, _] = SETTLING.map(|time| time.as_millis());
    json!({
        "gateway": {
            "port": port,
            "auth": { "token": TOKEN },
            "reload": { "debounceMs": debounce },
            // Nobody is silent for long.
            "limits": { "tickIntervalMs": 5_000 },
        },
        "models": { "providers": { "fake": {
            "baseUrl": model.url(), "api": "openai-completions", "models": [{ "id": "fake" }],
        } } },
        "agents": { "defaults": { "model": "fake/fake" } },
    })
}

fn address(config: &Value) -> SocketAddr {
    let port = config["gateway"]["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or_default()))
}

/// The acts nobody may notice.
struct Play<'a> {
    gateway: &'a mut Gateway,
    crowd: Crowd,
    broken: &'a mut Broken,
    late: Duration,
}

impl Play<'_> {
    /// Changes every key, each after the one before was changed back.
    async fn every_key(&mut self, config: &Value, keys: &[Change]) -> io::Result<()> {
        let (mut times, mut kept, mut silent) = (Times::default(), Vec::new(), Vec::new());
        for change in keys {
            let name = change.name();
            let written = self.gateway.write(&change.of(config).to_string())?;
            let Some((news, at)) = self.told(&written).await else {
                silent.push(name);
                continue;
            };
            times.add(at.saturating_duration_since(written.at));
            if name == "gateway.port" {
                let moved = TcpStream::connect(address(&change.of(config))).is_ok();
                self.broken.unless(moved, || "the new port is not listened on".to_owned());
            }
            let about =
                |issue: &Value| issue["path"].as_str().is_some_and(|it| it.starts_with(&name));
            if news["issues"].as_array().is_some_and(|issues| issues.iter().any(about)) {
                kept.push(name);
            }
        }
        let written = self.gateway.write(&config.to_string())?;
        self.told(&written).await;
        println!(
            "{} keys changed in turn: {} in force, {} not usable here {kept:?}, {} no difference {silent:?}",
            keys.len(),
            keys.len() - kept.len() - silent.len(),
            kept.len(),
            silent.len(),
        );
        println!("from writing to `config.changed` (after {:?} of quiet): {times}", SETTLING[0]);
        self.judge(&times, SETTLING[0]);
        Ok(())
    }

    /// Writes what cannot be used, and then what can.
    async fn mistakes(&mut self, config: &Value) -> io::Result<()> {
        let mut unsafe_bind = config.clone();
        unsafe_bind["gateway"]["bind"] = json!("lan");
        let mut no_number = config.clone();
        no_number["gateway"]["port"] = json!("none");
        let mistakes = [
            ("half a file", "{ gateway: {".to_owned()),
            ("an empty file", String::new()),
            ("a port that is no number", no_number.to_string()),
            ("open to everybody without encryption", unsafe_bind.to_string()),
        ];
        for (what, text) in mistakes {
            let written = self.gateway.write(&text)?;
            let told = self.told(&written).await;
            let issues = told.map(|(news, _)| news["issues"].clone()).unwrap_or_default();
            println!("{what}: {issues}");
            let is_told = issues.as_array().is_some_and(|issues| !issues.is_empty());
            self.broken.unless(is_told, || format!("{what} is not complained about"));
            let stays = TcpStream::connect(address(config)).is_ok();
            self.broken.unless(stays, || format!("{what} moved the gateway"));
        }
        let written = self.gateway.write(&config.to_string())?;
        let told = self.told(&written).await;
        let is_well = told.is_some_and(|(news, _)| news["issues"] == json!([]));
        self.broken.unless(is_well, || "mistakes are remembered".to_owned());
        Ok(())
    }

    /// Changes a few keys again and again.
    async fn again_and_again(&mut self, config: &Value, reloads: usize) -> io::Result<()> {
        let mut times = Times::default();
        let (mut warm, mut missed) = (self.gateway.memory()?, 0);
        for count in 1..=reloads {
            let mut changed = config.clone();
            changed["gateway"]["reload"]["debounceMs"] = json!(SETTLING[1].as_millis());
            changed["gateway"]["limits"]["queuedRunsPerSession"] = json!(64 + count);
            changed["agents"]["defaults"]["systemPrompt"] = json!(format!("reload {count}"));
            changed["models"]["providers"]["fake"]["apiKey"] = json!(format!("key-{count}"));
            let written = self.gateway.write(&changed.to_string())?;
            match self.told(&written).await {
                Some((_, at)) if 1 < count => times.add(at.saturating_duration_since(written.at)),
                Some(_) => (),
                None => missed += 1,
            }
            if count == WARM {
                warm = self.gateway.memory()?;
            }
        }
        let now = self.gateway.memory()?;
        println!(
            "{reloads} reloads, {missed} not told (after {:?} of quiet): {times}",
            SETTLING[1]
        );
        println!("memory after {WARM}: {}, after all: {}", mib(warm), mib(now));
        self.judge(&times, SETTLING[1]);
        self.broken.unless(missed == 0, || format!("{missed} reloads were not told"));
        let grown = now.saturating_sub(warm);
        self.broken.unless(grown <= GROWTH, || format!("memory grew by {}", mib(grown)));
        Ok(())
    }

    /// Waits until the first client was told of this version of the file.
    async fn told(&mut self, written: &Written) -> Option<(Value, Instant)> {
        let is_it = |seen: &Seen| {
            seen.news.as_ref().is_some_and(|(news, _)| news["hash"] == written.hash.as_str())
        };
        let seen = timeout(PATIENCE, self.crowd.seen.wait_for(is_it)).await.ok()?.ok()?;
        seen.news.clone()
    }

    /// Connections and runs that are gone though nothing was to happen to them.
    async fn nobody_noticed(&mut self, options: Options) {
        let heard = |seen: &Seen| {
            let last = seen.hashes.get(&0);
            (0..options.clients).all(|client| seen.hashes.get(&client) == last)
        };
        let all_heard = timeout(PATIENCE, self.crowd.seen.wait_for(heard)).await.is_ok();
        let seen = self.crowd.seen.borrow();
        println!(
            "connections closed: {} of {} {:?}; runs that ended: {} of {} {:?}; {} pieces heard; {} reloads logged",
            seen.closed.len(),
            options.clients,
            seen.closed,
            seen.ended.len(),
            options.runs,
            seen.ended,
            seen.pieces,
            self.gateway.said("config change applied")
                + self.gateway.said("config hot reload applied"),
        );
        self.broken.unless(seen.closed.is_empty(), || "connections were closed".to_owned());
        self.broken.unless(seen.ended.is_empty(), || "runs ended early".to_owned());
        self.broken.unless(all_heard, || "some clients hear nothing any more".to_owned());
    }

    fn judge(&mut self, times: &Times, settling: Duration) {
        let latest = settling + self.late;
        let late = times.0.iter().filter(|time| latest < **time).count();
        self.broken.unless(late == 0, || format!("{late} changes came later than {latest:?}"));
    }
}

/// The token is replaced: everybody has to leave, and every run goes on.
async fn last_act(
    gateway: &mut Gateway,
    config: &Value,
    mut crowd: Crowd,
    model: &FakeModel,
    options: Options,
    broken: &mut Broken,
) -> io::Result<()> {
    let mut changed = config.clone();
    changed["gateway"]["auth"]["token"] = json!(NEXT_TOKEN);
    let written = gateway.write(&changed.to_string())?;
    let all = |seen: &Seen| seen.closed.len() == options.clients;
    let left = timeout(FAREWELL, crowd.seen.wait_for(all)).await.is_ok();
    let took = written.at.elapsed();
    println!("token replaced: everybody left: {left}, after {took:.0?}");
    let late = 2 * options.late;
    broken.unless(left && took <= late, || {
        format!("a token that was replaced is good for longer than {late:?}")
    });
    crowd.leave().await;
    if !left {
        return Ok(());
    }

    let mut witness = Client::connect(address(config), NEXT_TOKEN, Protocol::V4, ADMIN).await;
    model.finish();
    let mut ends = Vec::new();
    let watching = async {
        while ends.len() < options.runs {
            let end = witness.event_named("chat").await;
            if end["state"] != "delta" {
                ends.push((end["sessionKey"].clone(), end["state"].clone()));
            }
        }
    };
    let in_time = timeout(FAREWELL, watching).await.is_ok();
    let expected: Vec<String> = (0..options.runs).map(session).collect();
    let finished = ends.iter().filter(|(session, state)| {
        state == "final" && expected.iter().any(|it| session == it.as_str())
    });
    let finished = finished.count();
    println!("runs that were finished after all: {finished} of {}", options.runs);
    broken.unless(in_time && finished == options.runs, || "runs did not finish".to_owned());
    Ok(())
}

/// How long things took.
#[derive(Debug, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn add(&mut self, time: Duration) {
        self.0.push(time);
        self.0.sort_unstable();
    }

    fn at(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.0?}, p99 {:.0?}, max {:.0?}", self.at(50), self.at(99), self.at(100))
    }
}

impl Broken {
    fn unless(&mut self, kept: bool, promise: impl FnOnce() -> String) {
        if !kept {
            self.0.push(promise());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}
