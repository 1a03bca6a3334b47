//! What strangers cost: connections that never log in, logins that are refused,
//! and what an honest client notices of two thousand of them a second.
//!
//! ```text
//! logins [--rate 2000] [--seconds 5] [--rounds 3]
//! ```
//!
//! The gateway runs on core 0, everybody else on core 1, all of them ahead of the
//! rest of the machine (`chrt`), the honest client ahead of the strangers. Those
//! come from addresses of `127.0.0.0/8`, each from many others, and the gateway is
//! told not to exempt its own machine from counting. Figures of two runs are not
//! comparable; the ratio in one run is. The exit code is 1 only when something
//! did not work.

mod gateway;
mod visitor;

use std::{
    collections::BTreeMap,
    io,
    process::{Command, ExitCode},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anstream::println;
use rustix::thread::{CpuSet, gettid, sched_setaffinity};

use crate::{
    gateway::Gateway,
    visitor::{Strangers, Visitor},
};

/// How many connections wait without logging in.
const IDLE: u32 = 400;
/// How many visits are averaged.
const VISITS: u32 = 2_000;
/// How many strangers come at the same time.
const STRANGERS: u32 = 16;
/// How often the honest client asks.
const PACE: Duration = Duration::from_millis(2);
/// How long a new gateway is left alone.
const SETTLE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
struct Options {
    rate: u32,
    seconds: u64,
    rounds: u32,
}

fn main() -> ExitCode {
    match options().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("it did not work: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> io::Result<Options> {
    let mut options = Options { rate: 2_000, seconds: 5, rounds: 3 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().and_then(|number| number.parse::<u32>().ok());
        match (&*word, number) {
            ("--rate", Some(number @ 1..)) => options.rate = number,
            ("--seconds", Some(number @ 1..)) => options.seconds = number.into(),
            ("--rounds", Some(number @ 1..)) => options.rounds = number,
            _ => return Err(io::Error::other(format!("`{word}` and what follows make no sense"))),
        }
    }
    Ok(options)
}

fn run(options: Options) -> io::Result<()> {
    let mut core = CpuSet::new();
    core.set(1);
    sched_setaffinity(None, &core)?;
    go_ahead(10)?;
    let gateway = Gateway::start()?;
    thread::sleep(SETTLE);
    println!("{}", gateway.binary.display());
    idle(&gateway)?;
    costs(&gateway)?;
    beside(&gateway, options)
}

/// What a connection costs that waits and says nothing: the first crowd finds an
/// empty heap, the second one what the first has left.
fn idle(gateway: &Gateway) -> io::Result<()> {
    let mut strangers = Strangers::new(1);
    for crowd in ["the first", "the second"] {
        let before = gateway.memory()?;
        let waiting: Vec<_> =
            (0..IDLE).map(|_| strangers.visit(gateway.port)).collect::<io::Result<_>>()?;
        let more = gateway.memory()?.saturating_sub(before);
        println!(
            "memory per connection that waits, {crowd} {IDLE}: {:.1} KiB (at most 16)",
            bytes(more) / 1024.0 / f64::from(IDLE)
        );
        drop(waiting);
        thread::sleep(SETTLE);
    }
    Ok(())
}

/// What a visit costs in CPU, by what is done in it.
fn costs(gateway: &Gateway) -> io::Result<()> {
    let mut strangers = Strangers::new(2);
    let mut measure = |what: &str, visit: &mut dyn FnMut(Visitor) -> io::Result<()>| {
        let before = gateway.cpu()?;
        for _ in 0..VISITS {
            visit(strangers.connect(gateway.port)?)?;
        }
        let each = gateway.cpu()?.saturating_sub(before) / VISITS;
        println!("CPU per {what}: {each:.1?}");
        io::Result::Ok(())
    };
    measure("GET /healthz on a connection of its own, for comparison", &mut |mut it| it.look())?;
    measure("connection that leaves after the challenge (at most 100µs)", &mut |mut it| {
        it.upgrade()
    })?;
    measure("connection and refused login", &mut |mut it| {
        it.upgrade()?;
        it.guess().map(drop)
    })
}

/// What an honest client notices.
fn beside(gateway: &Gateway, options: Options) -> io::Result<()> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let answers = Mutex::new(BTreeMap::new());
    let (time, mut spent) = (Duration::from_secs(options.seconds), Duration::ZERO);
    let mut honest = Visitor::log_in(gateway.port)?;
    for round in 0..options.rounds {
        alone.push(calls(&mut honest, time)?);
        let over = AtomicBool::new(false);
        let began = Instant::now();
        let measured = thread::scope(|threads| {
            let crowd: Vec<_> = (0..STRANGERS)
                .map(|number| {
                    let (over, answers) = (&over, &answers);
                    let third = 16 + round * STRANGERS + number;
                    threads.spawn(move || besiege(gateway.port, third, options.rate, over, answers))
                })
                .collect();
            // The strangers share its core, which is none of the gateway's doing.
            go_ahead(20)?;
            let measured = calls(&mut honest, time);
            go_ahead(10)?;
            over.store(true, Ordering::Relaxed);
            for stranger in crowd {
                stranger.join().map_err(|_| io::Error::other("a stranger panicked"))??;
            }
            measured
        })?;
        spent += began.elapsed();
        beside.push(measured);
    }
    let answers = answers.into_inner().unwrap_or_default();
    let logins: u32 = answers.values().sum();
    println!(
        "{:.0} wrong logins a second of {} wanted: {answers:?}",
        f64::from(logins) / spent.as_secs_f64(),
        options.rate
    );
    let alone = p99("alone", &alone);
    let beside = p99("beside them", &beside);
    println!("p99 beside them over p99 alone: {:.2} (at most 2)", ratio(beside.0, alone.0));
    println!("the same of the quietest round of each: {:.2}", ratio(beside.1, alone.1));
    Ok(())
}

/// The 99th percentile of all rounds, and the least of one round, which is the
/// one in which the rest of the machine disturbed least.
fn p99(how: &str, rounds: &[Vec<Duration>]) -> (Duration, Duration) {
    let at = |percent: usize, mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
    };
    let (p50, p99) = (at(50, rounds.concat()), at(99, rounds.concat()));
    let quietest = rounds.iter().map(|times| at(99, times.clone())).min().unwrap_or_default();
    let calls: usize = rounds.iter().map(Vec::len).sum();
    println!(
        "health {how}: p50 {p50:.0?}, p99 {p99:.1?}, of the quietest round {quietest:.1?}, {calls} calls"
    );
    (p99, quietest)
}

