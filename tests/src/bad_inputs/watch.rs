//! What is observed while a case is played.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{sync::watch, task::JoinSet, time};

use super::{
    client::{Connection, PATIENCE},
    gateway::{self, Gateway},
    invariant::Invariant,
    operator,
    site::Site,
};

/// Observes a gateway from before the first step of a case on.
#[derive(Debug)]
pub(super) struct Watch {
    memory: Option<Memory>,
    pulse: Option<Pulse>,
    /// An administrator who hears of devices that wait.
    pub(super) listener: Option<Connection>,
    /// The conversations there were beforehand.
    pub(super) sessions: BTreeSet<String>,
    /// How many files the gateway had open.
    pub(super) open_files: usize,
}

impl Watch {
    /// Begins with what `invariants` need.
    pub(super) async fn begin(gateway: &Gateway, invariants: &[Invariant]) -> Result<Self, String> {
        let mut watch = Self {
            memory: None,
            pulse: None,
            listener: None,
            sessions: BTreeSet::new(),
            open_files: 0,
        };
        if invariants.iter().any(|it| matches!(it, Invariant::RequestedAtMost(_))) {
            watch.listener = Some(operator::login(&gateway.site, &Value::Null).await?);
        }
        if invariants.iter().any(Invariant::is_about_sessions) {
            let operator = operator::login(&gateway.site, &Value::Null).await?;
            watch.sessions = operator.sessions().await?.into_iter().collect();
        }
        if invariants.iter().any(Invariant::is_about_latency) {
            watch.pulse = Some(Pulse::begin(&gateway.site).await?);
        }
        if invariants.iter().any(Invariant::is_about_memory) {
            watch.memory = Some(Memory::begin(gateway).await?);
        }
        if invariants.contains(&Invariant::ListenersBack) {
            watch.open_files = gateway.open_files().unwrap_or_default();
        }
        Ok(watch)
    }

    /// By how much its own memory grew at most, in bytes.
    pub(super) fn memory_grew(&self) -> Option<u64> {
        Some(self.memory.as_ref()?.grew())
    }

    /// How long 99 of 100 calls of another client took at most, and how many
    /// there were.
    pub(super) async fn others_p99(&self) -> Option<(Duration, usize)> {
        self.pulse.as_ref()?.p99().await
    }
}

/// Looks at the memory of a process again and again.
#[derive(Debug)]
struct Memory {
    before: u64,
    most: Arc<AtomicU64>,
    _looks: JoinSet<()>,
}

impl Memory {
    async fn begin(gateway: &Gateway) -> Result<Self, String> {
        const EVERY: Duration = Duration::from_millis(2);
        let pid = gateway.pid().ok_or("the gateway is gone")?;
        // What the first client ever costs is not what the case costs.
        let warm = operator::login(&gateway.site, &Value::Null).await?;
        if !warm.health(PATIENCE).await {
            return Err("health is not answered".to_owned());
        }
        drop(warm);
        let before = gateway.memory().ok_or("the gateway is gone")?;
        let most = Arc::new(AtomicU64::new(before));
        let highest = Arc::clone(&most);
        let mut looks = JoinSet::new();
        looks.spawn(async move {
            while let Some(memory) = gateway::memory(pid) {
                highest.fetch_max(memory, Ordering::Relaxed);
                time::sleep(EVERY).await;
            }
        });
        Ok(Self { before, most, _looks: looks })
    }

    fn grew(&self) -> u64 {
        self.most.load(Ordering::Relaxed) - self.before
    }
}

/// Another client, who calls `health` again and again.
#[derive(Debug)]
struct Pulse {
    took: watch::Receiver<Vec<Duration>>,
    _calls: JoinSet<()>,
}

impl Pulse {
    async fn begin(site: &Site) -> Result<Self, String> {
        const PAUSE: Duration = Duration::from_millis(2);
        let other = operator::login(site, &Value::Null).await?;
        let (sender, took) = watch::channel(Vec::new());
        let mut calls = JoinSet::new();
        calls.spawn(async move {
            while !sender.is_closed() {
                let took = call(&other).await;
                sender.send_modify(|all: &mut Vec<Duration>| all.push(took));
                time::sleep(PAUSE).await;
            }
        });
        Ok(Self { took, _calls: calls })
    }

    async fn p99(&self) -> Option<(Duration, usize)> {
        /// Fewer calls say nothing about one in a hundred.
        const ENOUGH: usize = 100;
        let mut took = self.took.clone();
        let enough = took.wait_for(|took| ENOUGH <= took.len());
        let mut took = time::timeout(PATIENCE, enough).await.ok()?.ok()?.clone();
        took.sort();
        let rank = (took.len() * 99).div_ceil(100);
        Some((took[rank - 1], took.len()))
    }
}

async fn call(other: &Connection) -> Duration {
    let begun = Instant::now();
    other.health(PATIENCE).await;
    begun.elapsed()
}
