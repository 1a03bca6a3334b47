//! Asking models without an agent: requests are passed on to a provider as they
//! are.
//!
//! Who may ask how much is decided first (`books.rs`), then one model after the
//! other is asked (`asking.rs`), and what the answer cost is written down when it
//! has been passed on (`answering.rs`). Whoever does not take the form of the
//! request is asked what it means, and what they say is told in turn (`telling.rs`).

mod answering;
mod asking;
mod books;
mod telling;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::Principal,
    agent::{ModelRef, estimate_tokens},
    ids::AgentId,
    relay::{Exhausted, Standing},
};
use ports::{
    config::Config,
    driven::{Archive, Clock, ConfigSource, Entropy, Journal, ModelRequest},
    driving::{self, Passed, Passing, RelayRefusal, Relayed, TokenCount, UsageRow},
};
use tokio::sync::OnceCell;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::error;

use self::{
    answering::Ticket,
    asking::Candidate,
    books::{Books, Limited},
};
use crate::{
    agents::{Catalogue, tokens_of},
    calendar,
};

/// What passing requests on takes.
pub struct Deps {
    /// Where what was used is read from.
    pub archive: Arc<dyn Archive>,
    /// Who can be asked.
    pub catalogue: Catalogue,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// Spreads the pauses of many.
    pub entropy: Arc<dyn Entropy>,
    /// Where what was used is written down.
    pub journal: Arc<dyn Journal>,
    /// Nothing waits any longer.
    pub stop: CancellationToken,
    /// Where that is done.
    pub tasks: TaskTracker,
}

/// Passes requests on.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    deps: Deps,
    /// What was used, once somebody needs to know.
    books: OnceCell<Arc<Books>>,
}

impl Relay {
    /// Passes requests on to the providers of the catalogue.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner { deps, books: OnceCell::new() }))
    }

    /// What was used.
    async fn books(&self) -> Result<&Arc<Books>, RelayRefusal> {
        let read = || async { Books::read(&self.0.deps).await.map(Arc::new) };
        self.0.books.get_or_try_init(read).await.map_err(|error| {
            error!(error = &error as &dyn std::error::Error, "it is not known what was used");
            RelayRefusal::NoLedger
        })
    }

    /// Finds out whether `caller` may ask for that, and asks.
    async fn answer(
        &self,
        caller: &Principal,
        request: &Passed,
        standing: &mut Standing,
    ) -> Result<Passing, RelayRefusal> {
        let config = self.0.deps.config.current();
        let candidates = self.candidates(&config, caller, request)?;
        let books = Arc::clone(self.books().await?);
        let tokens = estimate_tokens(request.body.len() as u64, 0);
        self.admit(&books, &config, caller, tokens, standing)?;
        let mut ticket = Ticket::new(books, caller.relay_key(), request, tokens);
        let begun = asking::ask(&self.0.deps, candidates, request, &mut ticket).await?;
        Ok(ticket.pass(begun))
    }

    /// Lets `caller` in for so many tokens, if their key has them left.
    fn admit(
        &self,
        books: &Books,
        config: &Config,
        caller: &Principal,
        tokens: u64,
        standing: &mut Standing,
    ) -> Result<(), RelayRefusal> {
        let Some(name) = caller.relay_key() else { return Ok(()) };
        let key = config.gateway.http.relay.keys.get(name);
        let allowance = key.map(ports::config::relay::RelayKeyConfig::allowance);
        let now = self.0.deps.clock.now();
        let Limited { standing: found, refused } =
            books.admit(name, &allowance.unwrap_or_default(), tokens, now);
        *standing = found;
        refused.map_or(Ok(()), |why| Err(self.exhausted(why)))
    }

    /// Whom to ask, in order: the model of `request`, and those that stand in for
    /// it.
    fn candidates(
        &self,
        config: &Config,
        caller: &Principal,
        request: &Passed,
    ) -> Result<Vec<Candidate>, RelayRefusal> {
        let Passed { model, form, .. } = request;
        let unknown = || RelayRefusal::UnknownModel(model.clone());
        let listed = self.0.deps.catalogue.now();
        let candidate = |model: ModelRef| {
            let provider = listed.provider(model.provider())?;
            let provider = Arc::clone(provider);
            may_ask(config, caller, &model).then_some(Candidate { model, provider })
        };
        let first = candidate(model.clone()).ok_or_else(unknown)?;
        let takes = first.provider.forms();
        if takes.is_empty() {
            return Err(unknown());
        }
        let can_be_asked = |it: &Candidate| it.way(request).is_some();
        if !can_be_asked(&first) {
            let (model, form, takes) = (model.clone(), *form, takes.to_vec());
            return Err(RelayRefusal::WrongForm { model, form, takes });
        }
        let fallbacks = &config.gateway.http.relay.fallbacks;
        let others = fallbacks.iter().filter(|(name, _)| name.parse().as_ref() == Ok(model));
        let others = others.flat_map(|(_, others)| others).filter_map(|name| name.parse().ok());
        let others = others.filter_map(candidate).filter(can_be_asked);
        Ok(std::iter::once(first).chain(others).collect())
    }

    fn exhausted(&self, why: Exhausted) -> RelayRefusal {
        let retry_after = match why {
            Exhausted::Requests { retry_after, .. } | Exhausted::Tokens { retry_after, .. } => {
                retry_after
            }
            Exhausted::Budget { period, .. } => {
                let now = self.0.deps.clock.now();
                calendar::end_of(period, now).since(now)
            }
        };
        RelayRefusal::Exhausted { why, retry_after }
    }
}

