//! What everything that calls HTTP services shares: one client, event streams, limits.
