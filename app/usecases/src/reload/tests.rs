use std::{collections::VecDeque, path::PathBuf};

use async_trait::async_trait;
use ports::{
    config::{Config, ReloadMode},
    driven::{MockConfigReload, MockLifecycle},
};
use tokio::sync::mpsc;

use super::*;
use crate::testing::Told;

/// Tells of a change whenever it is told to.
struct Watch(mpsc::UnboundedReceiver<()>);

#[async_trait]
impl ConfigWatch for Watch {
    async fn changed(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    fn watch(&mut self, files: &[PathBuf]) {
        assert_eq!(files, [PathBuf::from("openclaw.json")]);
    }
}

fn read(mode: ReloadMode, changed: &[&str], issues: &[&str]) -> Reloaded {
    let mut after = Config::default();
    after.gateway.reload.mode = mode;
    let issue = |message: &&str| ConfigIssue {
        path: "gateway.port".into(),
        message: (*message).into(),
        file: Some("openclaw.json".into()),
        line: Some(3),
    };
    Reloaded {
        before: Arc::new(Config::default()),
        after: Arc::new(after),
        changed: changed.iter().map(|path| (*path).to_owned()).collect(),
        issues: issues.iter().map(issue).collect(),
        files: vec!["openclaw.json".into()],
        hash: format!("hash of {changed:?} {issues:?}"),
    }
}

/// What was done, in order.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<Vec<String>>>);

impl Done {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Follows a file that reads like this, one after the other; each part that is
/// named in `broken` cannot be renewed.
struct Scene {
    reload: Reload,
    lifecycle: Arc<MockLifecycle>,
    done: Done,
    told: Arc<Told>,
    restarts: Restarts,
}

impl Scene {
    fn new(reads: Vec<Reloaded>, broken: &'static [Part]) -> Self {
        let (done, told, restarts) =
            (Done::default(), Arc::new(Told::default()), Restarts::default());
        let mut config = MockConfigReload::new();
        let reads = Mutex::new(VecDeque::from(reads));
        config.expect_read_again().returning(move || reads.lock().unwrap().pop_front().unwrap());
        let adopted = done.clone();
        config.expect_adopt().returning(move || adopted.note("adopt"));
        let mut lifecycle = MockLifecycle::new();
        let checked = done.clone();
        lifecycle.expect_check().returning(move |_| {
            checked.note("check");
            if broken.contains(&Part::Exposure) { Err("not safe".into()) } else { Ok(()) }
        });
        let renewed = done.clone();
        lifecycle.expect_renew().returning(move |part, _, _| {
            renewed.note(part.to_string());
            if broken.contains(part) { Err("the port is taken".into()) } else { Ok(()) }
        });
        let deps = Deps {
            config: Arc::new(config),
            events: told.clone(),
            restarts: restarts.clone(),
            skip_channels: false,
        };
        Self {
            reload: Reload::new(deps, String::new(), Vec::new()),
            lifecycle: Arc::new(lifecycle),
            done,
            told,
            restarts,
        }
    }

