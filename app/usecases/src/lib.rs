#![doc = include_str!("../README.md")]

pub mod agents;
pub mod approvals;
pub mod auth;
pub mod book;
mod calendar;
pub mod canvas;
pub mod chat;
pub mod config;
pub mod directory;
pub mod discovery;
pub mod facts;
pub mod health;
pub mod hooks;
pub mod import;
pub mod logs;
pub mod models;
pub mod nodes;
pub mod pairing;
pub mod presence;
mod prices;
pub mod probe;
pub mod relay;
pub mod reload;
pub mod responses;
pub mod restart;
pub mod sessions;
pub mod spending;
pub mod status;
pub mod system;
#[cfg(test)]
mod testing;
pub mod ticks;
pub mod tools;
pub mod update;
pub mod versions;
pub mod wizard;

pub use calendar::iso;
