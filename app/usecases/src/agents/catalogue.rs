//! Which models can be asked.

use std::{collections::HashMap, fmt, sync::Arc};

use domain::agent::ModelRef;
use ports::{config::Live, driven::ModelProvider};

/// Who can be asked, and who is asked when nobody was chosen. Cloning gives the
/// same one.
///
/// It can change while it is used; a run keeps to the provider it has asked.
#[derive(Clone)]
pub struct Catalogue(Live<Listed>);

pub(crate) struct Listed {
    /// In the order in which they were found.
    pub(crate) providers: Vec<Arc<dyn ModelProvider>>,
    by_name: HashMap<String, Arc<dyn ModelProvider>>,
    /// Asked in that order where the configuration names no model.
    pub(crate) found: Vec<ModelRef>,
}

impl Catalogue {
    /// `providers` can be asked. Where the configuration names no model, those in
    /// `found` are asked, in that order.
    pub fn new(providers: Vec<Arc<dyn ModelProvider>>, found: Vec<ModelRef>) -> Self {
        Self(Live::new(Listed::new(providers, found)))
    }

    /// From now on others can be asked.
    pub fn replace(&self, providers: Vec<Arc<dyn ModelProvider>>, found: Vec<ModelRef>) {
        self.0.set(Listed::new(providers, found));
    }

    /// What there is now.
    pub(crate) fn now(&self) -> Arc<Listed> {
        self.0.get()
    }
}

impl Listed {
    fn new(providers: Vec<Arc<dyn ModelProvider>>, found: Vec<ModelRef>) -> Self {
        let by_name =
            |provider: &Arc<dyn ModelProvider>| (provider.name().to_owned(), Arc::clone(provider));
        Self { by_name: providers.iter().map(by_name).collect(), providers, found }
    }

    /// The provider called `name`.
    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<dyn ModelProvider>> {
        self.by_name.get(name)
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.now();
        f.debug_struct("Catalogue")
            .field("providers", &now.by_name.keys())
            .field("found", &now.found)
            .finish()
    }
}
