//! The model that is always there and says how to connect a real one.
