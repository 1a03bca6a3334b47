#![doc = include_str!("../README.md")]

mod client;
mod error;
mod frames;
mod socket;
mod target;

pub use client::Client;
pub use error::{CallError, ConnectError};
pub use frames::{Details, Event, GatewayError, Hello};
pub use target::{Credentials, Target, TargetError};
