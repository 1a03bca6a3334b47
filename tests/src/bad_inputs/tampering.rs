//! What somebody else does to the files of a gateway.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use serde_json::Value;

use super::{
    gateway::{Gateway, Order},
    generate::{Words, merged},
};

/// How much of a message is overwritten.
const SPOT: usize = 64;
/// A page of a database.
const PAGE: usize = 4096;
/// Where in a database its version is.
const VERSION: std::ops::Range<usize> = 60..64;

/// The text of a configuration that a case describes.
pub(super) fn config(gateway: &Gateway, words: &Words, raw: &Value) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot prepare a configuration: {error}");
    // What an include that leaves the directory would find.
    let outside = gateway.root().join("outside.json5");
    fs::write(outside, "{ gateway: { mode: 'local' } }").map_err(failed)?;
    if let Some(target) = raw["$include_symlink"].as_str() {
        symlink(target, gateway.state().join("link.json5")).map_err(failed)?;
        return Ok(b"{ $include: \"./link.json5\" }".to_vec());
    }
    if raw["$bom_config"] == true {
        return Ok("\u{feff}{ gateway: { mode: \"local\" } }".into());
    }
    words.bytes(raw).map_err(|error| error.to_string())
}

/// The configuration of `gateway` with `changes` put over it.
pub(super) fn merged_config(gateway: &Gateway, changes: &str) -> Result<Vec<u8>, String> {
    let words = |error: serde_json::Error| error.to_string();
    let config = serde_json::from_slice(gateway.written_config()).map_err(words)?;
    let changes = serde_json::from_str(changes).map_err(words)?;
    Ok(merged(config, &changes).to_string().into_bytes())
}

/// How to start `gateway` so that what its configuration says counts.
pub(super) fn order(gateway: &Gateway) -> Option<Order> {
    let text = String::from_utf8_lossy(gateway.written_config());
    let names_port = text.contains("port:");
    names_port.then(|| Order {
        arguments: ["gateway", "run"].map(str::to_owned).into(),
        port: 0,
        tells_port: false,
    })
}

/// Gives the file at `path` the mode `mode`.
pub(super) fn chmod(path: &str, mode: &str) -> Result<(), String> {
    let bits = u32::from_str_radix(mode, 8).map_err(|_| format!("not a mode: {mode}"))?;
    let set = fs::set_permissions(path, fs::Permissions::from_mode(bits));
    set.map_err(|error| format!("cannot change {path}: {error}"))
}

/// Puts noise over the end of `text` where the file at `path` has it.
pub(super) fn overwrite_text(path: &Path, text: &str) -> Result<(), String> {
    change(path, |bytes| {
        let found = bytes.windows(text.len()).position(|window| window == text.as_bytes());
        let at = found.ok_or("the text is not in the file")?;
        noise(&mut bytes[at..at + SPOT]);
        Ok(())
    })
}

/// Puts noise over the first page of the database at `path`.
pub(super) fn overwrite_page(path: &Path) -> Result<(), String> {
    change(path, |bytes| {
        noise(bytes.get_mut(..PAGE).ok_or("the database is too short")?);
        Ok(())
    })
}

/// Has the database at `path` be one of the next version.
pub(super) fn next_version(path: &Path) -> Result<(), String> {
    change(path, |bytes| {
        let place = bytes.get_mut(VERSION).ok_or("the database is too short")?;
        let version = place.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        place.copy_from_slice(&(version + 1).to_be_bytes());
        Ok(())
    })
}

/// Leaves half of the file at `path`.
pub(super) fn truncate(path: &Path) -> Result<(), String> {
    change(path, |bytes| {
        bytes.truncate(bytes.len() / 2);
        Ok(())
    })
}

fn change(
    path: &Path,
    how: impl FnOnce(&mut Vec<u8>) -> Result<(), &'static str>,
) -> Result<(), String> {
    let failed = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let mut bytes = fs::read(path).map_err(|error| failed(&error))?;
    how(&mut bytes).map_err(|why| failed(&why))?;
    fs::write(path, bytes).map_err(|error| failed(&error))
}

/// The same noise every time, so that what it does can be looked into.
fn noise(bytes: &mut [u8]) {
    let mut state = 0x2545_f491_u32;
    for byte in bytes {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = state.to_le_bytes()[0];
    }
}

#[test]
fn what_is_changed_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, [0_u8; 2 * PAGE]).unwrap();

    next_version(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap()[VERSION], [0, 0, 0, 1]);
    overwrite_page(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert!(bytes[..PAGE].split(|byte| *byte == 0).count() < PAGE / 16);
    assert!(bytes[PAGE..].iter().all(|byte| *byte == 0));
    truncate(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), PAGE);
    let text = "x".repeat(SPOT);
    assert!(overwrite_text(&path, &text).unwrap_err().contains("not in the file"));
}
