//! The canvas: where its pages are, and who may see them.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use canvas_http::Root;
use config_file::ConfigFile;
use domain::ids::AgentId;
use http_kit::Area;
use ports::{
    config::Config,
    driven::{Clock, ConfigSource, Entropy},
    driving::Canvas,
};
use signatures::Sha256;
use usecases::canvas::{Deps, Passes};

use super::{dashboard, hooks};

/// Who may see it.
pub(super) fn passes(
    file: &Arc<ConfigFile>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Passes {
    Passes::new(Deps {
        clock: Arc::clone(clock),
        config: Arc::clone(file) as Arc<dyn ConfigSource>,
        digests: Arc::new(Sha256),
        entropy: Arc::clone(entropy),
        is_skipped: file.variable("OPENCLAW_SKIP_CANVAS_HOST").is_some(),
    })
}

/// Its paths behind those of webhooks, in the order in which they count, and
/// where its pages learn that they changed.
pub(super) fn areas(around: hooks::Around<'_>) -> (Vec<Area>, Area) {
    let deps = canvas_http::Deps {
        canvas: Arc::new(around.services.canvas.clone()) as Arc<dyn Canvas>,
        config: Arc::clone(around.config),
        door: Arc::clone(around.door),
        root: root(around.paths.state_dir.clone()),
        stop: around.stop.clone(),
        tasks: around.tasks.clone(),
    };
    let dashboard = dashboard::area(&around);
    let mut areas = hooks::areas(around);
    areas.push(canvas_http::pages(&deps));
    // Last, because it answers wherever nobody else does.
    areas.extend(dashboard);
    (areas, canvas_http::sockets(&deps))
}

/// Where the pages are, for a gateway with its state in `state_dir`.
fn root(state_dir: PathBuf) -> Root {
    let home = env::home_dir();
    Arc::new(move |config| place(config, &state_dir, home.as_deref()))
}

/// Where the configuration says, else in the workspace of the default agent.
fn place(config: &Config, state_dir: &Path, home: Option<&Path>) -> PathBuf {
    match &config.canvas_host.root {
        Some(root) => at(root, state_dir, home),
        None => workspace(config, &config.agents.default_agent(), state_dir, home).join("canvas"),
    }
}

/// Where `agent` works.
pub(super) fn workspace(
    config: &Config,
    agent: &AgentId,
    state_dir: &Path,
    home: Option<&Path>,
) -> PathBuf {
    let agents = &config.agents;
    let own = agents.find(agent).and_then(|agent| agent.workspace);
    let path = match (own, *agent == agents.default_agent()) {
        (Some(own), _) => own,
        (None, true) => agents.defaults.workspace.as_deref().unwrap_or("workspace").to_owned(),
        (None, false) => format!("workspace-{agent}"),
    };
    at(&path, state_dir, home)
}

/// Where a path of the configuration leads. What is not absolute is below the
/// state, wherever we were started.
pub(super) fn at(path: &str, state_dir: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => state_dir.join(path),
    }
}

#[test]
fn an_agent_works_where_the_file_says_or_in_a_place_of_its_own() {
    let config: Config = serde_json::from_str(
        r#"{"agents":{"list":[{"id":"a"},{"id":"b"},{"id":"c","workspace":"~/c"}]}}"#,
    )
    .unwrap();
    let place = |agent: &str| {
        let agent = AgentId::normalize(agent);
        workspace(&config, &agent, Path::new("/state"), Some(Path::new("/home/u")))
    };
    assert_eq!(place("a"), Path::new("/state/workspace"));
    assert_eq!(place("b"), Path::new("/state/workspace-b"));
    assert_eq!(place("c"), Path::new("/home/u/c"));
}

#[test]
fn the_pages_are_where_the_agent_works_unless_the_file_says_otherwise() {
    let place = |root: Option<&str>, own: Option<&str>, shared: Option<&str>| {
        let mut config = Config::default();
        config.canvas_host.root = root.map(str::to_owned);
        config.agents.defaults.workspace = shared.map(str::to_owned);
        let id = Some(domain::ids::AgentId::main());
        let workspace = own.map(str::to_owned);
        config.agents.list =
            vec![ports::config::AgentConfig { id, workspace, ..Default::default() }];
        super::canvas::place(&config, Path::new("/state"), Some(Path::new("/home/a")))
    };
    #[rustfmt::skip]
    let table = [
        (None,            None,        None,        "/state/workspace/canvas"),
        (None,            None,        Some("/w"),  "/w/canvas"),
        (None,            Some("~/o"), Some("/w"),  "/home/a/o/canvas"),
        (Some("~/pages"), Some("/o"),  Some("/w"),  "/home/a/pages"),
        (Some("/pages"),  None,        None,        "/pages"),
        (Some("pages"),   None,        None,        "/state/pages"),
    ];
    for (root, own, shared, expected) in table {
        assert_eq!(place(root, own, shared), Path::new(expected), "{root:?} {own:?} {shared:?}");
    }
}
