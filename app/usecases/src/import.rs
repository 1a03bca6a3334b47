//! Taking over what another gateway left behind.
//!
//! Everything keeps the name it had, and what is there already is not written
//! again. So importing a second time adds only what is new, and an import that
//! was cut off is completed by the next one.

mod conversation;
mod report;

use std::{collections::HashSet, fmt, sync::Arc};

use domain::pairing::Device;
use ports::{
    driven::{
        ApprovalPolicy, Archive, Change, CommitError, Drawer, ForeignItem, ForeignKind,
        ForeignState, Journal, PolicyError, Shelf, Shelved, StoreError, Urgency,
    },
    view::ApprovalsFile,
};

use self::conversation::Conversation;
pub use self::report::{Finding, ImportReport, Tally};
use crate::pairing;

/// What an import needs.
pub struct Deps {
    /// What is there already.
    pub archive: Arc<dyn Archive>,
    /// Where it is written down.
    pub journal: Arc<dyn Journal>,
    /// Which commands may run here.
    pub policy: Arc<dyn ApprovalPolicy>,
    /// Where files go.
    pub shelf: Arc<dyn Shelf>,
    /// Whether nothing is written and only the report is wanted.
    pub dry_run: bool,
}

/// Why an import stopped. What was written until then stays, and importing once
/// more goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store refuses something.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A file cannot be written.
    #[error("{0} cannot be written")]
    File(String, #[source] ports::BoxError),
}

/// Takes over what another gateway left behind.
#[derive(Debug)]
pub struct Import {
    deps: Deps,
    report: ImportReport,
    devices: HashSet<Box<str>>,
    open: Option<Conversation>,
}

impl Import {
    /// Takes over everything in `source`, and says what became of it.
    pub async fn run(
        deps: Deps,
        source: &mut dyn ForeignState,
    ) -> Result<ImportReport, ImportError> {
        let devices = deps.archive.entries(Drawer::Devices).await?;
        let devices = devices.into_iter().map(|entry| entry.name).collect();
        let mut import = Self { deps, report: ImportReport::default(), devices, open: None };
        while let Some(item) = source.next() {
            import.take(item).await?;
        }
        import.conclude().await?;
        Ok(import.report)
    }

    async fn take(&mut self, item: ForeignItem) -> Result<(), ImportError> {
        match item {
            ForeignItem::Config { name, text } => self.config(&name, &text),
            ForeignItem::Approvals(file) => self.approvals(&file),
            ForeignItem::Device(device) => self.device(&device).await,
            ForeignItem::Conversation(found) => {
                self.conclude().await?;
                let (key, id) = (found.session.key.clone(), found.session.id.clone());
                self.open = Conversation::begin(&*self.deps.archive, *found).await?;
                if self.open.is_none() {
                    let why = format!("there is no place for its transcript {id}");
                    self.report.leave_out(ForeignKind::Conversation, key.to_string(), why);
                }
                Ok(())
            }
            ForeignItem::Record(record) => match &mut self.open {
                Some(open) => open.take(&self.deps, record, &mut self.report).await,
                None => Ok(()),
            },
            ForeignItem::Keepsake { name, content } => self.keep(&name, &content),
            ForeignItem::LeftOut(left_out) => {
                self.report.leave_out(left_out.what, left_out.at, left_out.why);
                Ok(())
            }
        }
    }

    /// Nothing more comes of the conversation that is open.
    async fn conclude(&mut self) -> Result<(), ImportError> {
        match self.open.take() {
            Some(open) => open.conclude(&self.deps, &mut self.report).await,
            None => Ok(()),
        }
    }

    fn config(&mut self, name: &str, text: &[u8]) -> Result<(), ImportError> {
        if self.deps.dry_run {
            self.report.config.imported += 1;
            return Ok(());
        }
        match self.deps.shelf.adopt_config(text).map_err(|error| unwritable(name, error))? {
            Shelved::New => self.report.config.imported += 1,
            Shelved::Same => self.report.config.existing += 1,
            Shelved::Taken => {
                let why = "this gateway has a configuration of its own, which stays";
                self.report.leave_out(ForeignKind::Config, name.to_owned(), why.to_owned());
            }
        }
        Ok(())
    }

    fn approvals(&mut self, file: &ApprovalsFile) -> Result<(), ImportError> {
        const NAME: &str = "exec-approvals.json";

        let own = self.deps.policy.load();
        if own.exists {
            if own.file == *file {
                self.report.approvals.existing += 1;
            } else {
                let why = "this gateway has a policy of its own, which stays";
                self.report.leave_out(ForeignKind::Approvals, NAME.to_owned(), why.to_owned());
            }
            return Ok(());
        }
        if !self.deps.dry_run {
            let stored = self.deps.policy.store(file, None);
            stored.map_err(|error: PolicyError| unwritable(NAME, error.into()))?;
        }
        self.report.approvals.imported += 1;
        Ok(())
    }

    /// A device that is known here stays what it is here: somebody may have
    /// decided about it since.
    async fn device(&mut self, device: &Device) -> Result<(), ImportError> {
        if !self.devices.insert(device.id.as_str().into()) {
            self.report.devices.existing += 1;
            return Ok(());
        }
        self.report.devices.imported += 1;
        write(&self.deps, vec![pairing::remember(device)]).await
    }

    fn keep(&mut self, name: &str, content: &[u8]) -> Result<(), ImportError> {
        if self.deps.dry_run {
            self.report.keep(name.to_owned());
            return Ok(());
        }
        match self.deps.shelf.keep(name, content).map_err(|error| unwritable(name, error))? {
            Shelved::New => self.report.keep(name.to_owned()),
            Shelved::Same => self.report.kept_for_later.existing += 1,
            Shelved::Taken => {
                let why = "another version of it was kept before, which stays";
                self.report.leave_out(ForeignKind::Other, name.to_owned(), why.to_owned());
            }
        }
        Ok(())
    }
}

/// Writes `changes` down, unless nothing is to be written.
async fn write(deps: &Deps, changes: Vec<Change>) -> Result<(), ImportError> {
    if deps.dry_run || changes.is_empty() {
        return Ok(());
    }
    deps.journal.submit(changes, Urgency::Now).await?;
    Ok(())
}

fn unwritable(name: &str, error: ports::BoxError) -> ImportError {
    ImportError::File(name.to_owned(), error)
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
