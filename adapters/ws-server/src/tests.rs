//! Connections as clients see them, over real sockets.

mod calls;
mod client;
mod ending;
mod events;
mod gateway;
mod handshake;
