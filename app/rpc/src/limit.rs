//! How often one may change what governs the gateway (`security.md` 2.3).

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{
    access::Proof,
    client::Client,
    ids::DeviceId,
    throttle::{Budget, Spent},
    time::Timestamp,
};
use ports::driving::RpcError;
use tracing::warn;

/// So many calls of one method by one caller…
const CALLS: u32 = 30;
/// …within this time.
const WINDOW: Duration = Duration::from_mins(1);
/// How many callers and methods are remembered.
const REMEMBERED: usize = 1_024;

/// Counts the calls of methods that change what governs the gateway.
pub(crate) struct Limit(Mutex<Budget<(Caller, &'static str)>>);

/// Who is counted as one.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Caller {
    /// A device, however often it is connected.
    Device(DeviceId),
    /// A person the tailnet or the proxy in front knows.
    Person(Box<str>),
    /// Everybody who shows the same from the same place.
    Other(Proof, Option<Box<str>>),
}

impl Limit {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Budget::new(CALLS, WINDOW, REMEMBERED)))
    }

    /// Counts a call of `method`, or refuses it.
    pub(crate) fn count(
        &self,
        caller: &Client,
        method: &'static str,
        now: Timestamp,
    ) -> Result<(), RpcError> {
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = budget.spend((Caller::of(caller), method), now);
        drop(budget);
        spent.map_err(|Spent { retry_after, first }| {
            if first {
                warn!(client = caller.id.0, method, "called too often, refused for a while");
            }
            RpcError::unavailable(format!("rate limit exceeded for {method}"))
                .retry_after(retry_after)
        })
    }
}

impl Caller {
    fn of(client: &Client) -> Self {
        let principal = &client.principal;
        match (&principal.device, &principal.user) {
            (Some(device), _) => Self::Device(device.clone()),
            (None, Some(user)) => Self::Person(user.clone()),
            (None, None) => Self::Other(principal.proof, client.remote_address.clone()),
        }
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use domain::access::{Principal, Role, Scope};
    use ports::driving::ErrorCode;

    use super::*;
    use crate::testing::{client, device_id};

    #[test]
    fn one_caller_is_counted_by_device_person_or_place() {
        let somebody = client(Role::Operator, &[Scope::Admin]);
        let with = |device: Option<u8>, user: Option<&str>, address: Option<&str>| Client {
            principal: Principal {
                device: device.map(device_id),
                user: user.map(Into::into),
                ..somebody.principal.clone()
            },
            remote_address: address.map(Into::into),
            ..(*somebody).clone()
        };
        let limit = Limit::new();
        let now = Timestamp::from_millis(1_000);
        let exhaust =
            |caller: &Client| (0..CALLS).filter(|_| limit.count(caller, "m", now).is_ok()).count();
        let all = CALLS as usize;
        #[rustfmt::skip]
        let table = [
            (with(Some(1), None, None),                       all),
            (with(Some(1), None, Some("192.0.2.1")),          0), // the same device
            (with(Some(2), None, Some("192.0.2.1")),          all),
            (with(None, Some("a"), Some("192.0.2.1")),        all),
            (with(None, Some("a"), Some("192.0.2.2")),        0), // the same person
            (with(None, Some("b"), Some("192.0.2.2")),        all),
            (with(None, None, None),                          all),
            (with(None, None, Some("192.0.2.1")),             all),
            (with(None, None, Some("192.0.2.1")),             0), // the same place
        ];
        for (number, (caller, calls)) in table.iter().enumerate() {
            assert_eq!(exhaust(caller), *calls, "case {number}");
        }
        let first = &table[0].0;
        assert_eq!(limit.count(first, "another", now), Ok(()));
        let refused = limit.count(first, "m", now).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (ErrorCode::Unavailable, Some(WINDOW)));
        assert_eq!(limit.count(first, "m", now + WINDOW), Ok(()));
    }
}
