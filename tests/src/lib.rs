#![doc = include_str!("../README.md")]

pub mod bad_inputs;
mod client;
mod fakes;
pub mod ledger;
pub mod network;
mod test_gateway;
pub mod typescript;

pub use client::{Client, Closed, PATIENCE, connect_params};
pub use fakes::FakeModel;
pub use test_gateway::{ADMIN, MAIN, TOKEN, TestGateway, text_of};
