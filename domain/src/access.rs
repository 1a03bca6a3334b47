//! Who may do what.

use std::fmt;

use crate::{ids::DeviceId, words::words};

words! {
    /// What a client is to the gateway.
    pub enum Role {
        /// A person or a program acting for one.
        Operator = "operator",
        /// A machine that carries out commands.
        Node = "node",
    }
}

words! {
    /// A permission of an operator (`ws-protocol.md` 4.10).
    pub enum Scope {
        /// Everything.
        Admin = "operator.admin",
        /// Looking at health, status, sessions, models and what is said.
        Read = "operator.read",
        /// Sending, running agents, waking. Includes reading.
        Write = "operator.write",
        /// Asking for and deciding on commands that need a person's consent.
        Approvals = "operator.approvals",
        /// Letting devices and nodes in.
        Pairing = "operator.pairing",
        /// Answering the questions of agents.
        Questions = "operator.questions",
        /// Speaking with agents.
        Talk = "operator.talk",
        /// Reading the secrets of speech providers.
        TalkSecrets = "operator.talk.secrets",
        /// Reading the sessions one takes part in. Known, so that it can be
        /// granted and kept; no method here is content with it.
        SessionsRead = "operator.sessions.read",
        /// Writing in the sessions one takes part in. As [`Self::SessionsRead`].
        SessionsWrite = "operator.sessions.write",
    }
}

/// A set of [`Scope`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u16);

impl Scopes {
    /// No scope at all.
    pub const NONE: Self = Self(0);

    /// What somebody who knows the shared secret may ask for.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` itself is in the set. What a scope includes is the
    /// business of [`grants`](Self::grants).
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// Whether whoever holds this set may do what `scope` permits: it is in
    /// the set, or something that includes it is.
    pub const fn grants(self, scope: Scope) -> bool {
        self.contains(scope)
            || self.contains(Scope::Admin)
            || (self.contains(Scope::Write) && matches!(scope, Scope::Read | Scope::Talk))
    }

    /// This set and `scope`.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | Self::bit(scope))
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of the manual.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }

    const fn bit(scope: Scope) -> u16 {
        1 << scope as u16
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::as_str)).finish()
    }
}

words! {
    /// How a client showed who it is.
    pub enum Proof {
        /// It knows the gateway's token.
        Token = "token",
        /// It knows the gateway's password.
        Password = "password",
        /// It has the token that was made for its device.
        DeviceToken = "device-token",
        /// It brought a setup code that nobody had used.
        SetupCode = "bootstrap-token",
        /// The tailnet says who its user is.
        Tailscale = "tailscale",
        /// The proxy in front says who its user is.
        TrustedProxy = "trusted-proxy",
        /// It runs on this machine, and the configuration lets everybody there
        /// in (`gateway.auth.localAutoPermit`).
        Local = "local",
        /// It showed nothing, and the configuration allows that for local clients.
        Nothing = "none",
        /// It has a key that is good for asking models without an agent
        /// (`gateway.http.relay.keys`), and for nothing else.
        RelayKey = "relay-key",
    }
}

/// Somebody the authenticator let in, and what they may do.
///
/// Made in one place, from credentials and the circumstances of a connection,
/// and never widened afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What the client is to the gateway.
    pub role: Role,
    /// What it may do.
    pub scopes: Scopes,
    /// How it showed who it is.
    pub proof: Proof,
    /// Whether it runs on this machine and reached the gateway directly.
    pub local: bool,
    /// The device it proved to be, if it did.
    pub device: Option<DeviceId>,
    /// The person, where the tailnet or the proxy in front says who it is.
    pub user: Option<Box<str>>,
}

impl Principal {
    /// Whoever has the key `name`, which is good for asking models without an
    /// agent. It has no scope at all, so that whatever does not ask for such a key
    /// is closed to it.
    pub fn with_relay_key(name: &str, local: bool) -> Self {
        Self {
            role: Role::Operator,
            scopes: Scopes::NONE,
            proof: Proof::RelayKey,
            local,
            device: None,
            user: Some(name.into()),
        }
    }

    /// The name of the key it has for asking models without an agent, if that is
    /// what it was let in with.
    pub fn relay_key(&self) -> Option<&str> {
        self.user.as_deref().filter(|_| self.proof == Proof::RelayKey)
    }

    /// Whether it may ask models without an agent: it holds such a key, or may ask
    /// agents, too.
    pub fn may_relay(&self) -> Result<(), Denied> {
        match self.relay_key() {
            Some(_) => Ok(()),
            None => Access::Operator(Scope::Write).check(self),
        }
    }
}

/// What somebody rests on who was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// A device that was approved for these scopes.
    Device(Scopes),
    /// The shared secret, on this machine or where the configuration says that
    /// it is enough.
    Secret,
    /// The shared secret from elsewhere, without a device (V-08).
    SecretFromElsewhere,
    /// A name the tailnet or a proxy vouches for; at most these scopes.
    Person(Scopes),
}

impl Footing {
    /// What whoever wants to be `role` and asked for `asked` is granted. Never
    /// more than it asked for, and never more than it rests on.
    pub fn grants(self, role: Role, asked: Scopes) -> Scopes {
        let most = match (role, self) {
            (Role::Node, _) | (_, Self::SecretFromElsewhere) => return Scopes::NONE,
            (_, Self::Secret) => return asked,
            (_, Self::Device(most) | Self::Person(most)) => most,
        };
        asked.iter().filter(|scope| most.grants(*scope)).collect()
    }
}

