//! The routes, from outside.

mod answers;
mod house;
mod properties;
mod questions;
mod refusals;
mod straight;
