//! Section `gateway.nodes`.

use std::collections::BTreeSet;

use super::gateway_extras::NodesBrowserConfig;
use super::gateway_extras::NodesPairingConfig;
use super::gateway_extras::NodesPluginToolsConfig;
use super::open::is_default;
use domain::node::NodePolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What nodes may be asked for, and what they may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodesConfig {
    /// Commands nodes may be given besides those of their platform. Commands
    /// that look at people or act for them (`camera.snap`, `sms.send`) are only
    /// allowed this way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_commands: Vec<String>,
    /// Commands no node is ever given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny_commands: Vec<String>,
    /// The same two lists, as later versions spell them. Both spellings count.
    pub commands: NodeCommandsConfig,
    /// Whether paired nodes may read and write conversations over their node
    /// connection (`chat.send`, `chat.history`, `chat.abort`, `sessions.list`,
    /// `health`), as the iOS app of January 2026 does.
    pub allow_chat: bool,
    /// Which node's browser agents use.
    #[serde(skip_serializing_if = "is_default")]
    pub browser: NodesBrowserConfig,
    /// Nodes that are taken without being asked.
    #[serde(skip_serializing_if = "is_default")]
    pub pairing: NodesPairingConfig,
    /// Tools of plugins that run on nodes.
    #[serde(skip_serializing_if = "is_default")]
    pub plugin_tools: NodesPluginToolsConfig,
    /// Whether nodes may bring skills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_skills: Option<bool>,
}

/// What nodes may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeCommandsConfig {
    /// Commands nodes may be given besides those of their platform.
    pub allow: Vec<String>,
    /// Commands no node is ever given.
    pub deny: Vec<String>,
}

impl NodesConfig {
    /// The lists, for the one place that decides.
    pub fn policy(&self) -> NodePolicy {
        let set = |lists: [&[String]; 2]| -> BTreeSet<Box<str>> {
            let words = lists.into_iter().flatten().map(|word| word.trim());
            words.filter(|word| !word.is_empty()).map(Box::from).collect()
        };
        NodePolicy {
            allow: set([&self.allow_commands, &self.commands.allow]),
            deny: set([&self.deny_commands, &self.commands.deny]),
        }
    }
}

#[test]
fn both_spellings_count_and_a_denial_is_final() {
    let config: NodesConfig = serde_json::from_str(
        r#"{ "allowCommands": [" sms.send ", ""], "denyCommands": ["system.run"],
             "commands": { "allow": ["camera.snap", "system.run"] }, "browser": {} }"#,
    )
    .unwrap();
    let policy = config.policy();
    let may = |command| policy.allows(domain::node::PlatformId::Linux, command);
    assert_eq!((may("sms.send"), may("camera.snap")), (true, true));
    assert_eq!((may("system.run"), may("system.which"), may("")), (false, true, false));
    assert!(!config.allow_chat);
}
