//! The store in memory, for tests and throw-away gateways.
