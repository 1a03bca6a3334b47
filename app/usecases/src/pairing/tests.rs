//! Devices come in, are decided about and taken back, over a disk that can fail.

mod authority;
mod fixture;
mod restart;
mod upgrade;

use domain::{access::Scope, pairing::Reason};
use std::time::Duration;

use self::fixture::{Gateway, admin, ask, id, node, operator, scopes};
use super::*;
use domain::{
    access::{Role, Scopes},
    pairing::Profile,
};

/// V-23: whoever lost its token is out at once, in the role that was taken back;
/// the caller itself when it had time to read the answer.
#[tokio::test(start_paused = true)]
async fn a_revocation_closes_the_connections_that_rest_on_it() {
    let gateway = Gateway::new();
    gateway.pair(ask(1, Role::Operator, &[Scope::Pairing])).await;
    gateway.pair(ask(1, Role::Node, &[])).await;
    gateway.pair(ask(2, Role::Operator, &[])).await;
    let own = operator(11, Some(1), &[Scope::Pairing]);
    for client in [&own, &operator(12, Some(1), &[]), &node(13, 1), &operator(21, Some(2), &[])] {
        gateway.pairing.arrived(client);
    }
    gateway.pairing.left(&operator(12, Some(1), &[]));
    gateway.pairing.arrived(&operator(14, Some(1), &[]));

    gateway.pairing.revoke(&own, &id(1), "operator").await.unwrap();
    assert_eq!(gateway.closed(), [(14, 4001)]);
    assert_eq!(gateway.departed(), 0, "it is a node still");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gateway.closed(), [(11, 4001)]);

    gateway.pairing.remove(&admin(99), &id(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gateway.closed(), [(11, 4001), (13, 4001), (14, 4001)], "all that is left of it");
    assert_eq!(gateway.departed(), 1);
}

/// V-23: the old token is none any more, and neither is what rests on it.
#[tokio::test]
async fn a_new_token_ends_what_rests_on_the_old_one() {
    let gateway = Gateway::new();
    let old = gateway.pair(ask(1, Role::Operator, &[Scope::Pairing])).await;
    let own = operator(11, Some(1), &[Scope::Pairing]);
    gateway.pairing.arrived(&own);
    gateway.pairing.arrived(&operator(12, Some(1), &[]));

    let (token, shown) = gateway.pairing.rotate(&own, &id(1), "operator", None).await.unwrap();
    assert!(shown, "it is its own");
    assert_eq!(gateway.closed(), [(12, 4001)], "the caller goes on");
    let is = |token: &str| gateway.pairing.is_token(&id(1), Role::Operator, token);
    assert_eq!((is(&old), is(&token.token)), (Err(TokenRefused::Mismatch), Ok(())));

    let (_, shown) = gateway.pairing.rotate(&admin(99), &id(1), "operator", None).await.unwrap();
    assert!(!shown, "nobody else sees it");
    assert_eq!(gateway.closed(), [(11, 4001), (12, 4001)]);
}

/// V-16, AUT-053: what was taken back does not come back, neither by itself on
/// this machine nor with the next approval.
#[tokio::test]
async fn a_revoked_device_asks_anew_and_begins_anew() {
    let gateway = Gateway::new();
    let token = gateway.pair(ask(1, Role::Operator, &[Scope::Admin])).await;
    gateway.pairing.revoke(&admin(99), &id(1), "operator").await.unwrap();
    let is = |token: &str| gateway.pairing.is_token(&id(1), Role::Operator, token);
    assert_eq!(is(&token), Err(TokenRefused::Revoked));
    assert!(!gateway.pairing.has_token(&id(1), Role::Operator));
    let rotated = gateway.pairing.rotate(&admin(99), &id(1), "operator", None).await;
    assert!(matches!(rotated, Err(PairingError::Revoked)));

    let refused = gateway.pairing.admit(ask(1, Role::Operator, &[]), true).await.unwrap_err();
    let NotAdmitted::HasToAsk { reason: Reason::Revoked, request: Some(request), .. } = refused
    else {
        panic!("{refused:?}")
    };
    gateway.pairing.approve(&admin(99), &request.id).await.unwrap();
    let standing = gateway.pairing.admit(ask(1, Role::Operator, &[]), false).await.unwrap();
    assert_eq!(standing.approved, Scopes::NONE);
    assert_eq!(is(&token), Err(TokenRefused::Mismatch), "the old token stays what it is");
}

