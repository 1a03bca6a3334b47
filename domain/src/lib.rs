#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod access;
pub mod agent;
pub mod approval;
pub mod attachment;
pub mod canvas;
pub mod checkup;
pub mod client;
pub mod command;
pub mod device;
pub mod discovery;
pub mod event;
pub mod exposure;
pub mod hooks;
pub mod ids;
pub mod limits;
pub mod node;
pub mod origin;
pub mod outbound;
pub mod pairing;
pub mod peer;
pub mod plain_path;
pub mod presence;
pub mod relay;
pub mod reload;
pub mod remembered;
pub mod restart;
pub mod run;
pub mod session;
pub mod slack;
pub mod spending;
pub mod throttle;
pub mod time;
pub mod tls;
pub mod tools;
pub mod trace;
pub mod update;
pub mod ways_in;
pub mod wizard;
mod words;

pub use words::UnknownWord;
