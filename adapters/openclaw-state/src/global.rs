//! What belongs to no agent: configuration, devices, and what is kept for later.

use ports::{
    driven::{ForeignItem, ForeignKind},
    view::ApprovalsFile,
};
use serde_json::{Map, Value, json};

use crate::{
    Options,
    database::{Foreign, Trouble},
    device,
    root::{NoFile, Root, left_out},
};

/// The names of the configuration, the newest first.
const CONFIGS: [&str; 3] = ["openclaw.json", "moltbot.json", "clawdbot.json"];
/// What is read, or is of no use to anybody else.
const READ: &[&str] = &[
    "agents",
    "cron",
    "credentials",
    "devices",
    "nodes",
    "state",
    "exec-approvals.json",
    "logs",
    "tmp",
    "cache",
    "update-check.json",
    "restart-sentinel.json",
];

type Object = Map<String, Value>;

/// Everything that belongs to no agent.
pub(crate) fn read(root: &Root, options: &Options) -> Vec<ForeignItem> {
    let mut items = Vec::new();
    if options.config && !options.in_place {
        config(root, &mut items);
    }
    if !options.in_place {
        approvals_file(root, &mut items);
    }
    devices(root, &mut items);
    keepsakes(root, &mut items);
    match Foreign::global(root, &options.scratch) {
        Ok(None) => (),
        Ok(Some(database)) => {
            let parts = [
                database_devices(&database),
                database_approvals(&database),
                database_keepsakes(&database),
            ];
            for part in parts {
                items.extend(part.unwrap_or_else(|trouble| vec![unreadable(trouble)]));
            }
        }
        Err(trouble) => items.push(unreadable(trouble)),
    }
    if !options.in_place {
        rest(root, &mut items);
    }
    items
}

fn unreadable((at, why): Trouble) -> ForeignItem {
    left_out(ForeignKind::Other, at, why)
}

fn config(root: &Root, items: &mut Vec<ForeignItem>) {
    for name in CONFIGS {
        match root.read(name) {
            Ok(text) => {
                return items.push(ForeignItem::Config { name: name.to_owned(), text });
            }
            Err(NoFile::Absent) => (),
            Err(NoFile::Unreadable(why)) => items.push(left_out(ForeignKind::Config, name, why)),
        }
    }
}

/// The object in the file `name`, if there is one.
fn object(root: &Root, name: &str, items: &mut Vec<ForeignItem>) -> Object {
    let why = match root.read(name) {
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(object) => return object,
            Err(error) => {
                let at = format!("{name}:{}", error.line());
                items.push(left_out(ForeignKind::Other, at, "it is not a JSON object"));
                return Object::new();
            }
        },
        Err(NoFile::Absent) => return Object::new(),
        Err(NoFile::Unreadable(why)) => why,
    };
    items.push(left_out(ForeignKind::Other, name, why));
    Object::new()
}

fn devices(root: &Root, items: &mut Vec<ForeignItem>) {
    let nodes = object(root, "nodes/paired.json", items);
    for (name, about) in object(root, "devices/paired.json", items) {
        let node = nodes.get(&name).and_then(Value::as_object);
        let at = format!("devices/paired.json#{}", name.chars().take(8).collect::<String>());
        items.push(device_item(about.as_object(), node, at));
    }
}

fn device_item(about: Option<&Object>, node: Option<&Object>, at: String) -> ForeignItem {
    match about.ok_or("its entry is not an object").and_then(|about| device::device(about, node)) {
        Ok(device) => ForeignItem::Device(Box::new(device)),
        Err(why) => left_out(ForeignKind::Device, at, why),
    }
}

fn database_devices(database: &Foreign) -> Result<Vec<ForeignItem>, Trouble> {
    const DEVICES: &str = "
        SELECT device_id, public_key, display_name, operator_label, platform, device_family,
            client_id, client_mode, remote_ip, tokens_json, created_at_ms, approved_at_ms,
            last_seen_at_ms, node_surface_json
        FROM device_pairing_paired ORDER BY created_at_ms, device_id";
    const NAMES: [&str; 9] = [
        "deviceId",
        "publicKey",
        "displayName",
        "operatorLabel",
        "platform",
        "deviceFamily",
        "clientId",
        "clientMode",
        "remoteIp",
    ];

    database.rows(DEVICES, |row| {
        let mut about = Object::new();
        for (column, name) in NAMES.iter().enumerate() {
            about.insert((*name).to_owned(), row.get::<_, Option<String>>(column)?.into());
        }
        let parsed = |column| -> rusqlite::Result<Option<Value>> {
            let text: Option<String> = row.get(column)?;
            Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
        };
        about.insert("tokens".to_owned(), parsed(9)?.unwrap_or_default());
        for (column, name) in [(10, "createdAtMs"), (11, "approvedAtMs"), (12, "lastSeenAtMs")] {
            about.insert(name.to_owned(), row.get::<_, Option<i64>>(column)?.into());
        }
        let surface = parsed(13)?;
        let name = about["deviceId"].as_str().unwrap_or_default();
        let at = format!("state/openclaw.sqlite#{}", name.chars().take(8).collect::<String>());
        Ok(device_item(Some(&about), surface.as_ref().and_then(Value::as_object), at))
    })
}

