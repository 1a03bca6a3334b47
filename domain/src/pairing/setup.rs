//! Setup codes: how a phone is let in that nobody wants to type a token into.
//!
//! A code is good for one device, once, and for a few minutes. It holds no
//! secret but its own (V-17).

use std::time::Duration;

use super::{Ask, Reason, Request};
use crate::{
    access::{Role, Scope, Scopes},
    ids::{DeviceId, RequestId},
    time::Timestamp,
    words::words,
};

words! {
    /// What a code lets a device be.
    pub enum Profile {
        /// A node, and an operator who may do everything but administrate and
        /// let others in.
        Limited = "limited",
        /// A node only.
        Node = "node",
        /// An operator who may do everything: the dashboard of whoever looks
        /// after the gateway.
        Dashboard = "dashboard",
    }
}

impl Profile {
    /// The roles, and what the device may do in each.
    pub fn grants(self) -> Vec<(Role, Scopes)> {
        let limited = [Scope::Read, Scope::Write, Scope::Approvals, Scope::Talk];
        let node = (Role::Node, Scopes::NONE);
        match self {
            Self::Limited => vec![node, (Role::Operator, limited.into_iter().collect())],
            Self::Node => vec![node],
            Self::Dashboard => vec![(Role::Operator, Scopes::all())],
        }
    }
}

/// A code that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupCode {
    /// Names it; not a secret.
    pub id: RequestId,
    /// What it lets a device be.
    pub profile: Profile,
    /// When it was made.
    pub at: Timestamp,
    /// The device that used it, what it calls itself, and when.
    pub used: Option<(DeviceId, Option<Box<str>>, Timestamp)>,
}

/// Why a code is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupRefused {
    /// Its time is up.
    #[error("the setup code has expired")]
    Expired,
    /// Somebody used it.
    #[error("the setup code was used already")]
    Used,
    /// It is not for that.
    #[error("the setup code does not allow that")]
    Exceeded,
}

impl SetupCode {
    /// How long a code is good.
    pub const TTL: Duration = Duration::from_mins(10);
    /// How long it is remembered what became of it.
    pub const REMEMBERED: Duration = Duration::from_hours(24);
    /// How many may be good at the same time.
    pub const MAX: usize = 16;

    /// What the token in the code is for.
    pub fn purpose(&self) -> String {
        format!("setup/{}", self.id)
    }

    /// When its time is up.
    pub fn expires_at(&self) -> Timestamp {
        self.at + Self::TTL
    }

    /// What a device asks for that shows the code: nobody has to decide.
    pub fn request(&self, ask: Ask, now: Timestamp) -> Request {
        let (id, reason) = (self.id.clone(), Reason::NotPaired);
        Request { id, ask, reason, repair: false, silent: true, at: now }
    }

    /// Whether it can be used now, by whoever wants to be `role` with `scopes`.
    pub fn check(&self, role: Role, scopes: Scopes, now: Timestamp) -> Result<(), SetupRefused> {
        if self.used.is_some() {
            return Err(SetupRefused::Used);
        }
        if self.expires_at() <= now {
            return Err(SetupRefused::Expired);
        }
        let grants = self.profile.grants();
        let fits = grants
            .iter()
            .find(|(granted, _)| *granted == role)
            .is_some_and(|(_, granted)| scopes.iter().all(|scope| granted.grants(scope)));
        if fits { Ok(()) } else { Err(SetupRefused::Exceeded) }
    }
}

#[test]
fn a_code_is_good_once_for_a_while_and_for_little() {
    use Scope::{Admin, Pairing, Read, Write};
    use SetupRefused::{Exceeded, Expired, Used};

    let now = Timestamp::from_millis(1_000);
    let code = |profile| SetupCode { id: "s".parse().unwrap(), profile, at: now, used: None };
    let device = "d".repeat(64).parse().unwrap();
    let used = SetupCode { used: Some((device, None, now)), ..code(Profile::Limited) };
    let scopes = |scopes: &[Scope]| scopes.iter().copied().collect::<Scopes>();
    let late = now + SetupCode::TTL;
    #[rustfmt::skip]
    let table = [
        (code(Profile::Limited), Role::Operator, scopes(&[Read, Write]), now,  Ok(())),
        (code(Profile::Limited), Role::Node,     scopes(&[]),            now,  Ok(())),
        (code(Profile::Limited), Role::Operator, scopes(&[Admin]),       now,  Err(Exceeded)),
        (code(Profile::Limited), Role::Operator, scopes(&[Pairing]),     now,  Err(Exceeded)),
        (code(Profile::Node),    Role::Node,     scopes(&[]),            now,  Ok(())),
        (code(Profile::Node),    Role::Operator, scopes(&[]),            now,  Err(Exceeded)),
        (code(Profile::Dashboard), Role::Operator, scopes(&[Admin, Pairing]), now, Ok(())),
        (code(Profile::Dashboard), Role::Node,   scopes(&[]),            now,  Err(Exceeded)),
        (code(Profile::Limited), Role::Node,     scopes(&[]),            late, Err(Expired)),
        (used,                   Role::Node,     scopes(&[]),            now,  Err(Used)),
    ];
    for (code, role, scopes, now, verdict) in table {
        assert_eq!(code.check(role, scopes, now), verdict, "{code:?} {role} {scopes:?}");
    }
}
