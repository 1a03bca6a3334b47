//! Kills the gateway with `kill -9`, again and again, and finds that whatever it
//! acknowledged is still there, once.
//!
//! ```text
//! kill-loop [--cycles 100] [--clients 20] [--seed N] [--keep]
//! ```
//!
//! In every cycle some clients do everything that promises to be kept, until the
//! process dies at a moment chosen by chance: at work, while it shuts down, or
//! while it starts and recovers from the death before. The next process is read
//! back through its public methods and compared with a ledger that was written
//! outside ([`tests::ledger`]). The last line is the result; the exit code is 1
//! if a promise was broken.

mod client;
mod dice;
mod gateway;
mod load;
mod model;
mod verify;

use std::{
    fs, io,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anstream::println;
use tempfile::TempDir;
use tests::{
    bad_inputs::binary,
    ledger::{Ledger, Violation, ViolationKind},
};
use tokio::task::JoinSet;

use crate::{
    dice::Dice,
    gateway::{Fate, Gateway, Home},
    load::{Shared, Talker},
};

/// Every so many cycles all sessions are read, not only those in use.
const THOROUGH: u64 = 10;
/// How long clients may take to notice that the gateway is gone.
const FAREWELL: Duration = Duration::from_secs(5);
/// Violations that are printed in full.
const PRINTED: usize = 20;

#[derive(Clone, Copy, Debug)]
struct Options {
    cycles: u64,
    clients: u64,
    seed: u64,
    keep: bool,
}

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    AtWork,
    ShuttingDown,
    Starting,
}

/// What the whole loop found.
#[derive(Debug, Default)]
struct Report {
    cycles: u64,
    violations: Vec<Violation>,
    interrupted: usize,
    in_doubt: usize,
    restarts: Vec<Duration>,
    marked_late: Duration,
    /// Time spent reading back.
    looking: Duration,
    /// The gateway did something else than being killed and coming back.
    failure: Option<String>,
}

