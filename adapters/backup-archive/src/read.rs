//! Reading a backup, trusting nothing in it.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, BufReader, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path},
};

use flate2::read::GzDecoder;
use ring::digest::{Context, SHA256};
use tar::{Archive, Entry, EntryType};

use crate::{
    BackupError,
    manifest::{self, Kept, Manifest, hex},
    plan::{CONFIG, STATE},
    write::Hashed,
};

/// A backup has no more files than this, and no more bytes together.
const MAX_FILES: usize = 1_000_000;
const MAX_BYTES: u64 = 1 << 40;
/// Its manifest is not longer than this.
const MAX_MANIFEST: u64 = 256 << 20;

/// Whether the archive at `path` is whole, and what it holds.
pub fn verify(path: &Path) -> Result<Manifest, BackupError> {
    read(path, |_, contents| io::copy(contents, &mut io::sink()).map(drop))
}

/// As [`verify`], and writes the file `name`, if it is there, to `target`, which is
/// new.
pub fn extract(path: &Path, name: &str, target: &Path) -> Result<Manifest, BackupError> {
    read(path, |found, contents| {
        if found != name {
            return io::copy(contents, &mut io::sink()).map(drop);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
        io::copy(contents, &mut file).map(drop)
    })
}

/// Writes everything in the archive at `path` below `into`, which is empty.
pub(crate) fn unpack(path: &Path, into: &Path) -> Result<Manifest, BackupError> {
    read(path, |name, contents| {
        let target = into.join(name);
        let directory = target.parent().unwrap_or(into);
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target)?;
        io::copy(contents, &mut file)?;
        file.sync_all()
    })
}

/// Hands each file to `take`, and compares them all with the manifest.
fn read(
    path: &Path,
    mut take: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<Manifest, BackupError> {
    let file = File::open(path).map_err(BackupError::at(path))?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)));
    let damaged =
        |error: io::Error| BackupError::bad(format!("it is cut off or damaged ({error})"));
    let mut found = BTreeMap::new();
    let mut bytes = 0;
    let mut manifest = None;
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if manifest.is_some() {
            return Err(BackupError::bad("something comes after its manifest"));
        }
        let name = name_of(&entry)?;
        if name == manifest::NAME {
            manifest = Some(manifest_in(&mut entry)?);
            continue;
        }
        bytes += entry.size();
        if MAX_FILES <= found.len() || MAX_BYTES < bytes {
            return Err(BackupError::bad("it is larger than any state"));
        }
        if found.contains_key(&name) {
            return Err(BackupError::bad(format!("{name} is in it twice")));
        }
        let size = entry.size();
        let mut contents = Hashed { from: &mut entry, hash: Context::new(&SHA256), size: 0 };
        take(&name, &mut contents).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => damaged(error),
            _ => BackupError::at(path)(error),
        })?;
        if contents.size != size {
            return Err(BackupError::bad(format!("{name} is cut off")));
        }
        found.insert(name, Kept { size, sha256: hex(contents.hash.finish().as_ref()) });
    }
    let manifest = manifest.ok_or_else(|| BackupError::bad("it has no manifest"))?;
    // The end of it says whether everything before arrived.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    compare(&manifest, &found)?;
    Ok(manifest)
}

fn manifest_in(entry: &mut Entry<'_, impl Read>) -> Result<Manifest, BackupError> {
    if MAX_MANIFEST < entry.size() {
        return Err(BackupError::bad("its manifest is too long"));
    }
    let mut text = Vec::new();
    let read = entry.read_to_end(&mut text);
    read.map_err(|_| BackupError::bad("its manifest is cut off"))?;
    Manifest::parse(&text)
}

/// The name of a plain file in one of the two places there are.
fn name_of(entry: &Entry<'_, impl Read>) -> Result<String, BackupError> {
    let path = entry.path().map_err(|_| BackupError::bad("a name in it is not one"))?;
    let shown = path.display().to_string();
    if !matches!(entry.header().entry_type(), EntryType::Regular) {
        return Err(BackupError::bad(format!("{shown:?} is not a plain file")));
    }
    let name = path.to_str().ok_or_else(|| BackupError::bad("a name in it is not text"))?;
    if name == manifest::NAME {
        return Ok(name.to_owned());
    }
    let parts: Vec<_> = path.components().collect();
    let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let place = matches!(&parts[..], [Component::Normal(first), _, ..] if *first == STATE || *first == CONFIG);
    // Of two spellings of one name, only the plain one is understood.
    let spelled = parts.iter().collect::<std::path::PathBuf>().to_str() == Some(name);
    if plain && place && spelled && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(BackupError::bad(format!("{shown:?} has no place in a state directory")))
}

fn compare(manifest: &Manifest, found: &BTreeMap<String, Kept>) -> Result<(), BackupError> {
    for (name, kept) in &manifest.files {
        match found.get(name) {
            Some(there) if there == kept => (),
            Some(_) => {
                return Err(BackupError::bad(format!("{name} is not what was put into it")));
            }
            None => return Err(BackupError::bad(format!("{name} is missing"))),
        }
    }
    match found.keys().find(|name| !manifest.files.contains_key(*name)) {
        Some(name) => Err(BackupError::bad(format!("{name} is not in its manifest"))),
        None => Ok(()),
    }
}
