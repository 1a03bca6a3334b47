//! How much a stranger may have of the gateway.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// How many connections may be open before they have shown who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatLimits {
    /// From one address (IPv6: from one /64).
    pub per_address: usize,
    /// From everywhere together.
    pub total: usize,
    /// Kept back from `total` for clients on this machine.
    pub reserved_for_local: usize,
}

impl Default for SeatLimits {
    fn default() -> Self {
        Self { per_address: 32, total: 512, reserved_for_local: 64 }
    }
}

/// Counts connections that have not shown who they are.
#[derive(Debug)]
pub struct Seats {
    limits: SeatLimits,
    taken: HashMap<IpAddr, usize>,
    // Invariant: the sum of `taken`.
    total: usize,
}

/// No seat is left for this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many unauthenticated connections")]
pub struct NoSeat;

impl Seats {
    /// Nobody is here yet.
    pub fn new(limits: SeatLimits) -> Self {
        Self { limits, taken: HashMap::new(), total: 0 }
    }

    /// From now on these limits hold. Whoever has a seat keeps it.
    pub fn keep_to(&mut self, limits: SeatLimits) {
        self.limits = limits;
    }

    /// Takes a seat for `address`. Whoever gets one gives it back with
    /// [`leave`](Self::leave).
    pub fn take(&mut self, address: IpAddr) -> Result<(), NoSeat> {
        let reserved = if address.is_loopback() { 0 } else { self.limits.reserved_for_local };
        if self.limits.total.saturating_sub(reserved) <= self.total {
            return Err(NoSeat);
        }
        let taken = self.taken.entry(bucket(address)).or_default();
        if self.limits.per_address <= *taken {
            return Err(NoSeat);
        }
        *taken += 1;
        self.total += 1;
        Ok(())
    }

    /// Gives the seat of `address` back.
    pub fn leave(&mut self, address: IpAddr) {
        let bucket = bucket(address);
        let Some(taken) = self.taken.get_mut(&bucket) else { return };
        *taken -= 1;
        self.total -= 1;
        if *taken == 0 {
            self.taken.remove(&bucket);
        }
    }

    /// How many seats are taken.
    pub fn taken(&self) -> usize {
        self.total
    }
}

/// Addresses that belong to one household count as one: the /64 of an IPv6
/// address, and an IPv4 address however it is spelled.
pub fn bucket(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[test]
fn a_crowd_from_one_address_does_not_take_every_seat() {
    let limits = SeatLimits { per_address: 2, total: 5, reserved_for_local: 1 };
    let mut seats = Seats::new(limits);
    let address = |text: &str| text.parse::<IpAddr>().unwrap();

    assert_eq!(seats.take(address("192.0.2.1")), Ok(()));
    assert_eq!(seats.take(address("::ffff:192.0.2.1")), Ok(()));
    assert_eq!(seats.take(address("192.0.2.1")), Err(NoSeat));
    assert_eq!(seats.take(address("2001:db8::1")), Ok(()));
    assert_eq!(seats.take(address("2001:db8::2")), Ok(()));
    assert_eq!(seats.take(address("2001:db8:1::1")), Err(NoSeat), "the last one is reserved");
    assert_eq!(seats.take(address("127.0.0.1")), Ok(()));

    seats.leave(address("192.0.2.1"));
    assert_eq!(seats.take(address("127.0.0.1")), Ok(()));
    assert_eq!(seats.taken(), 5);
}
