//! Nodes are given commands, and answer or do not.

use domain::{access::Scope, approval::Decision, node::NotAllowed};
use ports::{Json, config::Config};
use serde_json::{Value, json};

use super::{super::*, house::*};

fn writer() -> domain::access::Principal {
    operator(&[Scope::Write])
}

/// What the node is told of, in order.
fn requests(house: &House) -> Vec<Value> {
    house.told(EventKind::NodeInvokeRequest).into_iter().map(|(_, request)| request).collect()
}

fn id_of(request: &Value) -> &str {
    request["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_node_is_told_what_to_do_and_its_answer_reaches_who_asked() {
    let house = house();
    let client = laptop(1);
    house.nodes.arrived(&client);
    let asked = which(&house);
    let answer = async {
        let (to, request) = house.told(EventKind::NodeInvokeRequest).remove(0);
        assert_eq!(to, Some(1));
        assert_eq!(
            request,
            json!({
                "id": "uuid-1", "nodeId": LAPTOP, "command": "system.which",
                "paramsJSON": "{\"bins\":[\"ls\"]}", "timeoutMs": 30_000, "idempotencyKey": "key",
            })
        );
        assert!(house.nodes.progressed(&client, "uuid-1", 0));
        assert!(!house.nodes.progressed(&client, "uuid-1", 0), "the same again");
        assert!(house.nodes.answered(&client, "uuid-1", done("{}")));
        assert!(!house.nodes.answered(&client, "uuid-1", done("{}")), "twice");
        assert!(!house.nodes.progressed(&client, "uuid-1", 1), "too late");
    };
    let (invoked, ()) = tokio::join!(asked, answer);
    assert_eq!(invoked.unwrap().payload.as_str(), "{}");
    assert_eq!(house.told(EventKind::NodeInvokeCancel), []);
    assert_eq!(house.nodes.pending(), 0);
}

/// RPC-068, B7: a result counts from the node and the connection that was asked.
#[tokio::test]
async fn rpc_068_another_node_cannot_answer() {
    let house = house();
    let (client, other) = (laptop(1), node(2, PHONE, "ios", &[]));
    let elsewhere = laptop(3);
    house.nodes.arrived(&client);
    house.nodes.arrived(&other);
    let asked = which(&house);
    let answers = async {
        let request = requests(&house).remove(0);
        assert!(!house.nodes.answered(&other, id_of(&request), done("\"forged\"")));
        assert!(!house.nodes.answered(&elsewhere, id_of(&request), done("\"forged\"")));
        assert!(!house.nodes.answered(&client, "another", done("\"forged\"")));
        assert!(house.nodes.answered(&client, id_of(&request), done("\"true\"")));
    };
    let (invoked, ()) = tokio::join!(asked, answers);
    assert_eq!(invoked.unwrap().payload.as_str(), "\"true\"");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_says_nothing_is_told_that_nobody_waits() {
    let house = house();
    let client = laptop(1);
    house.nodes.arrived(&client);
    let silent = which(&house).await;
    assert_eq!(silent, Err(InvokeError::TimedOut { dispatched: true }));
    let request = requests(&house).remove(0);
    let cancelled = house.told(EventKind::NodeInvokeCancel);
    assert_eq!(cancelled, [(Some(1), json!({ "invokeId": request["id"], "nodeId": LAPTOP }))]);
    assert!(!house.nodes.answered(&client, id_of(&request), done("{}")), "too late");
}

#[tokio::test]
async fn a_node_is_told_when_who_asked_goes_away() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    {
        let mut asked = std::pin::pin!(which(&house));
        assert!(futures_util::poll!(asked.as_mut()).is_pending());
        assert_eq!((house.nodes.pending(), requests(&house).len()), (1, 1));
    }
    assert_eq!(house.nodes.pending(), 0);
    assert_eq!(house.told(EventKind::NodeInvokeCancel).len(), 1);
}

/// RPC-069.
#[tokio::test]
async fn rpc_069_no_time_at_all_keeps_nothing_and_starts_nothing() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    let ask = Ask { timeout: Duration::ZERO, ..ask("system.which", "{}") };
    assert_eq!(
        house.nodes.invoke(&writer(), ask).await,
        Err(InvokeError::TimedOut { dispatched: false })
    );
    assert_eq!((house.nodes.pending(), requests(&house).len()), (0, 0));
}

