//! Devices that wait for somebody's decision.

use std::{net::IpAddr, time::Duration};

use super::Portrait;
use crate::{
    access::{Role, Scopes},
    ids::{DeviceId, RequestId},
    limits::bucket,
    time::Timestamp,
    words::words,
};

/// What a device asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The device.
    pub device: DeviceId,
    /// Its public key: base64url without padding.
    pub key: Box<str>,
    /// What it wants to be.
    pub role: Role,
    /// What it wants to be allowed.
    pub scopes: Scopes,
    /// What it says about itself.
    pub portrait: Portrait,
    /// Where it comes from, unless from this machine.
    pub remote_address: Option<Box<str>>,
    /// The commands it carries out, if it wants to be a node.
    pub commands: Vec<Box<str>>,
    /// Its abilities, if it wants to be a node.
    pub caps: Vec<Box<str>>,
}

words! {
    /// Why a device has to ask.
    pub enum Reason {
        /// It is not known, or has another key than the one that is known.
        NotPaired = "not-paired",
        /// It was let in, but not as that.
        RoleUpgrade = "role-upgrade",
        /// It was let in, but not for all of that.
        ScopeUpgrade = "scope-upgrade",
        /// It was let in once, and that was taken back.
        Revoked = "revoked",
    }
}

/// A device that waits for somebody's decision. Never changed: whoever asks for
/// something else makes another request (V-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Names it.
    pub id: RequestId,
    /// What is asked for.
    pub ask: Ask,
    /// Why it has to ask.
    pub reason: Reason,
    /// Whether the device is known already.
    pub repair: bool,
    /// Whether it is approved without asking anybody.
    pub silent: bool,
    /// When it was made.
    pub at: Timestamp,
}

/// The requests that wait.
#[derive(Debug, Default)]
pub struct Requests {
    // Invariant: in the order in which they were made; at most one for a device
    // in a role, and at most `MAX` together.
    waiting: Vec<Request>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a new request has to be announced and kept"]
pub enum Filed {
    /// It waits now, perhaps in place of an earlier one of the same device.
    New {
        /// The earlier one, which nobody can approve any more.
        instead_of: Option<Box<Request>>,
    },
    /// The same was asked before and waits.
    Known(RequestId),
}

/// So many devices wait that no more may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many pairing requests are waiting")]
pub struct NoRoom;

impl Requests {
    /// How long a request waits.
    pub const TTL: Duration = Duration::from_mins(5);
    /// How many may wait (V-36).
    pub const MAX: usize = 32;
    /// How many from one address may wait, so that one does not keep the others
    /// from asking.
    pub const MAX_PER_ADDRESS: usize = 24;

    /// Those that were written down, without those whose time is up. Of several
    /// that were written down for a device in a role, the newest counts.
    pub fn restore(mut written: Vec<Request>, now: Timestamp) -> Self {
        written.retain(|request| !request.is_over(now));
        written.sort_by_key(|request| request.at);
        let mut waiting: Vec<Request> = Vec::new();
        for request in written {
            waiting.retain(|other| !other.is_about(&request.ask.device, request.ask.role));
            waiting.push(request);
        }
        waiting.truncate(Self::MAX);
        Self { waiting }
    }

    /// Lets `request` wait.
    pub fn file(&mut self, request: Request) -> Result<Filed, NoRoom> {
        let same = |other: &Request| other.is_about(&request.ask.device, request.ask.role);
        if let Some(place) = self.waiting.iter().position(same) {
            let known = &self.waiting[place];
            if known.ask == request.ask && known.reason == request.reason {
                return Ok(Filed::Known(known.id.clone()));
            }
            let instead_of = Some(Box::new(self.waiting.remove(place)));
            self.waiting.push(request);
            return Ok(Filed::New { instead_of });
        }
        let household = request.household();
        let neighbours = self.waiting.iter().filter(|other| other.household() == household);
        if Self::MAX <= self.waiting.len() || Self::MAX_PER_ADDRESS <= neighbours.count() {
            return Err(NoRoom);
        }
        self.waiting.push(request);
        Ok(Filed::New { instead_of: None })
    }

    /// Those whose time is up wait no longer.
    pub fn expire(&mut self, now: Timestamp) -> Vec<RequestId> {
        self.waiting.extract_if(.., |request| request.is_over(now)).map(|it| it.id).collect()
    }

    /// The request `id`, if its time is not up.
    pub fn get(&self, id: &RequestId, now: Timestamp) -> Option<&Request> {
        self.waiting.iter().find(|request| request.id == *id && !request.is_over(now))
    }

    /// The request `id` was decided about.
    pub fn remove(&mut self, id: &RequestId) -> Option<Request> {
        let place = self.waiting.iter().position(|request| request.id == *id)?;
        Some(self.waiting.remove(place))
    }

    /// Puts back what was not decided about after all, unless the device asked
    /// for something else meanwhile.
    pub fn put_back(&mut self, request: Request) {
        let same = |other: &Request| other.is_about(&request.ask.device, request.ask.role);
        if !self.waiting.iter().any(same) {
            self.waiting.push(request);
            self.waiting.sort_by_key(|request| request.at);
        }
    }

