//! The gateway's own secrets on disk, and comparing them.
