//! Who may depend on whom.
//!
//! Cargo already refuses what a manifest does not list. This test reads the
//! manifests, so that nobody lists the wrong thing without noticing.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// What each room may use from the other rooms of the workspace.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ports", &["domain"]),
    ("adapters/wire", &["domain", "ports"]),
    ("adapters/http-kit", &["domain", "ports"]),
    ("adapters/http-client", &["domain", "ports"]),
    (
        "adapters",
        &["domain", "ports", "adapters/wire", "adapters/http-kit", "adapters/http-client"],
    ),
    ("app/usecases", &["domain", "ports"]),
    ("app/rpc", &["domain", "ports", "app/usecases"]),
    ("app/gateway", &["domain", "ports", "adapters", "app"]),
    ("tests", &["domain", "ports", "adapters", "app"]),
];

/// The libraries some rooms have to make do with.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("domain", &["ipnet", "serde", "thiserror"]),
    (
        "ports",
        &[
            "async-trait",
            "bytes",
            "futures-core",
            "mockall",
            "schemars",
            "serde",
            "serde_json",
            "thiserror",
        ],
    ),
    (
        "app/usecases",
        &[
            "async-trait",
            "futures-core",
            "futures-util",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio-util",
            "tracing",
        ],
    ),
    ("app/rpc", &["async-trait", "futures-util", "schemars", "serde", "serde_json", "tracing"]),
];

/// Libraries of one technology, and the only rooms that may know them.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["adapters/store-sqlite", "adapters/openclaw-state"]),
    (
        "flate2",
        &[
            "adapters/backup-archive",
            "adapters/canvas-http",
            "adapters/config-file",
            "adapters/http-server",
            "adapters/openclaw-state",
        ],
    ),
    ("tar", &["adapters/backup-archive", "adapters/openclaw-state"]),
    (
        "fastwebsockets",
        &["adapters/canvas-http", "adapters/ws-server", "adapters/ws-client", "tests"],
    ),
    ("rustls", &["adapters/http-client", "adapters/tls", "tests"]),
    ("tokio-rustls", &["adapters/http-client", "tests"]),
    ("rcgen", &["adapters/tls", "tests"]),
    ("instant-acme", &["adapters/tls"]),
    ("clap", &["app/gateway"]),
    ("clap_mangen", &["app/gateway"]),
    ("inquire", &["app/gateway"]),
    ("regex-lite", &["adapters/telemetry", "tests"]),
    ("tracing-subscriber", &["adapters/telemetry", "adapters/telemetry-otlp"]),
    ("opentelemetry", &["adapters/telemetry-otlp"]),
    ("opentelemetry-http", &["adapters/telemetry-otlp"]),
    ("opentelemetry-otlp", &["adapters/telemetry-otlp"]),
    ("opentelemetry-proto", &["adapters/telemetry-otlp", "app/gateway"]),
    ("opentelemetry_sdk", &["adapters/telemetry-otlp"]),
    ("libc", &["adapters/heap"]),
    ("ed25519-dalek", &["adapters/signatures"]),
    ("mdns-sd", &["adapters/discovery-mdns"]),
    ("prometheus-client", &["adapters/metrics-prometheus"]),
    ("notify", &["adapters/canvas-http", "adapters/config-watch"]),
    ("zeroconf", &["adapters/discovery-zeroconf"]),
    ("if-addrs", &["adapters/discovery-zeroconf", "app/gateway"]),
    ("sd-notify", &["adapters/service-manager"]),
    ("libloading", &["adapters/discovery-zeroconf/avahi-sys"]),
];

#[test]
fn dependencies_point_inwards() {
    for (path, dependencies) in &workspace() {
        let (room, allowed) = ROOMS
            .iter()
            .find(|(room, _)| within(path, room))
            .unwrap_or_else(|| panic!("{path} is in no room"));
        for dependency in dependencies {
            let Dependency::Workspace(other) = dependency else { continue };
            assert!(
                allowed.iter().any(|allowed| within(other, allowed)),
                "{path} must not depend on {other}: {room} may use {allowed:?}",
            );
        }
    }
}

#[test]
fn the_inner_rooms_do_without_technology() {
    let packages = workspace();
    for (room, allowed) in LIBRARIES {
        let dependencies = packages.get(*room).unwrap_or_else(|| panic!("there is no {room}"));
        for dependency in dependencies {
            let Dependency::Library(name) = dependency else { continue };
            assert!(allowed.contains(&name.as_str()), "{room} must not depend on {name}");
        }
    }
}

#[test]
fn every_technology_has_one_home() {
    for (path, dependencies) in &workspace() {
        for dependency in dependencies {
            let Dependency::Library(name) = dependency else { continue };
            let Some((_, homes)) = HOMES.iter().find(|(library, _)| library == name) else {
                continue;
            };
            assert!(homes.contains(&path.as_str()), "{name} belongs to {homes:?}, not to {path}");
        }
    }
}

/// The top level is the seven names of the design card, a lock file, a licence
/// and dot files.
#[test]
fn the_top_level_is_the_design_card() {
    const NAMES: &[&str] = &[
        "Cargo.toml",
        "domain",
        "ports",
        "adapters",
        "app",
        "tests",
        "README.md",
        "Cargo.lock",
        "LICENSE",
        "target",
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for entry in std::fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || NAMES.contains(&name.as_str()),
            "{name} does not belong at the top level"
        );
    }
}

fn within(path: &str, room: &str) -> bool {
    path == room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'))
}

enum Dependency {
    Workspace(String),
    Library(String),
}

/// The folder of every package, and what it depends on outside its tests.
fn workspace() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let root = metadata["workspace_root"].as_str().expect("a root");
    let relative = |path: &str| path.trim_start_matches(root).trim_start_matches('/').to_owned();

    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let manifest = package["manifest_path"].as_str().expect("a path");
        let dependencies = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| match dependency["path"].as_str() {
                Some(path) => Dependency::Workspace(relative(path)),
                None => Dependency::Library(dependency["name"].as_str().expect("a name").into()),
            })
            .collect();
        packages.insert(relative(manifest.trim_end_matches("/Cargo.toml")), dependencies);
    }
    packages
}