    /// What `device` asks for in `role` need not wait any more.
    pub fn remove_for(&mut self, device: &DeviceId, role: Role) -> Option<Request> {
        let place = self.waiting.iter().position(|request| request.is_about(device, role))?;
        Some(self.waiting.remove(place))
    }

    /// Nothing `device` asks for need wait any more.
    pub fn remove_of(&mut self, device: &DeviceId) -> Vec<Request> {
        self.waiting.extract_if(.., |request| request.ask.device == *device).collect()
    }

    /// Those that wait, the oldest first.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &Request> {
        self.waiting.iter().filter(move |request| !request.is_over(now))
    }
}

impl Request {
    /// When its time is up.
    pub fn expires_at(&self) -> Timestamp {
        self.at + Requests::TTL
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at() <= now
    }

    fn is_about(&self, device: &DeviceId, role: Role) -> bool {
        self.ask.device == *device && self.ask.role == role
    }

    /// Where it comes from, as far as one can move by oneself: a /64 of IPv6.
    fn household(&self) -> Option<IpAddr> {
        self.ask.remote_address.as_deref().and_then(|text| text.parse().ok()).map(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Scope;

    fn request(id: &str, device: usize, scopes: &[Scope], address: &str) -> Request {
        let ask = Ask {
            device: format!("{device:064x}").parse().unwrap(),
            key: "k".into(),
            role: Role::Operator,
            scopes: scopes.iter().copied().collect(),
            portrait: Portrait::default(),
            remote_address: Some(address.into()),
            commands: Vec::new(),
            caps: Vec::new(),
        };
        let at = Timestamp::from_millis(1_000);
        let id = id.parse().unwrap();
        Request { id, ask, reason: Reason::NotPaired, repair: false, silent: false, at }
    }

    const NOW: Timestamp = Timestamp::from_millis(2_000);

    /// V-22: what is approved is what was shown.
    #[test]
    fn asking_for_something_else_is_another_request() {
        let mut requests = Requests::default();
        let id = |text: &str| text.parse::<RequestId>().unwrap();
        assert_eq!(
            requests.file(request("a", 1, &[Scope::Read], "x")),
            Ok(Filed::New { instead_of: None })
        );
        assert_eq!(requests.file(request("b", 1, &[Scope::Read], "x")), Ok(Filed::Known(id("a"))));
        assert_eq!(
            requests.file(request("c", 1, &[Scope::Admin], "x")),
            Ok(Filed::New { instead_of: Some(Box::new(request("a", 1, &[Scope::Read], "x"))) })
        );
        assert_eq!(requests.get(&id("a"), NOW), None, "nobody can approve what was replaced");
        assert!(requests.get(&id("c"), NOW).is_some());
    }

    /// V-36: so many and no more, and not all of them from one place.
    #[test]
    fn few_may_wait() {
        let mut requests = Requests::default();
        let file = |requests: &mut Requests, number: usize, address: &str| {
            requests.file(request(&number.to_string(), number, &[], address)).is_ok()
        };
        let household = |number: usize| format!("2001:db8::{number:x}");
        let waiting = (0..300).filter(|it| file(&mut requests, *it, &household(*it))).count();
        assert_eq!(waiting, Requests::MAX_PER_ADDRESS);
        let waiting = (300..600).filter(|it| file(&mut requests, *it, "192.0.2.1")).count();
        assert_eq!(waiting, Requests::MAX - Requests::MAX_PER_ADDRESS);
    }

    #[test]
    fn nobody_waits_longer_than_five_minutes() {
        let mut requests = Requests::default();
        let id: RequestId = "a".parse().unwrap();
        let _ = requests.file(request("a", 1, &[], "x")).unwrap();
        let before = Timestamp::from_millis(1_000) + Requests::TTL - Duration::from_millis(1);
        assert!(requests.get(&id, before).is_some());
        let after = before + Duration::from_millis(1);
        assert!(requests.get(&id, after).is_none());
        assert_eq!(requests.waiting(after).count(), 0);
        assert_eq!(requests.expire(before), []);
        assert_eq!(requests.expire(after), [id]);
    }

    /// What was taken off the board and could not be decided about comes back,
    /// but never beside what the device asked for since.
    #[test]
    fn a_device_waits_once_in_a_role_whatever_fails() {
        let ids = |requests: &Requests| -> Vec<String> {
            requests.waiting(NOW).map(|request| request.id.to_string()).collect()
        };
        let (first, second) = (request("a", 1, &[], "x"), request("b", 1, &[Scope::Read], "x"));
        let mut requests = Requests::default();
        let _ = requests.file(first.clone()).unwrap();
        assert_eq!(requests.remove_for(&first.ask.device, Role::Node), None);
        assert_eq!(requests.remove_for(&first.ask.device, Role::Operator), Some(first.clone()));
        requests.put_back(first.clone());
        assert_eq!(ids(&requests), ["a"]);

        requests.remove(&first.id).unwrap();
        let _ = requests.file(second.clone()).unwrap();
        requests.put_back(first.clone());
        assert_eq!(ids(&requests), ["b"]);
        let removed = requests.remove_of(&second.ask.device);
        assert_eq!(removed, std::slice::from_ref(&second));

        let later = Request { at: NOW, ..second };
        assert_eq!(ids(&Requests::restore(vec![later, first], NOW)), ["b"]);
    }
}
