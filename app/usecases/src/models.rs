//! Which models there are.

use std::{fmt, sync::Arc};

use domain::{agent::ModelRef, ids::AgentId};
use ports::{
    config::Config,
    driven::{ConfigSource, ModelInfo},
};

use crate::agents::{Agents, Catalogue};

/// Knows which models there are.
#[derive(Clone)]
pub struct Models {
    catalogue: Catalogue,
    agents: Agents,
    config: Arc<dyn ConfigSource>,
}

/// A model one can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Who offers it.
    pub provider: String,
    /// What is known about it.
    pub info: ModelInfo,
    /// Whether it answers when nothing else was chosen.
    pub is_default: bool,
}

/// What answers when nothing was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultModel {
    /// The model, unless there is none at all.
    pub model: Option<ModelRef>,
    /// How many tokens it is shown at most, as far as that is known.
    pub context_tokens: Option<u64>,
}

/// A model nobody offers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown model \"{0}\"; models.list shows those there are")]
pub struct UnknownModel(String);

impl Models {
    /// The models of `catalogue`, of which `agents` choose.
    pub fn new(catalogue: Catalogue, agents: Agents, config: Arc<dyn ConfigSource>) -> Self {
        Self { catalogue, agents, config }
    }

    /// Every model that is known without asking, by provider and name.
    pub fn list(&self) -> Vec<Offer> {
        let default = self.default_of(&self.config.current().agents.default_agent()).model;
        let is_default = |provider: &str, id: &str| {
            default.as_ref().is_some_and(|it| it.provider() == provider && it.model() == id)
        };
        let listed = self.catalogue.now();
        let offers = listed.providers.iter().flat_map(|provider| {
            provider.known_models().into_iter().map(|info| Offer {
                is_default: is_default(provider.name(), &info.id),
                provider: provider.name().to_owned(),
                info,
            })
        });
        let mut offers: Vec<Offer> = offers.collect();
        offers.sort_by(|a, b| {
            (&a.provider, &a.info.name, &a.info.id).cmp(&(&b.provider, &b.info.name, &b.info.id))
        });
        offers
    }

    /// What answers for `agent` when nothing was chosen.
    pub fn default_of(&self, agent: &AgentId) -> DefaultModel {
        let model = self.agents.models_of(agent).into_iter().next();
        let context_tokens = model.as_ref().and_then(|model| self.context_tokens(model));
        DefaultModel { model, context_tokens }
    }

    /// How many tokens `model` is shown at most, as far as that is known.
    pub fn context_tokens(&self, model: &ModelRef) -> Option<u64> {
        let window = self.agents.model_info(model).and_then(|info| info.context_window);
        let config: Arc<Config> = self.config.current();
        match (window, config.agents.defaults.context_tokens) {
            (Some(window), Some(chosen)) => Some(window.min(chosen)),
            (window, chosen) => window.or(chosen),
        }
    }

    /// The model `text` names: `provider/model`, or the name of a model that
    /// only one provider offers.
    pub fn find(&self, text: &str) -> Result<ModelRef, UnknownModel> {
        let text = text.trim();
        if let Ok(model) = text.parse()
            && self.agents.offers(&model)
        {
            return Ok(model);
        }
        let mut named = self.list().into_iter().filter(|offer| offer.info.id == text);
        match (named.next(), named.next()) {
            (Some(offer), None) => ModelRef::new(&offer.provider, &offer.info.id).ok(),
            _ => None,
        }
        .ok_or_else(|| UnknownModel(text.chars().take(128).collect()))
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Models").field(&self.catalogue).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ports::driven::{MockModelProvider, ModelProvider};

    use super::*;
    use crate::testing::{clock, config};

    fn provider(name: &'static str, models: &'static [&'static str]) -> Arc<dyn ModelProvider> {
        let mut provider = MockModelProvider::new();
        provider.expect_name().return_const(name.to_owned());
        provider.expect_known_models().returning(|| {
            let info = |id: &&str| ModelInfo {
                id: (*id).to_owned(),
                name: (*id).to_owned(),
                context_window: Some(1000),
                ..ModelInfo::default()
            };
            models.iter().map(info).collect()
        });
        Arc::new(provider)
    }

    /// Two providers; `b/two` is found first.
    pub(crate) fn catalogue() -> Catalogue {
        let providers = vec![provider("b", &["two", "both"]), provider("a", &["one", "both"])];
        Catalogue::new(providers, vec!["b/two".parse().unwrap()])
    }

    /// Two providers; `b/two` is the default.
    pub(crate) fn models() -> Models {
        let config = config(Config::default());
        let catalogue = catalogue();
        let agents = Agents::new(catalogue.clone(), Arc::clone(&config), clock());
        Models::new(catalogue, agents, config)
    }

    #[test]
    fn models_are_listed_by_provider_and_name() {
        let offers = models().list();
        let names: Vec<_> =
            offers.iter().map(|it| (it.provider.as_str(), it.info.id.as_str())).collect();
        assert_eq!(names, [("a", "both"), ("a", "one"), ("b", "both"), ("b", "two")]);
        assert_eq!(offers.iter().filter(|it| it.is_default).count(), 1);
        assert!(offers[3].is_default);
    }

    #[test]
    fn what_is_listed_can_be_replaced() {
        let models = models();
        models.catalogue.replace(vec![provider("c", &["three"])], vec!["c/three".parse().unwrap()]);
        let offers = models.list();
        assert_eq!(offers.len(), 1);
        assert!(offers[0].is_default && offers[0].provider == "c");
        assert_eq!(models.find("a/one").ok(), None);
    }

    #[test]
    fn a_model_is_named_with_its_provider_unless_there_is_only_one() {
        let models = models();
        let found = |text: &str| models.find(text).map(|model| model.to_string()).ok();
        assert_eq!(found("a/one").as_deref(), Some("a/one"));
        assert_eq!(found("one").as_deref(), Some("a/one"));
        assert_eq!(found("both"), None, "whose?");
        assert_eq!(found("c/one"), None);
        assert_eq!(found(""), None);
    }
}