/// How long each of the honest client's calls takes for so long.
fn calls(honest: &mut Visitor, time: Duration) -> io::Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let mut times = Vec::new();
    while Instant::now() < end {
        let asked = Instant::now();
        honest.health()?;
        times.push(asked.elapsed());
        thread::sleep(PACE);
    }
    Ok(times)
}

/// One of the strangers logs in wrongly, again and again, until it is `over`.
fn besiege(
    port: u16,
    number: u32,
    rate: u32,
    over: &AtomicBool,
    answers: &Mutex<BTreeMap<String, u32>>,
) -> io::Result<()> {
    let mut addresses = Strangers::new(u8::try_from(number % 240).unwrap_or_default());
    let every = Duration::from_secs(1) * STRANGERS / rate;
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let answer = addresses.visit(port)?.guess()?;
        *answers
            .lock()
            .map_err(|_| io::Error::other("a stranger panicked"))?
            .entry(answer)
            .or_default() += 1;
        next += every;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Puts this thread, and what it starts, before everything on the machine with a
/// lower priority: what else runs there would otherwise be what is measured.
fn go_ahead(priority: u8) -> io::Result<()> {
    let thread = gettid().as_raw_nonzero().to_string();
    let arguments = ["--fifo", "--pid", &priority.to_string(), &thread];
    if Command::new("chrt").args(arguments).status()?.success() {
        return Ok(());
    }
    Err(io::Error::other("only root may go ahead of others"))
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn bytes(count: u64) -> f64 {
    count as f64
}
