//! Paired devices, for those who want to know about one.

use domain::{access::Role, ids::DeviceId, pairing::Device};

use super::Pairing;

impl Pairing {
    /// The device `id`, if it was let in.
    pub fn device(&self, id: &DeviceId) -> Option<Device> {
        self.state().devices.get(id).cloned()
    }

    /// The devices that were let in as `role`.
    pub fn devices(&self, role: Role) -> Vec<Device> {
        let state = self.state();
        state.devices.values().filter(|device| device.grant(role).is_some()).cloned().collect()
    }
}
