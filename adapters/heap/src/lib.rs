//! Gives memory back to the system after a crowd has left.
