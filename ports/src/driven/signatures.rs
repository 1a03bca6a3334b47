//! Signatures of devices.

use domain::ids::DeviceId;

/// An Ed25519 public key: 32 bytes that are a point of the curve and not one of
/// the few that anybody can sign for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// The signature does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit")]
pub struct BadSignature;

/// Reads keys and checks signatures (Ed25519, RFC 8032, verified strictly).
///
/// # Contract
///
/// - A key is read from base64url or base64 of its 32 bytes, or from PEM; a key
///   of small order, or one that is spelled in more than one way, is none.
/// - A signature whose scalar is not reduced, or whose point is of small order,
///   does not fit anything.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Signatures: Send + Sync {
    /// The key `text` spells, if it spells one.
    fn key(&self, text: &str) -> Option<PublicKey>;

    /// `key` as it is written down: base64url without padding.
    fn spell(&self, key: &PublicKey) -> String;

    /// The name of the device that has `key`.
    fn device(&self, key: &PublicKey) -> DeviceId;

    /// Whether `signature` (base64url or base64) was made for `message` with
    /// the private half of `key`.
    fn verify(&self, key: &PublicKey, message: &str, signature: &str) -> Result<(), BadSignature>;
}
