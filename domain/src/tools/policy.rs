//! The chain of policies: each step can take tools away, none gives any back.

use super::{Profile, ToolList};

/// What is said about tools in one place of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolPolicy<'a> {
    /// The tools there are to begin with.
    pub profile: Option<Profile>,
    /// Only these.
    pub allow: &'a [String],
    /// These, besides those of the profile.
    pub also_allow: &'a [String],
    /// Never these.
    pub deny: &'a [String],
}

/// Everything the configuration says that concerns one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies<'a> {
    /// About everybody.
    pub global: ToolPolicy<'a>,
    /// About the provider or the model that answers.
    pub provider: ToolPolicy<'a>,
    /// About the agent.
    pub agent: ToolPolicy<'a>,
    /// About the agent when that provider or model answers.
    pub agent_provider: ToolPolicy<'a>,
    /// About the group the conversation takes place in.
    pub group: ToolPolicy<'a>,
    /// About agents that agents started, if the conversation is one of those.
    pub subagent: Option<ToolPolicy<'a>>,
}

/// Where a tool was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyPlace {
    /// The profile.
    Profile,
    /// The profile for the provider.
    ProviderProfile,
    /// `tools`.
    Global,
    /// `tools.byProvider`.
    Provider,
    /// The tools of the agent.
    Agent,
    /// Those of the agent, by provider.
    AgentProvider,
    /// The group.
    Group,
    /// What agents may use that agents started.
    Subagent,
}

/// One step of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyStep {
    /// Where it comes from.
    pub place: PolicyPlace,
    /// Only these pass; everything if it is `None`.
    pub allow: Option<ToolList>,
    /// These do not, even if they are allowed.
    pub deny: ToolList,
}

/// The steps in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyChain(Vec<PolicyStep>);

/// What agents that agents started do without, unless they are given it by name.
const SUBAGENTS_DO_WITHOUT: [&str; 11] = [
    "sessions_list",
    "sessions_history",
    "sessions_send",
    "sessions_spawn",
    "gateway",
    "agents_list",
    "whatsapp_login",
    "session_status",
    "cron",
    "memory_search",
    "memory_get",
];

impl Policies<'_> {
    /// What has to be asked, in order.
    pub fn chain(&self) -> PolicyChain {
        let Self { global, provider, agent, agent_provider, group, subagent } = self;
        let mut chain = PolicyChain::default();
        chain.push_profile(PolicyPlace::Profile, &[agent, global]);
        chain.push_profile(PolicyPlace::ProviderProfile, &[agent_provider, provider]);
        chain.push_lists(PolicyPlace::Global, global);
        chain.push_lists(PolicyPlace::Provider, provider);
        chain.push_lists(PolicyPlace::Agent, agent);
        chain.push_lists(PolicyPlace::AgentProvider, agent_provider);
        chain.push_lists(PolicyPlace::Group, group);
        if let Some(policy) = subagent {
            chain.push_subagent(policy);
        }
        chain
    }
}

impl PolicyChain {
    /// Asks `step` as well.
    pub fn push(&mut self, step: PolicyStep) {
        self.0.push(step);
    }

    /// Where `tool`, a canonical name, is taken away first, if it is anywhere.
    pub fn denied_by(&self, tool: &str) -> Option<PolicyPlace> {
        self.0.iter().find(|step| !step.passes(tool)).map(|step| step.place)
    }

    /// The profile of the nearest policy that has one, with what the nearest one
    /// that says so adds.
    fn push_profile(&mut self, place: PolicyPlace, nearest_first: &[&ToolPolicy<'_>]) {
        let Some(profile) = nearest_first.iter().find_map(|policy| policy.profile) else { return };
        let added = nearest_first.iter().map(|policy| policy.also_allow);
        let added = added.into_iter().find(|added| !added.is_empty()).unwrap_or_default();
        let allow = ToolList::new(profile.tools()).with(ToolList::new(added));
        self.push(PolicyStep { place, allow: Some(allow), deny: ToolList::default() });
    }

    fn push_lists(&mut self, place: PolicyPlace, policy: &ToolPolicy<'_>) {
        let allow = ToolList::new(policy.allow);
        // A list that only names what plugins bring is meant to add them, and
        // must not take away everything else.
        let allow = allow.names_natives().then_some(allow);
        self.push(PolicyStep { place, allow, deny: ToolList::new(policy.deny) });
    }

    fn push_subagent(&mut self, policy: &ToolPolicy<'_>) {
        let given = ToolList::new(policy.allow.iter().chain(policy.also_allow));
        let without = SUBAGENTS_DO_WITHOUT.into_iter().filter(|tool| !given.holds(tool));
        let deny = ToolList::new(without).with(ToolList::new(policy.deny));
        let allow = ToolList::new(policy.allow);
        let allow = allow.names_natives().then_some(allow);
        self.push(PolicyStep { place: PolicyPlace::Subagent, allow, deny });
    }
}

impl PolicyStep {
    fn passes(&self, tool: &str) -> bool {
        !self.deny.holds(tool) && self.allow.as_ref().is_none_or(|allow| allow.holds(tool))
    }
}

#[cfg(test)]
mod tests;
