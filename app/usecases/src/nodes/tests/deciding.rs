//! Somebody decides what nodes may be asked for.

use domain::{access::Scope, event::EventKind};
use ports::{config::Config, driven::Drawer};
use serde_json::json;

use super::{super::*, house::*};

fn claim(node: &str, commands: &[&str]) -> NodeClaim {
    NodeClaim {
        node: node.into(),
        surface: Surface {
            platform: Some("linux".into()),
            commands: commands.iter().copied().map(Box::from).collect(),
            ..Surface::default()
        },
        ..NodeClaim::default()
    }
}

#[tokio::test]
async fn a_node_that_is_no_device_asks_is_approved_and_shows_its_token() {
    let house = house();
    let (request, new) = house.nodes.request(claim("legacy", &["camera.list"])).await.unwrap();
    assert!(new && !request.is_repair);
    let (again, new) = house.nodes.request(claim("legacy", &["system.run"])).await.unwrap();
    assert_eq!((&again, new), (&request, false), "what waits never changes");
    assert_eq!(house.nodes.pairing().0, std::slice::from_ref(&request));
    assert_eq!(house.told(EventKind::NodePairRequested).len(), 1);

    let by = operator(&[Scope::Pairing, Scope::Write]);
    let approved = house.nodes.approve(&by, &request.request_id).await.unwrap();
    let token = approved.token.clone().unwrap();
    assert_eq!(approved.commands, ["camera.list"]);
    let (_, resolved) = &house.told(EventKind::NodePairResolved)[0];
    assert_eq!(
        (&resolved["nodeId"], &resolved["decision"]),
        (&json!("legacy"), &json!("approved"))
    );

    let shown = house.nodes.verify("legacy", &token).unwrap();
    assert_eq!((shown.node_id.as_str(), shown.token), ("legacy", None));
    for (node, wrong) in [("legacy", "bad"), ("legacy", ""), ("other", &token), (LAPTOP, &token)] {
        assert!(house.nodes.verify(node, wrong).is_none(), "{node} {wrong}");
    }
    let (_, paired) = house.nodes.pairing();
    assert_eq!(paired.len(), 3, "it and two devices");
    assert!(paired.iter().all(|node| node.token.is_none()), "no tokens in lists");
    let written = house.world.kept.lock().unwrap();
    assert!(!written.values().any(|value| value.as_str().contains("token for")), "nor on disk");
}

#[tokio::test]
async fn approving_again_makes_another_token() {
    let house = house();
    let by = operator(&[Scope::Admin]);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let (request, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();
        let approved = house.nodes.approve(&by, &request.request_id).await.unwrap();
        tokens.push(approved.token.unwrap());
    }
    assert_ne!(tokens[0], tokens[1]);
    assert!(house.nodes.verify("legacy", &tokens[0]).is_none());
    assert!(house.nodes.verify("legacy", &tokens[1]).is_some());
}

/// V-12: the approver cannot grant more than he could do himself.
#[tokio::test]
async fn v_12_nobody_approves_more_than_he_holds() {
    let house = house();
    #[rustfmt::skip]
    let table: [(&[&str], &[Scope], &str); 5] = [
        (&["canvas.present"], &[Scope::Pairing],               "missing scope: operator.write"),
        (&["system.run"],     &[Scope::Pairing, Scope::Write], "missing scope: operator.admin"),
        (&["camera.snap"],    &[Scope::Pairing, Scope::Write], "missing scope: operator.admin"),
        (&["canvas.present"], &[Scope::Write],                 "missing scope: operator.pairing"),
        (&[],                 &[Scope::Write],                 "missing scope: operator.pairing"),
    ];
    for (n, (commands, scopes, expected)) in table.into_iter().enumerate() {
        let (request, _) = house.nodes.request(claim(&format!("n{n}"), commands)).await.unwrap();
        let refused = house.nodes.approve(&operator(scopes), &request.request_id).await;
        assert_eq!(refused.unwrap_err().to_string(), expected, "{commands:?}");
        let (waiting, _) = house.nodes.pairing();
        assert!(waiting.contains(&request), "it waits as before");
    }
    assert_eq!(house.told(EventKind::NodePairResolved), []);
}

