//! Making a backup.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use ring::digest::{Context, SHA256};
use tar::{Builder, EntryType, Header};

use crate::{
    BackupError, Source,
    manifest::{self, Kept, Manifest, Origin, hex},
};

/// Writes `files` into a new archive at `target`, which appears there whole or
/// not at all.
pub fn create(target: &Path, files: &[Source], origin: Origin) -> Result<Manifest, BackupError> {
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let unfinished = unfinished(target);
    let written = write(&unfinished, files, origin);
    let placed = written.and_then(|manifest| {
        // Unlike a rename, a link replaces nothing.
        fs::hard_link(&unfinished, target).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(target.to_owned()),
            _ => BackupError::at(target)(error),
        })?;
        Ok(manifest)
    });
    // Left behind, it is cleared away by the next backup of that name.
    let _ = fs::remove_file(&unfinished);
    let manifest = placed?;
    let directory = target.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    File::open(directory).and_then(|it| it.sync_all()).map_err(BackupError::at(directory))?;
    Ok(manifest)
}

fn unfinished(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

fn write(path: &Path, files: &[Source], origin: Origin) -> Result<Manifest, BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(BackupError::at(path)(error));
        }
        _ => (),
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(BackupError::at(path))?;
    let mut archive = Builder::new(GzEncoder::new(io::BufWriter::new(file), Compression::fast()));
    let mut kept = BTreeMap::new();
    for Source { name, path } in files {
        match File::open(path) {
            Ok(file) => {
                kept.insert(name.clone(), append(&mut archive, name, path, file)?);
            }
            // It was there a moment ago; such things come and go.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(BackupError::at(path)(error)),
        }
    }
    let manifest = Manifest::new(origin, kept);
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other);
    let finish = |mut archive: Builder<GzEncoder<io::BufWriter<File>>>| {
        let text = text?;
        archive.append_data(&mut header(text.len() as u64), manifest::NAME, &*text)?;
        let mut file = archive.into_inner()?.finish()?;
        file.flush()?;
        file.get_ref().sync_all()
    };
    finish(archive).map_err(BackupError::at(path))?;
    Ok(manifest)
}

fn append(
    archive: &mut Builder<impl Write>,
    name: &str,
    path: &Path,
    file: File,
) -> Result<Kept, BackupError> {
    let size = file.metadata().map_err(BackupError::at(path))?.len();
    // What is added to it from now on belongs to the next backup.
    let mut hashed = Hashed { from: file.take(size), hash: Context::new(&SHA256), size: 0 };
    archive.append_data(&mut header(size), name, &mut hashed).map_err(BackupError::at(path))?;
    if hashed.size != size {
        return Err(BackupError::Changed(path.to_owned()));
    }
    Ok(Kept { size, sha256: hex(hashed.hash.finish().as_ref()) })
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(size);
    header
}

/// Takes the fingerprint of what passes.
pub(crate) struct Hashed<R> {
    pub(crate) from: R,
    pub(crate) hash: Context,
    pub(crate) size: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
