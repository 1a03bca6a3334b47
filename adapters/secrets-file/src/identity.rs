//! The gateway's own key pair: how devices recognise it
//! (`gateway-reference.md` 10, `identity/device.json`).

use std::{
    fmt::Write,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::time::Timestamp;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};

use crate::{SecretsError, token};

/// What comes before the 32 bytes of an Ed25519 key in its public form (RFC
/// 8410).
const PUBLIC_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Who the gateway is. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of the public key, in hex.
    pub device_id: String,
    /// The public key, in base64url without padding.
    pub public_key: String,
}

/// The identity in `state_dir`, made if there is none.
pub fn identity(state_dir: &Path, now: Timestamp) -> Result<Identity, SecretsError> {
    let path = state_dir.join("identity").join("device.json");
    let failed = |source: io::Error| SecretsError::Io { path: path.clone(), source };
    let pem = match fs::read_to_string(&path) {
        Ok(text) => private_key_of(&text).ok_or_else(|| {
            failed(io::Error::new(io::ErrorKind::InvalidData, "there is no key in it"))
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
            let key = Ed25519KeyPair::from_pkcs8(pair.as_ref())
                .map_err(|_| SecretsError::NoRandomness)?;
            let text = document(&key, pair.as_ref(), now);
            let directory = state_dir.join("identity");
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
            made.and_then(|()| token::make(&directory, &path, &text)).map_err(failed)?;
            return Ok(of(&key));
        }
        Err(error) => return Err(failed(error)),
    };
    let key = Ed25519KeyPair::from_pkcs8(&pem);
    let unreadable = |_| failed(io::Error::new(io::ErrorKind::InvalidData, "the key is damaged"));
    Ok(of(&key.map_err(unreadable)?))
}

fn of(key: &Ed25519KeyPair) -> Identity {
    let public = key.public_key().as_ref();
    let hash = digest(&SHA256, public);
    let mut device_id = String::with_capacity(64);
    for byte in hash.as_ref() {
        // Writing to a text cannot fail.
        let _ = write!(device_id, "{byte:02x}");
    }
    Identity { device_id, public_key: URL_SAFE_NO_PAD.encode(public) }
}

fn document(key: &Ed25519KeyPair, private: &[u8], now: Timestamp) -> String {
    let public = [&PUBLIC_PREFIX[..], key.public_key().as_ref()].concat();
    let pem = |what: &str, der: &[u8]| {
        format!("-----BEGIN {what}-----\\n{}\\n-----END {what}-----\\n", STANDARD.encode(der))
    };
    format!(
        "{{\n  \"version\": 1,\n  \"deviceId\": \"{}\",\n  \"publicKeyPem\": \"{}\",\n  \
         \"privateKeyPem\": \"{}\",\n  \"createdAtMs\": {}\n}}\n",
        of(key).device_id,
        pem("PUBLIC KEY", &public),
        pem("PRIVATE KEY", private),
        now.as_millis(),
    )
}

/// The private key in a document of this form, in binary.
fn private_key_of(text: &str) -> Option<Vec<u8>> {
    let begin = text.find("-----BEGIN PRIVATE KEY-----")? + "-----BEGIN PRIVATE KEY-----".len();
    let end = text[begin..].find("-----END")? + begin;
    let encoded: String = text[begin..end].replace("\\n", "").split_whitespace().collect();
    STANDARD.decode(encoded).ok()
}

#[test]
fn an_identity_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = identity(dir.path(), Timestamp::from_millis(1)).unwrap();
    let again = identity(dir.path(), Timestamp::from_millis(2)).unwrap();
    assert_eq!(first, again);
    assert_eq!((first.device_id.len(), first.public_key.len()), (64, 43));
    fs::write(dir.path().join("identity/device.json"), "{}").unwrap();
    assert!(identity(dir.path(), Timestamp::from_millis(3)).is_err(), "never silently replaced");
}
