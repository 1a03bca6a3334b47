#![doc = include_str!("../README.md")]

mod events;
mod list;
mod request;
mod thinking;

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, Uri};
use http_client::{
    HttpClient,
    model::{Answer, Service},
};
use ports::{
    BoxStream,
    driven::{ModelError, ModelEvent, ModelInfo, ModelProvider, ModelRequest},
};

use events::Events;
use thinking::Adaptive;

pub use http_client::model::{Settings, SettingsError};

/// Models behind Anthropic's protocol.
#[derive(Debug)]
pub struct AnthropicProvider {
    service: Service,
    messages: Uri,
    models: Uri,
    adaptive: Adaptive,
}

impl AnthropicProvider {
    /// The provider of `settings`, called through `client`.
    pub fn new(settings: Settings, client: HttpClient) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        if let Some(key) = &settings.api_key {
            headers.insert("x-api-key", key.header(""));
        }
        let base = settings.base_url.clone().without_ending("/v1");
        Self {
            messages: base.join("/v1/messages"),
            models: base.join("/v1/models?limit=1000"),
            adaptive: Adaptive::default(),
            service: Service::new(settings, headers, client),
        }
    }

    /// Asks the service which models it offers.
    pub async fn list_models(&self) -> Result<Vec<ModelInfo>, ModelError> {
        let response = self.service.get(self.models.clone()).await;
        let response = response.map_err(|refused| refused.error)?;
        let body = response.bytes().await.map_err(|error| self.service.failed(error))?;
        list::read(&body).map_err(|error| {
            let mut misread = self.service.misunderstood("it lists no models");
            misread.source = Some(error.into());
            misread
        })
    }
}

#[async_trait]
impl ModelProvider for AnthropicProvider {
    fn name(&self) -> &str {
        &self.service.settings().name
    }

    fn known_models(&self) -> Vec<ModelInfo> {
        self.service.settings().models.clone()
    }

    async fn stream(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<Result<ModelEvent, ModelError>>, ModelError> {
        let model = self.service.model(&request.model);
        let mut thinking = self.adaptive.thinking(&request, model);
        loop {
            let body = request::body(&request, model, thinking);
            match self.service.post(self.messages.clone(), body).await {
                Ok(response) => {
                    let service = self.service.clone();
                    let events = Events::default();
                    return Ok(Box::pin(Answer::new(service, events, response.events())));
                }
                Err(refused) => {
                    match self.adaptive.instead_of(thinking, &refused, &request.model) {
                        Some(other) => thinking = other,
                        None => return Err(refused.error),
                    }
                }
            }
        }
    }
}
