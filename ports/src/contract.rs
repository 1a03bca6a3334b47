//! What the driven ports promise, in assertions.
