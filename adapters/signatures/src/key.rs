//! The key of this machine.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use domain::{ids::DeviceId, time::Timestamp};
use ed25519_dalek::{Signer as _, SigningKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{file, spelling, verify};

/// What this machine signs with when it says which device it is.
pub struct DeviceKey {
    signing: SigningKey,
    id: DeviceId,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is a link or not a file at all.
    #[error("{} is not a plain file, and a key is read from nothing else", .0.display())]
    NotAFile(PathBuf),
    /// The file holds no key, or not the key of the device it names. It is
    /// never replaced: whoever let this device in would not know it any more.
    #[error("{} holds no usable key; move it away to have a new one made", .0.display())]
    Damaged(PathBuf),
    /// The file cannot be read or made.
    #[error("the device key in {} cannot be read or made: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The system has no randomness to give.
    #[error("the system has no randomness to make a key of")]
    NoRandomness,
}

impl DeviceKey {
    /// The key in `state_dir`, which is made if there is none. Of several that
    /// try at the same time, all get the same one.
    pub fn load_or_make(state_dir: &Path, now: Timestamp) -> Result<Self, KeyError> {
        if let Some(key) = file::read(state_dir)? {
            return Ok(key);
        }
        file::make(state_dir, &Self::generate()?, now)
    }

    /// The key in `state_dir`, if there is one.
    pub fn load(state_dir: &Path) -> Result<Option<Self>, KeyError> {
        file::read(state_dir)
    }

    /// A new key, kept nowhere.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(seed.as_mut()).map_err(|_| KeyError::NoRandomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that grows from `seed`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let id = verify::device(signing.verifying_key().as_bytes());
        Self { signing, id }
    }

    /// The name of this device.
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.signing.as_bytes()
    }
}

impl ports::driven::Signer for DeviceKey {
    fn device(&self) -> &str {
        self.id.as_str()
    }

    fn public_key(&self) -> String {
        spelling::encode(&self.public())
    }

    fn sign(&self, message: &str) -> String {
        spelling::encode(&self.signing.sign(message.as_bytes()).to_bytes())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKey").field("id", &self.id).finish_non_exhaustive()
    }
}
