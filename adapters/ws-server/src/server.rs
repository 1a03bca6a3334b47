//! What all connections share.

use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use domain::{
    client::{Client, ClientId},
    limits::{NoSeat, SeatLimits, Seats},
};
use ports::{
    config::{LimitsConfig, Live},
    driven::{Clock, Entropy},
    driving::{Doorkeeper, Rpc},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::hub::Hub;

/// How much is read from a socket at once.
const GULP: usize = 64 * 1024;
/// How many buffers are kept. On one thread, one is in use at a time.
const MAX_BUFFERS: usize = 4;
/// A buffer for answers longer than this is given back.
const KEEP: usize = 1024 * 1024;

/// What the connections need.
#[derive(Clone)]
pub struct Deps {
    /// Lets clients in.
    pub door: Arc<dyn Doorkeeper>,
    /// Answers their calls.
    pub rpc: Arc<dyn Rpc>,
    /// Tells them things.
    pub hub: Hub,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names for connections.
    pub entropy: Arc<dyn Entropy>,
    /// How much a client may have. A connection keeps to what held when it
    /// began.
    pub limits: Live<LimitsConfig>,
    /// Where connections live.
    pub tasks: TaskTracker,
    /// Once cancelled, nobody comes in any more. Those who are in stay until
    /// [`Hub::close_all`].
    pub stop: CancellationToken,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What all connections share.
pub(crate) struct Server {
    pub(crate) deps: Deps,
    seats: Mutex<Seats>,
    clients: AtomicU64,
    buffers: Mutex<Vec<Buffers>>,
}

/// What a connection needs while it reads and answers, and not a moment longer:
/// one set serves thousands of connections that are mostly silent.
pub(crate) struct Buffers {
    pub(crate) read: Box<[u8]>,
    pub(crate) answers: Vec<u8>,
}

impl Server {
    pub(crate) fn new(deps: Deps) -> Self {
        let seats = Mutex::new(Seats::new(seat_limits(&deps.limits.get())));
        Self { deps, seats, clients: AtomicU64::new(1), buffers: Mutex::default() }
    }

    /// A name nobody had before.
    pub(crate) fn next_client(&self) -> ClientId {
        ClientId(self.clients.fetch_add(1, Relaxed))
    }

    /// A seat for somebody who has not shown who they are.
    pub(crate) fn seat(self: &Arc<Self>, address: IpAddr) -> Result<Seat, NoSeat> {
        let limits = seat_limits(&self.deps.limits.get());
        let mut seats = self.seats();
        seats.keep_to(limits);
        seats.take(address)?;
        drop(seats);
        Ok(Seat { server: Arc::clone(self), address })
    }

    /// Runs `work` with buffers.
    pub(crate) fn with_buffers<T>(&self, work: impl FnOnce(&mut Buffers) -> T) -> T {
        let mut buffers = self.buffers().pop().unwrap_or_else(|| Buffers {
            read: vec![0; GULP].into_boxed_slice(),
            answers: Vec::new(),
        });
        let result = work(&mut buffers);
        buffers.answers.clear();
        buffers.answers.shrink_to(KEEP);
        let mut kept = self.buffers();
        if kept.len() < MAX_BUFFERS {
            kept.push(buffers);
        }
        result
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seat_limits(limits: &LimitsConfig) -> SeatLimits {
    SeatLimits {
        per_address: limits.preauth_connections_per_address,
        total: limits.preauth_connections,
        ..SeatLimits::default()
    }
}

/// A seat in the waiting room; leaving it gives it back.
pub(crate) struct Seat {
    server: Arc<Server>,
    address: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.server.seats().leave(self.address);
    }
}

/// Somebody the doorkeeper welcomed, and has to be told when they leave.
pub(crate) struct Guest {
    pub(crate) server: Arc<Server>,
    pub(crate) client: Arc<Client>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.server.deps.door.left(&self.client);
    }
}
