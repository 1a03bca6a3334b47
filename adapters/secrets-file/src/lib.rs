#![doc = include_str!("../README.md")]

mod identity;
mod mint;
mod password;
mod revoked;
mod strengths;
mod token;

pub use identity::{Identity, identity};
pub use mint::TokenKey;
pub use password::hash_password;
pub use revoked::RevokedFile;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use domain::exposure::Strengths;
use ports::driven::Secrets;
use ring::{
    error::Unspecified,
    hmac::{self, HMAC_SHA256},
    rand::SystemRandom,
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::password::Password;

/// Secrets given by flag, environment or configuration.
#[derive(Clone, Default)]
pub struct Given {
    /// The token, instead of the one in the state directory.
    pub token: Option<String>,
    /// The password.
    pub password: Option<String>,
}

/// Knows the token and the password by their fingerprints only.
pub struct SecretsFile {
    /// Known to this process only, so that a fingerprint says nothing.
    key: hmac::Key,
    state_dir: PathBuf,
    held: RwLock<Arc<Held>>,
}

/// Secrets that are good, and may be put into force.
pub struct Held {
    token: hmac::Tag,
    password: Option<Password>,
    /// Of the password as it was given, which may be its hash.
    password_given: Option<hmac::Tag>,
    strengths: Strengths,
    file: Option<PathBuf>,
}

/// Which secrets are others than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The token.
    pub token: bool,
    /// The password.
    pub password: bool,
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The one that was given is none.
    #[error("the given {0} is blank or a placeholder, so no {0} is configured")]
    NotASecret(&'static str),
    /// The one in the file is none.
    #[error("{} holds no token; delete it to have a new one made", .0.display())]
    BlankFile(PathBuf),
    /// The file is a link or not a file at all.
    #[error("{} is not a plain file, and a token is read from nothing else", .0.display())]
    NotAFile(PathBuf),
    /// The file cannot be read or made.
    #[error("the token in {} cannot be read or made: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// What looks like the hash of a password is none.
    #[error(
        "the password looks like an argon2id hash and is none (see `openclaw auth hash-password`)"
    )]
    BadHash,
    /// The system has no randomness to give.
    #[error("the system has no randomness to make a token of")]
    NoRandomness,
}

impl SecretsFile {
    /// The secrets that were `given`; without a token among them, the one in
    /// `state_dir`, which is made if there is none.
    pub fn open(state_dir: &Path, given: Given) -> Result<Self, SecretsError> {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new())?;
        let held = Held::of(&key, state_dir, given)?;
        Ok(Self { key, state_dir: state_dir.to_owned(), held: RwLock::new(Arc::new(held)) })
    }

    /// Other secrets, which are not in force yet.
    pub fn prepare(&self, given: Given) -> Result<Held, SecretsError> {
        Held::of(&self.key, &self.state_dir, given)
    }

    /// Puts `held` into force: from now on nothing else matches.
    pub fn adopt(&self, held: Held) -> Changed {
        let mut now = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let given = |held: &Held| held.password_given.map(|tag| tag.as_ref().to_vec());
        let changed = Changed {
            token: now.token.as_ref() != held.token.as_ref(),
            password: given(&now) != given(&held),
        };
        *now = Arc::new(held);
        changed
    }

    /// The file the token is in, unless it was given.
    pub fn token_file(&self) -> Option<PathBuf> {
        self.held().file.clone()
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn matches(&self, known: &hmac::Tag, presented: &str) -> bool {
        let presented_tag = hmac::sign(&self.key, presented.as_bytes());
        let same = known.as_ref().ct_eq(presented_tag.as_ref());
        bool::from(same) && !presented.trim().is_empty()
    }
}

impl Held {
    fn of(key: &hmac::Key, state_dir: &Path, given: Given) -> Result<Self, SecretsError> {
        let password = given.password.map(Zeroizing::new);
        if password.as_ref().is_some_and(|password| is_no_secret(password)) {
            return Err(SecretsError::NotASecret("password"));
        }
        let (token, file) = match given.token.map(Zeroizing::new) {
            Some(token) if is_no_secret(&token) => return Err(SecretsError::NotASecret("token")),
            Some(token) => (token, None),
            None => (token::read_or_make(state_dir)?, Some(token::path(state_dir))),
        };
        Ok(Self {
            strengths: strengths::of(&token, password.as_ref().map(|it| it.as_str())),
            token: hmac::sign(key, token.as_bytes()),
            password_given: password.as_ref().map(|it| hmac::sign(key, it.as_bytes())),
            password: password.map(|password| Password::new(key, &password)).transpose()?,
            file,
        })
    }
}

