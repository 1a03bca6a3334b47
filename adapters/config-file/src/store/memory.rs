//! A disk in memory that fails when a test wants it to.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use crate::disk::{Disk, Lock};

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    /// What a process sees.
    seen: BTreeMap<PathBuf, Contents>,
    /// The files by name, as they are on the platter: what is left when the
    /// power goes.
    platter: BTreeMap<PathBuf, Contents>,
    /// Whether a new name is on the platter before anybody asks for that.
    eager: bool,
    /// Whether somebody holds the lock.
    held: bool,
    /// After how many steps the process dies.
    steps: Option<usize>,
    /// Whether it has died.
    dead: bool,
    /// A change by somebody else, and before which step it comes.
    other: Option<(usize, PathBuf, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    /// Whether the bytes are on the platter.
    synced: bool,
}

impl Memory {
    /// What is in the file `path`.
    pub(super) fn get(&self, path: &Path) -> Option<Vec<u8>> {
        self.state().seen.get(path).map(|it| it.bytes.clone())
    }

    /// Writes a file as another program does.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) {
        let contents = Contents { bytes: bytes.to_vec(), synced: true };
        let mut state = self.state();
        state.seen.insert(path.to_owned(), contents.clone());
        state.platter.insert(path.to_owned(), contents);
    }

    /// From now on, the process dies after so many steps. Whether names reach
    /// the platter by themselves until then.
    pub(super) fn die_after(&self, steps: usize, eager: bool) {
        let mut state = self.state();
        (state.steps, state.eager) = (Some(steps), eager);
    }

    /// Before the step after so many steps, somebody else writes `path`.
    pub(super) fn meddle_after(&self, steps: usize, path: &Path, bytes: &[u8]) {
        self.state().other = Some((steps, path.to_owned(), bytes.to_vec()));
    }

    /// Whether somebody else has written by now.
    pub(super) fn meddled(&self) -> bool {
        self.state().other.is_none()
    }

    /// Whether the process has not died yet.
    pub(super) fn is_alive(&self) -> bool {
        !self.state().dead
    }

    /// Starts anew after the process died, or with `power_cut` the machine: what
    /// was not synced is gone, or there in part.
    pub(super) fn revive(&self, power_cut: bool) {
        let mut state = self.state();
        (state.steps, state.other, state.held, state.dead) = (None, None, false, false);
        if power_cut {
            let mut left = state.platter.clone();
            for contents in left.values_mut().filter(|it| !it.synced) {
                contents.bytes.truncate(contents.bytes.len() / 2);
            }
            state.seen = left;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    /// The next step, unless the process is dead.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        self.step_before(None)
    }

    /// The next step, unless the process is dead. Nobody else comes right before
    /// it to write `taken`.
    fn step_before(&self, taken: Option<&Path>) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match state.steps {
            Some(0) => {
                state.dead = true;
                return Err(io::Error::other("dead"));
            }
            Some(steps) => state.steps = Some(steps - 1),
            None => (),
        }
        match state.other.take() {
            Some((0, path, bytes)) if taken != Some(&path) => {
                state.seen.insert(path, Contents { bytes, synced: true });
            }
            Some((steps, path, bytes)) => {
                state.other = Some((steps.saturating_sub(1), path, bytes));
            }
            None => (),
        }
        Ok(state)
    }
}

/// Whoever holds the lock.
struct Holder(Memory);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.state().held = false;
        self.0.0.1.notify_all();
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for Memory {
    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn lock(&self, _: &Path) -> io::Result<Lock> {
        let (_, freed) = &*self.0;
        let mut state = freed.wait_while(self.step()?, |state| state.held).unwrap();
        state.held = true;
        drop(state);
        Ok(Box::new(Holder(self.clone())))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.step()?.seen.get(path).map(|it| it.bytes.clone()))
    }

    fn create(&self, path: &Path, _: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        if state.seen.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.seen.insert(path.to_owned(), Contents::default());
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Dying in the middle leaves a part.
        if let Ok(mut state) = self.step() {
            let contents = state.seen.get_mut(path).ok_or_else(missing)?;
            contents.bytes = bytes[..bytes.len() / 2].to_vec();
        }
        self.step()?.seen.get_mut(path).ok_or_else(missing)?.bytes = bytes.to_vec();
        Ok(())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step()?.seen.get_mut(path).ok_or_else(missing)?.synced = true;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // Between the last look at the file and this step nothing can be done
        // about somebody who writes.
        let mut state = self.step_before(Some(to))?;
        let contents = state.seen.remove(from).ok_or_else(missing)?;
        state.seen.insert(to.to_owned(), contents.clone());
        if state.eager {
            state.platter.remove(from);
            state.platter.insert(to.to_owned(), contents);
        }
        Ok(())
    }

    fn sync_names(&self, _: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        state.platter = state.seen.clone();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        if state.eager {
            state.platter.remove(path);
        }
        state.seen.remove(path).map(drop).ok_or_else(missing)
    }
}
