//! A gateway in a process, and everything asked of it.
