//! The gateway protocol from the other end, for the command line.
