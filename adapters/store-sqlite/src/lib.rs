//! The store on SQLite: one writer, many readers, group commit.