    async fn follow(&self) -> Vec<String> {
        self.reload.follow(&*self.lifecycle).await.expect("the file was read");
        self.done.take()
    }
}

#[tokio::test]
async fn parts_are_renewed_in_their_order_after_the_guards_agreed() {
    let changed = ["gateway.auth.token", "gateway.port", "session.mainKey"];
    let scene = Scene::new(vec![read(ReloadMode::Hybrid, &changed, &[])], &[]);
    let expected = ["check", "adopt", "the secrets", "the listener", "Tailscale", "discovery"];
    assert_eq!(scene.follow().await, expected);
    assert_eq!(scene.told.count(), 1);
    assert!(scene.reload.issues().is_empty());
    let due = Box::pin(scene.restarts.due());
    assert!(futures_util::poll!(due).is_pending(), "nothing starts anew");
}

#[tokio::test]
async fn what_the_guards_refuse_is_not_put_into_force_and_is_told() {
    let reads = vec![read(ReloadMode::Hybrid, &["gateway.bind", "session.mainKey"], &[])];
    let scene = Scene::new(reads, &[Part::Exposure]);
    assert_eq!(scene.follow().await, ["check"]);
    let issues = scene.reload.issues();
    assert_eq!((issues.len(), &*issues[0].path), (1, "gateway.bind"));
    assert_eq!(issues[0].message, "not put into force: not safe");
}

#[tokio::test]
async fn what_was_refused_is_forgotten_once_the_file_no_longer_asks_for_it() {
    let bad = read(ReloadMode::Hybrid, &["gateway.bind"], &[]);
    let scene = Scene::new(vec![bad, read(ReloadMode::Hybrid, &[], &[])], &[Part::Exposure]);
    scene.follow().await;
    assert_eq!((scene.told.count(), scene.reload.issues().len()), (1, 1));
    assert!(scene.follow().await.is_empty());
    assert_eq!((scene.told.count(), scene.reload.issues().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_anew_that_would_not_be_let_start() {
    let scene =
        Scene::new(vec![read(ReloadMode::Restart, &["gateway.bind"], &[])], &[Part::Exposure]);
    assert_eq!(scene.follow().await, ["check"]);
    let due = tokio::time::timeout(Duration::from_mins(2), scene.restarts.due()).await;
    assert!(due.is_err(), "it goes on as it is");
}

#[tokio::test]
async fn a_part_that_fails_leaves_the_others_alone_and_is_told_until_it_is_mended() {
    let reads = vec![
        read(ReloadMode::Hybrid, &["gateway.port", "logging.level"], &[]),
        read(ReloadMode::Hybrid, &["logging.level"], &[]),
    ];
    let scene = Scene::new(reads, &[Part::Listener]);
    let done = scene.follow().await;
    assert!(done.contains(&"the log".to_owned()) && done.contains(&"discovery".to_owned()));
    assert!(scene.reload.issues()[0].message.contains("the port is taken"));
    scene.follow().await;
    assert_eq!(scene.reload.issues().len(), 1, "it still is");
}

#[tokio::test]
async fn a_mistake_is_told_once_for_each_text_and_changes_nothing() {
    let bad = || read(ReloadMode::Hybrid, &[], &["has to be a number"]);
    let scene = Scene::new(vec![bad(), bad(), read(ReloadMode::Hybrid, &[], &[])], &[]);
    assert!(scene.follow().await.is_empty());
    assert_eq!((scene.told.count(), scene.reload.issues().len()), (1, 1));
    assert!(scene.follow().await.is_empty());
    assert_eq!(scene.told.count(), 1, "nothing is new");
    scene.follow().await;
    assert_eq!((scene.told.count(), scene.reload.issues().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_mode_of_the_new_file_decides() {
    #[rustfmt::skip]
    let table: [(ReloadMode, &[&str], bool); 4] = [
        (ReloadMode::Off,     &[],                         false),
        (ReloadMode::Restart, &["adopt"],                  true),
        (ReloadMode::Hot,     &["adopt", "the limits"],    false),
        (ReloadMode::Hybrid,  &["adopt", "the limits"],    false),
    ];
    for (mode, expected, restarts) in table {
        let scene = Scene::new(vec![read(mode, &["gateway.limits.jsonDepth"], &[])], &[]);
        assert_eq!(scene.follow().await, expected, "{mode:?}");
        let due = tokio::time::timeout(Duration::from_secs(3), scene.restarts.due()).await;
        assert_eq!(due.is_ok(), restarts, "{mode:?}");
    }
}

#[tokio::test]
async fn it_follows_what_is_noticed_and_what_it_is_told() {
    let one = || read(ReloadMode::Hybrid, &["session.mainKey"], &[]);
    let scene = Scene::new(vec![one(), one()], &[]);
    let (change, changes) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let following = scene.reload.clone().run(
        Arc::clone(&scene.lifecycle) as _,
        Box::new(Watch(changes)),
        stop.clone(),
    );
    let driving = async {
        change.send(()).unwrap();
        scene.told.until(1).await;
        scene.reload.nudge();
        scene.told.until(2).await;
        stop.cancel();
    };
    tokio::join!(following, driving);
    assert_eq!(scene.done.take(), ["adopt", "adopt"]);
}

#[test]
fn an_issue_says_where_it_stands() {
    let issue = |file: Option<&str>, line, path: &str| {
        let (file, message) = (file.map(Into::into), "is wrong".into());
        spoken(&ConfigIssue { path: path.into(), message, file, line })
    };
    assert_eq!(issue(Some("a.json"), Some(3), "x.y"), "a.json:3: x.y: is wrong");
    assert_eq!(issue(None, None, ""), "is wrong");
}

/// One that follows nothing and knows of these issues.
pub(crate) fn invalid(messages: &[&str]) -> Reload {
    let deps = Deps {
        config: Arc::new(MockConfigReload::new()),
        events: Arc::new(Told::default()),
        restarts: Restarts::default(),
        skip_channels: false,
    };
    Reload::new(deps, String::new(), read(ReloadMode::Hybrid, &[], messages).issues)
}
