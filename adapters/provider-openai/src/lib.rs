//! Models behind the openai protocol.
