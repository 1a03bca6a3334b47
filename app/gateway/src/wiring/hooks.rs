//! Webhooks, what Slack sends, and the dashboard: paths the configuration decides
//! about.

use std::sync::Arc;

use async_trait::async_trait;
use http_kit::Area;
use ports::{
    driven::{Archive, ConfigSource, Journal, Secrets},
    driving::{Doorkeeper, Hooks, SlackDelivery, SlackInbox, SlackRefusal},
};
use process::HookTransforms;
use rpc::Services;
use signatures::{HmacSha256, Sha256};
use store_sqlite::SqliteStore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use usecases::hooks::{Deps, Webhooks};

use super::dashboard;
use crate::paths::Paths;

/// Where the programs of the owner's are, beside the configuration file.
const TRANSFORMS: &str = "hooks/transforms";

/// What it takes.
pub(super) struct Around<'a> {
    pub(super) config: &'a Arc<dyn ConfigSource>,
    pub(super) door: &'a Arc<dyn Doorkeeper>,
    pub(super) paths: &'a Paths,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) services: &'a Services,
    pub(super) stop: &'a CancellationToken,
    pub(super) store: &'a Arc<SqliteStore>,
    pub(super) tasks: &'a TaskTracker,
}

/// The paths, in the order in which they count.
pub(super) fn areas(around: Around<'_>) -> Vec<Area> {
    let Around { config, door, paths, secrets, services, stop, store, tasks } = around;
    let beside = paths.config_path.parent().unwrap_or(&paths.state_dir);
    let clock = Arc::clone(&services.clock);
    let webhooks = Webhooks::new(Deps {
        archive: Arc::clone(store) as Arc<dyn Archive>,
        chat: services.chat.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(config),
        digests: Arc::new(Sha256),
        entropy: Arc::clone(&services.entropy),
        journal: Arc::clone(store) as Arc<dyn Journal>,
        macs: Arc::new(HmacSha256),
        secrets,
        stop: stop.clone(),
        system: services.system.clone(),
        tasks: tasks.clone(),
        transforms: Arc::new(HookTransforms::new(beside.join(TRANSFORMS))),
    });
    let hooks = Arc::new(webhooks) as Arc<dyn Hooks>;
    let slack = slack_events::Deps {
        inbox: Arc::new(NoSlack),
        macs: Arc::new(HmacSha256),
        clock,
        config: Arc::clone(config),
    };
    let hooks = hooks_http::Deps { hooks, door: Arc::clone(door), config: Arc::clone(config) };
    let mut areas = vec![hooks_http::area(hooks), slack_events::area(slack)];
    // Last, because it answers wherever nobody else does.
    areas.extend(dashboard::area(config, services));
    areas
}

/// There is no Slack channel in this gateway.
struct NoSlack;

#[async_trait]
impl SlackInbox for NoSlack {
    async fn deliver(&self, _: SlackDelivery) -> Result<(), SlackRefusal> {
        Err(SlackRefusal::NotRunning)
    }
}
