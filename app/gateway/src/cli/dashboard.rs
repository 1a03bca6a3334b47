//! `openclaw dashboard`: a browser is let in, and shown the dashboard.

use std::{
    fs::{OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use ports::driven::ConfigSource;
use serde_json::json;

use crate::cli::{
    connect::{Destination, Rpc, ask_once},
    context::Context,
    devices::list::text,
    failure::Failure,
    output,
};

/// Where the dashboard is, and whether to show it.
#[derive(Debug, Args)]
pub(crate) struct Dashboard {
    /// Print the link and open nothing.
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    rpc: Rpc,
}

pub(crate) async fn dashboard(context: &Context, asked: &Dashboard) -> Result<(), Failure> {
    let gateway = Destination::choose(context, &asked.rpc)?.target.to_string();
    let config = context.config.current();
    let page = page(&gateway, config.gateway.control_ui.base_path.as_deref());
    // A code of its own, good once and for a few minutes: the gateway's token
    // would be good for ever wherever the link ends up.
    let params =
        json!({ "bootstrapProfile": "dashboard", "includeQr": false, "publicUrl": gateway });
    let made = ask_once(context, &asked.rpc, "device.pair.setupCode", &params).await?;
    let link = format!("{page}#setup={}", text(&made, "setupCode", usize::MAX));
    let is_open = !asked.no_open && !context.json && open(&context.paths.state_dir, &link).is_ok();
    if context.json {
        return Ok(output::json(&json!({ "url": link, "page": page }))?);
    }
    output::line(&format!("Dashboard: {link}"))?;
    let what =
        if is_open { "It was opened in a browser. The" } else { "Open it in a browser. The" };
    output::note(&format!(
        "{what} link lets one browser in, once, within ten minutes. Show it to nobody else."
    ))?;
    Ok(())
}

/// The address of the dashboard of the gateway at `socket`.
fn page(socket: &str, base: Option<&str>) -> String {
    let (scheme, rest) = socket.split_once("://").unwrap_or(("ws", socket));
    let scheme = if scheme == "wss" { "https" } else { "http" };
    let host = rest.split('/').next().unwrap_or_default();
    let base = base.unwrap_or_default().trim().trim_matches('/');
    let slash = if base.is_empty() { "" } else { "/" };
    format!("{scheme}://{host}/{base}{slash}")
}

/// Has the system's browser show `link`. Whoever lists processes sees what they
/// are started with, so it is handed over in a file only its owner can read.
fn open(state_dir: &Path, link: &str) -> io::Result<()> {
    let opener = opener().ok_or(io::ErrorKind::Unsupported)?;
    let path: PathBuf = state_dir.join("dashboard.html");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    // The link is made of an address that was parsed and of base64.
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0; url={link}\"><title>OpenClaw</title>"
    )?;
    let mut command = Command::new(opener);
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.status()?.success() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
}

/// What opens files here, if there is a screen.
fn opener() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    let has_screen = ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    has_screen.then_some("xdg-open")
}

#[test]
fn where_the_dashboard_is() {
    #[rustfmt::skip]
    let table = [
        ("ws://127.0.0.1:18789",       None,              "http://127.0.0.1:18789/"),
        ("ws://[::1]:18789/",          Some(""),          "http://[::1]:18789/"),
        ("wss://claw.example:443/x",   Some("/"),         "https://claw.example:443/"),
        ("ws://127.0.0.1:1",           Some("/openclaw"), "http://127.0.0.1:1/openclaw/"),
        ("ws://127.0.0.1:1",           Some("a/b/"),      "http://127.0.0.1:1/a/b/"),
    ];
    for (socket, base, expected) in table {
        assert_eq!(page(socket, base), expected, "{socket} {base:?}");
    }
}
