//! What tests use in place of the outside world.

mod model;

pub use model::FakeModel;
