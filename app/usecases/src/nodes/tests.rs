//! Nodes, with ports that are made up.

mod asking;
mod coming;
mod deciding;
mod house;
mod speaking;
mod waiting;
