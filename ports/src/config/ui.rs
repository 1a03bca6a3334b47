//! Section `ui`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// How the dashboard looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UiConfig {
    /// The colour of accents, in hex of six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seam_color: Option<String>,
    /// How the agent presents itself there.
    #[serde(skip_serializing_if = "is_default")]
    pub assistant: AssistantConfig,
    /// What a person likes.
    #[serde(skip_serializing_if = "is_default")]
    pub prefs: UiPrefsConfig,
}

/// How the agent presents itself in the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AssistantConfig {
    /// Its name, up to 50 letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its picture: a URL, a data URL or a letter, up to 200 letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// What a person likes in the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UiPrefsConfig {
    /// The theme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// Whether it is light or dark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme_mode: Option<ThemeMode>,
    /// The colour of accents, or `theme` for that of the theme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// The language, as in `de-AT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether it shows what models think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_show_thinking: Option<bool>,
    /// Whether it shows what tools are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_show_tool_calls: Option<bool>,
    /// Whether what is said between the steps stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_persist_commentary: Option<bool>,
    /// Which key sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_send_shortcut: Option<SendShortcut>,
    /// What a message during an answer does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_follow_up_mode: Option<FollowUpMode>,
    /// What is in the bar at the side, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sidebar_entries: Vec<String>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThemeMode {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As the system is.
    System,
}

/// Which key sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SendShortcut {
    /// Enter.
    Enter,
    /// Enter with Ctrl or Cmd.
    ModifierEnter,
}

/// What a message during an answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FollowUpMode {
    /// It waits for its turn.
    Queue,
    /// It changes the course of the answer.
    Steer,
}