/// Whether `caller` may ask `model`. Somebody whose key is gone meanwhile may not.
fn may_ask(config: &Config, caller: &Principal, model: &ModelRef) -> bool {
    match caller.relay_key() {
        None => true,
        Some(name) => {
            let key = config.gateway.http.relay.keys.get(name);
            key.is_some_and(|key| key.may_ask(&model.to_string()))
        }
    }
}

#[async_trait]
impl driving::Relay for Relay {
    fn takes(&self, model: &str) -> bool {
        if !self.0.deps.config.current().gateway.http.relay.enabled {
            return false;
        }
        let listed = self.0.deps.catalogue.now();
        let provider = model.parse::<ModelRef>().ok();
        let provider = provider.and_then(|model| listed.provider(model.provider()).cloned());
        provider.is_some_and(|provider| !provider.forms().is_empty())
    }

    fn embedder(&self, agent: Option<&AgentId>) -> Option<ModelRef> {
        let agents = &self.0.deps.config.current().agents;
        let own = agent.and_then(|agent| agents.find(agent)?.memory_search);
        let search = own.as_deref().or(agents.defaults.memory_search.as_deref())?;
        ModelRef::new(search.provider.as_deref()?, search.model.as_deref()?).ok()
    }

    fn models(&self, caller: &Principal) -> Vec<ModelRef> {
        let config = self.0.deps.config.current();
        if !config.gateway.http.relay.enabled {
            return Vec::new();
        }
        let listed = self.0.deps.catalogue.now();
        let providers = listed.providers.iter().filter(|provider| !provider.forms().is_empty());
        let models = providers.flat_map(|provider| {
            let models = provider.known_models().into_iter();
            models.filter_map(|model| ModelRef::new(provider.name(), &model.id).ok())
        });
        let mut models: Vec<_> = models.filter(|it| may_ask(&config, caller, it)).collect();
        models.sort();
        models
    }

    async fn relay(&self, caller: &Principal, request: Passed) -> Relayed {
        let mut standing = Standing::default();
        let answer = self.answer(caller, &request, &mut standing).await;
        Relayed { standing, answer }
    }

    async fn count(
        &self,
        caller: &Principal,
        model: &ModelRef,
        request: ModelRequest,
    ) -> Result<TokenCount, RelayRefusal> {
        let config = self.0.deps.config.current();
        let listed = self.0.deps.catalogue.now();
        let provider = listed.provider(model.provider());
        let provider = provider.filter(|it| !it.forms().is_empty());
        let provider = provider.filter(|_| may_ask(&config, caller, model));
        let provider = provider.ok_or_else(|| RelayRefusal::UnknownModel(model.clone()))?;
        self.admit(&**self.books().await?, &config, caller, 0, &mut Standing::default())?;
        let request = ModelRequest { model: model.model().to_owned(), ..request };
        let counted = tokens_of(&**provider, request).await;
        counted.map_err(|error| RelayRefusal::Provider(error.into()))
    }

    async fn usage(&self, days: u32) -> Result<Vec<UsageRow>, RelayRefusal> {
        let today = calendar::day(self.0.deps.clock.now()).number;
        Ok(self.books().await?.rows(today.saturating_sub(days.saturating_sub(1))))
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Relay").field(&self.0.deps.catalogue).finish()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
