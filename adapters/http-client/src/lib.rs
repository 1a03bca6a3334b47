#![doc = include_str!("../README.md")]

mod base_url;
mod client;
mod connect;
mod error;
mod events;
#[cfg(feature = "fake")]
pub mod fake;
mod key;
mod limits;
pub mod model;
mod response;
mod secure;
mod sse;
mod tasks;

pub use base_url::{BaseUrl, ParseBaseUrlError};
pub use client::HttpClient;
pub use error::{CallError, NoConnection};
pub use events::EventStream;
pub use key::{ApiKey, ParseKeyError};
pub use limits::Limits;
pub use response::Response;
pub use secure::{SecureError, Trust, secure};
pub use sse::{Event, EventReader, EventTooLong};
