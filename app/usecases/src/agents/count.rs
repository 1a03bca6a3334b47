//! How much a model would have to read in a turn.

use domain::agent::estimate_tokens;
use ports::{
    driven::{AgentTurn, ModelError, ModelPart, ModelProvider, ModelRequest},
    driving::{CountError, TokenCount},
};

use super::Agents;

impl Agents {
    /// How many tokens the model that would be asked first would read in `turn`.
    pub(crate) async fn count(&self, turn: &AgentTurn) -> Result<TokenCount, CountError> {
        let first = self.order(turn).into_iter().next();
        let request = self.request(turn, first.as_ref().map_or("", |model| model.model()));
        let listed = self.0.catalogue.now();
        let provider = first.and_then(|model| listed.provider(model.provider()).cloned());
        let counted = match provider {
            Some(provider) => tokens_of(&*provider, request).await,
            // Asking would fail; what was said can be measured all the same.
            None => Ok(estimate(&request)),
        };
        counted.map_err(|error| CountError::Failed {
            message: error.message,
            kind: error.kind,
            retry_after: error.retry_after,
        })
    }
}

/// How many tokens `request` gives a model of `provider` to read.
pub(crate) async fn tokens_of(
    provider: &dyn ModelProvider,
    request: ModelRequest,
) -> Result<TokenCount, ModelError> {
    let estimate = estimate(&request);
    let counted = provider.count_tokens(request).await?;
    Ok(counted.map_or(estimate, TokenCount::Counted))
}

fn estimate(request: &ModelRequest) -> TokenCount {
    let size = size(request);
    TokenCount::Estimated(estimate_tokens(size.bytes, size.pictures))
}

/// How much there is to read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Size {
    bytes: u64,
    pictures: u64,
}

impl Size {
    fn add(&mut self, text: &str) {
        self.bytes += text.len() as u64;
    }
}

fn size(request: &ModelRequest) -> Size {
    let mut size = Size::default();
    request.system.iter().for_each(|system| size.add(system));
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        match part {
            ModelPart::Text(text) => size.add(text),
            ModelPart::Image { .. } => size.pictures += 1,
            ModelPart::Call(call) => {
                size.add(&call.name);
                size.add(&call.arguments);
            }
            ModelPart::Result(result) => size.add(&result.text),
        }
    }
    for tool in &request.tools.offered {
        size.add(&tool.name);
        tool.description.iter().for_each(|words| size.add(words));
        tool.parameters.iter().for_each(|schema| size.add(schema.as_str()));
    }
    size
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use domain::{agent::FailureKind, ids::AgentId, time::Timestamp};
    use ports::{
        Json,
        config::Config,
        driven::{
            MockClock, MockConfigSource, MockModelProvider, ModelMessage, ModelRole, Sampling,
            ToolCall, ToolResult, ToolSpec, ToolUse,
        },
    };

    use super::*;
    use crate::agents::Catalogue;

    type Counting = fn() -> Result<Option<u64>, ModelError>;

    /// Agents with one provider that counts like this, or with none.
    fn agents(counted: Option<Counting>) -> Agents {
        let mut clock = MockClock::new();
        clock.expect_now().returning(|| Timestamp::from_millis(1_000));
        let mut config = MockConfigSource::new();
        config.expect_current().returning(|| Arc::new(Config::default()));
        let provider = counted.map(|counted| {
            let mut provider = MockModelProvider::new();
            provider.expect_name().return_const("lab".to_owned());
            provider
                .expect_count_tokens()
                .withf(|request| request.model == "m" && request.system.is_some())
                .returning(move |_| counted());
            Arc::new(provider) as Arc<dyn ports::driven::ModelProvider>
        });
        let catalogue =
            Catalogue::new(provider.into_iter().collect(), vec!["lab/m".parse().unwrap()]);
        Agents::new(catalogue, Arc::new(config), Arc::new(clock))
    }

    fn turn() -> AgentTurn {
        AgentTurn {
            run: "r1".parse().unwrap(),
            agent: AgentId::main(),
            session: "agent:main:main".parse().unwrap(),
            model: None,
            thinking: None,
            instructions: None,
            messages: vec![ModelMessage::text(ModelRole::User, "x".repeat(4000))],
            sampling: Sampling::default(),
            tools: ToolUse::default(),
        }
    }

    #[tokio::test]
    async fn whoever_knows_is_asked_and_the_rest_is_measured() {
        let asked = agents(Some(|| Ok(Some(7)))).count(&turn()).await;
        assert_eq!(asked, Ok(TokenCount::Counted(7)));

        for cannot_tell in [agents(Some(|| Ok(None))), agents(None)] {
            let Ok(TokenCount::Estimated(tokens)) = cannot_tell.count(&turn()).await else {
                panic!("nobody counted");
            };
            let prompt = cannot_tell.prompt_of(&AgentId::main()).len() as u64;
            assert_eq!(tokens, (4000 + prompt).div_ceil(4));
        }
    }

    #[tokio::test]
    async fn whoever_knows_and_does_not_tell_is_an_error() {
        let failing = agents(Some(|| {
            let mut error = ModelError::new(FailureKind::RateLimit, "slow down");
            error.retry_after = Some(Duration::from_secs(7));
            Err(error)
        }));
        let error = failing.count(&turn()).await.unwrap_err();
        let CountError::Failed { message, kind, retry_after } = error else {
            panic!("{error}");
        };
        assert_eq!((message.as_str(), kind), ("slow down", FailureKind::RateLimit));
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn everything_that_is_read_has_a_size() {
        let call = ToolCall { id: "c".into(), name: "ab".into(), arguments: "{}".into() };
        let result = ToolResult { call: "c".into(), text: "abc".into(), failed: false };
        let picture = ModelPart::Image { mime: "image/png".into(), data: "A".repeat(1000) };
        let tool = ToolSpec {
            name: "ab".into(),
            description: Some("abcd".into()),
            parameters: Some(Json::parse(r#"{"a":1}"#.into()).unwrap()),
            strict: None,
        };
        let request = ModelRequest {
            model: "m".into(),
            system: Some("abcde".into()),
            messages: vec![
                ModelMessage { role: ModelRole::Assistant, parts: vec![ModelPart::Call(call)] },
                ModelMessage {
                    role: ModelRole::User,
                    parts: vec![ModelPart::Result(result), ModelPart::Text("a".into()), picture],
                },
            ],
            thinking: None,
            sampling: Sampling::default(),
            tools: ToolUse { offered: vec![tool], ..ToolUse::default() },
        };
        let bytes = 5 + (2 + 2) + 3 + 1 + (2 + 4 + 7);
        assert_eq!(size(&request), Size { bytes, pictures: 1 });
    }
}
