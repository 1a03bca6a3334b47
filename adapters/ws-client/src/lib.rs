#![doc = include_str!("../README.md")]

mod client;
mod device_tokens;
mod error;
mod frames;
mod introduction;
mod socket;
mod target;

pub use client::Client;
pub use device_tokens::{DeviceTokens, TokensError};
pub use error::{CallError, ConnectError};
pub use frames::{Admission, Details, Event, GatewayError, Hello};
pub use introduction::Introduction;
pub use target::{Credentials, Target, TargetError};
