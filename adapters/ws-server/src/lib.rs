#![doc = include_str!("../README.md")]

mod closing;
mod desk;
mod handshake;
mod hub;
mod incoming;
mod link;
mod outgoing;
mod server;
mod session;
mod socket;
#[cfg(test)]
mod tests;
mod upgrade;
mod waiting;

pub use hub::{Counters, Hub};
pub use server::Deps;
pub use upgrade::handler;
