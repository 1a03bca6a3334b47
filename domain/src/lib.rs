#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod access;
pub mod agent;
pub mod approval;
pub mod attachment;
pub mod client;
pub mod command;
pub mod device;
pub mod event;
pub mod ids;
pub mod limits;
pub mod origin;
pub mod presence;
pub mod run;
pub mod session;
pub mod time;
mod words;

pub use words::UnknownWord;
