//! What the clients do while the gateway is alive: everything that promises to
//! be kept, on many sessions, as fast as a busy person could.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::json;
use tests::ledger::{Ledger, Marker, Op, Ticket};

use crate::{
    client::{Call, CallError, Client},
    dice::Dice,
};

/// Sessions per client. No two clients share one, so that the order of the
/// acknowledgements of a session is known.
const SPOTS: u64 = 3;
/// How long a run may take before a reset or a removal is given up for now.
const RUN_MS: u64 = 3_000;

/// What all clients of one loop share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ledger: Arc<Ledger>,
    /// Answers that were a no, and how many there were of each.
    refusals: Mutex<BTreeMap<String, u64>>,
    next: AtomicU64,
    run: u64,
}

/// One client's sessions. They outlive the connections.
#[derive(Debug)]
pub(crate) struct Talker {
    shared: Arc<Shared>,
    dice: Dice,
    spots: Vec<Spot>,
}

#[derive(Debug)]
struct Spot {
    name: String,
    generation: u64,
    /// Runs that have not been seen to end.
    runs: Vec<Marker>,
    /// An operation got an answer that may mean anything; nothing more is asked
    /// here until the loop has looked.
    unclear: bool,
}

impl Spot {
    fn key(&self) -> String {
        format!("{}-{}", self.name, self.generation)
    }
}

impl Shared {
    pub(crate) fn new(ledger: Ledger, seed: u64) -> Self {
        Self {
            ledger: Arc::new(ledger),
            refusals: Mutex::default(),
            next: AtomicU64::new(0),
            run: seed & 0xffff,
        }
    }

    pub(crate) fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn refused(&self, method: &str, error: &CallError) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(format!("{method}: {error}")).or_default() += 1;
    }

    fn marker(&self, kind: char) -> Marker {
        format!("{kind}{}x{}", self.run, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// The parameters that say `marker` in a session. A repetition is the same.
pub(crate) fn sending(session: &str, marker: &Marker) -> serde_json::Value {
    json!({ "sessionKey": session, "message": format!("[[{marker}]] say:{marker};"), "idempotencyKey": marker })
}

impl Talker {
    pub(crate) fn new(number: u64, shared: Arc<Shared>, dice: Dice) -> Self {
        let spots = (0..SPOTS)
            .map(|spot| Spot {
                name: format!("agent:main:kl-{number}-{spot}"),
                generation: 0,
                runs: Vec::new(),
                unclear: false,
            })
            .collect();
        Self { shared, dice, spots }
    }

    /// Talks until the connection is gone.
    pub(crate) async fn talk(mut self, client: Client) -> Self {
        for spot in &mut self.spots {
            spot.runs.clear();
            spot.unclear = false;
        }
        while !client.is_gone() && self.step(&client).await.is_continue() {
            tokio::time::sleep(self.dice.millis(5..40)).await;
        }
        self
    }

    async fn step(&mut self, client: &Client) -> ControlFlow<()> {
        let which = usize::try_from(self.dice.within(0..SPOTS)).unwrap_or_default();
        if self.spots[which].unclear {
            return ControlFlow::Continue(());
        }
        let key = self.spots[which].key();
        let roll = self.dice.within(0..100);
        if !self.shared.ledger.exists(&key) {
            return match roll {
                0..50 => self.one(client, which, Op::Create).await,
                50..75 => self.label(client, which).await,
                _ => self.send(client, which, 1).await,
            };
        }
        match roll {
            0..40 => self.send(client, which, 1).await,
            40..50 => self.send(client, which, 3).await,
            50..70 => {
                let marker = self.shared.marker('i');
                self.one(client, which, Op::Inject(marker)).await
            }
            70..88 => self.label(client, which).await,
            88..94 => self.wipe(client, which, Op::Reset).await,
            94..99 => self.wipe(client, which, Op::Delete).await,
            _ => {
                self.spots[which].generation += 1;
                self.spots[which].runs.clear();
                ControlFlow::Continue(())
            }
        }
    }

    async fn label(&mut self, client: &Client, which: usize) -> ControlFlow<()> {
        let label = self.shared.marker('l');
        self.one(client, which, Op::Label(label)).await
    }

    /// A reset or a removal, once nothing runs that could write afterwards.
    async fn wipe(&mut self, client: &Client, which: usize, op: Op) -> ControlFlow<()> {
        for run in std::mem::take(&mut self.spots[which].runs) {
            match client.call("agent.wait", json!({ "runId": run, "timeoutMs": RUN_MS })).await {
                Ok(answer) if answer["status"] != "timeout" => {}
                Ok(_) => {
                    self.spots[which].runs.push(run);
                    return ControlFlow::Continue(());
                }
                Err(CallError::Gone) => return ControlFlow::Break(()),
                Err(error) => self.shared.refused("agent.wait", &error),
            }
        }
        self.one(client, which, op).await
    }

    /// Several messages without waiting for the answers in between.
    async fn send(&mut self, client: &Client, which: usize, count: usize) -> ControlFlow<()> {
        let key = self.spots[which].key();
        let mut calls = Vec::new();
        for _ in 0..count {
            let marker = self.shared.marker('s');
            let ticket = self.shared.ledger.intend(&key, Op::Send(marker.clone()));
            match client
                .promise("chat.send", sending(&key, &marker), &self.shared.ledger, ticket)
                .await
            {
                Ok(call) => calls.push((marker, ticket, call)),
                Err(_) => return ControlFlow::Break(()),
            }
        }
        for (marker, ticket, call) in calls {
            self.hear(which, "chat.send", ticket, call).await?;
            self.spots[which].runs.push(marker);
        }
        ControlFlow::Continue(())
    }

    async fn one(&mut self, client: &Client, which: usize, op: Op) -> ControlFlow<()> {
        let key = self.spots[which].key();
        let (method, params) = match &op {
            Op::Create => ("sessions.create", json!({ "key": key })),
            Op::Send(marker) => ("chat.send", sending(&key, marker)),
            Op::Inject(marker) => {
                ("chat.inject", json!({ "sessionKey": key, "message": format!("[[{marker}]]") }))
            }
            Op::Label(label) => ("sessions.patch", json!({ "key": key, "label": label })),
            Op::Reset => ("sessions.reset", json!({ "key": key })),
            Op::Delete => ("sessions.delete", json!({ "key": key })),
        };
        let ticket = self.shared.ledger.intend(&key, op);
        match client.promise(method, params, &self.shared.ledger, ticket).await {
            Ok(call) => self.hear(which, method, ticket, call).await,
            Err(_) => ControlFlow::Break(()),
        }
    }

    async fn hear(
        &mut self,
        which: usize,
        method: &str,
        ticket: Ticket,
        call: Call,
    ) -> ControlFlow<()> {
        match call.answer().await {
            Ok(_) => ControlFlow::Continue(()),
            Err(CallError::Gone) => ControlFlow::Break(()),
            Err(error) => {
                self.shared.refused(method, &error);
                if error.is_final() {
                    self.shared.ledger.refuse(ticket, &error.to_string());
                } else {
                    self.spots[which].unclear = true;
                }
                ControlFlow::Continue(())
            }
        }
    }
}
