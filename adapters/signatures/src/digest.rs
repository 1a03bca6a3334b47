//! Fingerprints.

use std::fmt::Write;

use ports::driven::Digests;
use ring::digest::{SHA256, digest};

/// SHA-256.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sha256;

impl Digests for Sha256 {
    fn sha256(&self, bytes: &[u8]) -> String {
        let digest = digest(&SHA256, bytes);
        digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[test]
fn a_fingerprint() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Sha256.sha256(b""), empty);
}