struct Loop {
    options: Options,
    dice: Dice,
    home: Home,
    shared: Arc<Shared>,
    talkers: Vec<Talker>,
    report: Report,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::from_args()).await {
        Ok(code) => code,
        Err(error) => {
            println!("kill-loop: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(options: Options) -> io::Result<ExitCode> {
    let binary = binary().map_err(io::Error::other)?;
    let (home_dir, ledger_dir) = (TempDir::new()?, TempDir::new()?);
    let (listener, model) = model::listen().await?;
    let mut background = JoinSet::new();
    background.spawn(model::serve(listener));

    let ledger = Ledger::create(&ledger_dir.path().join("ledger.jsonl"))?;
    let shared = Arc::new(Shared::new(ledger, options.seed));
    let dice = Dice::new(options.seed);
    let talkers =
        (0..options.clients).map(|n| Talker::new(n, Arc::clone(&shared), dice.child(n))).collect();
    println!("{} with seed {}", binary.display(), options.seed);
    let mut all = Loop {
        options,
        home: Home::prepare(&binary, home_dir.path(), model)?,
        dice,
        shared,
        talkers,
        report: Report::default(),
    };
    if let Err(error) = all.cycles().await {
        all.report.failure = Some(error.to_string());
    }
    let code = all.print();
    if options.keep || code != ExitCode::SUCCESS {
        fs::copy(all.shared.ledger.path(), home_dir.path().join("ledger.jsonl"))?;
        println!("kept: {}", home_dir.keep().display());
    }
    println!("{}", all.summary());
    Ok(code)
}

impl Loop {
    async fn cycles(&mut self) -> io::Result<()> {
        let mut gateway = self.home.start()?;
        drop(self.home.connect(&mut gateway).await?);
        while self.report.cycles < self.options.cycles && self.report.violations.is_empty() {
            gateway = self.cycle(gateway).await?;
            self.report.cycles += 1;
        }
        gateway.terminate().await?;
        Ok(())
    }

    /// Work, death, resurrection, comparison.
    async fn cycle(&mut self, gateway: Gateway) -> io::Result<Gateway> {
        let moment = match self.dice.within(0..100) {
            0..70 => Moment::AtWork,
            70..85 => Moment::ShuttingDown,
            _ => Moment::Starting,
        };
        self.shared.ledger.note(&format!("cycle {}: {moment:?}", self.report.cycles));
        self.work_and_die(gateway, moment).await?;
        let started = Instant::now();
        let mut gateway = self.home.start()?;
        let client = self.home.connect(&mut gateway).await?;
        self.report.restarts.push(started.elapsed());
        let is_last = self.report.cycles + 1 == self.options.cycles;
        let all = is_last || self.report.cycles % THOROUGH == THOROUGH - 1;
        let started = Instant::now();
        let findings = verify::look(&client, &self.shared, &mut self.dice, all).await?;
        self.report.violations.extend(findings.violations);
        self.report.looking += started.elapsed();
        self.report.marked_late = self.report.marked_late.max(findings.marked_late);
        self.report.interrupted += findings.interrupted;
        self.report.in_doubt += findings.in_doubt;
        Ok(gateway)
    }

    async fn work_and_die(&mut self, gateway: Gateway, moment: Moment) -> io::Result<()> {
        let mut work = JoinSet::new();
        for talker in std::mem::take(&mut self.talkers) {
            let client = self.home.login().await?;
            work.spawn(talker.talk(client));
        }
        let lifetime = match moment {
            Moment::AtWork => 0..2_000,
            Moment::ShuttingDown => 0..1_000,
            Moment::Starting => 0..400,
        };
        tokio::time::sleep(self.dice.millis(lifetime)).await;
        if let Moment::ShuttingDown = moment {
            gateway.terminate().await?;
            tokio::time::sleep(self.dice.millis(0..300)).await;
        }
        match (gateway.kill().await?, moment) {
            (Fate::Killed, _) | (Fate::Done, Moment::ShuttingDown) => {}
            (fate, _) => return Err(fate.surprise()),
        }
        let parted = tokio::time::timeout(FAREWELL, async {
            while let Some(talker) = work.join_next().await {
                self.talkers.extend(talker);
            }
        });
        parted
            .await
            .map_err(|_| io::Error::other("a client did not notice that the gateway is gone"))?;
        if let Moment::Starting = moment {
            let reborn = self.home.start()?;
            tokio::time::sleep(self.dice.millis(0..80)).await;
            let fate = reborn.kill().await?;
            if fate != Fate::Killed {
                return Err(fate.surprise());
            }
        }
        Ok(())
    }

    /// The details, for a person.
    fn print(&self) -> ExitCode {
        let report = &self.report;
        for violation in report.violations.iter().take(PRINTED) {
            println!("{:?} in {}: {}", violation.kind, violation.session, violation.what);
        }
        for (refusal, count) in self.shared.refusals() {
            println!("refused {count} × {refusal}");
        }
        let mut restarts = report.restarts.clone();
        restarts.sort_unstable();
        let (median, worst) = (restarts.get(restarts.len() / 2), restarts.last());
        println!(
            "{} in doubt, {} times a session with an interrupted run, {} sessions",
            report.in_doubt,
            report.interrupted,
            self.shared.ledger.sessions().len(),
        );
        println!(
            "let in again after {:.0?}, at worst {:.0?}; a run was unmarked {:.0?} later at most; \
             read back in {:.1?}",
            median.copied().unwrap_or_default(),
            worst.copied().unwrap_or_default(),
            report.marked_late,
            report.looking,
        );
        if let Some(failure) = &report.failure {
            println!("{failure}\n{}", self.home.last_words());
        }
        // A loop in which nothing was promised has shown nothing.
        if report.violations.is_empty()
            && report.failure.is_none()
            && self.shared.ledger.acknowledged() > 0
        {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn summary(&self) -> String {
        let count =
            |kind| self.report.violations.iter().filter(|violation| violation.kind == kind).count();
        let others = self.report.violations.len()
            - count(ViolationKind::Lost)
            - count(ViolationKind::Doubled);
        let others =
            if others > 0 { format!(", {others} other violations") } else { String::new() };
        format!(
            "kill-loop: {} cycles, {} acknowledged, {} lost, {} doubled{others}",
            self.report.cycles,
            self.shared.ledger.acknowledged(),
            count(ViolationKind::Lost),
            count(ViolationKind::Doubled),
        )
    }
}

impl Options {
    fn from_args() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut options = Self { cycles: 100, clients: 20, seed: now.as_secs(), keep: false };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut number =
                || args.next().and_then(|text| text.parse().ok()).unwrap_or_else(|| usage(&arg));
            match arg.as_str() {
                "--cycles" => options.cycles = number(),
                "--clients" => options.clients = number(),
                "--seed" => options.seed = number(),
                "--keep" => options.keep = true,
                _ => usage(&arg),
            }
        }
        options
    }
}

fn usage<T>(wrong: &str) -> T {
    println!("what is `{wrong}`? kill-loop [--cycles 100] [--clients 20] [--seed N] [--keep]");
    std::process::exit(2)
}
