#![doc = include_str!("../README.md")]

mod answers;
mod connect;
mod event;
mod json;
mod request;
mod response;

pub use answers::Answers;
pub use connect::knock;
pub use event::{Form, event, is_known_to, push_challenge, push_tail};
pub use request::{BadRequest, Dialect, Request};
pub use response::push_response;
