#![doc = include_str!("../README.md")]

mod manifest;
mod plan;
mod read;
mod restore;
mod write;

use std::{io, path::PathBuf};

pub use self::{
    manifest::{Kept, Manifest, Origin},
    plan::{Plan, Skipped, Source, Wanted},
    read::{extract, verify},
    restore::{Restore, Restored, unpack},
    write::create,
};

/// Why a backup was not made, is none, or was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or directory cannot be read or written.
    #[error("{}: {}", path.display(), source)]
    Io {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A file became shorter while it was read.
    #[error("{} changed while it was read; try again", .0.display())]
    Changed(PathBuf),
    /// There is something in the place of the archive.
    #[error("{} exists already, and nothing is replaced", .0.display())]
    Exists(PathBuf),
    /// What was given is no backup, or not what was made any more.
    #[error("not a whole backup: {0}")]
    NotABackup(String),
    /// The state directory cannot be exchanged for another.
    #[error(
        "{} cannot be exchanged for another directory, because it is a place where something is \
         mounted; restore into a directory with --target and copy it", .0.display()
    )]
    Mounted(PathBuf),
}

impl BackupError {
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn bad(why: impl Into<String>) -> Self {
        Self::NotABackup(why.into())
    }
}
