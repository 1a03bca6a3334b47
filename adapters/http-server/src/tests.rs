//! The server as others see it: over real sockets, on the loopback.

mod bodies;
mod changes;
mod ends;
mod framing;
mod gate;
mod house;
mod pack;
mod routes;
mod secure;
