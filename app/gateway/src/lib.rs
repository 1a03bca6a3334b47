//! Builds the gateway and lets it run; the openclaw binary.
