//! The gateway's own secrets.

use async_trait::async_trait;

use super::StoreError;

/// Knows the gateway's own secrets and compares others with them.
///
/// # Contract
///
/// - Comparing takes the same time whatever is presented.
/// - An empty, blank or absent secret matches nothing.
/// - Dropping the future is fine.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Whether there is a token at all.
    fn has_token(&self) -> bool;

    /// Whether there is a password at all.
    fn has_password(&self) -> bool;

    /// Whether `presented` is the gateway's token.
    fn is_token(&self, presented: &str) -> bool;

    /// Whether `presented` is the gateway's password. Where only its hash is
    /// known, that takes a while by design; few are compared at the same time.
    async fn is_password(&self, presented: &str) -> bool;
}

/// Makes tokens that need not be kept: each is computed from a key only the
/// gateway has and from what the token is for.
///
/// # Contract
///
/// - The same purpose always gives the same token; a token says nothing about
///   any other.
/// - A token has 256 bits, in base64url without padding.
/// - Comparing takes the same time whatever is presented; an empty or blank text
///   matches nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenMint: Send + Sync {
    /// The token for `purpose`. A secret: it goes to its owner and nowhere else.
    fn token(&self, purpose: &str) -> String;

    /// Whether `presented` is the token for `purpose`.
    fn is_token(&self, purpose: &str, presented: &str) -> bool;
}

/// Tokens that were taken back, for good.
///
/// # Contract
///
/// - What was revoked stays revoked, whatever happens to the rest of what is
///   stored: the list only ever grows, and lives apart from it.
/// - When [`revoke`](Self::revoke) returns, the entry is on disk.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Whether the token for `purpose` was taken back.
    fn is_revoked(&self, purpose: &str) -> bool;

    /// Takes back the tokens for `purposes`.
    async fn revoke(&self, purposes: &[String]) -> Result<(), StoreError>;
}
