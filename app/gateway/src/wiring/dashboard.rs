//! The dashboard, where this gateway has one.

use std::sync::Arc;

use http_kit::{Area, Handler};
use ports::driven::ConfigSource;
use rpc::Services;

/// Its paths.
#[cfg(feature = "control-ui")]
pub(super) fn area(config: &Arc<dyn ConfigSource>, services: &Services) -> Vec<Area> {
    vec![control_ui::area(control_ui::Deps {
        config: Arc::clone(config),
        presenter: Arc::new(services.directory.clone()),
        version: env!("CARGO_PKG_VERSION"),
    })]
}

#[cfg(not(feature = "control-ui"))]
pub(super) fn area(_: &Arc<dyn ConfigSource>, _: &Services) -> Vec<Area> {
    Vec::new()
}

/// `sockets` where it looks for them.
#[cfg(feature = "control-ui")]
pub(super) fn sockets(config: &Arc<dyn ConfigSource>, sockets: Handler) -> Handler {
    control_ui::below_base(Arc::clone(config), sockets)
}

#[cfg(not(feature = "control-ui"))]
pub(super) fn sockets(_: &Arc<dyn ConfigSource>, sockets: Handler) -> Handler {
    sockets
}
