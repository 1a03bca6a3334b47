//! A device that was let in.

use std::collections::BTreeMap;

use super::{Ask, Reason, Request};
use crate::{
    access::{Role, Scopes},
    ids::DeviceId,
    time::Timestamp,
};

/// A device that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name: the hash of its key.
    pub id: DeviceId,
    /// Its public key: base64url without padding.
    pub key: Box<str>,
    /// What an operator calls it.
    pub label: Option<Box<str>>,
    /// What it looked like when it was approved.
    pub portrait: Portrait,
    /// Where it came from when it was approved, unless from this machine.
    pub remote_address: Option<Box<str>>,
    /// What it was granted, by role.
    pub grants: BTreeMap<Role, Grant>,
    /// When it was first approved.
    pub created_at: Timestamp,
    /// When it was last approved.
    pub approved_at: Timestamp,
    /// When it last came.
    pub seen_at: Option<Timestamp>,
}

/// What a device says about itself. Frozen when it is approved, so that nobody
/// can become something else later (V-07).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portrait {
    /// What it calls itself.
    pub display_name: Option<Box<str>>,
    /// What it runs on.
    pub platform: Option<Box<str>>,
    /// As in `iPhone`.
    pub device_family: Option<Box<str>>,
    /// As in `iPhone17,1`.
    pub model_identifier: Option<Box<str>>,
    /// Which program.
    pub client_id: Option<Box<str>>,
    /// What kind of program.
    pub client_mode: Option<Box<str>>,
}

/// What a device may do in a role, and the token that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub scopes: Scopes,
    /// Tells this token from those before it. Not a secret: the token is
    /// computed from it with a key only the gateway has.
    pub nonce: Box<str>,
    /// What it said it can do as a node, when that was approved.
    pub commands: Vec<Box<str>>,
    /// Its abilities as a node, when that was approved.
    pub caps: Vec<Box<str>>,
    /// When the role was granted.
    pub created_at: Timestamp,
    /// When somebody last approved it.
    pub approved_at: Timestamp,
    /// When the token was replaced.
    pub rotated_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When the token was last shown.
    pub used_at: Option<Timestamp>,
}

/// Where a device stands that wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has all of it.
    Granted,
    /// It has to ask, for this reason.
    HasToAsk(Reason),
}

impl Device {
    /// What a token of this device in `role` is for, as long as it is not
    /// replaced.
    pub fn purpose(&self, role: Role, grant: &Grant) -> String {
        format!("device/{}/{role}/{}", self.id, grant.nonce)
    }

    /// The grant of `role`, unless it was taken back.
    pub fn grant(&self, role: Role) -> Option<&Grant> {
        self.grants.get(&role).filter(|grant| grant.revoked_at.is_none())
    }

    /// What people call it.
    pub fn name(&self) -> Option<&str> {
        self.label.as_deref().or(self.portrait.display_name.as_deref())
    }

