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

use crate::{frames::Admission, target::Target};

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
    /// Who made it. Nobody else is shown it.
    #[serde(default)]
    gateway: Option<String>,
}

impl DeviceTokens {
    /// The tokens of `device` in `state_dir`. Nothing is read yet.
    pub fn of(state_dir: &Path, device: &str) -> Self {
        let path = state_dir.join("identity").join("device-auth.json");
        Self { path, device: device.to_owned() }
    }

    /// The token the gateway at `target` made for `role`, if there is one. What
    /// cannot be read is as good as nothing.
    pub fn get(&self, role: &str, target: &Target) -> Option<String> {
        let document = self.read().ok().flatten()?;
        let key = key(&document.tokens, role, &target.to_string());
        document.tokens.get(&key).map(|kept| kept.secret.clone())
    }

    /// Keeps the token the gateway at `target` let us in with, if we got one.
    pub fn keep(
        &self,
        admission: &Admission,
        target: &Target,
        now_ms: u64,
    ) -> Result<(), TokensError> {
        let Some(token) = admission.device_token.clone().filter(|token| !token.is_empty()) else {
            return Ok(());
        };
        let role = admission.role.as_str();
        if self.get(role, target).as_ref() == Some(&token) {
            return Ok(());
        }
        let gateway = target.to_string();
        let kept = Token {
            secret: token,
            role: role.to_owned(),
            scopes: admission.scopes.clone(),
            updated_at_ms: now_ms,
            gateway: Some(gateway.clone()),
        };
        self.change(|tokens| drop(tokens.insert(key(tokens, role, &gateway), kept)))
    }

    /// Forgets the token the gateway at `target` made for `role`.
    pub fn forget(&self, role: &str, target: &Target) -> Result<(), TokensError> {
        self.change(|tokens| drop(tokens.remove(&key(tokens, role, &target.to_string()))))
    }

    /// Whether any gateway made a token for `role`.
    pub fn has_any(&self, role: &str) -> bool {
        let document = self.read().ok().flatten();
        document.is_some_and(|it| it.tokens.values().any(|token| token.role == role))
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

/// Under which key the token of `gateway` for `role` stands: the role, as other
/// clients have it, unless the token of another gateway is there.
fn key(tokens: &BTreeMap<String, Token>, role: &str, gateway: &str) -> String {
    match tokens.get(role) {
        Some(token) if token.gateway.as_deref() != Some(gateway) => format!("{role}@{gateway}"),
        Some(_) | None => role.to_owned(),
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
        let (tokens, here) = (DeviceTokens::of(dir.path(), "device"), Target::local(1));
        assert_eq!(tokens.get("node", &here), None);
        tokens.keep(&admission("node", Some("n")), &here, 1).unwrap();
        tokens.keep(&admission("operator", Some("o")), &here, 2).unwrap();
        tokens.keep(&admission("node", None), &here, 3).unwrap();
        assert_eq!(tokens.get("node", &here), Some("n".into()));
        assert_eq!(tokens.get("operator", &here), Some("o".into()));
        assert_eq!(DeviceTokens::of(dir.path(), "other").get("node", &here), None);

        let file = dir.path().join("identity/device-auth.json");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!((&text["version"], &text["deviceId"]), (&1.into(), &"device".into()));
        let node = serde_json::json!({ "token": "n", "role": "node", "scopes": ["operator.read"],
            "updatedAtMs": 1, "gateway": "ws://127.0.0.1:1" });
        assert_eq!(text["tokens"]["node"], node);

        tokens.forget("node", &here).unwrap();
        assert_eq!(tokens.get("node", &here), None);
        assert_eq!(tokens.get("operator", &here), Some("o".into()));
    }

    #[test]
    fn a_token_is_shown_to_the_gateway_that_made_it_and_to_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = DeviceTokens::of(dir.path(), "device");
        let [first, second, stranger] = [1, 2, 3].map(Target::local);
        tokens.keep(&admission("node", Some("a")), &first, 1).unwrap();
        tokens.keep(&admission("node", Some("b")), &second, 2).unwrap();
        assert_eq!(tokens.get("node", &first), Some("a".into()));
        assert_eq!(tokens.get("node", &second), Some("b".into()));
        assert_eq!(tokens.get("node", &stranger), None);
        tokens.forget("node", &stranger).unwrap();
        tokens.forget("node", &second).unwrap();
        assert_eq!(tokens.get("node", &first), Some("a".into()));
        assert!(tokens.has_any("node") && !tokens.has_any("operator"));
    }

    #[test]
    fn what_cannot_be_read_is_as_good_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = DeviceTokens::of(dir.path(), "device");
        fs::create_dir(dir.path().join("identity")).unwrap();
        fs::write(dir.path().join("identity/device-auth.json"), "nonsense").unwrap();
        let here = Target::local(1);
        assert_eq!(tokens.get("node", &here), None);
        tokens.keep(&admission("node", Some("n")), &here, 1).unwrap();
        assert_eq!(tokens.get("node", &here), Some("n".into()));
    }
}
