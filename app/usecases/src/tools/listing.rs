//! Which tools there are, for whoever chooses among them.

use domain::tools::{GROUPS, Profile, ToolList, is_denied_directly};
use ports::driving::ToolRefusal;

use super::{
    Place, Risk, Tools,
    availability::is_on,
    table::{TOOLS, Tool},
};

/// Tools in their groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The groups that have any.
    pub groups: Vec<GroupListing>,
    /// The profile that holds there.
    pub profile: Profile,
}

/// A group of tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// Its name, as in `web`.
    pub name: &'static str,
    /// Its tools.
    pub tools: Vec<ToolListing>,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolListing {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// The profiles it is in.
    pub profiles: Vec<Profile>,
}

impl Tools {
    /// Every tool, whether it may be used at `place` or not.
    pub fn catalog(&self, place: &Place) -> Listing {
        self.listing(place, |_| true)
    }

    /// The tools a client may use at `place`.
    pub async fn effective(&self, place: &Place) -> Result<Listing, ToolRefusal> {
        let config = self.0.deps.configuration.current();
        let chain = self.chain(&config, place).await?;
        let direct = &config.gateway.tools;
        Ok(self.listing(place, |tool| {
            is_on(tool, &config)
                && !is_denied_directly(tool.name, &direct.allow, &direct.deny)
                && chain.denied_by(tool.name).is_none()
        }))
    }

    fn listing(&self, place: &Place, is_listed: impl Fn(&Tool) -> bool) -> Listing {
        let config = self.0.deps.configuration.current();
        let own = config.agents.find(&place.agent).and_then(|agent| agent.tools.profile);
        let profile = own.or(config.tools.profile).map_or(Profile::Full, Profile::from);
        let groups = GROUPS.iter().map(|(group, members)| GroupListing {
            name: group.strip_prefix("group:").unwrap_or(group),
            tools: TOOLS
                .iter()
                .filter(|tool| members.contains(&tool.name) && is_listed(tool))
                .map(ToolListing::of)
                .collect(),
        });
        Listing { groups: groups.filter(|group| !group.tools.is_empty()).collect(), profile }
    }
}

impl ToolListing {
    fn of(tool: &Tool) -> Self {
        let Tool { name, label, doc, risk, .. } = *tool;
        let holds = |profile: &Profile| ToolList::new(profile.tools()).holds(name);
        Self { name, label, doc, risk, profiles: Profile::ALL.into_iter().filter(holds).collect() }
    }
}
