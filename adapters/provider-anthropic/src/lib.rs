#![doc = include_str!("../README.md")]

mod count;
mod events;
mod format;
mod list;
mod request;
mod thinking;
mod tools;
mod turns;
mod unspoken;

use async_trait::async_trait;
use domain::relay;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use http_client::{
    HttpClient,
    model::{Answer, Service},
};
use ports::{
    BoxStream,
    driven::{
        ModelError, ModelEvent, ModelInfo, ModelProvider, ModelRequest, RelayAnswer, RelayError,
        RelayRequest, Unspoken,
    },
};

use events::Events;
use format::Form;
use thinking::Adaptive;

pub use http_client::model::{Settings, SettingsError};

/// Models behind Anthropic's protocol.
#[derive(Debug)]
pub struct AnthropicProvider {
    service: Service,
    messages: Uri,
    count: Uri,
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
            count: base.join("/v1/messages/count_tokens"),
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
        let mut form = Form::Told;
        loop {
            let body = request::body(&request, model, thinking, form);
            match self.service.post(self.messages.clone(), body).await {
                Ok(response) => {
                    let service = self.service.clone();
                    let events = Events::new(request.sampling.stop);
                    return Ok(Box::pin(Answer::new(service, events, response.events())));
                }
                Err(refused) => {
                    if let Some(other) =
                        self.adaptive.instead_of(thinking, &refused, &request.model)
                    {
                        thinking = other;
                    } else if request.sampling.format.is_some()
                        && form == Form::Told
                        && refused.objects_to("output_config")
                    {
                        form = Form::AskedFor;
                    } else {
                        return Err(refused.error);
                    }
                }
            }
        }
    }

    async fn count_tokens(&self, request: ModelRequest) -> Result<Option<u64>, ModelError> {
        let body = request::count_body(&request);
        let response = match self.service.post(self.count.clone(), body).await {
            Ok(response) => response,
            // Others speak this protocol without being able to count.
            Err(refused)
                if matches!(
                    refused.status,
                    Some(
                        StatusCode::NOT_FOUND
                            | StatusCode::METHOD_NOT_ALLOWED
                            | StatusCode::NOT_IMPLEMENTED
                    )
                ) =>
            {
                return Ok(None);
            }
            Err(refused) => return Err(refused.error),
        };
        let body = response.bytes().await.map_err(|error| self.service.failed(error))?;
        count::read(&body).map(Some).map_err(|error| {
            let mut misread = self.service.misunderstood("it counts no tokens");
            misread.source = Some(error.into());
            misread
        })
    }

    fn leaves_out(&self, request: &ModelRequest) -> Option<Unspoken> {
        let model = self.service.model(&request.model);
        unspoken::of(&request.sampling, self.adaptive.thinking(request, model))
    }

    fn forms(&self) -> &'static [relay::Form] {
        &[relay::Form::Messages]
    }

    async fn relay(&self, request: RelayRequest) -> Result<RelayAnswer, RelayError> {
        self.service.relay(self.messages.clone(), &request, &["anthropic-beta"]).await
    }
}
