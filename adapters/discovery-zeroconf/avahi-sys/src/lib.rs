#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "this crate is the interface to a C library")]
#![allow(
    non_upper_case_globals,
    clippy::missing_safety_doc,
    clippy::similar_names,
    clippy::too_many_arguments,
    reason = "names and signatures are those of the C library, whose manual says what is safe"
)]

mod functions;
mod text;
mod types;

pub use functions::*;
// Takes the place of the function of the same name in `functions`.
pub use text::avahi_string_list_get_pair;
pub use types::*;