/// The token in `state_dir`, for a command that talks to the gateway; `None` if
/// no gateway has made one yet.
pub fn token_for_cli(state_dir: &Path) -> Result<Option<Zeroizing<String>>, SecretsError> {
    token::read(&token::path(state_dir))
}

/// Where the token of a gateway with that state directory is, or would be.
pub fn token_path(state_dir: &Path) -> PathBuf {
    token::path(state_dir)
}

/// Puts `token` in the place of the one in `state_dir`. A gateway that runs keeps
/// the old one until it reads its secrets anew.
pub fn keep_token(state_dir: &Path, token: &str) -> Result<(), SecretsError> {
    token::replace(state_dir, Some(token))
}

/// The same with a new token.
pub fn renew_token(state_dir: &Path) -> Result<(), SecretsError> {
    token::replace(state_dir, None)
}

#[async_trait]
impl Secrets for SecretsFile {
    fn has_token(&self) -> bool {
        true
    }

    fn has_password(&self) -> bool {
        self.held().password.is_some()
    }

    fn is_token(&self, presented: &str) -> bool {
        self.matches(&self.held().token, presented)
    }

    async fn is_password(&self, presented: &str) -> bool {
        match &self.held().password {
            Some(password) => password.is(&self.key, presented).await,
            None => false,
        }
    }
}

/// What programs write when they have no secret to write.
fn is_no_secret(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "" | "undefined" | "null")
}

impl From<Unspecified> for SecretsError {
    fn from(_: Unspecified) -> Self {
        Self::NoRandomness
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("token", &self.token.is_some())
            .field("password", &self.password.is_some())
            .finish()
    }
}

impl fmt::Debug for SecretsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsFile").field("file", &self.token_file()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("file", &self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(token: Option<&str>, password: Option<&str>) -> Given {
        Given { token: token.map(Into::into), password: password.map(Into::into) }
    }

    #[tokio::test]
    async fn only_the_same_secret_matches() {
        let dir = tempfile::tempdir().unwrap();
        let secrets =
            SecretsFile::open(dir.path(), given(Some("the token"), Some("pass"))).unwrap();
        assert!(secrets.is_token("the token") && secrets.is_password("pass").await);
        for wrong in ["", " ", "the toke", "the token ", "THE TOKEN", "pass", "the token\0"] {
            assert!(!secrets.is_token(wrong), "{wrong:?}");
        }
        assert!(!secrets.is_password("the token").await);
        assert!(!token::path(dir.path()).exists(), "a given token needs no file");
    }

    #[tokio::test]
    async fn other_secrets_hold_from_the_moment_they_are_adopted() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = SecretsFile::open(dir.path(), given(Some("first"), None)).unwrap();
        let same = secrets.prepare(given(Some("first"), None)).unwrap();
        assert_eq!(secrets.adopt(same), Changed::default());

        let next = secrets.prepare(given(Some("second"), Some("pass"))).unwrap();
        assert!(secrets.is_token("first") && !secrets.has_password(), "it is only prepared");
        assert_eq!(secrets.adopt(next), Changed { token: true, password: true });
        assert!(secrets.is_token("second") && !secrets.is_token("first"));
        assert!(secrets.is_password("pass").await);
        assert!(secrets.prepare(given(Some(" "), None)).is_err());
    }

    #[tokio::test]
    async fn without_a_password_nothing_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = SecretsFile::open(dir.path(), given(Some("the token"), None)).unwrap();
        assert!(!secrets.has_password());
        assert!(!secrets.is_password("the token").await && !secrets.is_password("").await);
    }

    #[test]
    fn placeholders_are_no_secrets() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "   ", "undefined", "null", "Undefined", " NULL\n"] {
            assert!(SecretsFile::open(dir.path(), given(Some(text), None)).is_err(), "{text:?}");
            assert!(SecretsFile::open(dir.path(), given(None, Some(text))).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let shown = format!("{:?}", given(Some("canary"), Some("canary")));
        let secrets = SecretsFile::open(dir.path(), given(Some("canary"), Some("canary"))).unwrap();
        assert!(!shown.contains("canary") && !format!("{secrets:?}").contains("canary"));
    }
}
