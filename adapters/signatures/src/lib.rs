#![doc = include_str!("../README.md")]

mod file;
mod key;
mod spelling;
mod verify;

pub use key::{DeviceKey, KeyError};
pub use verify::Ed25519;
