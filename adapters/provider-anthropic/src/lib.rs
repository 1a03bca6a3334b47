//! Models behind the anthropic protocol.
