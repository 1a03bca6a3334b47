//! What everything that answers HTTP shares: routes, bodies, refusals.
