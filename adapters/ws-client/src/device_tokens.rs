//! The tokens gateways made for this device: `identity/device-auth.json`, as the
//! clients of OpenClaw write it (`ws-protocol.md` 4.6).

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};

use crate::frames::Admission;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The tokens in a state directory.
#[derive(Debug)]
pub struct DeviceTokens {
    path: PathBuf,
    device: String,
}

/// The tokens cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("the device tokens in {} cannot be used: {source}", path.display())]
pub struct TokensError {
    path: PathBuf,
    source: io::Error,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    version: u32,
    device_id: String,
    tokens: BTreeMap<String, Token>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    #[serde(rename = "token")]
    secret: String,
    role: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    updated_at_ms: u64,
}

impl DeviceTokens {
    /// The tokens of `device` in `state_dir`. Nothing is read yet.
    pub fn of(state_dir: &Path, device: &str) -> Self {
        let path = state_dir.join("identity").join("device-auth.json");
        Self { path, device: device.to_owned() }
    }

    /// The token for `role`, if there is one. Tokens of another device are of no
    /// use, and what cannot be read is as good as nothing.
    pub fn get(&self, role: &str) -> Option<String> {
        let document = self.read().ok().flatten()?;
        document.tokens.get(role).map(|kept| kept.secret.clone())
    }

    /// Keeps the token we were let in with, if we got one.
    pub fn keep(&self, admission: &Admission, now_ms: u64) -> Result<(), TokensError> {
        let Some(token) = admission.device_token.clone().filter(|token| !token.is_empty()) else {
            return Ok(());
        };
        if self.get(&admission.role).as_ref() == Some(&token) {
            return Ok(());
        }
        let kept = Token {
            secret: token,
            role: admission.role.clone(),
            scopes: admission.scopes.clone(),
            updated_at_ms: now_ms,
        };
        self.change(|tokens| drop(tokens.insert(admission.role.clone(), kept)))
    }

    /// Forgets the token for `role`.
    pub fn forget(&self, role: &str) -> Result<(), TokensError> {
        self.change(|tokens| drop(tokens.remove(role)))
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Token>)) -> Result<(), TokensError> {
        self.try_change(change).map_err(|source| TokensError { path: self.path.clone(), source })
    }

    fn try_change(&self, change: impl FnOnce(&mut BTreeMap<String, Token>)) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // Two commands that write at the same time must not undo each other.
        let lock = File::open(folder)?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let mut tokens = self.read()?.map(|document| document.tokens).unwrap_or_default();
        change(&mut tokens);
        let document = Document { version: 1, device_id: self.device.clone(), tokens };
        let mut text = serde_json::to_vec_pretty(&document)?;
        text.push(b'\n');
        let unfinished = self.path.with_extension("json.unfinished");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path)?;
        lock.sync_all()
    }

    /// The file, if it is there and belongs to this device.
    fn read(&self) -> io::Result<Option<Document>> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text)?;
        let document = serde_json::from_str::<Document>(&text).ok();
        Ok(document.filter(|it| it.version == 1 && it.device_id == self.device))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("role", &self.role).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn admission(role: &str, token: Option<&str>) -> Admission {
        Admission {
            device_token: token.map(str::to_owned),
            role: role.to_owned(),
            scopes: vec!["operator.read".to_owned()],
        }
    }

    #[test]
    fn tokens_are_kept_by_role_and_for_one_device() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = DeviceTokens::of(dir.path(), "device");
        assert_eq!(tokens.get("node"), None);
        tokens.keep(&admission("node", Some("n")), 1).unwrap();
        tokens.keep(&admission("operator", Some("o")), 2).unwrap();
        tokens.keep(&admission("node", None), 3).unwrap();
        assert_eq!(
            (tokens.get("node"), tokens.get("operator")),
            (Some("n".into()), Some("o".into()))
        );
        assert_eq!(DeviceTokens::of(dir.path(), "other").get("node"), None);

        let file = dir.path().join("identity/device-auth.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!((&text["version"], &text["deviceId"]), (&1.into(), &"device".into()));
        let node = serde_json::json!({ "token": "n", "role": "node", "scopes": ["operator.read"],
            "updatedAtMs": 1 });
        assert_eq!(text["tokens"]["node"], node);

        tokens.forget("node").unwrap();
        assert_eq!((tokens.get("node"), tokens.get("operator")), (None, Some("o".into())));
    }

    #[test]
    fn what_cannot_be_read_is_as_good_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = DeviceTokens::of(dir.path(), "device");
        fs::create_dir(dir.path().join("identity")).unwrap();
        fs::write(dir.path().join("identity/device-auth.json"), "nonsense").unwrap();
        assert_eq!(tokens.get("node"), None);
        tokens.keep(&admission("node", Some("n")), 1).unwrap();
        assert_eq!(tokens.get("node"), Some("n".into()));
    }
}
