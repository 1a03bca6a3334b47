//! Log layers, the log file, and reading it back.
