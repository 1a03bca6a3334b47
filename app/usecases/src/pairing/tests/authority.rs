//! Who may decide about which devices.

use domain::{
    access::{
        Denied, Principal, Proof, Role,
        Scope::{self, Admin, Pairing as Pair, Read, Write},
    },
    client::Client,
};

use super::fixture::{Gateway, admin, ask, id, operator};
use crate::pairing::PairingError;

/// What somebody wants to do with device 2, which waits to become a node and may
/// read and write as an operator.
type Deed = (&'static str, &'static [Scope]);
const DEEDS: [Deed; 7] = [
    ("approve", &[]),
    ("reject", &[]),
    ("rename", &[]),
    ("remove", &[]),
    ("revoke", &[]),
    ("rotate", &[]),
    ("rotate", &[Admin]),
];

async fn done(gateway: &Gateway, caller: &Client, (deed, scopes): Deed) -> Result<(), Denied> {
    let pairing = &gateway.pairing;
    let waiting = gateway.request(ask(2, Role::Node, &[])).await;
    let wanted = (!scopes.is_empty()).then(|| scopes.iter().copied().collect());
    let done = match deed {
        "approve" => pairing.approve(caller, &waiting.id).await.map(drop),
        "reject" => pairing.reject(caller, &waiting.id).await.map(drop),
        "rename" => pairing.rename(caller, &id(2), "name").await.map(drop),
        "remove" => pairing.remove(caller, &id(2)).await,
        "revoke" => pairing.revoke(caller, &id(2), "operator").await.map(drop),
        "rotate" => pairing.rotate(caller, &id(2), "operator", wanted).await.map(drop),
        other => panic!("{other}"),
    };
    done.map_err(|error| match error {
        PairingError::Denied(denied) => denied,
        other => panic!("{deed}: {other}"),
    })
}

/// V-10, V-12, V-13: each kind of caller, each deed. Nothing happens when it is
/// denied.
#[tokio::test]
async fn everybody_does_what_he_may_and_nothing_else() {
    let person = |scopes: &[Scope]| {
        let client = operator(7, None, scopes);
        let principal = Principal { proof: Proof::Tailscale, ..client.principal.clone() };
        Client { principal, ..client }
    };
    let no = |scope| Err(Denied::Scope(scope));
    let ok = Ok(());
    #[rustfmt::skip]
    let table = [
        //                                             approve   reject     rename     remove     revoke     rotate     with admin
        (admin(7),                                    [ok,       ok,        ok,        ok,        ok,        ok,        ok]),
        (operator(7, Some(1), &[Admin]),              [ok,       ok,        ok,        ok,        ok,        ok,        ok]),
        (person(&[Admin]),                            [ok,       ok,        ok,        ok,        ok,        ok,        ok]),
        (operator(7, None, &[Pair, Write]),           [ok,       ok,        ok,        ok,        ok,        ok,        no(Admin)]),
        (operator(7, None, &[Pair]),                  [ok,       ok,        ok,        ok,        ok,        no(Read),  no(Admin)]),
        (operator(7, Some(2), &[Pair, Write]),        [ok,       ok,        ok,        ok,        ok,        ok,        no(Admin)]),
        (operator(7, Some(2), &[Pair]),               [ok,       ok,        ok,        ok,        ok,        no(Read),  no(Admin)]),
        (operator(7, Some(1), &[Pair, Write]),        [no(Admin), no(Admin), no(Admin), no(Admin), no(Admin), no(Admin), no(Admin)]),
        (person(&[Pair, Write]),                      [no(Admin), no(Admin), no(Admin), no(Admin), no(Admin), no(Admin), no(Admin)]),
    ];
    for (caller, verdicts) in table {
        for (deed, verdict) in DEEDS.into_iter().zip(verdicts) {
            let gateway = Gateway::new();
            gateway.pair(ask(2, Role::Operator, &[Read, Write])).await;
            gateway.request(ask(2, Role::Node, &[])).await;
            let before = gateway.disk.entries();
            let shown = format!("{deed:?} by {:?}", caller.principal);
            assert_eq!(done(&gateway, &caller, deed).await, verdict, "{shown}");
            let changed = gateway.disk.entries() != before;
            assert_eq!(changed, verdict.is_ok(), "{shown}");
        }
    }
}

/// V-12, AUT-046: nobody grants what he does not hold, and the request waits on.
#[tokio::test]
async fn a_request_for_more_than_the_approver_holds_waits_on() {
    let gateway = Gateway::new();
    let waiting = gateway.request(ask(1, Role::Operator, &[Admin])).await;
    let refused = gateway.pairing.approve(&operator(7, None, &[Pair]), &waiting.id).await;
    assert!(matches!(refused, Err(PairingError::Denied(Denied::Scope(Admin)))));
    assert_eq!(gateway.list().pending.len(), 1);
    gateway.pairing.approve(&admin(7), &waiting.id).await.unwrap();
}

/// V-13, AUT-049: a device without `operator.admin` sees itself only.
#[tokio::test]
async fn a_device_sees_its_own_entries() {
    let gateway = Gateway::new();
    for device in 1..=3 {
        gateway.pair(ask(device, Role::Operator, &[Pair])).await;
        gateway.request(ask(device, Role::Node, &[])).await;
    }
    let seen = |caller: &Client| {
        let list = gateway.pairing.list(&caller.principal);
        (list.pending.len(), list.paired.len())
    };
    assert_eq!(seen(&admin(7)), (3, 3));
    assert_eq!(seen(&operator(7, Some(2), &[Admin])), (3, 3));
    assert_eq!(seen(&operator(7, Some(2), &[Pair])), (1, 1));
    assert_eq!(seen(&operator(7, Some(9), &[Pair])), (0, 0));
}

/// V-14: a role that was never approved gets no token, and neither does what is
/// no role at all.
#[tokio::test]
async fn a_role_that_was_not_approved_has_no_token() {
    let gateway = Gateway::new();
    gateway.pair(ask(1, Role::Operator, &[])).await;
    for role in ["node", "__proto__", "Operator ", ""] {
        let rotated = gateway.pairing.rotate(&admin(7), &id(1), role, None).await;
        assert!(matches!(rotated, Err(PairingError::UnknownGrant)), "{role:?}: {rotated:?}");
        let revoked = gateway.pairing.revoke(&admin(7), &id(1), role).await;
        assert!(matches!(revoked, Err(PairingError::UnknownGrant)), "{role:?}: {revoked:?}");
    }
    let unknown = gateway.pairing.rotate(&admin(7), &id(2), "operator", None).await;
    assert!(matches!(unknown, Err(PairingError::UnknownGrant)));
    assert!(gateway.pairing.device(&id(1)).unwrap().grant(Role::Node).is_none());
}
