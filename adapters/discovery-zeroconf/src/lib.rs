#![doc = include_str!("../README.md")]

mod advertise;
mod browse;
mod registered;

use domain::discovery::SERVICE;
use ports::{BoxError, driven::DiscoveryError};
use zeroconf::ServiceType;

/// Who announces and finds, in messages.
const RESPONDER: &str =
    if cfg!(target_os = "linux") { "the system's Avahi" } else { "the system's Bonjour" };

/// The responder of the system.
#[derive(Clone, Copy, Debug)]
pub struct System;

fn refused(reason: impl Into<BoxError>) -> DiscoveryError {
    DiscoveryError { responder: RESPONDER, reason: reason.into() }
}

fn service() -> ServiceType {
    SERVICE.parse().expect("the name of the service has two parts")
}

#[test]
fn the_service_has_a_name() {
    assert_eq!((service().name().as_str(), service().protocol().as_str()), ("openclaw-gw", "tcp"));
}
