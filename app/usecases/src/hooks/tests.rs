//! Webhooks, with everything around them made up.

mod calling;
mod coming_in;
mod house;
mod once;
