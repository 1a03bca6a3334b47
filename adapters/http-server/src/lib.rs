//! The listener: accept, route, limit, close.
