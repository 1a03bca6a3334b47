//! The frames of the gateway protocol, in its three spellings; no I/O.
