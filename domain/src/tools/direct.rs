//! What may be asked for directly, by a client instead of an agent.

use super::ToolList;

/// What a client may not ask for directly unless the configuration says so: what
/// runs programs, changes files, starts agents or speaks for others, and what
/// governs the gateway or other machines (`security.md`, V-47).
pub const DENIED_DIRECTLY: [&str; 12] = [
    "exec",
    "spawn",
    "shell",
    "fs_write",
    "fs_delete",
    "fs_move",
    "apply_patch",
    "sessions_spawn",
    "sessions_send",
    "cron",
    "gateway",
    "nodes",
];

/// Whether `tool`, a canonical name, may not be asked for directly. `allow` and
/// `deny` are `gateway.tools`; what is denied there stays denied.
pub fn is_denied_directly(tool: &str, allow: &[String], deny: &[String]) -> bool {
    let by_default = DENIED_DIRECTLY.contains(&tool) && !ToolList::new(allow).holds(tool);
    by_default || ToolList::new(deny).holds(tool)
}

#[test]
fn what_may_be_asked_for_directly() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &[&str], bool)] = &[
        // tool             allow              deny              denied
        ("web_fetch",       &[],               &[],              false),
        ("sessions_list",   &[],               &[],              false),
        ("sessions_send",   &[],               &[],              true),
        ("gateway",         &[],               &[],              true),
        ("nodes",           &["gateway"],      &[],              true),
        ("gateway",         &["Gateway"],      &[],              false),
        ("exec",            &["bash"],         &[],              false),
        ("gateway",         &["gateway"],      &["gateway"],     true),
        ("web_fetch",       &[],               &["group:web"],   true),
        ("web_fetch",       &["sessions_*"],   &[],              false),
    ];
    for (tool, allow, deny, denied) in table {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            is_denied_directly(tool, &owned(allow), &owned(deny)),
            *denied,
            "{tool} {allow:?}"
        );
    }
    for tool in DENIED_DIRECTLY {
        assert!(is_denied_directly(tool, &[], &[]), "{tool}");
    }
}
