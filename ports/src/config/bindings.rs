//! Section `bindings`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    open::{Anything, Handle, is_default},
    session::{DmScope, GroupScope},
};

/// Which agent answers where. The first that fits counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BindingConfig {
    /// What the agent is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<BindingType>,
    /// What a person wants to remember about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Where it answers.
    #[serde(skip_serializing_if = "is_default")]
    pub r#match: BindingMatchConfig,
    /// How its conversations are kept apart.
    #[serde(skip_serializing_if = "is_default")]
    pub session: BindingSessionConfig,
    /// How the agent is spoken to, if its type is `acp`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub acp: BTreeMap<String, Anything>,
}

/// What a bound agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BindingType {
    /// One of this gateway.
    Route,
    /// One of another maker, spoken to by ACP.
    Acp,
}

/// Where an agent answers. All that is said has to fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BindingMatchConfig {
    /// In this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// For this account; `*` for every one. Default: the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// With this person or group.
    #[serde(skip_serializing_if = "is_default")]
    pub peer: PeerConfig,
    /// In this guild of Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<String>,
    /// In this team of Slack or Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// With whoever has one of these roles in Discord.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// A person or a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PeerConfig {
    /// Which of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PeerKind>,
    /// The name of it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Handle>,
}

/// Who is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeerKind {
    /// A person.
    Dm,
    /// The same, as newer versions spell it.
    Direct,
    /// A group.
    Group,
    /// A channel.
    Channel,
}

/// How conversations of a binding are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BindingSessionConfig {
    /// Those with single people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_scope: Option<DmScope>,
    /// Those with groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_scope: Option<GroupScope>,
}
