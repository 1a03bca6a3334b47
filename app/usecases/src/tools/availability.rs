//! What may be used where.

use domain::{
    session::SessionKey,
    tools::{Policies, PolicyChain, ToolPolicy, is_denied_directly},
};
use ports::{config::Config, driving::ToolRefusal};

use super::{Place, Tools, at_fault, table::Tool};

impl Tools {
    /// The tool `name`, if a client may use it at `place`.
    pub(super) async fn available(
        &self,
        name: &str,
        place: &Place,
    ) -> Result<Option<&'static Tool>, ToolRefusal> {
        let Some(tool) = Tool::find(name) else { return Ok(None) };
        let config = self.0.deps.configuration.current();
        let direct = &config.gateway.tools;
        if !is_on(tool, &config) || is_denied_directly(name, &direct.allow, &direct.deny) {
            return Ok(None);
        }
        let chain = self.chain(&config, place).await?;
        Ok(chain.denied_by(name).is_none().then_some(tool))
    }

    /// What has to be asked about tools at `place`.
    pub(super) async fn chain(
        &self,
        config: &Config,
        place: &Place,
    ) -> Result<PolicyChain, ToolRefusal> {
        let session = self.0.deps.sessions.get(&place.session).await;
        let session = session.map_err(|error| at_fault(&error))?;
        let chosen = session.and_then(|session| session.settings.model);
        let model = chosen.or_else(|| self.0.deps.models.default_of(&place.agent).model);
        let agent = config.agents.find(&place.agent).unwrap_or_default();
        let by_model = model.map(|it| (config.tools.policy_for(&it), agent.tools.policy_for(&it)));
        let (provider, agent_provider) = by_model.unwrap_or_default();
        let policies = Policies {
            global: config.tools.policy(),
            provider,
            agent: agent.tools.policy(),
            agent_provider,
            group: of_group(config, &place.session),
            subagent: is_subagent(&place.session).then(|| config.tools.subagents.tools.policy()),
        };
        Ok(policies.chain())
    }
}

/// Whether the configuration has not switched the tool off as such.
pub(super) fn is_on(tool: &Tool, config: &Config) -> bool {
    tool.name != super::web_fetch::NAME || config.tools.web.fetch.enabled != Some(false)
}

fn is_subagent(session: &SessionKey) -> bool {
    session.place().split(':').next() == Some("subagent")
}

/// What is said about the group in which `session` takes place, else about every
/// group of its channel.
fn of_group<'a>(config: &'a Config, session: &SessionKey) -> ToolPolicy<'a> {
    let mut place = session.place().split(':');
    let (Some(channel), Some("group" | "channel"), Some(group)) =
        (place.next(), place.next(), place.next())
    else {
        return ToolPolicy::default();
    };
    let Some(channel) = config.channels.known.get(channel) else { return ToolPolicy::default() };
    let named = |name: &str| {
        let mut groups = channel.groups.iter().chain(&channel.channels);
        groups.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, group)| group)
    };
    let group = named(group).or_else(|| named("*"));
    group.map(|group| group.tools.policy()).unwrap_or_default()
}