/// Whoever is let in without being asked about need not be decided about.
#[tokio::test]
async fn a_device_that_comes_in_otherwise_waits_no_longer() {
    let gateway = Gateway::new();
    let waiting = gateway.request(ask(1, Role::Operator, &[Scope::Admin])).await;
    gateway.pairing.admit(ask(1, Role::Operator, &[Scope::Read]), true).await.unwrap();
    assert_eq!(gateway.list().pending, []);
    let late = gateway.pairing.approve(&admin(99), &waiting.id).await;
    assert!(matches!(late, Err(PairingError::UnknownRequest)));
    assert_eq!(
        gateway.told("device.pair.resolved"),
        [(waiting.id.to_string(), "superseded"), ("uuid-2".to_owned(), "approved")]
    );
}

/// A device that is gone has nothing to wait for.
#[tokio::test]
async fn removing_a_device_ends_its_requests() {
    let gateway = Gateway::new();
    gateway.pair(ask(1, Role::Operator, &[])).await;
    let waiting = gateway.request(ask(1, Role::Node, &[])).await;
    gateway.pairing.remove(&admin(99), &id(1)).await.unwrap();
    assert_eq!(gateway.list(), DeviceList { pending: Vec::new(), paired: Vec::new() });
    let last = gateway.told("device.pair.resolved").pop();
    assert_eq!(last, Some((waiting.id.to_string(), "rejected")));
    let again = gateway.pairing.remove(&admin(99), &id(1)).await;
    assert!(matches!(again, Err(PairingError::UnknownDevice)));
}

/// V-17, DEV-025: a code is good once, for ten minutes, for what it says.
#[tokio::test(start_paused = true)]
async fn a_setup_code_is_good_once_and_for_a_while() {
    use domain::pairing::SetupRefused::{Exceeded, Expired, Used};

    let gateway = Gateway::new();
    let redeem = async |token: &str, ask| match gateway.pairing.redeem(token, &ask).await {
        Ok(standing) => Ok(standing),
        Err(Redeemed::Refused(refused)) => Err(Some(refused)),
        Err(Redeemed::Unknown) => Err(None),
        Err(Redeemed::Store(error)) => panic!("{error}"),
    };
    let code = gateway.pairing.new_code(Profile::Limited).await.unwrap();
    assert_eq!(redeem("made up", ask(1, Role::Operator, &[])).await, Err(None));
    let greedy = ask(1, Role::Operator, &[Scope::Admin]);
    assert_eq!(redeem(&code.token, greedy).await, Err(Some(Exceeded)));
    let both = redeem(&code.token, ask(1, Role::Node, &[])).await.unwrap();
    assert_eq!((both.token.role, both.others[0].role), (Role::Node, Role::Operator));
    let limited = [Scope::Read, Scope::Write, Scope::Approvals, Scope::Talk];
    assert_eq!(both.others[0].scopes, scopes(&limited));
    assert_eq!(redeem(&code.token, ask(1, Role::Node, &[])).await, Err(Some(Used)));
    assert_eq!(redeem(&code.token, ask(2, Role::Node, &[])).await, Err(Some(Used)));

    let code = gateway.pairing.new_code(Profile::Node).await.unwrap();
    tokio::time::sleep(SetupCode::TTL).await;
    assert_eq!(redeem(&code.token, ask(3, Role::Node, &[])).await, Err(Some(Expired)));
    for _ in 0..SetupCode::MAX {
        gateway.pairing.new_code(Profile::Node).await.unwrap();
    }
    let one_more = gateway.pairing.new_code(Profile::Node).await;
    assert!(matches!(one_more, Err(PairingError::TooManyCodes)));
    tokio::time::sleep(SetupCode::REMEMBERED).await;
    gateway.pairing.new_code(Profile::Node).await.unwrap();
    assert_eq!(gateway.pairing.code(&code.id), None, "nobody remembers it");
}

/// Of two devices that show a code at the same time, one is let in.
#[tokio::test]
async fn a_code_is_used_from_the_moment_it_is_shown() {
    let gateway = Gateway::new();
    let code = gateway.pairing.new_code(Profile::Node).await.unwrap();
    let (first, second) = (ask(1, Role::Node, &[]), ask(2, Role::Node, &[]));
    let (one, other) = tokio::join!(
        gateway.pairing.redeem(&code.token, &first),
        gateway.pairing.redeem(&code.token, &second),
    );
    assert!(one.is_ok() && other.is_err());
}

#[tokio::test]
async fn nothing_shows_a_token() {
    let gateway = Gateway::new();
    let code = gateway.pairing.new_code(Profile::Node).await.unwrap();
    let standing = gateway.pairing.redeem(&code.token, &ask(1, Role::Node, &[])).await.unwrap();
    let shown = format!("{code:?} {standing:?} {:?} {:?}", standing.token, gateway.pairing);
    assert!(!shown.contains("token for"), "{shown}");
    let written = format!("{:?} {:?}", gateway.disk.entries(), gateway.list());
    assert!(!written.contains("token for"), "{written}");
}
