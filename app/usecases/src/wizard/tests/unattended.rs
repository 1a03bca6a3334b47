use domain::wizard::Reset;
use ports::driven::MockAttic;

use super::*;

/// Answers that are given.
type Given = &'static [(&'static str, &'static str)];

/// What came of it when nobody could be asked: the change, or why there is none.
async fn outcome(answers: &[(&str, &str)]) -> Result<serde_json::Value, String> {
    let (deps, written, _) = world(true);
    let given = given(&[&[(id::RISK, "yes"), (id::EXISTING, "modify")], answers].concat());
    let options =
        Options { given, unattended: true, check: true, service: true, ..Options::default() };
    let mut session = Session::new(deps, options);
    let asked = session.advance().await.map_err(|error| error.to_string())?;
    assert_eq!(asked, None, "nobody is asked");
    let write = written.lock().unwrap()[0].clone();
    let ConfigEdit::Merge(text) = write.edit else { panic!("{:?}", write.edit) };
    Ok(serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn what_nobody_answers_is_answered_by_saying_nothing() {
    let tree = outcome(&[]).await.unwrap();
    let expected = serde_json::json!({
        "gateway": { "mode": "local" }, "agents": { "defaults": { "workspace": "/proposed" } },
    });
    assert_eq!(tree, expected);
}

#[tokio::test]
async fn flags_count_in_a_quick_start_too() {
    let table: [(Given, &str, serde_json::Value); 7] = [
        (&[(id::PORT, "7")], "/gateway/port", 7.into()),
        (&[(id::BIND, "lan")], "/gateway/tls/enabled", true.into()),
        (
            &[(id::AUTH, "password"), (id::PASSWORD, "a good one")],
            "/gateway/auth/password",
            "a good one".into(),
        ),
        (&[(id::TAILSCALE, "serve")], "/gateway/tailscale/mode", "serve".into()),
        (
            &[(id::TAILSCALE, "serve"), (id::TAILSCALE_RESET, "yes")],
            "/gateway/tailscale/resetOnExit",
            true.into(),
        ),
        (
            &[(id::MODE, "remote"), (id::REMOTE_URL, "wss://x")],
            "/gateway/remote/url",
            "wss://x".into(),
        ),
        (
            &[(id::PROVIDER, "custom"), (id::PROVIDER_URL, "http://x")],
            "/agents/defaults/model/primary",
            "custom/m".into(),
        ),
    ];
    for (answers, place, expected) in table {
        let tree = outcome(answers).await.unwrap();
        assert_eq!(tree.pointer(place), Some(&expected), "{answers:?}: {tree}");
    }
}

#[tokio::test]
async fn what_does_not_work_out_is_said_before_anything_is_written() {
    let table: [(Given, &str); 8] = [
        (&[(id::MODE, "remote")], "remote.url has no answer"),
        (&[(id::PROVIDER, "openai")], "provider.key has no answer"),
        (
            &[(id::PROVIDER, "openai"), (id::PROVIDER_KEY, "bad")],
            "the provider does not answer: the key was refused",
        ),
        (&[(id::REMOTE_URL, "wss://x")], "--remote-url has no place among the other answers"),
        (&[(id::BIND, "lan"), (id::TAILSCALE, "serve")], "--tailscale has no place"),
        (&[(id::TAILSCALE, "funnel")], "gateway.tailscale: must be one of off, serve"),
        (
            &[(id::BIND, "lan"), (id::AUTH, "token"), (id::TOKEN, "only-16-letters-")],
            "gateway.token: must have at least 24 characters",
        ),
        (&[(id::AUTH, "token"), (id::TOKEN, "changeme")], "gateway.token: is what manuals write"),
    ];
    for (answers, expected) in table {
        let refused = outcome(answers).await.unwrap_err();
        assert!(refused.starts_with(expected), "{answers:?}: {refused}");
    }
}

#[tokio::test]
async fn saying_what_is_not_wanted_has_a_place_everywhere() {
    let (deps, ..) = world(false);
    let mut given = given(&[
        (id::RISK, "yes"),
        (id::MODE, "remote"),
        (id::REMOTE_URL, "wss://x"),
        (id::PROVIDER, "skip"),
    ]);
    given.set(id::SERVICE, Value::Flag(false));
    let options = Options { given, unattended: true, ..Options::default() };
    assert_eq!(Session::new(deps, options).advance().await.unwrap(), None);
}

#[tokio::test]
async fn whoever_names_the_model_needs_no_answer_of_the_provider() {
    let (deps, written, _) = world(false);
    let answers =
        [(id::RISK, "yes"), (id::PROVIDER, "groq"), (id::PROVIDER_KEY, "bad"), (id::MODEL, "x")];
    let options =
        Options { given: given(&answers), unattended: true, check: true, ..Options::default() };
    let mut session = Session::new(deps, options);
    assert_eq!(session.advance().await.unwrap(), None);
    assert_eq!(session.outcome().unsure.as_deref(), Some("the key was refused"));
    assert_eq!(written.lock().unwrap().len(), 1);
}

/// Beginning anew, where `attic` puts things away; what it was asked for and what
/// was written, in order.
async fn anew(works: bool) -> (Result<Option<Step>, StepError>, Vec<String>, Outcome) {
    let (mut deps, ..) = world(true);
    let log: Arc<Lock<Vec<String>>> = Arc::default();
    let (mut attic, entries) = (MockAttic::new(), Arc::clone(&log));
    attic.expect_put_away().returning(move |reset, workspace| {
        entries.lock().unwrap().push(format!("{} {workspace}", reset.word()));
        if works { Ok("/trash".to_owned()) } else { Err("a gateway runs".into()) }
    });
    let (mut store, entries) = (MockConfigStore::new(), Arc::clone(&log));
    store.expect_write().returning(move |write| {
        entries.lock().unwrap().push(format!("write, dry run: {}", write.dry_run));
        let (changed, hash, warnings) = (Vec::new(), "after".into(), Vec::new());
        Ok(ConfigWritten { changed, hash, warnings, config: Arc::default() })
    });
    deps.attic = Some(Arc::new(attic));
    deps.store = Arc::new(store);
    let given =
        given(&[(id::RISK, "yes"), (id::EXISTING, "reset"), (id::RESET, Reset::Full.word())]);
    let mut session = Session::new(deps, Options { given, unattended: true, ..Options::default() });
    let ended = session.advance().await;
    let log = log.lock().unwrap().clone();
    (ended, log, session.outcome().clone())
}

#[tokio::test]
async fn what_was_there_is_put_away_for_a_change_that_will_be_written() {
    let (ended, log, outcome) = anew(true).await;
    assert_eq!(ended.unwrap(), None);
    assert_eq!(log, ["write, dry run: true", "full /proposed", "write, dry run: false"]);
    assert_eq!(outcome.put_away.as_deref(), Some("/trash"));
    assert_eq!(outcome.plan.reset, Some(Reset::Full));

    let (ended, log, _) = anew(false).await;
    assert_eq!(ended.unwrap_err().to_string(), "nothing was begun anew: a gateway runs");
    assert_eq!(log, ["write, dry run: true", "full /proposed"]);
}

#[tokio::test]
async fn setting_up_says_only_what_nobody_has_said() {
    let (deps, written, _) = world(false);
    let done = set_up(&deps, None).await.unwrap();
    assert_eq!((done.workspace.as_str(), done.made), ("/proposed", true));
    let ConfigEdit::Merge(text) = written.lock().unwrap()[0].edit.clone() else {
        panic!("a merge")
    };
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(tree["gateway"]["mode"], "local");
    assert_eq!(tree["agents"]["defaults"]["workspace"], "/proposed");

    let (mut deps, written, _) = world(true);
    let mut config = Config::default();
    config.gateway.mode = Some(ports::config::GatewayMode::Remote);
    config.agents.defaults.workspace = Some("/mine".into());
    let mut source = MockConfigSource::new();
    let config = Arc::new(config);
    source.expect_current().returning(move || Arc::clone(&config));
    deps.config = Arc::new(source);
    assert_eq!(set_up(&deps, None).await.unwrap().workspace, "/mine");
    assert!(written.lock().unwrap().is_empty());
    assert_eq!(set_up(&deps, Some("/other")).await.unwrap().workspace, "/other");
    assert_eq!(written.lock().unwrap().len(), 1);
}
