//! Certificates: which names they are for, when a new one is needed, and how
//! one recognises them.

mod fingerprint;
mod names;
mod renewal;

pub use fingerprint::{Fingerprint, ParseFingerprintError};
pub use names::{Name, names};
pub use renewal::{LEAF_LIFE, RENEW_BEFORE, Reason, Validity, renewal};
