//! Letting devices in: who asked, who decided, what was granted
//! (`ws-protocol.md` 4.6 to 4.8).
//!
//! A device is let in for a role. What it may do in that role is what was shown
//! to whoever approved it, and never more than that person may do.

mod device;
mod request;
mod setup;

pub use device::{Device, Grant, Portrait, Standing};
pub use request::{Ask, Filed, NoRoom, Reason, Request, Requests};
pub use setup::{Profile, SetupCode, SetupRefused};

use crate::{
    access::{Access, Denied, Principal, Proof, Role, Scope, Scopes},
    node::scopes_to_approve,
};

/// Whether `caller` manages `device`: administrators and holders of the shared
/// secret without a device manage all of them, a device without `operator.admin`
/// sees to itself only (V-13). A name somebody vouches for is no secret, so a
/// person without a device manages none.
pub fn manages(caller: &Principal, device: &crate::ids::DeviceId) -> bool {
    let admin = caller.scopes.grants(Scope::Admin);
    let by_secret = match caller.proof {
        Proof::Token | Proof::Password | Proof::Local | Proof::Nothing => true,
        Proof::DeviceToken
        | Proof::SetupCode
        | Proof::Tailscale
        | Proof::TrustedProxy
        | Proof::RelayKey => false,
    };
    admin || caller.device.as_ref().map_or(by_secret, |own| own == device)
}

/// Whether `caller` may let `request` in: it manages the device, and holds
/// everything it would grant (V-12).
pub fn may_approve(caller: &Principal, request: &Request) -> Result<(), Denied> {
    Access::Operator(Scope::Pairing).check(caller)?;
    let wanted = request.ask.scopes.union(needed_for(&request.ask));
    for scope in wanted.iter() {
        Access::Operator(scope).check(caller)?;
    }
    if manages(caller, &request.ask.device) { Ok(()) } else { Err(Denied::Scope(Scope::Admin)) }
}

/// What an approver has to hold beyond the scopes asked for: whoever lets a node
/// in may from then on have its commands carried out.
fn needed_for(ask: &Ask) -> Scopes {
    match ask.role {
        Role::Operator => Scopes::NONE,
        Role::Node => scopes_to_approve(ask.commands.iter().map(AsRef::as_ref)),
    }
}

/// What a device may be given when its scopes are named anew: what it had, and
/// what `caller` holds (V-10).
pub fn may_grant(caller: &Principal, scopes: Scopes) -> Result<(), Denied> {
    scopes.iter().try_for_each(|scope| Access::Operator(scope).check(caller))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{access::Proof, ids::DeviceId, time::Timestamp};

    fn id(letter: &str) -> DeviceId {
        letter.repeat(64).parse().unwrap()
    }

    fn caller(device: Option<&str>, scopes: &[Scope]) -> Principal {
        Principal {
            role: Role::Operator,
            scopes: scopes.iter().copied().collect(),
            proof: Proof::Token,
            local: false,
            device: device.map(id),
            user: None,
        }
    }

    fn request(role: Role, scopes: &[Scope], commands: &[&str]) -> Request {
        let ask = Ask {
            device: id("b"),
            key: "key".into(),
            role,
            scopes: scopes.iter().copied().collect(),
            portrait: Portrait::default(),
            remote_address: None,
            commands: commands.iter().copied().map(Box::from).collect(),
            caps: Vec::new(),
        };
        let (reason, at) = (Reason::NotPaired, Timestamp::default());
        Request { id: "r".parse().unwrap(), ask, reason, repair: false, silent: false, at }
    }

    /// V-12, V-13, B8: nobody grants what he does not hold.
    #[test]
    fn who_may_approve_what() {
        use Scope::{Admin, Pairing, Read, Write};

        let missing = |scope| Err(Denied::Scope(scope));
        let operator = |scopes: &[Scope]| request(Role::Operator, scopes, &[]);
        let node = |commands: &[&str]| request(Role::Node, &[], commands);
        #[rustfmt::skip]
        let table = [
            (caller(None, &[Admin]),                  operator(&[Admin]),        Ok(())),
            (caller(Some("a"), &[Admin]),             operator(&[Admin, Write]), Ok(())),
            (caller(None, &[Pairing]),                operator(&[Admin]),        missing(Admin)),
            (caller(None, &[Pairing]),                operator(&[]),             Ok(())),
            (caller(None, &[Pairing]),                operator(&[Read]),         missing(Read)),
            (caller(None, &[Pairing, Write]),         operator(&[Read, Write]),  Ok(())),
            (caller(None, &[Write]),                  operator(&[]),             missing(Pairing)),
            (caller(Some("a"), &[Pairing, Read]),     operator(&[Read]),         missing(Admin)),
            (caller(Some("b"), &[Pairing, Read]),     operator(&[Read]),         Ok(())),
            (caller(None, &[Pairing]),                node(&[]),                 Ok(())),
            (caller(None, &[Pairing]),                node(&["canvas.present"]),    missing(Write)),
            (caller(None, &[Pairing, Write]),         node(&["canvas.present"]),    Ok(())),
            (caller(None, &[Pairing, Write]),         node(&["system.run"]),     missing(Admin)),
            (caller(None, &[Admin]),                  node(&["system.run"]),     Ok(())),
        ];
        for (caller, request, verdict) in table {
            assert_eq!(may_approve(&caller, &request), verdict, "{caller:?} {request:?}");
        }
        for proof in [Proof::Tailscale, Proof::TrustedProxy] {
            let person = |scopes| Principal { proof, ..caller(None, scopes) };
            assert_eq!(may_approve(&person(&[Admin]), &operator(&[Admin])), Ok(()));
            assert_eq!(may_approve(&person(&[Pairing]), &operator(&[])), missing(Admin));
        }
        let node = Principal { role: Role::Node, ..caller(None, &[Admin]) };
        assert_eq!(may_approve(&node, &operator(&[])), Err(Denied::Role(Role::Node)));
    }
}
