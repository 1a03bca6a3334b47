//! The dashboard, where this gateway has one.

use std::{path::Path, sync::Arc};

use http_kit::{Area, Handler};
use ports::driven::ConfigSource;
use usecases::{directory::Directory, models::Models};

use super::hooks;

/// Its paths.
#[cfg(feature = "control-ui")]
pub(super) fn area(around: &hooks::Around<'_>) -> Vec<Area> {
    let state_dir = around.paths.state_dir.clone();
    let root: control_ui::Root = Arc::new(move |config| {
        let root = config.gateway.control_ui.root.as_deref()?;
        Some(super::canvas::at(root, &state_dir, std::env::home_dir().as_deref()))
    });
    vec![control_ui::area(control_ui::Deps {
        config: Arc::clone(around.config),
        presenter: Arc::new(around.services.directory.clone()),
        door: Arc::clone(around.door),
        digests: Arc::new(signatures::Sha256),
        root,
        version: env!("CARGO_PKG_VERSION"),
    })]
}

#[cfg(not(feature = "control-ui"))]
pub(super) fn area(_: &hooks::Around<'_>) -> Vec<Area> {
    Vec::new()
}

/// The agents, with their pictures, for a gateway with its state in `state_dir`.
#[cfg(feature = "control-ui")]
pub(super) fn directory(
    config: &Arc<dyn ConfigSource>,
    models: &Models,
    state_dir: &Path,
) -> Directory {
    let state_dir = state_dir.to_owned();
    let workspaces: control_ui::Workspaces = Arc::new(move |config, agent| {
        super::canvas::workspace(config, agent, &state_dir, std::env::home_dir().as_deref())
    });
    let portraits = control_ui::WorkspacePortraits { config: Arc::clone(config), workspaces };
    Directory::new(Arc::clone(config), models.clone()).with_portraits(Arc::new(portraits))
}

#[cfg(not(feature = "control-ui"))]
pub(super) fn directory(config: &Arc<dyn ConfigSource>, models: &Models, _: &Path) -> Directory {
    Directory::new(Arc::clone(config), models.clone())
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
