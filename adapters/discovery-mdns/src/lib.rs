#![doc = include_str!("../README.md")]

mod advertise;
mod browse;

use domain::discovery::{DOMAIN, SERVICE};
use mdns_sd::ServiceDaemon;
use ports::driven::DiscoveryError;

/// Who announces and finds, in messages.
const RESPONDER: &str = "the embedded mDNS responder";

/// A responder inside this process.
#[derive(Clone, Copy, Debug)]
pub struct Embedded;

/// The thread that answers and asks. Dropping this says goodbye to everything it
/// announced and ends it.
struct Responder(ServiceDaemon);

impl Responder {
    fn start() -> Result<Self, DiscoveryError> {
        ServiceDaemon::new().map(Self).map_err(refused)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // It fails when the thread has ended already.
        let _ = self.0.shutdown();
    }
}

fn refused(error: mdns_sd::Error) -> DiscoveryError {
    DiscoveryError { responder: RESPONDER, reason: error.into() }
}

/// What gateways are called, with domain: `_openclaw-gw._tcp.local.`.
fn service() -> String {
    format!("{SERVICE}.{DOMAIN}.")
}

/// The name before the name of the service. The library marks dots and
/// backslashes in the names it announces, of which ours have none, but not in
/// those it finds.
fn instance(fullname: &str) -> &str {
    let end = fullname.len().checked_sub(service().len() + 1);
    end.and_then(|end| fullname.get(..end)).unwrap_or(fullname)
}

#[test]
fn names_are_told_as_they_were_meant() {
    let table = [
        ("Kitchen (OpenClaw)._openclaw-gw._tcp.local.", "Kitchen (OpenClaw)"),
        (r"a.b\c._openclaw-gw._tcp.local.", r"a.b\c"),
        ("Küche._OpenClaw-GW._tcp.local.", "Küche"),
        ("._openclaw-gw._tcp.local.", ""),
        ("x", "x"),
        ("", ""),
    ];
    for (fullname, expected) in table {
        assert_eq!(instance(fullname), expected);
    }
}