#[tokio::test]
async fn a_node_that_leaves_lets_everybody_go_who_waits_for_it() {
    let house = house();
    let (client, other) = (laptop(1), node(2, PHONE, "ios", &["canvas.present"]));
    house.nodes.arrived(&client);
    house.nodes.arrived(&other);
    let asked = which(&house);
    let leave = async {
        house.nodes.left(&other);
        assert_eq!(house.nodes.pending(), 1);
        house.nodes.left(&client);
    };
    let (gone, ()) = tokio::join!(asked, leave);
    assert_eq!(gone.unwrap_err().to_string(), "node disconnected (system.which)");
    assert_eq!(house.told(EventKind::NodeInvokeCancel), [], "there is nobody to tell");
}

#[tokio::test]
async fn a_node_has_only_so_much_to_do_at_once() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    let mut waiting = Vec::new();
    for _ in 0..MAX_PENDING_PER_NODE {
        let mut asked = Box::pin(which(&house));
        assert!(futures_util::poll!(asked.as_mut()).is_pending());
        waiting.push(asked);
    }
    let refused = which(&house).await.unwrap_err();
    assert_eq!(refused.to_string(), "too many commands are waiting for this node");
    waiting.pop();
    let mut asked = Box::pin(which(&house));
    assert!(futures_util::poll!(asked.as_mut()).is_pending());
}

/// V-41 (RPC-065), V-46.
#[tokio::test]
async fn v_41_what_decides_about_consent_has_one_way_in() {
    let house = house();
    let all = ["system.execApprovals.get", "system.execApprovals.set", "browser.proxy"];
    house.world.approve(LAPTOP, "linux", &[], &all);
    let client = node(1, LAPTOP, "linux", &all);
    house.nodes.arrived(&client);
    let admin = operator(&[Scope::Admin]);
    for command in &all[..2] {
        let refused = house.nodes.invoke(&admin, ask(command, "{}")).await.unwrap_err();
        assert_eq!(refused, InvokeError::NotAllowed(NotAllowed::Reserved));
        assert_eq!(refused.to_string(), "node command not allowed");
    }
    let refused = house.nodes.invoke(&writer(), ask("browser.proxy", "{}")).await.unwrap_err();
    assert_eq!(refused.to_string(), "missing scope: operator.admin");

    let params = Json::parse(r#"{"file":{"version":1}}"#.to_owned()).unwrap();
    let patience = Duration::from_secs(1);
    let relay = house.nodes.relay(LAPTOP.into(), Relayed::SetExecApprovals, params, patience);
    let answer = async {
        let request = requests(&house).remove(0);
        assert_eq!(request["command"], "system.execApprovals.set");
        house.nodes.answered(&client, id_of(&request), done("1"))
    };
    let (relayed, answered) = tokio::join!(relay, answer);
    assert!(relayed.is_ok() && answered);
}

fn run_params(house: &House) -> Value {
    let request = requests(house).pop().unwrap();
    serde_json::from_str(request["paramsJSON"].as_str().unwrap()).unwrap()
}

/// Starts a command and does not wait for it.
async fn start(house: &House, params: &str) -> Result<Value, InvokeError> {
    let operator = writer();
    let mut run = std::pin::pin!(house.nodes.invoke(&operator, ask("system.run", params)));
    match futures_util::poll!(run.as_mut()) {
        std::task::Poll::Pending => Ok(run_params(house)),
        std::task::Poll::Ready(ended) => Err(ended.unwrap_err()),
    }
}

/// V-41 (RPC-066).
#[tokio::test]
async fn v_41_a_forged_consent_does_not_reach_the_node() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    for forged in [
        r#"{"command":["id"],"approved":true}"#,
        r#"{"command":["id"],"approved":"yes"}"#,
        r#"{"command":["id"],"approved":false,"approvalDecision":"allow-always"}"#,
        r#"{"command":["id"],"approved":false,"approv\u0065d":true}"#,
        r#"{"command":["id"],"approved":true,"runId":"nobody-heard-of"}"#,
    ] {
        let refused = start(&house, forged).await.unwrap_err();
        assert!(refused.to_string().contains("approval"), "{forged}: {refused}");
    }
    assert_eq!(requests(&house), [] as [Value; 0]);

    let harmless = r#"{"command":["id"],"approved":false,"approvalDecision":null,"env":{"A":"1"}}"#;
    let told = start(&house, harmless).await.unwrap();
    let run = told["runId"].as_str().unwrap();
    assert_eq!(told, json!({ "command": ["id"], "env": { "A": "1" }, "runId": run }));
}

