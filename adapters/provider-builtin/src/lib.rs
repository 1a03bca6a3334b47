#![doc = include_str!("../README.md")]

mod guide;

use async_trait::async_trait;
use domain::agent::FailureKind;
use futures_util::stream;
use ports::{
    BoxStream,
    driven::{
        FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelProvider, ModelRequest,
        ModelRole,
    },
};

/// What the provider is called in model names.
const NAME: &str = "builtin";

/// What its only model is called.
const MODEL: &str = "guide";

/// Says that no model is connected, and how to connect one.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltinProvider;

impl BuiltinProvider {
    /// The provider.
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl ModelProvider for BuiltinProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn known_models(&self) -> Vec<ModelInfo> {
        vec![ModelInfo {
            id: MODEL.to_owned(),
            name: "Guide (no model is connected)".to_owned(),
            input: vec!["text".to_owned()],
            ..ModelInfo::default()
        }]
    }

    async fn stream(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<Result<ModelEvent, ModelError>>, ModelError> {
        if request.model != MODEL {
            let message = format!("{NAME}: there is no such model; its only one is {MODEL}");
            return Err(ModelError::new(FailureKind::UnknownModel, message));
        }
        let question = request.messages.iter().rfind(|message| message.role == ModelRole::User);
        let answer = guide::answer(&question.map(ModelMessage::plain_text).unwrap_or_default());
        let words = answer.split_inclusive(char::is_whitespace);
        let mut events: Vec<_> = words.map(|word| Ok(ModelEvent::Text(word.to_owned()))).collect();
        events.push(Ok(ModelEvent::End(FinishReason::Stop)));
        Ok(Box::pin(stream::iter(events)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use ports::driven::{Sampling, ToolUse};

    use super::*;

    fn request(model: &str, messages: Vec<ModelMessage>) -> ModelRequest {
        ModelRequest {
            model: model.to_owned(),
            system: None,
            messages,
            thinking: None,
            sampling: Sampling::default(),
            tools: ToolUse::default(),
        }
    }

    #[tokio::test]
    async fn the_answer_comes_word_by_word_and_ends_once() {
        let messages = vec![
            ModelMessage::text(ModelRole::User, "hello there"),
            ModelMessage::text(ModelRole::Assistant, "no model"),
        ];
        let provider = BuiltinProvider::new();
        let model = &provider.known_models()[0].id;
        let answer = provider.stream(request(model, messages)).await.unwrap();
        let mut events: Vec<_> = answer.map(Result::unwrap).collect().await;

        assert_eq!(events.pop(), Some(ModelEvent::End(FinishReason::Stop)));
        let words: Vec<_> = events
            .into_iter()
            .map(|event| match event {
                ModelEvent::Text(word) => word,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(words.iter().all(|word| word.split_whitespace().count() <= 1));
        assert_eq!(words.concat(), guide::answer("hello there"));
    }

    #[tokio::test]
    async fn there_is_only_one_model() {
        let refused = BuiltinProvider::new().stream(request("gpt", Vec::new())).await;
        let error = refused.err().unwrap();
        assert_eq!(error.kind, FailureKind::UnknownModel);
    }
}
