#![doc = include_str!("../README.md")]

mod disk;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ports::{
    driven::{ApprovalPolicy, PolicyError, PolicySnapshot},
    view::ApprovalsFile,
};
use ring::digest;

/// The policy in a state directory.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    /// Held while writing, so that those in this process wait for each other;
    /// those in others wait for the lock on the folder.
    writing: Mutex<()>,
}

impl PolicyFile {
    /// The policy in `state_dir`. Nothing is read or made yet.
    pub fn in_dir(state_dir: &Path) -> Self {
        Self { path: state_dir.join("exec-approvals.json"), writing: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn snapshot(&self) -> PolicySnapshot {
        let path = self.path.display().to_string();
        let bytes = match disk::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let problem = Some(format!("the file cannot be read: {error}"));
                let file = ApprovalsFile::default();
                return PolicySnapshot { path, exists: true, hash: hash(b""), file, problem };
            }
        };
        let exists = bytes.is_some();
        let hash = hash(bytes.as_deref().unwrap_or_default());
        let read =
            bytes.map_or_else(|| Ok(ApprovalsFile::default()), |it| serde_json::from_slice(&it));
        let (file, problem) = match read {
            Ok(file) => (file, None),
            Err(error) => {
                (ApprovalsFile::default(), Some(format!("the file is not understood: {error}")))
            }
        };
        PolicySnapshot { path, exists, hash, file, problem }
    }
}

impl ApprovalPolicy for PolicyFile {
    fn load(&self) -> PolicySnapshot {
        self.snapshot()
    }

    fn store(
        &self,
        file: &ApprovalsFile,
        base: Option<String>,
    ) -> Result<PolicySnapshot, PolicyError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let unwritable = |error| PolicyError::Unwritable(Box::new(error));
        let _lock = disk::lock(&self.path).map_err(unwritable)?;
        let before = disk::read(&self.path).map_err(unwritable)?;
        match (&before, base) {
            (Some(_), None) => return Err(PolicyError::BaseRequired),
            (_, Some(base)) if base != hash(before.as_deref().unwrap_or_default()) => {
                return Err(PolicyError::Changed);
            }
            (_, Some(_)) | (None, None) => (),
        }
        let mut text = serde_json::to_vec_pretty(file).expect("keys are texts");
        text.push(b'\n');
        disk::write(&self.path, &text).map_err(unwritable)?;
        Ok(self.snapshot())
    }
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
