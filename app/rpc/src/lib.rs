#![doc = include_str!("../README.md")]

mod door;
mod limit;
pub mod manual;
mod method;
mod methods;
mod params;
mod refusal;
mod registry;
#[cfg(test)]
mod testing;
mod validate;

pub use door::{Addresses, Door};
pub use method::Method;
pub use registry::{Registry, Services, all};