    /// The roles it has.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.grants.iter().filter(|(_, grant)| grant.revoked_at.is_none()).map(|(role, _)| *role)
    }

    /// Where `device`, if it is known, stands with what it asks.
    pub fn standing(device: Option<&Self>, ask: &Ask) -> Standing {
        let Some(device) = device.filter(|device| device.key == ask.key) else {
            return Standing::HasToAsk(Reason::NotPaired);
        };
        let reason = match device.grants.get(&ask.role) {
            None => Reason::RoleUpgrade,
            Some(Grant { revoked_at: Some(_), .. }) => Reason::Revoked,
            Some(grant) if !ask.scopes.iter().all(|scope| grant.scopes.grants(scope)) => {
                Reason::ScopeUpgrade
            }
            Some(_) => return Standing::Granted,
        };
        Standing::HasToAsk(reason)
    }

    /// `device` after `request` was approved. `nonce` makes its new token.
    ///
    /// What it had is kept if the request adds to it, and forgotten if the
    /// device asked anew: with another key, or after its token was taken back
    /// (V-16).
    #[must_use]
    pub fn approved(
        device: Option<Self>,
        request: &Request,
        nonce: Box<str>,
        now: Timestamp,
    ) -> Self {
        let Ask { device: id, key, role, scopes, portrait, remote_address, commands, caps } =
            request.ask.clone();
        let known = device.filter(|device| device.key == key);
        let before = known.as_ref().and_then(|device| device.grant(role)).cloned();
        let grant = Grant {
            scopes: before.as_ref().map_or(scopes, |before| before.scopes.union(scopes)),
            nonce,
            commands,
            caps,
            created_at: before.as_ref().map_or(now, |before| before.created_at),
            approved_at: now,
            rotated_at: before.map(|_| now),
            revoked_at: None,
            used_at: None,
        };
        let mut device = known.unwrap_or_else(|| Self {
            id,
            key,
            label: None,
            portrait: portrait.clone(),
            remote_address: None,
            grants: BTreeMap::new(),
            created_at: now,
            approved_at: now,
            seen_at: None,
        });
        device.portrait = portrait;
        device.remote_address = remote_address;
        device.approved_at = now;
        device.grants.insert(role, grant);
        device
    }

    /// This device without the approval that made the token of `nonce` in
    /// `role`, because that could not be written down; `before` is what it was.
    /// None if nothing is left of it. What was decided since stays as it is:
    /// above all, what was taken back does not come back.
    #[must_use]
    pub fn without(mut self, role: Role, nonce: &str, before: Option<&Self>) -> Option<Self> {
        let undone = |grant: &Grant| *grant.nonce == *nonce && grant.revoked_at.is_none();
        if !self.grants.get(&role).is_some_and(undone) {
            return Some(self);
        }
        match before.and_then(|before| before.grants.get(&role)) {
            Some(grant) => self.grants.insert(role, grant.clone()),
            None => self.grants.remove(&role),
        };
        if let Some(before) = before {
            self.portrait = before.portrait.clone();
            self.remote_address.clone_from(&before.remote_address);
            self.approved_at = before.approved_at;
        }
        (!self.grants.is_empty()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Scope::{self, Admin, Read, Write};

    fn ask(key: &str, role: Role, scopes: &[Scope]) -> Ask {
        Ask {
            device: "d".repeat(64).parse().unwrap(),
            key: key.into(),
            role,
            scopes: scopes.iter().copied().collect(),
            portrait: Portrait::default(),
            remote_address: None,
            commands: Vec::new(),
            caps: Vec::new(),
        }
    }

    fn approve(device: Option<Device>, ask: &Ask, nonce: &str) -> Device {
        let request = Request {
            id: "r".parse().unwrap(),
            ask: ask.clone(),
            reason: Reason::NotPaired,
            repair: false,
            silent: false,
            at: Timestamp::default(),
        };
        Device::approved(device, &request, nonce.into(), Timestamp::from_millis(5))
    }

    #[test]
    fn a_device_has_what_was_approved_and_asks_for_the_rest() {
        use Role::{Node, Operator};

        let device = approve(None, &ask("k", Operator, &[Write]), "n1");
        let mut revoked = device.clone();
        revoked.grants.get_mut(&Operator).unwrap().revoked_at = Some(Timestamp::default());
        let has_to = Standing::HasToAsk;
        #[rustfmt::skip]
        let table = [
            (None,           ask("k", Operator, &[]),            has_to(Reason::NotPaired)),
            (Some(&device),  ask("k", Operator, &[]),            Standing::Granted),
            (Some(&device),  ask("k", Operator, &[Read, Write]), Standing::Granted),
            (Some(&device),  ask("k", Operator, &[Read, Admin]), has_to(Reason::ScopeUpgrade)),
            (Some(&device),  ask("k", Node, &[]),                has_to(Reason::RoleUpgrade)),
            (Some(&device),  ask("x", Operator, &[]),            has_to(Reason::NotPaired)),
            (Some(&revoked), ask("k", Operator, &[]),            has_to(Reason::Revoked)),
        ];
        for (device, ask, standing) in table {
            assert_eq!(Device::standing(device, &ask), standing, "{ask:?}");
        }
    }

    /// V-16: what was taken back does not come back with the next approval.
    #[test]
    fn asking_anew_begins_anew() {
        let device = approve(None, &ask("k", Role::Operator, &[Read]), "n1");
        let more = approve(Some(device), &ask("k", Role::Operator, &[Write]), "n2");
        let grant = more.grant(Role::Operator).unwrap();
        assert_eq!(grant.scopes, [Read, Write].into_iter().collect());
        assert_eq!((&*grant.nonce, grant.rotated_at.is_some()), ("n2", true));

        let mut revoked = more.clone();
        revoked.grants.get_mut(&Role::Operator).unwrap().revoked_at = Some(Timestamp::default());
        let again = approve(Some(revoked), &ask("k", Role::Operator, &[]), "n3");
        assert_eq!(again.grant(Role::Operator).unwrap().scopes, Scopes::NONE);

        let other_key = approve(Some(more), &ask("x", Role::Node, &[]), "n4");
        assert_eq!(other_key.roles().collect::<Vec<_>>(), [Role::Node]);
    }

    #[test]
    fn an_approval_that_fails_takes_nothing_else_along() {
        use Role::{Node, Operator};

        let first = approve(None, &ask("k", Operator, &[Read]), "n1");
        assert_eq!(first.clone().without(Operator, "n1", None), None);

        let more = approve(Some(first.clone()), &ask("k", Operator, &[Write]), "n2");
        assert_eq!(more.clone().without(Operator, "n2", Some(&first)), Some(first.clone()));
        assert_eq!(more.clone().without(Operator, "n1", None), Some(more.clone()), "not this one");

        let mut renamed = more.clone();
        renamed.label = Some("phone".into());
        let label = renamed.without(Operator, "n2", Some(&first)).unwrap().label;
        assert_eq!(label.as_deref(), Some("phone"));

        let both = approve(Some(more.clone()), &ask("k", Node, &[]), "n3");
        let node = both.clone().without(Operator, "n2", None).unwrap();
        assert_eq!(node.roles().collect::<Vec<_>>(), [Node], "the other role was written down");
        assert_eq!(both.without(Node, "n3", Some(&more)), Some(more.clone()));

        let mut revoked = more;
        revoked.grants.get_mut(&Operator).unwrap().revoked_at = Some(Timestamp::default());
        assert_eq!(revoked.clone().without(Operator, "n2", Some(&first)), Some(revoked));
    }
}
