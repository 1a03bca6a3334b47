//! What is on disk, what is not, and what holds whatever the disk does.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use domain::{
    access::{
        Role,
        Scope::{Admin, Pairing as Pair, Read, Write},
    },
    pairing::{Profile, Reason},
};
use futures_util::FutureExt;

use super::fixture::{Gateway, admin, ask, id, operator, scopes};
use crate::pairing::{NotAdmitted, PairingError, Redeemed, TokenRefused};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let gateway = Gateway::new();
    let token = gateway.pair(ask(1, Role::Operator, &[Read])).await;
    gateway.pairing.rename(&admin(9), &id(1), "phone").await.unwrap();
    let waiting = gateway.request(ask(2, Role::Node, &[])).await;
    let turned_away = gateway.request(ask(3, Role::Node, &[])).await;
    gateway.pairing.reject(&admin(9), &turned_away.id).await.unwrap();
    let code = gateway.pairing.new_code(Profile::Node).await.unwrap();

    let again = gateway.restart().await;
    assert_eq!(again.list(), gateway.list());
    assert_eq!(again.list().paired[0].operator_label.as_deref(), Some("phone"));
    assert_eq!(again.pairing.is_token(&id(1), Role::Operator, &token), Ok(()));
    assert_eq!(again.list().pending[0].request_id, waiting.id.to_string());
    again.pairing.approve(&admin(9), &waiting.id).await.unwrap();
    again.pairing.redeem(&code.token, &ask(4, Role::Node, &[])).await.unwrap();
    let late = again.restart().await.pairing.redeem(&code.token, &ask(5, Role::Node, &[])).await;
    assert!(matches!(late, Err(Redeemed::Refused(_))), "it was used");
}

