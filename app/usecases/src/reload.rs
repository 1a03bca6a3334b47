//! Following the configuration file while the gateway runs.
//!
//! What changed is read, a rule says what that means ([`domain::reload`]), and
//! part by part it is put into force. Nothing here ends a run or a connection.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    event::EventKind,
    reload::{Part, Plan, noticed, plan, skipped},
    restart::delay,
};
use ports::{
    BoxError, Json,
    driven::{ConfigIssue, ConfigReload, ConfigWatch, EventSink, Lifecycle, Reloaded},
    event::{Body, Event},
    view::ConfigChanged,
};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::restart::Restarts;

/// How long whoever changed the file has to hear that it was changed: the change
/// may close its connection.
const ANSWER_FIRST: Duration = Duration::from_millis(100);

/// What following the file takes.
pub struct Deps {
    /// Reads it.
    pub config: Arc<dyn ConfigReload>,
    /// Tells clients.
    pub events: Arc<dyn EventSink>,
    /// Starts the gateway anew.
    pub restarts: Restarts,
    /// Whether channels are left alone (`OPENCLAW_SKIP_CHANNELS`).
    pub skip_channels: bool,
}

/// Follows the configuration file. Cloning gives the same one.
#[derive(Clone)]
pub struct Reload(Arc<Inner>);

struct Inner {
    deps: Deps,
    nudged: Notify,
    known: Mutex<Known>,
}

/// What is known about the file.
#[derive(Default)]
struct Known {
    hash: String,
    issues: Vec<ConfigIssue>,
    /// Parts that are not what the file says, and why.
    failed: BTreeMap<Part, ConfigIssue>,
}

/// The guards do not let it be put into force.
struct Refused;

impl Reload {
    /// Follows the file whose text had that hash, and was found to have these
    /// issues, when the gateway started.
    pub fn new(deps: Deps, hash: String, issues: Vec<ConfigIssue>) -> Self {
        let known = Known { hash, issues, failed: BTreeMap::new() };
        Self(Arc::new(Inner { deps, nudged: Notify::new(), known: Mutex::new(known) }))
    }

    /// Looks at the file in a moment, without waiting until it is quiet: whoever
    /// wrote it says that it is done.
    pub fn nudge(&self) {
        self.0.nudged.notify_one();
    }

    /// What is wrong with the file, and what of it could not be put into force.
    pub fn issues(&self) -> Vec<ConfigIssue> {
        let known = self.known();
        known.issues.iter().chain(known.failed.values()).cloned().collect()
    }

    /// The same for a person, on one line, if anything is wrong.
    pub fn problem(&self) -> Option<String> {
        let issues = self.issues();
        let told: Vec<_> = issues.iter().map(spoken).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// The hash of the text that was read last.
    pub fn hash(&self) -> String {
        self.known().hash.clone()
    }

    /// Follows what `watch` notices, until `stop`; `lifecycle` puts parts into
    /// force.
    pub async fn run(
        self,
        lifecycle: Arc<dyn Lifecycle>,
        mut watch: Box<dyn ConfigWatch>,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = watch.changed() => (),
                () = self.0.nudged.notified() => time::sleep(ANSWER_FIRST).await,
            }
            if let Some(files) = self.follow(&*lifecycle).await {
                watch.watch(&files);
            }
        }
    }

    /// Reads the file and does what it asks for. Returns the files to watch.
    async fn follow(&self, lifecycle: &dyn Lifecycle) -> Option<Vec<std::path::PathBuf>> {
        let config = Arc::clone(&self.0.deps.config);
        let read = tokio::task::spawn_blocking(move || config.read_again()).await;
        let Ok(read) = read else {
            warn!(target: "config", "the reader of the configuration crashed");
            return None;
        };
        let files = read.files.clone();
        // What was refused is not in force: it is judged again where it is still
        // there, and nothing is left of it where it is not.
        let was_refused = self.known().failed.remove(&Part::Exposure).is_some();
        let news = self.tell_issues(&read) || was_refused;
        if read.changed.is_empty() && !news {
            self.known().hash.clone_from(&read.hash);
            return Some(files);
        }
        if !read.changed.is_empty() {
            info!(target: "gateway/reload", "{}", noticed(&read.changed));
        }
        let plan = plan(&read.changed, read.after.gateway.reload.mode.into());
        let plan = if self.0.deps.skip_channels { plan.without_channels() } else { plan };
        let is_off = !plan.ignored.is_empty() || read.changed.is_empty();
        let is_refused = !is_off && self.carry_out(lifecycle, &plan, &read).await.is_err();
        for line in plan.lines().iter().filter(|_| !is_refused) {
            info!(target: "gateway/reload", "{line}");
        }
        self.known().hash.clone_from(&read.hash);
        let issues = self.issues();
        let told = ConfigChanged { hash: &read.hash, paths: &read.changed, issues: &issues };
        let body = Body::Notice(EventKind::ConfigChanged, Json::of(&told));
        self.0.deps.events.publish(Event::new(body));
        if !plan.restart.is_empty() && !is_refused {
            self.0.deps.restarts.request("config change", delay(None), true);
        }
        Some(files)
    }

    /// Says what is wrong with the file, once for each text, and whether that is
    /// something else than before.
    fn tell_issues(&self, read: &Reloaded) -> bool {
        let mut known = self.known();
        if known.issues == read.issues {
            return false;
        }
        if !read.issues.is_empty() {
            let told: Vec<_> = read.issues.iter().map(spoken).collect();
            warn!(target: "gateway/reload", "{}", skipped(&told));
        } else if !known.issues.is_empty() {
            info!(target: "gateway/reload", "the configuration is valid again");
        }
        known.issues.clone_from(&read.issues);
        true
    }

    /// Puts what was read into force, unless the guards refuse it.
    async fn carry_out(
        &self,
        lifecycle: &dyn Lifecycle,
        plan: &Plan,
        read: &Reloaded,
    ) -> Result<(), Refused> {
        let guarded = plan.parts.get_key_value(&Part::Exposure);
        if let Some((part, paths)) = guarded {
            let checked = lifecycle.check(&read.after);
            let refused = checked.is_err();
            self.note(part, paths, checked);
            if refused {
                return Err(Refused);
            }
        }
        self.0.deps.config.adopt();
        for (part, paths) in plan.parts.iter().filter(|(part, _)| **part != Part::Exposure) {
            let renewed = lifecycle.renew(part, &read.before, &read.after).await;
            self.note(part, paths, renewed);
        }
        Ok(())
    }

    /// Remembers what came of a part, and says so if it failed.
    fn note(&self, part: &Part, paths: &[String], outcome: Result<(), BoxError>) {
        let mut known = self.known();
        let Err(error) = outcome else {
            known.failed.remove(part);
            return;
        };
        let path = paths.first().cloned().unwrap_or_default();
        let told = &*error as &dyn Error;
        warn!(target: "gateway/reload", error = told, "{path}: {part} stays what it was");
        let message = format!("not put into force: {error}");
        let issue = ConfigIssue { path, message, file: None, line: None };
        known.failed.insert(part.clone(), issue);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An issue for a person: `file:line: key: message`.
fn spoken(issue: &ConfigIssue) -> String {
    let mut text = String::new();
    if let Some(file) = &issue.file {
        text.push_str(file);
        if let Some(line) = issue.line {
            text = format!("{text}:{line}");
        }
        text.push_str(": ");
    }
    if !issue.path.is_empty() {
        text.push_str(&issue.path);
        text.push_str(": ");
    }
    text + &issue.message
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("hash", &self.hash()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
