//! What the configuration says about tools, as the domain asks for it.

use std::collections::BTreeMap;

use domain::{
    agent::ModelRef,
    tools::{Profile, ToolPolicy},
};

use super::tools::{AgentToolsConfig, ToolPolicyConfig, ToolProfile, ToolsConfig};

impl From<ToolProfile> for Profile {
    fn from(profile: ToolProfile) -> Self {
        match profile {
            ToolProfile::Minimal => Self::Minimal,
            ToolProfile::Coding => Self::Coding,
            ToolProfile::Messaging => Self::Messaging,
            ToolProfile::Full => Self::Full,
        }
    }
}

impl ToolPolicyConfig {
    /// What it says.
    pub fn policy(&self) -> ToolPolicy<'_> {
        let Self { profile, allow, also_allow, deny } = self;
        ToolPolicy { profile: profile.map(Profile::from), allow, also_allow, deny }
    }
}

impl ToolsConfig {
    /// What it says about everybody.
    pub fn policy(&self) -> ToolPolicy<'_> {
        let Self { profile, allow, also_allow, deny, .. } = self;
        ToolPolicy { profile: profile.map(Profile::from), allow, also_allow, deny }
    }

    /// What it says about whoever `model` answers.
    pub fn policy_for(&self, model: &ModelRef) -> ToolPolicy<'_> {
        of_model(&self.by_provider, model)
    }
}

impl AgentToolsConfig {
    /// What it says about the agent.
    pub fn policy(&self) -> ToolPolicy<'_> {
        let Self { profile, allow, also_allow, deny, .. } = self;
        ToolPolicy { profile: profile.map(Profile::from), allow, also_allow, deny }
    }

    /// What it says about the agent when `model` answers.
    pub fn policy_for(&self, model: &ModelRef) -> ToolPolicy<'_> {
        of_model(&self.by_provider, model)
    }
}

/// What is said about the model, else about its provider.
fn of_model<'a>(
    by_provider: &'a BTreeMap<String, ToolPolicyConfig>,
    model: &ModelRef,
) -> ToolPolicy<'a> {
    let said = |name: &str| {
        let said = by_provider.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        said.map(|(_, policy)| policy.policy())
    };
    said(&model.to_string()).or_else(|| said(model.provider())).unwrap_or_default()
}

#[test]
fn a_model_comes_before_its_provider() {
    let deny = |tool: &str| ToolPolicyConfig { deny: vec![tool.into()], ..Default::default() };
    let tools = ToolsConfig {
        by_provider: [("OpenAI".into(), deny("a")), ("openai/gpt-5".into(), deny("b"))].into(),
        ..ToolsConfig::default()
    };
    let table = [("openai/gpt-5", Some("b")), ("openai/gpt-4", Some("a")), ("other/gpt-5", None)];
    for (model, denied) in table {
        let model = model.parse().unwrap();
        assert_eq!(tools.policy_for(&model).deny.first().map(String::as_str), denied, "{model}");
    }
}