/// V-19, AUT-052.
#[tokio::test]
async fn v_19_what_was_withdrawn_comes_back_with_an_administrator_only() {
    let house = house();
    let (admin, pairing) = (operator(&[Scope::Admin]), operator(&[Scope::Pairing, Scope::Write]));
    let (request, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();
    let token = house.nodes.approve(&pairing, &request.request_id).await.unwrap().token.unwrap();
    let before = house.world.kept.lock().unwrap().clone();
    house.nodes.withdraw("legacy").await.unwrap();
    assert!(house.nodes.verify("legacy", &token).is_none());

    let (request, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();
    assert!(request.is_repair);
    let refused = house.nodes.approve(&pairing, &request.request_id).await.unwrap_err();
    assert_eq!(refused.to_string(), "missing scope: operator.admin");

    // The store of before comes back; the list of what was revoked did not go.
    *house.world.kept.lock().unwrap() = before;
    let restored = enter(Arc::clone(&house.world), Config::default());
    restored.nodes.recover().await.unwrap();
    assert!(restored.nodes.verify("legacy", &token).is_none());

    house.nodes.approve(&admin, &request.request_id).await.unwrap();
}

#[tokio::test]
async fn a_withdrawn_node_may_stay_but_is_asked_for_nothing() {
    let house = house();
    let client = laptop(1);
    house.nodes.arrived(&client);
    let admin = operator(&[Scope::Admin]);
    let which = house.nodes.invoke(&admin, ask("system.which", "{}"));
    let (gone, withdrawn) = tokio::join!(which, house.nodes.withdraw(LAPTOP));
    assert_eq!((gone, withdrawn.unwrap()), (Err(InvokeError::PairingChanged), node_id(LAPTOP)));
    let row = house.row(LAPTOP);
    assert_eq!((row.approval_state, row.connected, row.commands), ("unapproved", true, vec![]));

    // A restart does not bring it back, and neither does coming again.
    let again = enter(Arc::clone(&house.world), Config::default());
    again.nodes.recover().await.unwrap();
    again.nodes.arrived(&client);
    let row = again.row(LAPTOP);
    assert_eq!((row.approval_state, row.commands), ("pending-approval", vec![]));
    assert_eq!(house.nodes.withdraw("nobody").await.unwrap_err().to_string(), "unknown nodeId");
}

#[tokio::test]
async fn an_approval_of_the_device_after_that_counts() {
    let house = house();
    house.nodes.withdraw(LAPTOP).await.unwrap();
    assert_eq!(house.row(LAPTOP).approval_state, "unapproved");
    let later = Timestamp::from_millis(9_000_000);
    let device = LAPTOP.parse().unwrap();
    house.world.devices.lock().unwrap().get_mut(&device).unwrap().approved_at = later;
    let row = house.row(LAPTOP);
    assert_eq!((row.approval_state, row.approved_at_ms), ("approved", Some(9_000_000)));
}

#[tokio::test]
async fn a_decision_that_cannot_be_kept_is_none() {
    let house = house();
    let (request, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();
    let admin = operator(&[Scope::Admin]);
    house.world.full.store(true, Relaxed);
    assert!(matches!(
        house.nodes.approve(&admin, &request.request_id).await,
        Err(PairingError::Commit(_))
    ));
    assert!(house.nodes.request(claim("second", &[])).await.is_err());
    assert!(house.nodes.rename(LAPTOP, "desk").await.is_err());
    assert!(house.nodes.reject(&request.request_id).await.is_err());
    house.world.full.store(false, Relaxed);
    let (waiting, paired) = house.nodes.pairing();
    assert_eq!((waiting, paired.len()), (vec![request.clone()], 2), "as before");
    assert_eq!(house.row(LAPTOP).about.display_name.as_deref(), Some("a node"));
    house.nodes.approve(&admin, &request.request_id).await.unwrap();
}

#[tokio::test]
async fn what_was_decided_outlives_a_restart() {
    let house = house();
    let admin = operator(&[Scope::Admin]);
    house.nodes.arrived(&node(1, LAPTOP, "linux", &["system.notify"]));
    let (waiting, _) = house.nodes.pairing();
    house.nodes.approve(&admin, &waiting[0].request_id).await.unwrap();
    house.nodes.rename(LAPTOP, " desk ").await.unwrap();
    let (open, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();

    let again = enter(Arc::clone(&house.world), Config::default());
    again.nodes.recover().await.unwrap();
    let row = again.row(LAPTOP);
    assert_eq!(row.about.display_name.as_deref(), Some("desk"));
    assert_eq!(row.commands, ["system.notify"]);
    assert_eq!(again.nodes.pairing().0, [open]);
}

#[tokio::test]
async fn a_record_nobody_understands_counts_against_the_node() {
    let house = house();
    let garbled = ports::Json::parse("[1]".to_owned()).unwrap();
    house.world.kept.lock().unwrap().insert((Drawer::Nodes, LAPTOP.into()), garbled);
    house.nodes.recover().await.unwrap();
    assert_eq!(house.row(LAPTOP).approval_state, "unapproved");
    assert_eq!(house.row(PHONE).approval_state, "approved");
}

#[tokio::test]
async fn turning_a_request_down_and_naming_nodes() {
    let house = house();
    let (request, _) = house.nodes.request(claim("legacy", &[])).await.unwrap();
    assert_eq!(house.nodes.reject(&request.request_id).await.unwrap().as_str(), "legacy");
    assert_eq!(house.told(EventKind::NodePairResolved)[0].1["decision"], "rejected");
    for gone in [request.request_id.as_str(), "nope", ""] {
        assert_eq!(house.nodes.reject(gone).await.unwrap_err().to_string(), "unknown requestId");
    }
    // RPC-071: whatever it is called, a blank is no name.
    let blank = house.nodes.rename("n", "   ").await.unwrap_err();
    assert_eq!(blank.to_string(), "displayName required");
    assert_eq!(house.nodes.rename("n", "x").await.unwrap_err().to_string(), "unknown nodeId");
}
