//! One client's connection, and the hub that tells all of them.
