use domain::{
    time::Timestamp,
    update::{CargoRecord, CargoSource, Installation, UpdateCommand},
};
use ports::{
    driven::{MockClock, MockRestart, MockRestartNotes, MockUpdater},
    view::{StepLog, UpdateStep},
};
use tokio::sync::Notify;

use super::*;

/// What commands said: their exit code and output, in order.
type Said = Vec<(Option<i32>, &'static str)>;

fn by_cargo() -> Installation {
    let source = CargoSource::Registry;
    Installation::Cargo(CargoRecord { root: "/r".into(), package: "gateway".into(), source })
}

fn tool(by: Installation, said: Said) -> MockUpdater {
    let mut updater = MockUpdater::new();
    let installed = Installed { by, superuser: false };
    updater.expect_installed().returning(move || installed.clone());
    updater.expect_check().returning(|| UpdateCommand::new("check", &["openclaw", "--version"]));
    let mut said = said.into_iter();
    updater.expect_run().returning(move |command, _| {
        let (exit_code, output) = said.next().expect("no more commands are expected");
        step(command, exit_code, output)
    });
    updater
}

fn step(command: &UpdateCommand, exit_code: Option<i32>, output: &str) -> UpdateStep {
    UpdateStep {
        name: command.name.to_owned(),
        command: command.line(),
        cwd: "/".to_owned(),
        duration_ms: 1,
        log: StepLog { stdout_tail: output.to_owned(), stderr_tail: String::new(), exit_code },
    }
}

fn clock() -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    clock.expect_now().returning(|| Timestamp::from_millis(1000));
    Arc::new(clock)
}

fn deps(tool: MockUpdater, notes: MockRestartNotes, restart: Option<MockRestart>) -> Deps {
    Deps {
        clock: clock(),
        notes: Arc::new(notes),
        restart: restart.map(|it| Arc::new(it) as Arc<dyn Restart>),
        tasks: TaskTracker::new(),
        updater: Arc::new(tool),
        version: "1.0.0".to_owned(),
    }
}

#[tokio::test]
async fn how_an_update_goes() {
    use UpdateStatus::{Error, Ok, Skipped};
    #[rustfmt::skip]
    let table: [(Installation, Said, UpdateStatus, Option<&str>, &str); 6] = [
        (by_cargo(), vec![(Some(0), ""), (Some(0), "openclaw 1.1.0\n")], Ok, Some("1.1.0"), ""),
        (by_cargo(), vec![(Some(0), ""), (Some(0), "openclaw 1.0.0\n")], Skipped, Some("1.0.0"), "newest version"),
        (by_cargo(), vec![(Some(0), ""), (Some(0), "")],                 Error, None, "does not start"),
        (by_cargo(), vec![(Some(0), ""), (Some(1), "openclaw 1.1.0")],   Error, Some("1.1.0"), "does not start"),
        (by_cargo(), vec![(None, "")],                                   Error, None, "did not work out"),
        (Installation::Nix, vec![],                                      Skipped, None, "nix profile upgrade"),
    ];
    for (by, said, status, after, reason) in table {
        let steps = said.len();
        let tool = tool(by, said);
        let result = carry_out(&tool, &*clock(), "1.0.0", &Release::Stable, Duration::ZERO).await;
        assert_eq!(result.status, Some(status));
        assert_eq!((result.after.as_deref(), result.steps.len()), (after, steps));
        assert_eq!(result.before.as_deref(), Some("1.0.0"));
        let said = result.reason.unwrap_or_default();
        assert!(said.contains(reason) && said.is_empty() == reason.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn a_new_version_is_started_and_whoever_asked_is_told_afterwards() {
    let mut notes = MockRestartNotes::new();
    let expected = |note: &RestartNote| {
        let RestartPayload { kind, status, ts, session_key, message, stats, .. } = &note.payload;
        (note.version, kind.as_str(), *status, *ts) == (1, "update", UpdateStatus::Ok, 1000)
            && session_key.as_deref() == Some("agent:main:main")
            && message.as_deref() == Some("please")
            && stats.as_ref().is_some_and(|it| it.steps.len() == 2)
    };
    notes.expect_leave().withf(expected).once().returning(|_| Ok("/s/note".into()));
    let mut restart = MockRestart::new();
    let delay = Duration::from_secs(2);
    restart
        .expect_request()
        .withf(move |why, after| (why, *after) == (REASON, delay))
        .once()
        .return_const(());
    let tool = tool(by_cargo(), vec![(Some(0), ""), (Some(0), "openclaw 2.0.0")]);
    let update = Update::new(deps(tool, notes, Some(restart)));
    let wish = Wish {
        session: Some("agent:main:main".into()),
        note: Some("please".into()),
        delay,
        limit: None,
    };
    let updated = update.run(wish).await.unwrap();
    assert_eq!(updated.restart, Some(delay));
    assert_eq!(updated.note.unwrap().0, "/s/note");
    let standing = update.standing().await;
    assert!(!standing.running);
    assert_eq!(standing.last.unwrap().stats, Some(updated.result));
}

#[tokio::test]
async fn what_changed_nothing_interrupts_nobody() {
    for said in [vec![(Some(1), "")], vec![(Some(0), ""), (Some(0), "openclaw 1.0.0")]] {
        // A call of either of these would fail the test.
        let (notes, restart) = (MockRestartNotes::new(), MockRestart::new());
        let update = Update::new(deps(tool(by_cargo(), said), notes, Some(restart)));
        let updated = update.run(Wish::default()).await.unwrap();
        assert!(updated.restart.is_none() && updated.note.is_none());
    }
}

#[tokio::test]
async fn without_a_way_to_restart_nothing_is_promised() {
    let tool = tool(by_cargo(), vec![(Some(0), ""), (Some(0), "openclaw 2.0.0")]);
    let update = Update::new(deps(tool, MockRestartNotes::new(), None));
    let updated = update.run(Wish::default()).await.unwrap();
    assert_eq!(updated.result.status, Some(UpdateStatus::Ok));
    assert!(updated.restart.is_none() && updated.note.is_none());
}

/// One whose command ends when it is told to.
struct Slow {
    may_end: Arc<Notify>,
    began: Arc<Notify>,
}

#[async_trait::async_trait]
impl Updater for Slow {
    async fn installed(&self) -> Installed {
        Installed { by: by_cargo(), superuser: false }
    }

    async fn run(&self, command: &UpdateCommand, _: Duration) -> UpdateStep {
        self.began.notify_one();
        self.may_end.notified().await;
        step(command, Some(1), "")
    }

    fn check(&self) -> UpdateCommand {
        UpdateCommand::new("check", &["openclaw", "--version"])
    }
}

#[tokio::test]
async fn one_update_runs_at_a_time_and_to_its_end_whoever_stops_waiting() {
    let (may_end, began) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = Slow { may_end: Arc::clone(&may_end), began: Arc::clone(&began) };
    let deps =
        Deps { updater: Arc::new(slow), ..deps(MockUpdater::new(), MockRestartNotes::new(), None) };
    let tasks = deps.tasks.clone();
    let update = Update::new(deps);
    tokio::select! {
        _ = update.run(Wish::default()) => panic!("it cannot have ended"),
        () = began.notified() => (),
    }
    assert!(update.standing().await.running);
    assert_eq!(update.run(Wish::default()).await.unwrap_err(), Busy);
    may_end.notify_one();
    tasks.close();
    tasks.wait().await;
    let standing = update.standing().await;
    assert!(!standing.running);
    assert_eq!(standing.last.unwrap().status, UpdateStatus::Error);
}
