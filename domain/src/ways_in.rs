//! Which ways in the configuration opens, and who loses theirs when it changes.

use crate::{access::Proof, exposure::Login};

/// The ways in that the configuration opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaysIn {
    /// What a client has to show.
    pub login: Login,
    /// Whether being known to the tailnet is enough.
    pub tailnet: bool,
    /// Whether running on this machine is enough.
    pub local: bool,
}

/// The ways that can be closed. Tokens of devices, setup codes and keys are taken
/// back one by one, by other means.
const WAYS: [Proof; 6] = [
    Proof::Token,
    Proof::Password,
    Proof::Tailscale,
    Proof::TrustedProxy,
    Proof::Local,
    Proof::Nothing,
];

impl WaysIn {
    /// Whether somebody is let in for that proof.
    pub fn admit(self, proof: Proof) -> bool {
        match proof {
            Proof::Token => self.login == Login::Token,
            Proof::Password => self.login == Login::Password,
            Proof::Nothing => self.login == Login::Nothing,
            Proof::TrustedProxy => self.login == Login::Proxy,
            Proof::Tailscale => self.tailnet,
            Proof::Local => self.local,
            Proof::DeviceToken | Proof::SetupCode | Proof::RelayKey => true,
        }
    }

    /// The proofs for which nobody is let in any more after the change to
    /// `after`: whoever came in that way has to leave.
    pub fn closed_by(self, after: Self) -> impl Iterator<Item = Proof> {
        WAYS.into_iter().filter(move |proof| self.admit(*proof) && !after.admit(*proof))
    }
}

#[test]
fn who_loses_the_way_they_came_in_by() {
    let ways = |login, tailnet, local| WaysIn { login, tailnet, local };
    #[rustfmt::skip]
    let table: [(WaysIn, WaysIn, &[Proof]); 7] = [
        (ways(Login::Token, false, false),   ways(Login::Token, false, false),    &[]),
        (ways(Login::Token, false, false),   ways(Login::Token, true, true),      &[]),
        (ways(Login::Token, true, true),     ways(Login::Token, false, true),     &[Proof::Tailscale]),
        (ways(Login::Token, true, true),     ways(Login::Token, true, false),     &[Proof::Local]),
        (ways(Login::Token, false, false),   ways(Login::Password, false, false), &[Proof::Token]),
        (ways(Login::Nothing, false, false), ways(Login::Proxy, false, false),    &[Proof::Nothing]),
        (ways(Login::Proxy, true, false),    ways(Login::Password, false, false), &[Proof::Tailscale, Proof::TrustedProxy]),
    ];
    for (before, after, lost) in table {
        assert_eq!(before.closed_by(after).collect::<Vec<_>>(), lost, "{before:?} {after:?}");
        assert!(after.admit(Proof::DeviceToken));
    }
}
