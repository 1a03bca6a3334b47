//! The gateway's own secrets.

/// Knows the gateway's own secrets and compares others with them.
///
/// # Contract
///
/// - Comparing takes the same time whatever is presented.
/// - An empty, blank or absent secret matches nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Secrets: Send + Sync {
    /// Whether there is a token at all.
    fn has_token(&self) -> bool;

    /// Whether there is a password at all.
    fn has_password(&self) -> bool;

    /// Whether `presented` is the gateway's token.
    fn is_token(&self, presented: &str) -> bool;

    /// Whether `presented` is the gateway's password.
    fn is_password(&self, presented: &str) -> bool;
}
