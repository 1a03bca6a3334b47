#![doc = include_str!("../README.md")]

mod lookout;
mod places;
mod quiet;
#[cfg(test)]
mod tests;

pub use quiet::Debounce;

use std::{io, path::PathBuf};

use async_trait::async_trait;
use ports::driven::ConfigWatch;

use lookout::{Eyes, Lookout};
use quiet::Quiet;

/// A [`ConfigWatch`] on the disk.
///
/// It watches nothing until it is told what. Being told of a file it did not
/// watch before counts as a change of it, because nobody knows what happened to
/// the file between the moment it was read and this one.
#[derive(Debug)]
pub struct ConfigWatcher {
    lookout: Lookout,
    quiet: Quiet,
}

impl ConfigWatcher {
    /// Starts its thread, which ends when this is dropped. `debounce` may be
    /// changed at any time.
    pub fn start(debounce: Debounce) -> io::Result<Self> {
        Self::with(Eyes::default(), debounce)
    }

    fn with(eyes: Eyes, debounce: Debounce) -> io::Result<Self> {
        let (lookout, news) = Lookout::start(eyes)?;
        Ok(Self { lookout, quiet: Quiet::new(news, debounce) })
    }
}

#[async_trait]
impl ConfigWatch for ConfigWatcher {
    async fn changed(&mut self) {
        self.quiet.changed().await;
    }

    fn watch(&mut self, files: &[PathBuf]) {
        self.lookout.watch(files.to_vec());
    }
}