/// V-19, AUT-052, DEV-023: putting an old database back brings no token back.
#[tokio::test]
async fn what_was_taken_back_stays_so_whatever_is_put_back() {
    let gateway = Gateway::new();
    let mut old = Vec::new();
    for device in 1..=3 {
        old.push(gateway.pair(ask(device, Role::Operator, &[Read])).await);
    }
    let before = gateway.disk.entries();
    gateway.pairing.revoke(&admin(9), &id(1), "operator").await.unwrap();
    gateway.pairing.remove(&admin(9), &id(2)).await.unwrap();
    gateway.pairing.rotate(&admin(9), &id(3), "operator", None).await.unwrap();
    gateway.disk.put_back(before);

    let again = gateway.restart().await;
    for (device, token) in (1..=3).zip(old) {
        let verdict = again.pairing.is_token(&id(device), Role::Operator, &token);
        assert_eq!(verdict, Err(TokenRefused::Revoked), "{device}");
        let refused = again.pairing.admit(ask(device, Role::Operator, &[]), true).await;
        let Err(NotAdmitted::HasToAsk { reason, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(reason, Reason::Revoked, "{device}: not even on this machine");
        let rotated = again.pairing.rotate(&admin(9), &id(device), "operator", None).await;
        assert!(matches!(rotated, Err(PairingError::Revoked)), "{device}: {rotated:?}");
    }
}

/// Each deed on a disk that takes nothing: it is refused, and everything is as it
/// was, in memory and on disk.
#[tokio::test(start_paused = true)]
async fn nothing_half_done_is_left_when_the_disk_fails() {
    for deed in [
        "approve",
        "approve more",
        "reject",
        "rename",
        "rotate",
        "ask",
        "ask anew",
        "come",
        "come for more",
        "make a code",
        "use a code",
        "use a code again",
        "upgrade",
    ] {
        let gateway = Gateway::new();
        let pairing = &gateway.pairing;
        let token = gateway.pair(ask(1, Role::Operator, &[Read])).await;
        let more = gateway.request(ask(1, Role::Operator, &[Read, Write])).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        let new = gateway.request(ask(2, Role::Node, &[])).await;
        let code = pairing.new_code(Profile::Limited).await.unwrap();
        let (list, disk, told) =
            (gateway.list(), gateway.disk.entries(), gateway.told("device.pair.resolved"));

        gateway.disk.fail(true);
        let admin = admin(9);
        let own = operator(7, Some(1), &[Read]);
        let failed = match deed {
            "approve" => pairing.approve(&admin, &new.id).await.is_err(),
            "approve more" => pairing.approve(&admin, &more.id).await.is_err(),
            "reject" => pairing.reject(&admin, &new.id).await.is_err(),
            "rename" => pairing.rename(&admin, &id(1), "name").await.is_err(),
            "rotate" => pairing.rotate(&admin, &id(1), "operator", None).await.is_err(),
            "ask" => pairing.admit(ask(3, Role::Node, &[]), false).await.is_err(),
            "ask anew" => pairing.admit(ask(1, Role::Operator, &[Admin]), false).await.is_err(),
            "come" => pairing.admit(ask(2, Role::Operator, &[]), true).await.is_err(),
            "come for more" => pairing.admit(ask(1, Role::Operator, &[Admin]), true).await.is_err(),
            "make a code" => pairing.new_code(Profile::Node).await.is_err(),
            "use a code" => pairing.redeem(&code.token, &ask(2, Role::Node, &[])).await.is_err(),
            "use a code again" => {
                pairing.redeem(&code.token, &ask(1, Role::Operator, &[Read])).await.is_err()
            }
            "upgrade" => pairing.request_upgrade(&own, scopes(&[Read, Admin])).await.is_err(),
            other => panic!("{other}"),
        };
        assert!(failed, "{deed}");
        assert_eq!(gateway.list(), list, "{deed}");
        assert_eq!(gateway.disk.entries(), disk, "{deed}");
        assert_eq!(gateway.told("device.pair.resolved"), told, "{deed}: nobody hears of it");
        assert_eq!(pairing.is_token(&id(1), Role::Operator, &token), Ok(()), "{deed}");

        gateway.disk.fail(false);
        pairing.approve(&admin, &more.id).await.unwrap();
        pairing.approve(&admin, &new.id).await.unwrap();
        pairing.redeem(&code.token, &ask(3, Role::Node, &[])).await.unwrap();
        assert_eq!(gateway.restart().await.list(), gateway.list(), "{deed}");
    }
}

/// A revocation is in force at once, whatever becomes of it on disk.
#[tokio::test]
async fn a_revocation_holds_even_if_the_disk_fails() {
    for (disk, list) in [(true, false), (false, true), (true, true)] {
        for removed in [false, true] {
            let gateway = Gateway::new();
            let token = gateway.pair(ask(1, Role::Operator, &[Pair])).await;
            gateway.pairing.arrived(&operator(7, Some(1), &[Pair]));
            gateway.disk.fail(disk);
            gateway.revoked.broken.store(list, Relaxed);

            let admin = admin(9);
            let done = if removed {
                gateway.pairing.remove(&admin, &id(1)).await
            } else {
                gateway.pairing.revoke(&admin, &id(1), "operator").await.map(drop)
            };
            assert!(matches!(done, Err(PairingError::Store(_))), "{done:?}");
            assert_eq!(gateway.closed(), [(7, 4001)]);
            assert!(gateway.pairing.is_token(&id(1), Role::Operator, &token).is_err());

            // Either of the two is enough to keep it out after a restart.
            let after = gateway.restart().await.pairing;
            let kept_out = after.is_token(&id(1), Role::Operator, &token).is_err();
            assert_eq!(kept_out, !(disk && list), "disk {disk}, list {list}, removed {removed}");
        }
    }
}

/// The list only matters to whoever puts an old database back: that it cannot be
/// written is no reason to keep the new token from its owner.
#[tokio::test]
async fn a_new_token_reaches_its_owner_even_if_the_old_one_cannot_be_listed() {
    let gateway = Gateway::new();
    let old = gateway.pair(ask(1, Role::Operator, &[Pair])).await;
    let own = operator(7, Some(1), &[Pair]);
    gateway.pairing.arrived(&own);
    gateway.pairing.arrived(&operator(8, Some(1), &[Pair]));
    gateway.revoked.broken.store(true, Relaxed);
    let (token, _) = gateway.pairing.rotate(&own, &id(1), "operator", None).await.unwrap();
    assert_eq!(gateway.closed(), [(8, 4001)]);
    let after = gateway.restart().await.pairing;
    assert_eq!(after.is_token(&id(1), Role::Operator, &token.token), Ok(()));
    assert!(after.is_token(&id(1), Role::Operator, &old).is_err());
}

/// V-23: what is taken back while something else about the device is being
/// written down does not come back with it, whether that is written or not.
#[tokio::test]
async fn what_is_taken_back_meanwhile_stays_so() {
    for (deed, taken) in ["come", "rotate", "approve"].iter().flat_map(|it| [(it, 1), (it, 0)]) {
        for removed in [false, true] {
            let gateway = Gateway::new();
            let pairing = &gateway.pairing;
            gateway.pair(ask(1, Role::Operator, &[Read])).await;
            let more = gateway.request(ask(1, Role::Operator, &[Admin])).await;
            gateway.disk.hold();
            let admin = admin(9);
            let mut doing = Box::pin(async {
                match *deed {
                    "come" => pairing.admit(ask(1, Role::Operator, &[Write]), true).await.is_ok(),
                    "rotate" => pairing.rotate(&admin, &id(1), "operator", None).await.is_ok(),
                    _ => pairing.approve(&admin, &more.id).await.is_ok(),
                }
            });
            assert_eq!(doing.as_mut().now_or_never(), None, "the disk does not answer");
            let mut taking_back = Box::pin(async {
                if removed {
                    pairing.remove(&admin, &id(1)).await.is_ok()
                } else {
                    pairing.revoke(&admin, &id(1), "operator").await.is_ok()
                }
            });
            assert_eq!(taking_back.as_mut().now_or_never(), None);
            gateway.disk.release(taken);
            let done = doing.await;
            taking_back.await;

            let shown = format!("{deed}, written {taken}, removed {removed}");
            assert!(!(*deed == "come" && done), "{shown}: nobody comes in on what is gone");
            assert!(!pairing.has_token(&id(1), Role::Operator), "{shown}");
            let device = pairing.device(&id(1));
            assert_eq!(device.is_none(), removed, "{shown}: {device:?}");
        }
    }
}

/// Whoever came in on what could not be written down has to come again.
#[tokio::test]
async fn nobody_stays_on_what_was_never_written_down() {
    let gateway = Gateway::new();
    let waiting = gateway.request(ask(1, Role::Operator, &[Read])).await;
    gateway.disk.hold();
    let admin = admin(9);
    let mut approving = Box::pin(gateway.pairing.approve(&admin, &waiting.id));
    assert!(approving.as_mut().now_or_never().is_none());
    gateway.pairing.admit(ask(1, Role::Operator, &[Read]), false).await.unwrap();
    gateway.pairing.arrived(&operator(7, Some(1), &[Read]));
    gateway.disk.release(0);
    assert!(approving.await.is_err());
    assert_eq!(gateway.closed(), [(7, 1012)]);
    assert_eq!(gateway.list().paired, []);
    assert_eq!(gateway.restart().await.list().paired, []);
}

/// What was written together with what failed is put right.
#[tokio::test]
async fn what_failed_is_not_kept_with_what_was_written_after_it() {
    let gateway = Gateway::new();
    gateway.pair(ask(1, Role::Operator, &[Read])).await;
    let more = gateway.request(ask(1, Role::Operator, &[Admin])).await;
    gateway.disk.hold();
    let admin = admin(9);
    let mut approving = Box::pin(gateway.pairing.approve(&admin, &more.id));
    assert!(approving.as_mut().now_or_never().is_none());
    gateway.disk.release(0);
    // The name is written while nobody knows yet that the approval was not.
    gateway.pairing.rename(&admin, &id(1), "phone").await.unwrap();
    assert!(approving.await.is_err());

    let after = gateway.restart().await;
    let device = after.pairing.device(&id(1)).unwrap();
    assert_eq!(device.label.as_deref(), Some("phone"));
    assert_eq!(device.grant(Role::Operator).unwrap().scopes, scopes(&[Read]));
}

/// What cannot be read grants nothing, and keeps nobody else out.
#[tokio::test]
async fn an_entry_that_cannot_be_read_is_left_out() {
    let gateway = Gateway::new();
    let token = gateway.pair(ask(1, Role::Operator, &[Admin])).await;
    gateway.pair(ask(2, Role::Operator, &[])).await;
    let mut entries = gateway.disk.entries();
    let entry = entries.iter_mut().find(|((_, name), _)| **name == *id(1).as_str()).unwrap();
    *entry.1 = ports::Json::of(&serde_json::json!({ "id": id(1).as_str(), "grants": "all" }));
    gateway.disk.put_back(entries);
    let after = gateway.restart().await;
    let verdict = after.pairing.is_token(&id(1), Role::Operator, &token);
    assert_eq!(verdict, Err(TokenRefused::NotPaired));
    assert_eq!(after.list().paired.len(), 1);
}
