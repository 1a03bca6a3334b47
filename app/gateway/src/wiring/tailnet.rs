//! Tailscale, in builds that have it.

use std::{sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::exposure::Reach;
use ports::driven::Tailnet;
use tokio::time::timeout;

use crate::listen::Plan;

/// How long the start waits to hear what this machine is called in its tailnet.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tailscale on this machine, whether it runs or not. Nothing is asked yet.
#[cfg(feature = "tailscale")]
#[expect(clippy::unnecessary_wraps, reason = "other builds have none")]
pub(super) fn tailnet(file: &ConfigFile, plan: &Plan) -> Option<Arc<dyn Tailnet>> {
    use domain::exposure::Login;
    use ports::driven::ConfigSource;
    use tailscale::{Options, Tailscale};

    let config = &file.current().gateway.tailscale;
    let variable = |name| file.variable(name).filter(|value| !value.is_empty());
    let socket = variable("OPENCLAW_TAILSCALE_SOCKET").or_else(|| config.socket.clone());
    Some(Arc::new(Tailscale::new(Options {
        socket: socket.map(Into::into),
        command: variable("OPENCLAW_TAILSCALE_COMMAND").map(Into::into),
        // The internet comes in with a password or not at all.
        preserve_funnel: config.preserve_funnel && plan.login == Login::Password,
        tls: plan.tls,
        ..Options::default()
    })))
}

#[cfg(not(feature = "tailscale"))]
pub(super) fn tailnet(_: &ConfigFile, _: &Plan) -> Option<Arc<dyn Tailnet>> {
    None
}

/// What members of the tailnet call this machine, if they can reach the gateway:
/// its whole name, and the first part of it.
pub(super) async fn names(tailnet: Option<&dyn Tailnet>, plan: &Plan) -> Vec<String> {
    let Some(tailnet) = tailnet.filter(|_| Reach::ThisMachine < plan.reach()) else {
        return Vec::new();
    };
    let status = timeout(PATIENCE, tailnet.status()).await;
    let Some(name) = status.ok().and_then(Result::ok).and_then(|status| status.dns_name) else {
        return Vec::new();
    };
    let short = name.split('.').next().unwrap_or_default().to_owned();
    vec![name, short]
}
