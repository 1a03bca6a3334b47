//! Providers that are made up.

use std::sync::Mutex;

use async_trait::async_trait;
use domain::{
    access::Principal,
    agent::ModelRef,
    ids::AgentId,
    relay::{Standing, Tally},
};
use ports::{
    driven::{ModelPart, ModelRequest},
    driving::{Meant, Passed, Passing, Relay, RelayRefusal, Relayed, TokenCount, UsageRow},
};

use super::locked;

/// What comes of a request.
type Outcome = (Standing, Result<Passing, RelayRefusal>);

/// Answers what it is told to answer, and remembers what it was asked.
#[derive(Debug)]
pub struct Lab {
    /// Whether requests go straight to providers at all.
    is_on: bool,
    says: Mutex<Option<Outcome>>,
    asked: Mutex<Option<(Option<String>, Passed)>>,
    meant: Mutex<Option<Meant>>,
}

impl Lab {
    /// Providers that are asked if requests go straight to them at all.
    pub fn new(is_on: bool) -> Self {
        Self { is_on, says: Mutex::default(), asked: Mutex::default(), meant: Mutex::default() }
    }

    /// What comes of the next request.
    pub fn says(&self, standing: Standing, answer: Result<Passing, RelayRefusal>) {
        *locked(&self.says) = Some((standing, answer));
    }

    /// What the last request meant that was answered in other words.
    pub fn meant(&self) -> Option<Meant> {
        locked(&self.meant).take()
    }

    /// Which key asked what.
    pub fn asked(&self) -> Option<(Option<String>, Passed)> {
        locked(&self.asked).take()
    }
}

#[async_trait]
impl Relay for Lab {
    fn takes(&self, model: &str) -> bool {
        self.is_on && model.starts_with("lab/")
    }

    fn embedder(&self, agent: Option<&AgentId>) -> Option<ModelRef> {
        agent.filter(|agent| agent.as_str() == "work")?;
        ModelRef::new("lab", "small").ok()
    }

    fn models(&self, caller: &Principal) -> Vec<ModelRef> {
        let all = ["lab/one", "lab/two"].map(|name| name.parse().expect("a name"));
        let count = match caller.relay_key() {
            _ if !self.is_on => 0,
            Some(_) => 1,
            None => 2,
        };
        all.into_iter().take(count).collect()
    }

    async fn relay(&self, caller: &Principal, request: Passed) -> Relayed {
        let key = caller.relay_key().map(str::to_owned);
        let meaning = request.meaning.clone();
        *locked(&self.asked) = Some((key, request));
        let (standing, answer) = locked(&self.says).take().expect("it was told what to say");
        if !matches!(answer, Ok(Passing::Told { .. })) {
            return Relayed { standing, answer };
        }
        match meaning.expect("it means something").read().await {
            Ok(meant) => *locked(&self.meant) = Some(meant),
            Err(misread) => return Relayed { standing, answer: Err(misread.into()) },
        }
        Relayed { standing, answer }
    }

    async fn count(
        &self,
        _: &Principal,
        model: &ModelRef,
        request: ModelRequest,
    ) -> Result<TokenCount, RelayRefusal> {
        if model.model() == "unknown" {
            return Err(RelayRefusal::UnknownModel(model.clone()));
        }
        let said = request.messages.iter().flat_map(|message| &message.parts);
        let text = said.filter_map(|part| match part {
            ModelPart::Text(text) => Some(text.len() as u64),
            _ => None,
        });
        // A letter is a token.
        Ok(TokenCount::Counted(text.sum()))
    }

    async fn usage(&self, days: u32) -> Result<Vec<UsageRow>, RelayRefusal> {
        let used = Tally { requests: 3, failures: 1, input: 10, output: days.into() };
        let date = "2026-11-27".to_owned();
        Ok(vec![UsageRow { date, key: Some("ci".into()), model: "lab/one".into(), used }])
    }
}
