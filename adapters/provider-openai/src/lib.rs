#![doc = include_str!("../README.md")]

mod calls;
mod chunk;
mod list;
mod messages;
mod objections;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use domain::relay::Form;
use futures_util::stream;
use http::{HeaderMap, Uri, header};
use http_client::{
    HttpClient, Response,
    model::{Answer, Pieces, Service},
};
use ports::{
    BoxStream,
    driven::{
        ModelError, ModelEvent, ModelInfo, ModelProvider, ModelRequest, RelayAnswer, RelayError,
        RelayRequest, Setting, Unspoken,
    },
};

use chunk::Chunks;
use objections::Objections;
use request::Wording;

pub use http_client::model::{Settings, SettingsError};

/// How long a list of models may take.
const LIST_TIME: Duration = Duration::from_secs(10);

/// Models behind OpenAI's protocol.
#[derive(Debug)]
pub struct OpenAiProvider {
    service: Service,
    chat: Uri,
    embeddings: Uri,
    responses: Uri,
    models: Uri,
    wording: Wording,
    objections: Objections,
}

impl OpenAiProvider {
    /// The provider of `settings`, called through `client`.
    pub fn new(settings: Settings, client: HttpClient) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.api_key {
            headers.insert(header::AUTHORIZATION, key.header("Bearer "));
        }
        Self {
            chat: settings.base_url.join("/chat/completions"),
            embeddings: settings.base_url.join("/embeddings"),
            responses: settings.base_url.join("/responses"),
            models: settings.base_url.join("/models"),
            wording: Wording::of(settings.base_url.host()),
            objections: Objections::default(),
            service: Service::new(settings, headers, client),
        }
    }

    /// Asks the service which models it offers. Gives up after ten seconds;
    /// whoever wants to know sooner drops the future.
    pub async fn list_models(&self) -> Result<Vec<ModelInfo>, ModelError> {
        let listing = async {
            let response = self.service.get(self.models.clone()).await;
            let response = response.map_err(|refused| refused.error)?;
            let body = response.bytes().await.map_err(|error| self.service.failed(error))?;
            list::read(&body).map_err(|error| {
                let mut misread = self.service.misunderstood("it lists no models");
                misread.source = Some(error.into());
                misread
            })
        };
        let in_time = tokio::time::timeout(LIST_TIME, listing).await;
        in_time.map_err(|_| self.service.failed(http_client::CallError::TooLong(LIST_TIME)))?
    }

    /// An answer that came in one piece.
    async fn whole(&self, response: Response) -> Result<Pieces, ModelError> {
        let body = response.bytes().await.map_err(|error| self.service.failed(error))?;
        let mut pieces = Pieces::default();
        chunk::read_whole(&body, &self.service, &mut pieces)?;
        Ok(pieces)
    }
}

#[async_trait]
impl ModelProvider for OpenAiProvider {
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
        let can_think = self.service.model(&request.model).is_some_and(|model| model.reasoning);
        let mut extras = self.objections.extras(&request, can_think);
        loop {
            let body = request::body(&request, self.wording, extras);
            match self.service.post(self.chat.clone(), body).await {
                Ok(response) if response.is("application/json") => {
                    let pieces = self.whole(response).await?;
                    return Ok(Box::pin(stream::iter(pieces.into_events().map(Ok))));
                }
                Ok(response) => {
                    let service = self.service.clone();
                    return Ok(Box::pin(Answer::new(
                        service,
                        Chunks::default(),
                        response.events(),
                    )));
                }
                Err(refused) => match self.objections.without(&refused, &request.model, extras) {
                    Some(fewer) => extras = fewer,
                    None => return Err(refused.error),
                },
            }
        }
    }

    fn leaves_out(&self, request: &ModelRequest) -> Option<Unspoken> {
        let why = "there is no word for it in OpenAI's protocol,";
        request.sampling.top_k.map(|_| Unspoken { setting: Setting::TopK, why })
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Chat, Form::Embeddings, Form::Responses]
    }

    async fn relay(&self, request: RelayRequest) -> Result<RelayAnswer, RelayError> {
        let url = match request.form {
            Form::Embeddings => &self.embeddings,
            Form::Responses => &self.responses,
            Form::Chat | Form::Messages => &self.chat,
        };
        self.service.relay(url.clone(), &request, &[]).await
    }
}
