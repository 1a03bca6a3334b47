//! The migrations of `gateway-reference.md` 2.5, row by row.

use serde_json::{Value, json};

use super::modernise;

/// Old spelling, today's.
#[rustfmt::skip]
fn rows() -> Vec<(Value, Value)> {
    vec![
        // Channels were sections.
        (json!({ "whatsapp": { "allowFrom": ["+1"] } }), json!({ "channels": { "whatsapp": { "allowFrom": ["+1"] } } })),
        (json!({ "telegram": { "botToken": "t" } }), json!({ "channels": { "telegram": { "botToken": "t" } } })),
        (json!({ "discord": { "token": "t" } }), json!({ "channels": { "discord": { "token": "t" } } })),
        (json!({ "slack": { "enabled": true } }), json!({ "channels": { "slack": { "enabled": true } } })),
        (json!({ "signal": { "account": "+1" } }), json!({ "channels": { "signal": { "account": "+1" } } })),
        (json!({ "imessage": { "region": "AT" } }), json!({ "channels": { "imessage": { "region": "AT" } } })),
        (json!({ "msteams": { "appId": "a" } }), json!({ "channels": { "msteams": { "appId": "a" } } })),
        (json!({ "telegram": { "requireMention": false } }),
         json!({ "channels": { "telegram": { "groups": { "*": { "requireMention": false } } } } })),
        // Routing.
        (json!({ "routing": { "allowFrom": ["+1"] } }), json!({ "channels": { "whatsapp": { "allowFrom": ["+1"] } } })),
        (json!({ "routing": { "groupChat": { "requireMention": true } }, "channels": { "telegram": {} } }),
         json!({ "channels": { "telegram": { "groups": { "*": { "requireMention": true } } },
                               "whatsapp": { "groups": { "*": { "requireMention": true } } } } })),
        (json!({ "routing": { "groupChat": { "historyLimit": 5, "mentionPatterns": ["a"] } } }),
         json!({ "messages": { "groupChat": { "historyLimit": 5, "mentionPatterns": ["a"] } } })),
        (json!({ "routing": { "queue": { "mode": "collect", "byProvider": { "x": "steer" } } } }),
         json!({ "messages": { "queue": { "mode": "collect", "byChannel": { "x": "steer" } } } })),
        (json!({ "routing": { "bindings": [{ "agentId": "a", "match": { "provider": "x", "accountID": "y" } }] } }),
         json!({ "bindings": [{ "agentId": "a", "match": { "channel": "x", "accountId": "y" } }] })),
        (json!({ "routing": { "agents": { "a": { "name": "A", "mentionPatterns": ["x"] } }, "defaultAgentId": "a" } }),
         json!({ "agents": { "list": [{ "id": "a", "name": "A", "groupChat": { "mentionPatterns": ["x"] }, "default": true }] } })),
        (json!({ "routing": { "defaultAgentId": "b" } }), json!({ "agents": { "list": [{ "id": "b", "default": true }] } })),
        (json!({ "routing": { "agentToAgent": { "enabled": true } } }), json!({ "tools": { "agentToAgent": { "enabled": true } } })),
        (json!({ "routing": { "transcribeAudio": { "command": ["w", "-x"], "timeoutSeconds": 9 } } }),
         json!({ "tools": { "media": { "audio": { "enabled": true,
             "models": [{ "type": "cli", "command": "w", "args": ["-x"], "timeoutSeconds": 9 }] } } } })),
        // One agent.
        (json!({ "agent": { "workspace": "~/clawd", "model": "a/b", "maxConcurrent": 2 } }),
         json!({ "agents": { "defaults": { "workspace": "~/clawd", "model": "a/b", "maxConcurrent": 2 } } })),
        (json!({ "agent": { "model": "a/b", "modelFallbacks": ["c/d"], "imageModelFallbacks": ["e/f"] } }),
         json!({ "agents": { "defaults": { "model": { "primary": "a/b", "fallbacks": ["c/d"] }, "imageModel": { "fallbacks": ["e/f"] } } } })),
        (json!({ "agent": { "allowedModels": ["a/b"], "modelAliases": { "short": "a/b" } } }),
         json!({ "agents": { "defaults": { "models": { "a/b": { "alias": "short" } } } } })),
        (json!({ "agent": { "bash": { "timeoutSec": 5 }, "elevated": { "enabled": false }, "tools": { "deny": ["x"] } } }),
         json!({ "tools": { "exec": { "timeoutSec": 5 }, "elevated": { "enabled": false }, "deny": ["x"] } })),
        (json!({ "agent": { "sandbox": { "mode": "all", "tools": { "allow": ["x"] } }, "subagents": { "tools": { "deny": ["y"] } } } }),
         json!({ "agents": { "defaults": { "sandbox": { "mode": "all" } } },
                 "tools": { "sandbox": { "tools": { "allow": ["x"] } }, "subagents": { "tools": { "deny": ["y"] } } } })),
        (json!({ "tools": { "bash": { "timeoutSec": 5 } } }), json!({ "tools": { "exec": { "timeoutSec": 5 } } })),
        // Single keys.
        (json!({ "session": { "sendPolicy": { "rules": [{ "action": "deny", "match": { "provider": "x" } }] } } }),
         json!({ "session": { "sendPolicy": { "rules": [{ "action": "deny", "match": { "channel": "x" } }] } } })),
        (json!({ "messages": { "tts": { "enabled": true } } }), json!({ "tts": { "auto": "always" } })),
        (json!({ "auth": { "profiles": { "anthropic:claude-cli": { "provider": "anthropic", "mode": "token" } } } }),
         json!({ "auth": { "profiles": { "anthropic:claude-cli": { "provider": "anthropic", "mode": "oauth" } } } })),
        // Since January 2026.
        (json!({ "agents": { "defaults": { "memorySearch": { "enabled": false } } } }), json!({ "agents": {}, "memory": { "search": { "enabled": false } } })),
        (json!({ "session": { "resetByType": { "dm": { "mode": "idle" } } } }), json!({ "session": { "resetByType": { "direct": { "mode": "idle" } } } })),
        (json!({ "talk": { "voiceId": "v", "apiKey": "k" } }), json!({ "talk": { "providers": { "elevenlabs": { "voiceId": "v", "apiKey": "k" } } } })),
        (json!({ "talk": { "provider": "p", "modelId": "m" } }), json!({ "talk": { "provider": "p", "providers": { "p": { "modelId": "m" } } } })),
        // Three names.
        (json!({ "tools": { "deny": ["group:clawdbot", "group:moltbot", "group:fs"] } }),
         json!({ "tools": { "deny": ["group:openclaw", "group:openclaw", "group:fs"] } })),
        // Both spellings that are in use here stay.
        (json!({ "gateway": { "nodes": { "allowCommands": ["a"], "commands": { "deny": ["b"] } } } }),
         json!({ "gateway": { "nodes": { "allowCommands": ["a"], "commands": { "deny": ["b"] } } } })),
        (json!({ "agents": { "list": [{ "id": "a" }], "entries": { "b": {} } } }), json!({ "agents": { "list": [{ "id": "a" }], "entries": { "b": {} } } })),
    ]
}

/// `value` without objects that say nothing, which are left where something
/// moved away.
fn said(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let kept = map.into_iter().map(|(name, value)| (name, said(value)));
    Value::Object(kept.filter(|(_, value)| *value != json!({})).collect())
}

#[test]
fn every_migration_of_openclaw_is_done_and_is_done_once() {
    for (old, expected) in rows() {
        let mut tree = old.clone();
        let mut problems = Vec::new();
        modernise(&mut tree, &mut problems);
        assert_eq!(said(tree.clone()), said(expected), "{old}");
        problems.clear();
        let before = tree.clone();
        modernise(&mut tree, &mut problems);
        assert_eq!((&tree, problems.len()), (&before, 0), "{old}");
    }
}

#[test]
fn nonsense_is_left_alone() {
    for key in ["agent", "routing", "telegram", "bindings", "session", "talk", "tts", "auth"] {
        for nonsense in [json!(5), json!("x"), json!([1]), json!(null)] {
            modernise(&mut json!({ key: nonsense }), &mut Vec::new());
        }
    }
}
