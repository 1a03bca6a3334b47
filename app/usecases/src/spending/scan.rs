//! Reading what was used, a page at a time.

use std::{collections::HashMap, sync::Arc};

use domain::{
    agent::ModelRef,
    session::SessionKey,
    spending::{Cost, Price, Spending},
    time::Timestamp,
};
use ports::{
    config::Config,
    driven::{Archive, SpendingPage, SpendingPlace, SpendingQuery, StoreError},
};

use super::Spendings;
use crate::prices;

/// So many answers are read at once: what summing them up takes nobody notices
/// who waits for something else.
const PAGE: usize = 500;

/// Answers that are read one page after the other.
pub(super) struct Scan {
    archive: Arc<dyn Archive>,
    prices: Prices,
    // Nothing, once all are read.
    next: Option<SpendingQuery>,
}

/// What models cost today. Each is looked up once.
pub(super) struct Prices {
    config: Arc<Config>,
    known: HashMap<ModelRef, Price>,
}

impl Spendings {
    /// What was used between the two times, in all conversations or in one.
    pub(super) fn scan(
        &self,
        from: Timestamp,
        until: Timestamp,
        session: Option<SessionKey>,
    ) -> Scan {
        let after = SpendingPlace { at: from, number: 0 };
        Scan {
            archive: Arc::clone(&self.0.deps.archive),
            prices: self.prices(),
            next: Some(SpendingQuery { after, until, session, limit: PAGE }),
        }
    }

    pub(super) fn prices(&self) -> Prices {
        Prices { config: self.0.deps.config.current(), known: HashMap::new() }
    }
}

impl Scan {
    /// The next answers with what they cost, or `None` after the last.
    pub(super) async fn next(
        &mut self,
    ) -> Result<Option<Vec<(Spending, Option<Cost>)>>, StoreError> {
        let Some(query) = self.next.take() else { return Ok(None) };
        let SpendingPage { spendings, next } = self.archive.spendings(query.clone()).await?;
        self.next = next.map(|after| SpendingQuery { after, ..query });
        let priced = spendings.into_iter().map(|spending| {
            let cost = self.prices.cost(&spending);
            (spending, cost)
        });
        Ok(Some(priced.collect()))
    }
}

impl Prices {
    /// What an answer cost: what it cost then, or what it would today.
    pub(super) fn cost(&mut self, spending: &Spending) -> Option<Cost> {
        spending.cost.or_else(|| {
            let model = spending.model.as_ref()?;
            let price = match self.known.get(model) {
                Some(price) => *price,
                None => {
                    let price = prices::of(model, &self.config);
                    self.known.insert(model.clone(), price);
                    price
                }
            };
            price.of(spending.tokens)
        })
    }
}
