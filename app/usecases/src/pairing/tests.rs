//! What pairing promises.
