#![doc = include_str!("../README.md")]

mod digest;
mod file;
mod key;
mod mac;
mod spelling;
mod verify;

pub use digest::Sha256;
pub use key::{DeviceKey, KeyError};
pub use mac::HmacSha256;
pub use verify::Ed25519;
