//! The routes as clients see them: over real sockets, with an agent that says
//! what it is told to say.

mod answers;
mod house;
mod models;
mod questions;
mod refusals;
mod responses;
mod straight;
mod told;
