//! Plays the hostile inputs of `tests/cases/bad-inputs.json` against the
//! `openclaw` binary, from outside and byte by byte.
//!
//! The file says for each case what is sent ([`cases`], [`step`]) and what has
//! to come of it ([`expect`], [`invariant`]). Which cases concern the gateway as
//! it is today, and which wait for a later issue, is decided in [`scope`] by a
//! table; no case is left out silently. Every case gets a gateway of its own, on
//! its own port and in its own home ([`gateway`]).

mod arrival;
mod authority;
mod binary;
mod canvas;
mod cases;
mod client;
mod configured;
mod device;
mod environment;
mod expect;
mod fixture;
mod gateway;
mod generate;
mod http;
mod invariant;
mod model;
mod operator;
mod play;
mod report;
mod scope;
mod secure;
mod site;
mod stage;
mod starting;
mod step;
mod swarm;
mod tampering;
mod watch;
mod webhook;
mod written;
mod ws;

pub use binary::{NoBinary, binary};
pub use play::play_all;
pub use report::Report;
pub use scope::{Standing, standing};
