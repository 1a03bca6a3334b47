#![doc = include_str!("../README.md")]

mod acme;
mod authority;
mod certificate;
mod certificates;
mod der;
mod files;
mod handing_out;
mod handshake;
mod socket;
mod source;
#[cfg(test)]
mod tests;

pub use certificate::Unusable;
pub use certificates::{Certificates, TlsError, own_fingerprint};
