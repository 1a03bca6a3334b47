//! What nodes need of the parts that are not there yet: no device is paired, so
//! no node comes, nobody consents to anything, and the tokens of nodes that are
//! no devices last as long as the process.

use std::{
    collections::HashSet,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::ids::DeviceId;
use ports::driven::{Revocations, StoreError, TokenMint};
use ring::{
    error::Unspecified,
    hmac::{self, HMAC_SHA256},
    rand::SystemRandom,
};
use usecases::nodes::{Consent, Consents, NodeDevice, NodeDevices, RunAsk};

/// Knows no device and no consent, and a key of its own.
pub(super) struct Nobody {
    key: hmac::Key,
    revoked: Mutex<HashSet<String>>,
}

impl Nobody {
    pub(super) fn new() -> Result<Self, Unspecified> {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new())?;
        Ok(Self { key, revoked: Mutex::default() })
    }
}

impl NodeDevices for Nobody {
    fn node_device(&self, _: &DeviceId) -> Option<NodeDevice> {
        None
    }

    fn node_devices(&self) -> Vec<(DeviceId, NodeDevice)> {
        Vec::new()
    }
}

impl Consents for Nobody {
    fn redeem(&self, _: &str, _: &RunAsk) -> Option<Consent> {
        None
    }
}

impl TokenMint for Nobody {
    fn token(&self, purpose: &str) -> String {
        let tag = hmac::sign(&self.key, purpose.as_bytes());
        let mut token = String::new();
        for byte in tag.as_ref() {
            // Writing to a text cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    fn is_token(&self, purpose: &str, presented: &str) -> bool {
        // Compared by their tags, so that the time says nothing.
        let presented = hmac::sign(&self.key, presented.as_bytes());
        hmac::verify(&self.key, self.token(purpose).as_bytes(), presented.as_ref()).is_ok()
    }
}

#[async_trait]
impl Revocations for Nobody {
    fn is_revoked(&self, purpose: &str) -> bool {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).contains(purpose)
    }

    async fn revoke(&self, purposes: &[String]) -> Result<(), StoreError> {
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.extend(purposes.iter().cloned());
        Ok(())
    }
}
