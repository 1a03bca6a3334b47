//! The configuration file: JSON5, includes, environment, old names.