#[tokio::test]
async fn a_consent_counts_once_and_for_exactly_what_it_was_given() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    let given = RunAsk {
        node: node_id(LAPTOP),
        argv: vec!["id".into()],
        cwd: Some("/".into()),
        env: Vec::new(),
        session: None,
    };
    let consents = || house.world.consents.lock().unwrap();
    consents().push((
        "ask-1".into(),
        given,
        Consent { decision: Decision::AllowOnce, binding: Some("b1".into()) },
    ));
    let claim = |argv: &str, cwd: &str| {
        json!({
            "command": [argv], "cwd": cwd, "runId": "ask-1",
            "approved": true, "approvalDecision": "allow-always", "bindingHash": "mine",
        })
        .to_string()
    };
    let no = "system.run: no approval for this command";
    for other in [claim("rm", "/"), claim("id", "/etc")] {
        assert!(start(&house, &other).await.unwrap_err().to_string().starts_with(no));
    }
    let told = start(&house, &claim("id", "/")).await.unwrap();
    let consent = ["approved", "approvalDecision", "bindingHash"].map(|name| told[name].clone());
    assert_eq!(consent, [json!(true), json!("allow-once"), json!("b1")]);
    assert!(start(&house, &claim("id", "/")).await.is_err(), "used up");
}

/// Group row "approval shows something else than runs" of 1.8 (RPC-067).
#[tokio::test]
async fn rpc_067_what_is_shown_is_what_is_run() {
    let house = house();
    house.nodes.arrived(&laptop(1));
    #[rustfmt::skip]
    let table = [
        (r#"{"command":["ls","-l"],"rawCommand":"ls -l"}"#,          None),
        (r#"{"command":["sh","-c","ls; id"],"rawCommand":"ls; id"}"#, None),
        (r#"{"command":["ls"],"rawCommand":null}"#,                  None),
        (r#"{"command":["rm","-rf","/"],"rawCommand":"ls"}"#,        Some(RunRefused::RawCommand)),
        (r#"{"command":[]}"#,                                        Some(RunRefused::NoCommand)),
        (r#"{"command":[" "]}"#,                                     Some(RunRefused::NoCommand)),
        (r#"{"command":"ls"}"#,                                      Some(RunRefused::NoCommand)),
        ("[]",                                                       Some(RunRefused::NoCommand)),
        (r#"{"command":["ls"],"sessionKey":"agent:"}"#,              Some(RunRefused::BadName)),
    ];
    for (params, expected) in table {
        let refused = start(&house, params).await.err();
        assert_eq!(refused, expected.map(InvokeError::Run), "{params}");
    }
}

#[tokio::test]
async fn a_dangerous_command_takes_the_configuration_as_well() {
    let house = house();
    house.world.approve(PHONE, "ios", &[], &["camera.snap"]);
    let snap = || Ask { node: PHONE.into(), ..ask("camera.snap", "{}") };
    let camera = || node(2, PHONE, "ios", &["camera.snap"]);
    house.nodes.arrived(&camera());
    let refused = house.nodes.invoke(&operator(&[Scope::Admin]), snap()).await;
    assert_eq!(refused, Err(InvokeError::NotAllowed(NotAllowed::NotAllowlisted)));

    let mut generous = Config::default();
    generous.gateway.nodes.allow_commands = vec!["camera.snap".into()];
    let house = enter(Arc::clone(&house.world), generous);
    let client = camera();
    house.nodes.arrived(&client);
    let writer = writer();
    let answer = async { house.nodes.answered(&client, "uuid-1", done("{}")) };
    assert!(tokio::join!(house.nodes.invoke(&writer, snap()), answer).0.is_ok());
}

/// RPC-064.
#[tokio::test]
async fn rpc_064_who_is_not_there_cannot_be_asked() {
    let house = house();
    for ghost in ["ghost", LAPTOP, ""] {
        let ask = Ask { node: ghost.into(), ..ask("system.which", "{}") };
        assert_eq!(house.nodes.invoke(&writer(), ask).await, Err(InvokeError::NotConnected));
    }
}
