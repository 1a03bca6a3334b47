//! The names tools have, and what stands for several of them.

/// Other names of tools.
const ALIASES: [(&str, &str); 3] =
    [("bash", "exec"), ("apply-patch", "apply_patch"), ("automations", "cron")];

/// What a tool called `name` is called here: in lower case, and by its own name
/// where it has others.
pub fn canonical(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    alias.map_or(name, |(_, own)| (*own).to_owned())
}

/// Groups of tools, and who is in them.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("group:fs", &["read", "write", "edit", "apply_patch"]),
    ("group:runtime", &["exec", "process", "code_execution"]),
    (
        "group:sessions",
        &[
            "sessions_list",
            "sessions_history",
            "sessions_send",
            "sessions_spawn",
            "session_status",
            "sessions",
            "sessions_search",
            "sessions_yield",
            "conversations_list",
            "conversations_send",
            "conversations_turn",
            "subagents",
        ],
    ),
    ("group:memory", &["memory_search", "memory_get"]),
    ("group:web", &["web_search", "web_fetch", "x_search"]),
    (
        "group:ui",
        &["browser", "canvas", "screen", "theme", "dashboard", "terminal", "portal", "show_widget"],
    ),
    ("group:automation", &["cron", "gateway", "heartbeat_respond", "plugins", "openclaw"]),
    ("group:messaging", &["message"]),
    ("group:nodes", &["nodes", "computer"]),
    (
        "group:agents",
        &[
            "agents_list",
            "get_goal",
            "create_goal",
            "update_goal",
            "progress_card",
            "ask_user",
            "skill_workshop",
        ],
    ),
    (
        "group:media",
        &[
            "image",
            "view_image",
            "image_generate",
            "music_generate",
            "video_generate",
            "tts",
            "pdf",
        ],
    ),
];

/// Every tool that belongs to OpenClaw itself, whether it is here or not.
pub fn natives() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|(_, members)| members.iter().copied())
}

/// Whether the tool `name` belongs to OpenClaw itself, not to a plugin.
pub fn is_native(name: &str) -> bool {
    natives().any(|native| native == name)
}

/// Whether `name` is in the group `group`; false where there is no such group.
pub(super) fn is_member(group: &str, name: &str) -> bool {
    let listed = |group: &str| {
        let members = GROUPS.iter().find(|(other, _)| *other == group);
        members.is_some_and(|(_, members)| members.contains(&name))
    };
    match group {
        "group:openclaw" => is_native(name) && !listed("group:fs") && !listed("group:runtime"),
        "group:plugins" => !is_native(name),
        other => listed(other),
    }
}

/// Whether there is a group `text`.
pub(super) fn is_group(text: &str) -> bool {
    matches!(text, "group:openclaw" | "group:plugins") || GROUPS.iter().any(|(it, _)| *it == text)
}

/// The tools somebody has to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Next to none.
    Minimal,
    /// Those for writing programs.
    Coding,
    /// Those for writing messages.
    Messaging,
    /// All.
    Full,
}

impl Profile {
    /// Every profile, the narrow ones first.
    pub const ALL: [Self; 4] = [Self::Minimal, Self::Coding, Self::Messaging, Self::Full];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Coding => "coding",
            Self::Messaging => "messaging",
            Self::Full => "full",
        }
    }

    /// What is in it, in names, groups and patterns.
    pub const fn tools(self) -> &'static [&'static str] {
        match self {
            Self::Minimal => &["session_status"],
            Self::Coding => {
                &["group:fs", "group:runtime", "group:sessions", "group:memory", "image"]
            }
            Self::Messaging => &[
                "group:messaging",
                "sessions_list",
                "sessions_history",
                "sessions_send",
                "session_status",
            ],
            Self::Full => &["*"],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_tool_has_one_name() {
        #[rustfmt::skip]
        let table = [
            ("bash",         "exec"),
            (" Bash ",       "exec"),
            ("apply-patch",  "apply_patch"),
            ("Web_Fetch",    "web_fetch"),
            ("automations",  "cron"),
            ("my-plugin",    "my-plugin"),
        ];
        for (text, name) in table {
            assert_eq!(canonical(text), name, "{text}");
            assert_eq!(canonical(name), name, "{text}");
        }
    }

    #[test]
    fn a_tool_is_in_one_group_and_in_those_that_hold_groups() {
        let mut seen = HashSet::new();
        for name in natives() {
            assert!(seen.insert(name), "{name} is in two groups");
            assert_eq!(canonical(name), name);
        }
        #[rustfmt::skip]
        let table = [
            // group             tool           is in it
            ("group:fs",         "read",        true),
            ("group:fs",         "exec",        false),
            ("group:openclaw",   "web_fetch",   true),
            ("group:openclaw",   "exec",        false),
            ("group:openclaw",   "read",        false),
            ("group:openclaw",   "lobster",     false),
            ("group:plugins",    "lobster",     true),
            ("group:plugins",    "web_fetch",   false),
            ("group:nothing",    "web_fetch",   false),
        ];
        for (group, tool, inside) in table {
            assert_eq!(is_member(group, tool), inside, "{tool} in {group}");
        }
    }
}
