//! What a form that edits the file shows beside its values.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::schema::{holds_secret, words};

/// What a form shows beside one value.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hint {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// The section.
    group: String,
    order: usize,
    /// Rarely needed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    advanced: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<&'static str>,
}

/// What is below these is rarely needed.
const ADVANCED: &[&str] = &[
    "$schema",
    "accessGroups",
    "acp",
    "agents.defaults.cliBackends",
    "agents.defaults.compaction",
    "agents.defaults.contextPruning",
    "approvals.plugin",
    "browser.ssrfPolicy",
    "cloudWorkers",
    "desktop",
    "diagnostics",
    "gateway.config",
    "gateway.limits",
    "gateway.push",
    "gateway.tls.acme",
    "hooks.internal.handlers",
    "meta",
    "models.bedrockDiscovery",
    "plugins.installs",
    "proxy",
    "security",
    "session.maintenance",
    "surfaces",
    "tools.loopDetection",
    "web.reconnect",
    "wizard",
    "worktreeAcceleration",
    "worktreeRoot",
];

/// What stands in an empty field.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("agents.defaults.heartbeat.every", "30m"),
    ("agents.defaults.userTimezone", "Europe/Vienna"),
    ("agents.defaults.workspace", "~/.openclaw/workspace"),
    ("browser.cdpUrl", "http://127.0.0.1:9222"),
    ("diagnostics.otel.endpoint", "http://127.0.0.1:4318"),
    ("gateway.controlUi.basePath", "/openclaw"),
    ("gateway.customBindHost", "192.0.2.7"),
    ("gateway.port", "18789"),
    ("gateway.publicOrigin", "https://gateway.example"),
    ("gateway.remote.sshTarget", "me@gateway.example"),
    ("gateway.remote.url", "wss://gateway.example:18789"),
    ("hooks.path", "/hooks"),
    ("logging.file", "~/.openclaw/logs/openclaw.log"),
    ("models.providers.*.baseUrl", "http://127.0.0.1:11434/v1"),
    ("proxy.proxyUrl", "http://127.0.0.1:3128"),
    ("ui.seamColor", "#FF4500"),
];

/// Collects the hints of everything in `schema`, which stands at `path`.
pub(super) fn collect(schema: &Value, path: &str, hints: &mut BTreeMap<String, Hint>) {
    let below = |name: &str| if path.is_empty() { name.into() } else { format!("{path}.{name}") };
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (order, (name, property)) in properties.enumerate() {
        let path = below(name);
        hints.insert(path.clone(), hint(name, &path, property, order));
        collect(property, &path, hints);
    }
    for any in ["items", "additionalProperties"] {
        if schema[any].is_object() {
            collect(&schema[any], &below("*"), hints);
        }
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        for alternative in schema[alternatives].as_array().into_iter().flatten() {
            collect(alternative, path, hints);
        }
    }
}

fn hint(name: &str, path: &str, property: &Value, order: usize) -> Hint {
    let group = path.split('.').next().unwrap_or_default().to_owned();
    let is_below = |prefix: &&str| {
        path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let is_technical = name.starts_with("dangerously")
        || ["Ms", "Bytes", "Chars"].iter().any(|it| name.ends_with(it));
    let placeholder = PLACEHOLDERS.iter().find(|(at, _)| *at == path).map(|(_, text)| *text);
    Hint {
        label: label(name),
        help: property["description"].as_str().map(|text| text.replace('\n', " ")),
        group,
        order,
        advanced: is_technical || ADVANCED.iter().any(is_below),
        sensitive: holds_secret(name) || property["writeOnly"] == true,
        placeholder,
    }
}

/// `maxPayloadBytes` as people write it.
fn label(name: &str) -> String {
    let words = words(name);
    let spelled = |(at, word): (usize, &String)| {
        let short = SHORT.iter().find(|(short, _)| short == word);
        match (short, word.chars().next()) {
            (Some((_, people)), _) => (*people).to_owned(),
            (None, Some(first)) if at == 0 => {
                first.to_uppercase().chain(word.chars().skip(1)).collect()
            }
            (None, _) => word.clone(),
        }
    };
    words.iter().enumerate().map(spelled).collect::<Vec<_>>().join(" ")
}

/// Words that are short for something, as people write them.
#[rustfmt::skip]
const SHORT: &[(&str, &str)] = &[
    ("acp", "ACP"), ("api", "API"), ("apns", "APNs"), ("cli", "CLI"), ("cpu", "CPU"), ("cwd", "CWD"),
    ("dm", "DM"), ("http", "HTTP"), ("https", "HTTPS"), ("id", "ID"), ("ids", "IDs"), ("io", "I/O"),
    ("ip", "IP"), ("json", "JSON"), ("llm", "LLM"), ("mcp", "MCP"), ("mdns", "mDNS"), ("os", "OS"),
    ("otel", "OpenTelemetry"), ("qr", "QR"), ("sse", "SSE"), ("ssh", "SSH"), ("tls", "TLS"),
    ("tts", "TTS"), ("ui", "UI"), ("uri", "URI"), ("url", "URL"), ("urls", "URLs"), ("ws", "WS"),
];

#[test]
fn labels_are_as_people_write() {
    let table = [
        ("maxPayloadBytes", "Max payload bytes"),
        ("allowRealIpFallback", "Allow real IP fallback"),
        ("controlUi", "Control UI"),
        ("mcp", "MCP"),
        ("mdns", "mDNS"),
        ("publicUrl", "Public URL"),
        ("idle", "Idle"),
    ];
    for (name, expected) in table {
        assert_eq!(label(name), expected);
    }
}

/// The paths that are named here.
#[cfg(test)]
pub(super) fn named_paths() -> impl Iterator<Item = &'static str> {
    ADVANCED.iter().copied().chain(PLACEHOLDERS.iter().map(|(path, _)| *path))
}
