//! The methods clients may call.
