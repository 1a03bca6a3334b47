//! Seals only those can make who know a secret.

/// Compares secrets and seals (HMAC-SHA-256).
///
/// # Contract
///
/// - Comparing takes the same time wherever the two differ.
/// - An empty secret matches nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Macs: Send + Sync {
    /// Whether `seal` is that of `before` and `body`, one after the other, under
    /// `secret`.
    fn is_seal(&self, secret: &str, before: &str, body: &[u8], seal: &[u8; 32]) -> bool;

    /// Whether two secrets are the same.
    fn is_same(&self, own: &str, presented: &str) -> bool;
}
