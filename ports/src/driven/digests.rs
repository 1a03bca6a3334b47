//! Fingerprints.

/// Takes fingerprints (SHA-256).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Digests: Send + Sync {
    /// The fingerprint of `bytes`, in 64 lower-case hex digits.
    fn sha256(&self, bytes: &[u8]) -> String;
}
