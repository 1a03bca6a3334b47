//! What a backup holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The name of the manifest in the archive.
pub(crate) const NAME: &str = "manifest.json";
/// The one version there is.
const VERSION: u32 = 1;

/// What a backup holds, and of what it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    schema_version: u32,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Every file, by its name in the archive.
    pub files: BTreeMap<String, Kept>,
}

/// Where a backup comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// When it was begun, as ISO 8601.
    pub created_at: String,
    /// Which program made it.
    pub version: String,
    /// The state directory.
    pub state_dir: String,
    /// The configuration.
    pub config_path: String,
    /// Whether only the configuration was asked for.
    pub only_config: bool,
}

/// A file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// How long it is.
    pub size: u64,
    /// The SHA-256 of it, in hex.
    pub sha256: String,
}

impl Manifest {
    pub(crate) fn new(origin: Origin, files: BTreeMap<String, Kept>) -> Self {
        Self { schema_version: VERSION, origin, files }
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, BackupError> {
        let unreadable = |_| BackupError::bad("its manifest cannot be read");
        let manifest: Self = serde_json::from_slice(text).map_err(unreadable)?;
        if manifest.schema_version != VERSION {
            let found = manifest.schema_version;
            let why = format!("its version is {found}, and this program knows {VERSION}");
            return Err(BackupError::bad(why));
        }
        Ok(manifest)
    }

    /// How many bytes the files have together.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|it| it.size).sum()
    }
}

/// `bytes` in lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|it| char::from(DIGITS[usize::from(it)]));
    bytes.iter().flat_map(digits).collect()
}