/// What a method or an event asks of whoever wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Any client that was let in.
    Anyone,
    /// An operator who holds the scope, or one that includes it.
    Operator(Scope),
    /// A node.
    Node,
}

/// Why a caller may not proceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller's role never may.
    #[error("unauthorized role: {0}")]
    Role(Role),
    /// The caller lacks this scope.
    #[error("missing scope: {0}")]
    Scope(Scope),
}

impl Access {
    /// Decides whether `caller` may proceed.
    pub fn check(self, caller: &Principal) -> Result<(), Denied> {
        match (self, caller.role) {
            (Self::Anyone, _) | (Self::Node, Role::Node) => Ok(()),
            (Self::Node, role) | (Self::Operator(_), role @ Role::Node) => Err(Denied::Role(role)),
            (Self::Operator(scope), Role::Operator) if caller.scopes.grants(scope) => Ok(()),
            (Self::Operator(scope), Role::Operator) => Err(Denied::Scope(scope)),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Operator(scope) => f.write_str(scope.as_str()),
            Self::Node => f.write_str("role node"),
        }
    }
}

#[test]
fn who_may_do_what() {
    use Scope::{Admin, Approvals, Pairing, Read, Talk, Write};

    let caller = |role, scopes: &[Scope]| Principal {
        role,
        scopes: scopes.iter().copied().collect(),
        proof: Proof::Token,
        local: true,
        device: None,
        user: None,
    };
    let operator = |scopes: &[Scope]| caller(Role::Operator, scopes);
    let node = caller(Role::Node, &[]);

    #[rustfmt::skip]
    let table = [
        // asked of the caller          held by the caller      allowed
        (Access::Operator(Read),      operator(&[Read]),        true),
        (Access::Operator(Read),      operator(&[Write]),       true),
        (Access::Operator(Talk),      operator(&[Write]),       true),
        (Access::Operator(Write),     operator(&[Read]),        false),
        (Access::Operator(Approvals), operator(&[Write]),       false),
        (Access::Operator(Pairing),   operator(&[Admin]),       true),
        (Access::Operator(Admin),     operator(&[Write]),       false),
        (Access::Operator(Read),      operator(&[]),            false),
        (Access::Operator(Read),      node.clone(),             false),
        (Access::Node,                operator(&[Admin]),       false),
        (Access::Node,                node.clone(),             true),
        (Access::Anyone,              operator(&[]),            true),
        (Access::Anyone,              node,                     true),
    ];
    for (asked, held, allowed) in table {
        assert_eq!(asked.check(&held).is_ok(), allowed, "{asked} with {held:?}");
    }
}

#[test]
fn refusals_name_what_is_missing() {
    assert_eq!(Denied::Scope(Scope::Admin).to_string(), "missing scope: operator.admin");
    assert_eq!(Denied::Role(Role::Node).to_string(), "unauthorized role: node");
}

/// V-08, V-11: what is granted is what was asked for, as far as it goes.
#[test]
fn nobody_gets_more_than_he_rests_on() {
    use Scope::{Admin, Read, Talk, Write};

    let set = |scopes: &[Scope]| scopes.iter().copied().collect::<Scopes>();
    #[rustfmt::skip]
    let table = [
        (Footing::Secret,                 Role::Operator, set(&[Admin]),       set(&[Admin])),
        (Footing::Secret,                 Role::Operator, set(&[]),            set(&[])),
        (Footing::Secret,                 Role::Node,     set(&[Admin]),       set(&[])),
        (Footing::SecretFromElsewhere,    Role::Operator, set(&[Admin, Read]), set(&[])),
        (Footing::Device(set(&[Write])),  Role::Operator, set(&[Read, Talk]),  set(&[Read, Talk])),
        (Footing::Device(set(&[Write])),  Role::Operator, set(&[Admin, Read]), set(&[Read])),
        (Footing::Device(set(&[])),       Role::Operator, set(&[Read]),        set(&[])),
        (Footing::Person(set(&[Admin])),  Role::Operator, set(&[Read, Admin]), set(&[Read, Admin])),
        (Footing::Person(set(&[Read])),   Role::Operator, set(&[Read, Admin]), set(&[Read])),
    ];
    for (footing, role, asked, granted) in table {
        assert_eq!(footing.grants(role, asked), granted, "{footing:?} {role} {asked:?}");
    }
}

#[test]
fn a_key_for_models_opens_nothing_else() {
    let holder = Principal::with_relay_key("ci", true);
    assert_eq!((holder.relay_key(), holder.may_relay()), (Some("ci"), Ok(())));
    for scope in Scope::ALL {
        assert!(Access::Operator(*scope).check(&holder).is_err(), "{scope}");
    }
    assert!(Access::Node.check(&holder).is_err());

    let person =
        |scopes, proof| Principal { scopes, proof, ..Principal::with_relay_key("ci", true) };
    assert_eq!(person(Scopes::all(), Proof::TrustedProxy).relay_key(), None);
    assert!(person(Scopes::NONE.with(Scope::Write), Proof::TrustedProxy).may_relay().is_ok());
    assert!(person(Scopes::NONE.with(Scope::Read), Proof::TrustedProxy).may_relay().is_err());
}
