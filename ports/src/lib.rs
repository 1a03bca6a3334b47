#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod config;
#[cfg(feature = "contract")]
pub mod contract;
pub mod driven;
pub mod driving;
pub mod event;
mod json;
pub mod view;

pub use bytes::Bytes;
pub use json::Json;

/// An error of some adapter's library, carried along but not looked into.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A stream that can be handed across a port.
pub type BoxStream<T> = std::pin::Pin<Box<dyn futures_core::Stream<Item = T> + Send>>;

/// A future that can be handed across a port and outlive the call.
pub type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;
