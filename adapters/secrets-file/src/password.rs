//! The password: as it is, or as an argon2id hash (RFC 9106).

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use ring::hmac;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::SecretsError;

/// How long a password is that is looked at, in bytes.
const LONGEST: usize = 4096;
/// The most memory a hash may ask for, in KiB: comparing must not be a way to
/// use the gateway's memory up.
const MOST_MEMORY: u32 = 256 * 1024;

/// What is known of the password.
pub(crate) enum Password {
    /// Its fingerprint.
    Plain(hmac::Tag),
    /// Its hash, which takes a while to compare with.
    Hashed(Arc<Hashed>),
}

pub(crate) struct Hashed {
    hash: String,
    /// One comparison at a time: each takes a core and some megabytes.
    turn: Arc<Semaphore>,
    /// The fingerprint of what was right once, so that whoever reconnects with
    /// it costs no more than with a token.
    right: Mutex<Option<hmac::Tag>>,
}

impl Password {
    /// Knows `text`, which is a password or its hash.
    pub(crate) fn new(key: &hmac::Key, text: &str) -> Result<Self, SecretsError> {
        if !text.starts_with("$argon2") {
            return Ok(Self::Plain(hmac::sign(key, text.as_bytes())));
        }
        let hash = PasswordHash::new(text).map_err(|_| SecretsError::BadHash)?;
        let memory = hash.params.get_decimal("m").unwrap_or(u32::MAX);
        let fits = hash.algorithm.as_str() == "argon2id"
            && hash.hash.is_some()
            && hash.salt.is_some()
            && memory <= MOST_MEMORY;
        if !fits {
            return Err(SecretsError::BadHash);
        }
        Ok(Self::Hashed(Arc::new(Hashed {
            hash: text.to_owned(),
            turn: Arc::new(Semaphore::new(1)),
            right: Mutex::new(None),
        })))
    }

    /// Whether `presented` is the password.
    pub(crate) async fn is(&self, key: &hmac::Key, presented: &str) -> bool {
        if presented.trim().is_empty() || LONGEST < presented.len() {
            return false;
        }
        let tag = hmac::sign(key, presented.as_bytes());
        match self {
            Self::Plain(known) => known.as_ref().ct_eq(tag.as_ref()).into(),
            Self::Hashed(hashed) => hashed.is(presented, tag).await,
        }
    }
}

impl Hashed {
    async fn is(self: &Arc<Self>, presented: &str, tag: hmac::Tag) -> bool {
        let right = *self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.is_some_and(|right| bool::from(right.as_ref().ct_eq(tag.as_ref()))) {
            return true;
        }
        // Whoever waits here has taken a place among the failures already.
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return false };
        let (hashed, presented) = (Arc::clone(self), zeroize::Zeroizing::new(presented.to_owned()));
        let compare = move || {
            // Given back when it is done, not when nobody waits for it any more:
            // otherwise whoever leaves early makes the gateway compare many at a
            // time.
            let _turn = turn;
            let hash = PasswordHash::new(&hashed.hash).ok()?;
            Argon2::default().verify_password(presented.as_bytes(), &hash).ok()
        };
        let same = tokio::task::spawn_blocking(compare).await.unwrap_or_else(|error| {
            warn!(%error, "a password could not be compared");
            None
        });
        if same.is_some() {
            *self.right.lock().unwrap_or_else(PoisonError::into_inner) = Some(tag);
        }
        same.is_some()
    }
}

/// The argon2id hash of `password`, as it may stand in the configuration.
pub fn hash_password(password: &str) -> Result<String, SecretsError> {
    if crate::is_no_secret(password) || LONGEST < password.len() {
        return Err(SecretsError::NotASecret("password"));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| SecretsError::NoRandomness)
}

#[cfg(test)]
mod tests {
    use ring::{hmac::HMAC_SHA256, rand::SystemRandom};

    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password() {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new()).unwrap();
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$") && !hash.contains("horse"));
        let password = Password::new(&key, &hash).unwrap();
        for (presented, right) in [
            ("correct horse", true),
            ("correct horse", true),
            ("correct horsE", false),
            ("", false),
            (hash.as_str(), false),
        ] {
            assert_eq!(password.is(&key, presented).await, right, "{presented:?}");
        }
    }

    /// The only thread for such work is kept busy, so that the comparison waits
    /// for it when its caller leaves.
    #[test]
    fn whoever_leaves_early_does_not_start_a_second_comparison() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new()).unwrap();
        let password = Password::new(&key, &hash_password("correct horse").unwrap()).unwrap();
        let Password::Hashed(hashed) = &password else { panic!("it is a hash") };
        let (free, busy) = std::sync::mpsc::channel::<()>();
        runtime.block_on(async {
            let other = tokio::task::spawn_blocking(move || busy.recv());
            tokio::select! {
                biased;
                _ = password.is(&key, "wrong") => panic!("nothing can compare it"),
                () = std::future::ready(()) => (),
            }
            assert_eq!(hashed.turn.available_permits(), 0, "the comparison is still to come");
            free.send(()).unwrap();
            other.await.unwrap().unwrap();
            assert!(password.is(&key, "correct horse").await, "and then it is another's turn");
        });
    }

    #[test]
    fn what_is_no_good_hash_is_refused() {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new()).unwrap();
        for hash in [
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2d$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=4294967,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        ] {
            assert!(Password::new(&key, hash).is_err(), "{hash}");
        }
    }
}
