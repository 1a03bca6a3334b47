//! Tokens that are computed rather than kept.

use std::path::Path;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::driven::TokenMint;
use ring::hmac::{self, HMAC_SHA256};
use subtle::ConstantTimeEq;

use crate::{SecretsError, token};

/// Computes tokens from a key in the state directory, which is made on first
/// start. Whoever has the key has every token, so it is kept like one.
pub struct TokenKey(hmac::Key);

impl TokenKey {
    /// The key in `state_dir`, which is made if there is none.
    pub fn open(state_dir: &Path) -> Result<Self, SecretsError> {
        let text = token::read_or_make_at(state_dir, "device-token-key")?;
        Ok(Self(hmac::Key::new(HMAC_SHA256, text.as_bytes())))
    }
}

impl TokenMint for TokenKey {
    fn token(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, purpose.as_bytes()))
    }

    fn is_token(&self, purpose: &str, presented: &str) -> bool {
        let own = hmac::sign(&self.0, self.token(purpose).as_bytes());
        let theirs = hmac::sign(&self.0, presented.as_bytes());
        own.as_ref().ct_eq(theirs.as_ref()).into()
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKey").finish_non_exhaustive()
    }
}

#[test]
fn a_token_is_for_one_purpose_and_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mint = TokenKey::open(dir.path()).unwrap();
    let token = mint.token("device/a/operator/1");
    assert_eq!(token.len(), 43, "256 bits");
    assert!(mint.is_token("device/a/operator/1", &token));
    let again = TokenKey::open(dir.path()).unwrap();
    assert!(again.is_token("device/a/operator/1", &token));
    for (purpose, presented) in [
        ("device/a/operator/2", token.as_str()),
        ("device/a/operator/1", ""),
        ("device/a/operator/1", &token[1..]),
        ("device/a/operator/1", &token.to_lowercase()),
    ] {
        assert!(!mint.is_token(purpose, presented), "{purpose} {presented:?}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(!TokenKey::open(elsewhere.path()).unwrap().is_token("device/a/operator/1", &token));
    assert!(!format!("{mint:?}").contains(&token));
}
