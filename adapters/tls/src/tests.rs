//! Certificates and connections, from outside.

mod acme;
mod connections;
mod files;
