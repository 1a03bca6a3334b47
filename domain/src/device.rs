//! Devices: the keys clients keep, and what they sign with them
//! (`ws-protocol.md` 4.6).

pub mod payload;

use std::fmt;

use crate::time::Timestamp;

/// What a client says about its device in `connect`. Nothing in here is checked
/// yet.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceClaim {
    /// The name it claims.
    pub id: Box<str>,
    /// Its public key, as it spells it.
    pub public_key: Box<str>,
    /// Its signature, as it spells it.
    pub signature: Box<str>,
    /// When it signed.
    pub signed_at: Timestamp,
    /// The nonce it signed, if any.
    pub nonce: Option<Box<str>>,
}

impl fmt::Debug for DeviceClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceClaim")
            .field("id", &self.id)
            .field("signed_at", &self.signed_at)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}
