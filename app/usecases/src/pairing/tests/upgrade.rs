//! Asking for more while connected.

use std::time::Duration;

use domain::{
    access::{
        Role,
        Scope::{Admin, Pairing as Pair, Read, Write},
    },
    pairing::Requests,
};
use futures_util::FutureExt;

use super::fixture::{Gateway, admin, ask, id, node, operator, scopes};
use crate::pairing::{PairingError, Upgrade};

/// The device goes on with what it has, and hears of the decision when it falls.
#[tokio::test(start_paused = true)]
async fn whoever_asks_for_more_hears_what_becomes_of_it() {
    for decision in ["approved", "rejected", "superseded", "removed", "expired"] {
        let gateway = Gateway::new();
        let pairing = &gateway.pairing;
        let old = gateway.pair(ask(1, Role::Operator, &[Read])).await;
        let own = operator(7, Some(1), &[Read]);
        let wanted = scopes(&[Read, Write]);
        let request = pairing.request_upgrade(&own, wanted).await.unwrap();
        assert_eq!(pairing.request_upgrade(&own, wanted).await.unwrap(), request, "the same");
        let mut waiting = Box::pin(pairing.wait_upgrade(&own, &request));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(pairing.is_token(&id(1), Role::Operator, &old), Ok(()));

        match decision {
            "approved" => drop(pairing.approve(&admin(9), &request).await.unwrap()),
            "rejected" => drop(pairing.reject(&admin(9), &request).await.unwrap()),
            "superseded" => {
                drop(pairing.request_upgrade(&own, scopes(&[Read, Admin])).await.unwrap());
            }
            "removed" => pairing.remove(&admin(9), &id(1)).await.unwrap(),
            _ => tokio::time::advance(Requests::TTL).await,
        }
        let heard = tokio::time::timeout(Duration::from_millis(1), waiting).await.unwrap();
        match (decision, heard.unwrap()) {
            ("approved", Upgrade::Approved(token)) => {
                assert_eq!(token.scopes, wanted);
                assert_eq!(pairing.is_token(&id(1), Role::Operator, &token.token), Ok(()));
                assert!(pairing.is_token(&id(1), Role::Operator, &old).is_err());
            }
            ("rejected" | "superseded" | "removed", Upgrade::Rejected)
            | ("expired", Upgrade::Gone) => (),
            (_, other) => panic!("{decision}: {other:?}"),
        }
        // Whoever asks later hears the same, as long as it is remembered.
        let late = pairing.wait_upgrade(&own, &request).await.unwrap();
        assert_eq!(matches!(late, Upgrade::Gone), decision == "expired", "{decision}: {late:?}");
    }
}

/// A decision that fell while somebody else's was awaited is not taken for it,
/// and nobody hears of the request of another device.
#[tokio::test(start_paused = true)]
async fn nobody_hears_of_what_others_ask_for() {
    let gateway = Gateway::new();
    for device in 1..=2 {
        gateway.pair(ask(device, Role::Operator, &[Read])).await;
    }
    let (own, other) = (operator(7, Some(1), &[Read]), operator(8, Some(2), &[Read]));
    let request = gateway.pairing.request_upgrade(&own, scopes(&[Read, Admin])).await.unwrap();
    let theirs = gateway.pairing.request_upgrade(&other, scopes(&[Read, Write])).await.unwrap();
    let mut waiting = Box::pin(gateway.pairing.wait_upgrade(&other, &theirs));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!(gateway.pairing.wait_upgrade(&other, &request).await.unwrap(), Upgrade::Gone);
    gateway.pairing.approve(&admin(9), &request).await.unwrap();
    assert!(waiting.as_mut().now_or_never().is_none(), "that was about another");
    assert_eq!(gateway.pairing.wait_upgrade(&other, &request).await.unwrap(), Upgrade::Gone);
    let unknown = "nothing".parse().unwrap();
    assert_eq!(gateway.pairing.wait_upgrade(&own, &unknown).await.unwrap(), Upgrade::Gone);
}

#[tokio::test]
async fn only_a_device_that_was_let_in_asks_for_more() {
    let gateway = Gateway::new();
    gateway.pair(ask(1, Role::Operator, &[Read, Pair])).await;
    gateway.pair(ask(2, Role::Node, &[])).await;
    gateway.pair(ask(3, Role::Operator, &[Read])).await;
    gateway.pairing.revoke(&admin(9), &id(3), "operator").await.unwrap();
    for (caller, wanted, why) in [
        (admin(7), &[Admin][..], "device identity required"),
        (operator(7, Some(9), &[Read]), &[Read], "device identity required"),
        (operator(7, Some(3), &[Read]), &[Read, Write], "device identity required"),
        (node(7, 2), &[Read], "device identity required"),
        (
            operator(7, Some(1), &[Read, Pair]),
            &[Read, Write],
            "requested scopes must include the connection's current scopes",
        ),
    ] {
        let refused = gateway.pairing.request_upgrade(&caller, scopes(wanted)).await.unwrap_err();
        assert_eq!(refused.to_string(), why, "{:?} {wanted:?}", caller.principal);
    }
    assert_eq!(gateway.list().pending, []);
    let waited = gateway.pairing.wait_upgrade(&admin(7), &"r".parse().unwrap()).await;
    assert!(matches!(waited, Err(PairingError::NoDevice)));
}
