//! The families of methods, in the order of the manual.

#![expect(clippy::unused_async, reason = "handlers look alike, whether they wait or not")]

mod agent;
pub(crate) mod canvas;
mod chat;
mod config;
mod config_write;
pub(crate) mod connect;
mod devices;
mod exec;
mod gateway;
mod history;
mod logs;
mod node_pairing;
mod node_side;
mod nodes;
mod offers;
mod restart;
mod send;
mod sessions;
mod status;
mod subscribe;
mod system;
#[cfg(test)]
mod tests;
mod tools;
mod update;
mod usage;
mod wizard;

use crate::Method;

pub(crate) const FAMILIES: &[&[Method]] = &[
    connect::METHODS,
    gateway::METHODS,
    status::METHODS,
    system::METHODS,
    logs::METHODS,
    chat::METHODS,
    history::METHODS,
    agent::METHODS,
    offers::METHODS,
    sessions::METHODS,
    subscribe::METHODS,
    config::METHODS,
    config_write::METHODS,
    restart::METHODS,
    update::METHODS,
    wizard::METHODS,
    usage::METHODS,
    devices::METHODS,
    nodes::METHODS,
    node_pairing::METHODS,
    node_side::METHODS,
    canvas::METHODS,
    exec::METHODS,
    tools::METHODS,
];
