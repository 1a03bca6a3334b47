//! Section `skills`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Secret, is_default};

/// What agents have been taught.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillsConfig {
    /// Only these of the skills that come with the gateway. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_bundled: Vec<String>,
    /// Where skills are found.
    #[serde(skip_serializing_if = "is_default")]
    pub load: SkillsLoadConfig,
    /// How what skills need is installed.
    #[serde(skip_serializing_if = "is_default")]
    pub install: SkillsInstallConfig,
    /// Single skills by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<String, SkillConfig>,
    /// How much skills may be.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: SkillsLimitsConfig,
    /// Skills agents write themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub workshop: SkillsWorkshopConfig,
}

/// Where skills are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillsLoadConfig {
    /// Directories besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_dirs: Vec<String>,
    /// Directories links may lead to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_symlink_targets: Vec<String>,
    /// Whether changes are noticed at once.
    pub watch: bool,
    /// How long a directory has to be quiet before it is read, in
    /// milliseconds.
    pub watch_debounce_ms: u64,
}

impl Default for SkillsLoadConfig {
    fn default() -> Self {
        Self {
            extra_dirs: Vec::new(),
            allow_symlink_targets: Vec::new(),
            watch: true,
            watch_debounce_ms: 250,
        }
    }
}

/// How what skills need is installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillsInstallConfig {
    /// Whether Homebrew is tried first. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer_brew: Option<bool>,
    /// Who installs packages of Node. Default: `npm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_manager: Option<NodeManager>,
    /// Whether archives that clients send may be installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_uploaded_archives: Option<bool>,
}

/// Who installs packages of Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeManager {
    /// npm.
    Npm,
    /// pnpm.
    Pnpm,
    /// Yarn.
    Yarn,
    /// Bun.
    Bun,
}

/// One skill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillConfig {
    /// Whether it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The key it needs, given to it as the variable it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Variables it is given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
    /// What else it wants to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Anything>,
}

/// How much skills may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillsLimitsConfig {
    /// Directories looked at in one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_candidates_per_root: Option<u64>,
    /// Skills of one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skills_loaded_per_source: Option<u64>,
    /// Skills a model is told about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skills_in_prompt: Option<u64>,
    /// Letters it is told about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skills_prompt_chars: Option<u64>,
    /// Bytes of one skill's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skill_file_bytes: Option<u64>,
}

/// Skills agents write themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SkillsWorkshopConfig {
    /// Whether they do so unasked.
    #[serde(skip_serializing_if = "is_default")]
    pub autonomous: WorkshopAutonomyConfig,
    /// Whether somebody looks at them first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_policy: Option<WorkshopApproval>,
    /// How many may wait for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pending: Option<u64>,
    /// Bytes of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_skill_bytes: Option<u64>,
}

/// Whether agents write skills unasked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkshopAutonomyConfig {
    /// What they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<WorkshopAutonomy>,
}

/// What agents do about skills unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkshopAutonomy {
    /// Nothing.
    Off,
    /// They propose them.
    Propose,
    /// They write them.
    Auto,
}

/// Whether somebody looks at a skill first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkshopApproval {
    /// Somebody does.
    Pending,
    /// Nobody does.
    Auto,
}