fn approvals_file(root: &Root, items: &mut Vec<ForeignItem>) {
    const NAME: &str = "exec-approvals.json";

    match root.read(NAME) {
        Ok(text) => items.extend(approvals(NAME, text)),
        Err(NoFile::Absent) => (),
        Err(NoFile::Unreadable(why)) => items.push(left_out(ForeignKind::Approvals, NAME, why)),
    }
}

/// The policy in `text`. One that says more than ours can is kept for later, for
/// what it says more might be what forbids something.
fn approvals(name: &str, text: Vec<u8>) -> Vec<ForeignItem> {
    match serde_json::from_slice::<ApprovalsFile>(&text) {
        Ok(file) => vec![ForeignItem::Approvals(Box::new(file))],
        Err(error) => {
            let at = format!("{name}:{}", error.line());
            let why = "it says something this program does not know";
            let kept = "exec-approvals.json".to_owned();
            vec![
                left_out(ForeignKind::Approvals, at, why),
                ForeignItem::Keepsake { name: kept, content: text },
            ]
        }
    }
}

fn database_approvals(database: &Foreign) -> Result<Vec<ForeignItem>, Trouble> {
    const POLICY: &str = "SELECT raw_json FROM exec_approvals_config LIMIT 1";

    let texts = database.rows(POLICY, |row| row.get::<_, String>(0))?;
    let name = "state/openclaw.sqlite#exec_approvals_config";
    Ok(texts.into_iter().flat_map(|text| approvals(name, text.into_bytes())).collect())
}

/// Files there is no place for yet.
fn keepsakes(root: &Root, items: &mut Vec<ForeignItem>) {
    let of = |directory: &str, wanted: fn(&str) -> bool| {
        let names = root.list(directory).into_iter().filter(move |name| wanted(name));
        names.map(|name| format!("{directory}/{name}")).collect::<Vec<_>>()
    };
    let channels =
        |name: &str| name.ends_with("-pairing.json") || name.ends_with("-allowFrom.json");
    let named = [
        of("cron", |name| name == "jobs.json"),
        of("credentials", channels),
        of("nodes", |name| name == "paired.json"),
    ];
    for name in named.into_iter().flatten() {
        match root.read(&name) {
            Ok(content) => items.push(ForeignItem::Keepsake { name, content }),
            Err(NoFile::Absent) => (),
            Err(NoFile::Unreadable(why)) => items.push(left_out(ForeignKind::Other, name, why)),
        }
    }
    for name in root.list("credentials").into_iter().filter(|name| !channels(name)) {
        let why = "credentials are not copied; they stay where they are";
        items.push(left_out(ForeignKind::Other, format!("credentials/{name}"), why));
    }
}

fn database_keepsakes(database: &Foreign) -> Result<Vec<ForeignItem>, Trouble> {
    const JOBS: &str = "SELECT job_json, state_json FROM cron_jobs ORDER BY sort_order, job_id";
    const ALLOWED: &str = "
        SELECT channel_key, account_id, entry FROM channel_pairing_allow_entries
        ORDER BY channel_key, account_id, sort_order, entry";

    let parsed = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    let jobs = database.rows(JOBS, |row| {
        Ok(json!({ "job": parsed(row.get(0)?), "state": parsed(row.get(1)?) }))
    })?;
    let allowed = database.rows(ALLOWED, |row| {
        let (channel, account, entry): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(json!({ "channel": channel, "account": account, "entry": entry }))
    })?;
    let kept = [("cron/jobs-2026.9.json", jobs), ("credentials/allowFrom-2026.9.json", allowed)];
    let kept = kept.into_iter().filter(|(_, rows)| !rows.is_empty());
    Ok(kept
        .map(|(name, rows)| {
            let content = format!("{:#}\n", Value::Array(rows)).into_bytes();
            ForeignItem::Keepsake { name: name.to_owned(), content }
        })
        .collect())
}

/// What nobody reads stays where it is, and is named.
fn rest(root: &Root, items: &mut Vec<ForeignItem>) {
    let known = |name: &str| READ.contains(&name) || name.contains(".json.") || is_config(name);
    for name in root.list("").into_iter().filter(|name| !known(name)) {
        let why = "it is not taken over and stays where it is";
        items.push(left_out(ForeignKind::Other, name, why));
    }
}

fn is_config(name: &str) -> bool {
    CONFIGS.contains(&name)
}
