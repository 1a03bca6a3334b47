//! The key on disk: `identity/device.json`, as the clients of OpenClaw write it
//! (`ws-protocol.md` 4.6). The gateway and every command of one state directory
//! are one device and share it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use domain::time::Timestamp;
use rustix::{fs::OFlags, io::Errno};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DeviceKey, KeyError,
    spelling::{self, PUBLIC_PREFIX},
};

/// How long the file can be at most, in bytes.
const LONGEST: u64 = 16 * 1024;

/// What comes before the seed in the private form of a key (RFC 5958), first
/// with and then without the public half after it.
const LONG_PREFIX: [u8; 16] = [
    0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const SHORT_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// What stands between the seed and the public half.
const BETWEEN: [u8; 3] = [0x81, 0x21, 0x00];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    version: u32,
    device_id: String,
    public_key_pem: String,
    private_key_pem: Zeroizing<String>,
    created_at_ms: u64,
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("identity").join("device.json")
}

/// The key in the file, if there is such a file.
pub(crate) fn read(state_dir: &Path) -> Result<Option<DeviceKey>, KeyError> {
    let path = path(state_dir);
    let failed = |source| KeyError::Io { path: path.clone(), source };
    // A pipe must not keep us waiting, nor a link lead elsewhere.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(KeyError::NotAFile(path));
        }
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(KeyError::NotAFile(path));
    }
    if about.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    let key = key_of(&text).ok_or(KeyError::Damaged(path))?;
    Ok(Some(key))
}

/// Writes `key` down, unless another process was faster. Returns the key that
/// is on disk.
pub(crate) fn make(
    state_dir: &Path,
    key: &DeviceKey,
    now: Timestamp,
) -> Result<DeviceKey, KeyError> {
    let path = path(state_dir);
    match write(&path, key, now) {
        Ok(()) => (),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
        Err(source) => return Err(KeyError::Io { path, source }),
    }
    read(state_dir)?.ok_or(KeyError::Damaged(path))
}

/// The file gets its name only when all of it is on disk, so that nobody ever
/// reads half a key.
fn write(path: &Path, key: &DeviceKey, now: Timestamp) -> io::Result<()> {
    let directory = path.parent().expect("the file is in a directory");
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let other = DeviceKey::generate().map_err(io::Error::other)?;
    let unfinished = directory.join(format!(".device.{}", &other.id().as_str()[..16]));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(document(key, now).as_bytes()).and_then(|()| file.sync_all());
    // Unlike renaming, linking never replaces a file.
    let named = written.and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    named?;
    File::open(directory)?.sync_all()
}

fn document(key: &DeviceKey, now: Timestamp) -> Zeroizing<String> {
    let private = Zeroizing::new([&LONG_PREFIX[..], key.seed(), &BETWEEN, &key.public()].concat());
    let document = Document {
        version: 1,
        device_id: key.id().to_string(),
        public_key_pem: spelling::to_pem(
            "PUBLIC KEY",
            &[&PUBLIC_PREFIX[..], &key.public()].concat(),
        ),
        private_key_pem: Zeroizing::new(spelling::to_pem("PRIVATE KEY", &private)),
        created_at_ms: now.as_millis(),
    };
    let text = serde_json::to_string_pretty(&document).expect("keys are texts");
    Zeroizing::new(text + "\n")
}

