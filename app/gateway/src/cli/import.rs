//! `openclaw import`: taking over the state of another OpenClaw.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use approvals_file::PolicyFile;
use clap::Args;
use domain::ids::AgentId;
use gateway::paths::Paths;
use openclaw_state::{FileShelf, OpenClawState, Options, holds_state};
use ports::driven::{Archive, Journal};
use serde_json::json;
use store_memory::MemoryStore;
use store_sqlite::SqliteStore;
use usecases::import::{self, ImportReport};

use crate::cli::{
    context::Context,
    failure::Failure,
    lock::{Lock, LockError},
    output,
};

/// Where state was kept, by any of the names the product had.
const DIRECTORIES: [&str; 3] = [".openclaw", ".moltbot", ".clawdbot"];

/// What is taken over, and from where.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The state directory to read; nothing in it is changed.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Write nothing, and say what would be taken over.
    #[arg(long)]
    dry_run: bool,
    /// Only the conversations of these agents.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    agents: Vec<String>,
    /// Take over the configuration as well, unless there is one here; the default.
    #[arg(long, conflicts_with = "no_config")]
    config: bool,
    /// Leave the configuration out.
    #[arg(long)]
    no_config: bool,
}

pub(crate) async fn import(context: &Context, asked: &Import) -> Result<(), Failure> {
    let paths = &context.paths;
    let from = match &asked.from {
        Some(from) => from.clone(),
        None => find(context)?,
    };
    let there = paths.state_dir.is_dir();
    if !asked.dry_run {
        paths.create()?;
    }
    // A dry run makes no directory, and where there is none, nobody runs.
    let (_lock, scratch) = if there || !asked.dry_run {
        (Some(claim(&paths.state_dir, "import").await?), paths.state_dir.clone())
    } else {
        (None, env::temp_dir())
    };
    let options = Options {
        agents: asked.agents.iter().map(|id| AgentId::normalize(id)).collect(),
        config: !asked.no_config,
        in_place: is_same(&from, &paths.state_dir),
        scratch,
    };
    let mut source =
        OpenClawState::open(&from, options).map_err(|e| Failure::new(e.to_string()))?;
    let store = Store::open(paths, asked.dry_run)?;
    let deps = import::Deps {
        archive: store.archive(),
        journal: store.journal(),
        policy: Arc::new(PolicyFile::in_dir(&paths.state_dir)),
        shelf: Arc::new(FileShelf::new(paths.state_dir.clone(), paths.config_path.clone())),
        dry_run: asked.dry_run,
    };
    let done = import::Import::run(deps, &mut source).await;
    store.close().await?;
    let report = done.map_err(|error| {
        Failure::new(format!("the import stopped: {error}"))
            .with("What was taken over until then stays; importing again goes on from there.")
    })?;
    tell(context, &from, asked.dry_run, &report)
}

/// The directory of another OpenClaw, or ours, where one was at home before.
fn find(context: &Context) -> Result<PathBuf, Failure> {
    let own = &context.paths.state_dir;
    let home = context.variable("HOME").or_else(|| env::var("HOME").ok()).map(PathBuf::from);
    let candidates = home.iter().flat_map(|home| DIRECTORIES.map(|name| home.join(name)));
    let others = candidates.filter(|path| !is_same(path, own));
    let found = others.chain([own.clone()]).find(|path| holds_state(path));
    found.ok_or_else(|| {
        Failure::new("no state of another OpenClaw was found in your home directory")
            .with("Say where it is with: openclaw import --from DIR")
    })
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Keeps the gateway from running meanwhile, and refuses when it does.
pub(crate) async fn claim(state_dir: &Path, command: &str) -> Result<Lock, Failure> {
    Lock::acquire(state_dir).await.map_err(|error| {
        let failure = Failure::new(error.to_string());
        match error {
            LockError::Held(_) => failure
                .with(format!("Stop it with `openclaw gateway stop`, and then {command} again.")),
            LockError::Io { .. } => failure,
        }
    })
}

/// The store of this gateway, or an empty one where it has none and is to get
/// none.
enum Store {
    Disk(Arc<SqliteStore>),
    Memory(Arc<MemoryStore>),
}

impl Store {
    fn open(paths: &Paths, dry_run: bool) -> Result<Self, Failure> {
        let database = paths.database();
        if dry_run && !database.exists() {
            return Ok(Self::Memory(Arc::default()));
        }
        let store = SqliteStore::open(&database, store_sqlite::Options::default());
        let store = store.map_err(|error| {
            Failure::new(format!("the store at {} cannot be used: {error}", database.display()))
        })?;
        Ok(Self::Disk(Arc::new(store)))
    }

    fn archive(&self) -> Arc<dyn Archive> {
        match self {
            Self::Disk(store) => Arc::clone(store) as _,
            Self::Memory(store) => Arc::clone(store) as _,
        }
    }

    fn journal(&self) -> Arc<dyn Journal> {
        match self {
            Self::Disk(store) => Arc::clone(store) as _,
            Self::Memory(store) => Arc::clone(store) as _,
        }
    }

    async fn close(&self) -> Result<(), Failure> {
        match self {
            Self::Disk(store) => {
                store.shutdown().await.map_err(|error| Failure::new(error.to_string()))
            }
            Self::Memory(_) => Ok(()),
        }
    }
}

fn tell(
    context: &Context,
    from: &Path,
    dry_run: bool,
    report: &ImportReport,
) -> Result<(), Failure> {
    if context.json {
        let from = from.display().to_string();
        let told = json!({ "ok": true, "from": from, "dryRun": dry_run, "report": report });
        return Ok(output::json(&told)?);
    }
    let done = if dry_run { "would be imported" } else { "imported" };
    output::line(&output::tame(&format!("from {}", from.display())))?;
    output::line(&output::table(&["", done, "already here", "left out"], &rows(report)))?;
    if !report.kept.is_empty() {
        let place = context.paths.state_dir.join("imported");
        output::line(&format!("\nkept for later in {}:", place.display()))?;
        for name in &report.kept {
            output::line(&format!("  {}", output::cell(name, 120)))?;
        }
    }
    if !report.findings.is_empty() {
        output::line("\nleft out or changed:")?;
    }
    for finding in &report.findings {
        let (at, why) = (output::cell(&finding.at, 120), output::cell(&finding.why, 160));
        output::line(&format!("  {at}: {why}"))?;
    }
    if 0 < report.more_findings {
        output::line(&format!("  and {} more", report.more_findings))?;
    }
    if 0 < report.devices.imported {
        output::line(
            "\nDevices are known by their keys; their old tokens are not valid here. Each gets a new \
             one when it next shows the gateway's token or password.",
        )?;
    }
    Ok(())
}

fn rows(report: &ImportReport) -> Vec<Vec<String>> {
    let parts = [
        ("conversations", report.conversations),
        ("messages", report.messages),
        ("devices", report.devices),
        ("exec approvals", report.approvals),
        ("configuration", report.config),
        ("kept for later", report.kept_for_later),
    ];
    let row = |(name, tally): (&str, import::Tally)| {
        let numbers = [tally.imported, tally.existing, tally.left_out];
        std::iter::once(name.to_owned()).chain(numbers.map(|it| it.to_string())).collect()
    };
    parts.into_iter().map(row).collect()
}
