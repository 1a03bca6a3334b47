//! Telling systemd how it goes (`Type=notify`). Without one that wants to know,
//! nothing happens.

use std::{io, time::Duration};

use sd_notify::NotifyState;

/// Says that the gateway can be connected to.
pub fn ready(status: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)])
}

/// Says that it is about to stop.
pub fn stopping() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Stopping, NotifyState::Status("stopping")])
}

/// Says that it is alive.
pub fn alive() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Watchdog])
}

/// How often to say so, if at all: twice within the time after which it would be
/// thought dead.
pub fn heartbeat() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2).filter(|every| !every.is_zero())
}