/// The key a document holds. Its halves have to belong together, and the device
/// is the one they belong to, whatever else the document says.
fn key_of(text: &str) -> Option<DeviceKey> {
    let document: Document = serde_json::from_str(text).ok()?;
    let der = Zeroizing::new(spelling::pem(&document.private_key_pem, "PRIVATE KEY")?);
    let (seed, public) = match der.strip_prefix(&LONG_PREFIX) {
        Some(rest) => {
            let (seed, rest) = rest.split_first_chunk::<32>()?;
            (seed, Some(rest.strip_prefix(&BETWEEN)?))
        }
        None => (der.strip_prefix(&SHORT_PREFIX)?.try_into().ok()?, None),
    };
    let key = DeviceKey::from_seed(seed);
    let fits = document.version == 1 && public.is_none_or(|public| public == key.public());
    fits.then_some(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use ports::driven::Signer;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_769_600_000_000);

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        assert!(DeviceKey::load(dir.path()).unwrap().is_none());
        let made = DeviceKey::load_or_make(dir.path(), NOW).unwrap();
        let again = DeviceKey::load_or_make(dir.path(), NOW).unwrap();
        assert_eq!(made.id(), again.id());
        assert_eq!(made.sign("x"), again.sign("x"));
        let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(bits(&path(dir.path())), 0o600);
        assert_eq!(bits(&dir.path().join("identity")), 0o700);
        assert_eq!(fs::read_dir(dir.path().join("identity")).unwrap().count(), 1);
    }

    #[test]
    fn many_first_uses_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let barrier = std::sync::Barrier::new(8);
        let ids: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                barrier.wait();
                DeviceKey::load_or_make(dir.path(), NOW).unwrap().id().clone()
            };
            let started: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    /// The gateway reads the file with another library.
    #[test]
    fn others_can_read_what_is_written() {
        let key = DeviceKey::from_seed(&[7; 32]);
        let json: serde_json::Value = serde_json::from_str(&document(&key, NOW)).unwrap();
        let der = spelling::pem(json["privateKeyPem"].as_str().unwrap(), "PRIVATE KEY").unwrap();
        let pair = ring::signature::Ed25519KeyPair::from_pkcs8(&der).unwrap();
        assert_eq!(ring::signature::KeyPair::public_key(&pair).as_ref(), key.public());
    }

    /// As Node writes it: without the public half.
    #[test]
    fn the_short_form_is_read_too() {
        let key = DeviceKey::from_seed(&[7; 32]);
        let short = spelling::to_pem("PRIVATE KEY", &[&SHORT_PREFIX[..], &[7; 32]].concat());
        let mut json: serde_json::Value = serde_json::from_str(&document(&key, NOW)).unwrap();
        json["privateKeyPem"] = short.into();
        assert_eq!(key_of(&json.to_string()).unwrap().id(), key.id());
    }

    #[test]
    fn what_is_no_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        DeviceKey::load_or_make(dir.path(), NOW).unwrap();
        let file = path(dir.path());
        let good = fs::read_to_string(&file).unwrap();
        let stranger = document(&DeviceKey::from_seed(&[9; 32]), NOW);
        let stranger: serde_json::Value = serde_json::from_str(&stranger).unwrap();
        let seeds = [&LONG_PREFIX[..], &[7; 32], &BETWEEN, &[7; 32]].concat();
        let mut mixed = stranger.clone();
        mixed["privateKeyPem"] = spelling::to_pem("PRIVATE KEY", &seeds).into();
        let later = good.replace("\"version\": 1", "\"version\": 2");
        for text in ["", "{}", "nonsense", &good[..good.len() / 2], &mixed.to_string(), &later] {
            fs::write(&file, text).unwrap();
            let refused = DeviceKey::load_or_make(dir.path(), NOW);
            assert!(matches!(refused, Err(KeyError::Damaged(_))), "{text}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn a_link_is_not_followed_and_others_may_not_read() {
        let dir = tempfile::tempdir().unwrap();
        DeviceKey::load_or_make(dir.path(), NOW).unwrap();
        let file = path(dir.path());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        DeviceKey::load(dir.path()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::rename(&file, dir.path().join("elsewhere")).unwrap();
        symlink(dir.path().join("elsewhere"), &file).unwrap();
        assert!(matches!(DeviceKey::load(dir.path()), Err(KeyError::NotAFile(_))));
    }

    #[test]
    fn nothing_shows_the_key() {
        let key = DeviceKey::from_seed(&[7; 32]);
        assert!(!format!("{key:?}").contains(&spelling::encode(key.seed())));
    }
}
