//! Tailscale, in builds that have it.

use std::{sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::exposure::{Login, Reach};
use ports::driven::Tailnet;
use tokio::time::timeout;

/// How long the start waits to hear what this machine is called in its tailnet.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tailscale on this machine, whether it runs or not, for a gateway whose clients
/// show `login` and that speaks `tls` or not. Nothing is asked yet.
#[cfg(feature = "tailscale")]
#[expect(clippy::unnecessary_wraps, reason = "other builds have none")]
pub(crate) fn tailnet(file: &ConfigFile, login: Login, tls: bool) -> Option<Arc<dyn Tailnet>> {
    use ports::driven::ConfigSource;
    use tailscale::{Options, Tailscale};

    let config = &file.current().gateway.tailscale;
    let variable = |name| file.variable(name).filter(|value| !value.is_empty());
    let socket = variable("OPENCLAW_TAILSCALE_SOCKET").or_else(|| config.socket.clone());
    Some(Arc::new(Tailscale::new(Options {
        socket: socket.map(Into::into),
        command: variable("OPENCLAW_TAILSCALE_COMMAND").map(Into::into),
        // The internet comes in with a password or not at all.
        preserve_funnel: config.preserve_funnel && login == Login::Password,
        tls,
        ..Options::default()
    })))
}

#[cfg(not(feature = "tailscale"))]
pub(crate) fn tailnet(_: &ConfigFile, _: Login, _: bool) -> Option<Arc<dyn Tailnet>> {
    None
}

/// What those who can reach the gateway may call this machine, if it has a name
/// in a tailnet: that name, and the first part of it.
pub(crate) async fn names(tailnet: Option<&dyn Tailnet>, reach: Reach) -> Vec<String> {
    let Some(tailnet) = tailnet.filter(|_| Reach::ThisMachine < reach) else {
        return Vec::new();
    };
    let status = timeout(PATIENCE, tailnet.status()).await;
    let Some(name) = status.ok().and_then(Result::ok).and_then(|status| status.dns_name) else {
        return Vec::new();
    };
    let short = name.split('.').next().unwrap_or_default().to_owned();
    vec![name, short]
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use async_trait::async_trait;
    use domain::exposure::Exposure;
    use ports::driven::{Exposed, MockTailnet, TailnetError, TailnetStatus, TailnetUser};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_gateway_goes_by_its_name_in_the_tailnet_where_others_can_reach_it() {
        let mut tailnet = MockTailnet::new();
        tailnet.expect_status().once().returning(|| {
            Ok(TailnetStatus {
                dns_name: Some("host.tailnet.ts.net".to_owned()),
                addresses: Vec::new(),
                state: "Running".to_owned(),
            })
        });
        assert_eq!(names(Some(&tailnet), Reach::Tailnet).await, ["host.tailnet.ts.net", "host"]);
        assert!(names(Some(&tailnet), Reach::ThisMachine).await.is_empty(), "and is not asked");
        assert!(names(None, Reach::Tailnet).await.is_empty());
    }

    struct Silent;

    #[async_trait]
    impl Tailnet for Silent {
        async fn whois(&self, _: IpAddr) -> Result<Option<TailnetUser>, TailnetError> {
            std::future::pending().await
        }

        async fn status(&self) -> Result<TailnetStatus, TailnetError> {
            std::future::pending().await
        }

        async fn expose(&self, _: Exposure, _: u16) -> Result<Exposed, TailnetError> {
            std::future::pending().await
        }

        async fn withdraw(&self, _: Exposure) -> Result<(), TailnetError> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_tailscale_that_hangs_does_not_keep_the_gateway_from_starting() {
        let begin = Instant::now();
        assert!(names(Some(&Silent), Reach::Tailnet).await.is_empty());
        assert_eq!(begin.elapsed(), PATIENCE);
    }
}
