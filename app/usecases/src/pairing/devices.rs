//! Paired devices, for those who want to know about one.

use async_trait::async_trait;
use domain::{access::Role, ids::DeviceId, pairing::Device};
use ports::driven::{CommitError, StoreError};

use super::{Departures, Pairing};
use crate::nodes::{NodeDevice, NodeDevices, Nodes};

impl Pairing {
    /// The device `id`, if it was let in.
    pub fn device(&self, id: &DeviceId) -> Option<Device> {
        self.state().devices.get(id).cloned()
    }
}

impl NodeDevices for Pairing {
    fn node_device(&self, id: &DeviceId) -> Option<NodeDevice> {
        self.state().devices.get(id).and_then(as_node)
    }

    fn node_devices(&self) -> Vec<(DeviceId, NodeDevice)> {
        let state = self.state();
        let node = |device: &Device| Some((device.id.clone(), as_node(device)?));
        state.devices.values().filter_map(node).collect()
    }
}

/// What was approved about a device as a node.
fn as_node(device: &Device) -> Option<NodeDevice> {
    let grant = device.grant(Role::Node)?;
    let portrait = &device.portrait;
    Some(NodeDevice {
        display_name: device.name().map(Box::from),
        platform: portrait.platform.clone(),
        device_family: portrait.device_family.clone(),
        model_identifier: portrait.model_identifier.clone(),
        version: None,
        commands: grant.commands.clone(),
        caps: grant.caps.clone(),
        remote_address: device.remote_address.clone(),
        approved_at: grant.approved_at,
    })
}

#[async_trait]
impl Departures for Nodes {
    async fn forget(&self, device: &DeviceId) -> Result<(), StoreError> {
        match Self::forget(self, device).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(other) => Err(StoreError::Unavailable(other.into())),
        }
    }
}
