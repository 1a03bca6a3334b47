#![doc = include_str!("../README.md")]

use std::{
    error::Error,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ports::{BoxError, driven::RestartNotes, view::RestartNote};
use tracing::warn;

/// What the file is called.
const NAME: &str = "restart-sentinel.json";

/// The note in a state directory.
#[derive(Clone, Debug)]
pub struct NoteFile {
    path: PathBuf,
}

impl NoteFile {
    /// The note in `state_dir`.
    pub fn new(state_dir: &Path) -> Self {
        Self { path: state_dir.join(NAME) }
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let unfinished = self.path.with_extension("json.tmp");
        // One that an earlier process did not finish.
        let _ = fs::remove_file(&unfinished);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path)?;
        self.path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    }

    fn read(&self) -> Result<Option<RestartNote>, BoxError> {
        match fs::read(&self.path) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl RestartNotes for NoteFile {
    fn leave(&self, note: &RestartNote) -> Result<String, BoxError> {
        self.write(&serde_json::to_vec_pretty(note)?)?;
        Ok(self.path.display().to_string())
    }

    fn take(&self) -> Option<RestartNote> {
        let note = self.read().unwrap_or_else(|error| {
            let path = self.path.display();
            warn!(%path, error = &*error as &dyn Error, "the note about the restart is lost");
            None
        });
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!(error = &error as &dyn Error, "the note about the restart is told again");
            }
            _ => (),
        }
        note
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// As OpenClaw writes it.
    const NOTE: &str = r#"{
        "version": 1,
        "payload": {
            "kind": "config-apply", "status": "ok", "ts": 1769500000000,
            "sessionKey": "agent:main:main", "message": null,
            "deliveryContext": { "channel": "telegram", "to": "1", "accountId": "default" },
            "doctorHint": "Run: openclaw doctor --non-interactive",
            "stats": { "mode": "config.apply", "root": "/home/me/.openclaw" }
        }
    }"#;

    #[test]
    fn a_note_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let notes = NoteFile::new(dir.path());
        assert_eq!(notes.take(), None);
        let note: RestartNote = serde_json::from_str(NOTE).unwrap();
        for _ in 0..2 {
            let path = notes.leave(&note).unwrap();
            assert_eq!(Path::new(&path), dir.path().join(NAME));
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
        }
        assert_eq!(notes.take(), Some(note));
        assert_eq!(notes.take(), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_openclaw_wrote_is_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), NOTE).unwrap();
        let note = NoteFile::new(dir.path()).take().unwrap();
        assert_eq!(note.payload.session_key.as_deref(), Some("agent:main:main"));
        assert_eq!(note.payload.stats.unwrap().mode, "config.apply");
    }

    #[test]
    fn what_cannot_be_read_is_not_in_the_way_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "{ half").unwrap();
        assert_eq!(NoteFile::new(dir.path()).take(), None);
        assert!(!dir.path().join(NAME).exists());
    }

    #[test]
    fn a_note_that_cannot_be_left_is_an_error() {
        let note: RestartNote = serde_json::from_str(NOTE).unwrap();
        assert!(NoteFile::new(Path::new("/nowhere/at/all")).leave(&note).is_err());
    }
}
