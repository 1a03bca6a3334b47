//! A service that offers models.

use std::sync::Arc;

use bytes::Bytes;
use domain::{agent::FailureKind, relay::Fault, trace::TraceContext};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use jiff::Timestamp;
use ports::driven::{ModelError, ModelInfo, RelayError, Said};
use serde::de::IgnoredAny;

use super::{Complaint, Settings, retry_after::retry_after};
use crate::{CallError, HttpClient, Response, key::scrub};

/// A service that offers models: calls it, and turns what goes wrong into what
/// the port says about failures. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    headers: HeaderMap,
    secrets: Vec<Box<str>>,
    client: HttpClient,
}

/// A service refused a request, or could not be asked.
#[derive(Debug)]
pub struct Refused {
    /// What became of it.
    pub error: ModelError,
    /// The status, if the service answered.
    pub status: Option<StatusCode>,
    body: Bytes,
    fault: Fault,
    is_json: bool,
}

impl Refused {
    /// Whether the service refuses the request as such and mentions `words`.
    pub fn objects_to(&self, words: &str) -> bool {
        matches!(self.status, Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY))
            && String::from_utf8_lossy(&self.body).contains(words)
    }

    /// The same about a request that was passed on to `service`. What was said is
    /// passed on as well if it is JSON, without keys.
    pub(super) fn into_relay_error(self, service: &Service) -> RelayError {
        // Where the service is, is not the business of whoever holds a key.
        let error = self.error.discreetly();
        let is_json = self.is_json && serde_json::from_slice::<IgnoredAny>(&self.body).is_ok();
        let said = is_json.then(|| {
            let said = scrub(&String::from_utf8_lossy(&self.body), &service.0.secrets);
            Box::new(Said { content_type: "application/json".into(), body: said.into() })
        });
        RelayError { fault: self.fault, error, said }
    }
}

impl Service {
    /// The service of `settings`. `headers` are the provider's own, the key
    /// among them.
    pub fn new(settings: Settings, mut headers: HeaderMap, client: HttpClient) -> Self {
        for (name, value) in &settings.headers {
            headers.insert(name, value.clone());
        }
        let secrets = settings.secrets();
        Self(Arc::new(Inner { settings, headers, secrets, client }))
    }

    /// What it was told.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What is known of the model `id`.
    pub fn model(&self, id: &str) -> Option<&ModelInfo> {
        self.0.settings.models.iter().find(|model| model.id == id)
    }

    /// Posts `body` to `url`; anything but a good answer is a refusal.
    pub async fn post(&self, url: Uri, body: Bytes) -> Result<Response, Refused> {
        self.post_with(url, body, Vec::new()).await
    }

    /// Posts `body` to `url` with `more` headers, which do not win over its own;
    /// anything but a good answer is a refusal.
    pub(super) async fn post_with(
        &self,
        url: Uri,
        body: Bytes,
        more: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Response, Refused> {
        let Inner { settings, client, .. } = &*self.0;
        let mut headers = self.headers();
        for (name, value) in more {
            headers.entry(name).or_insert(value);
        }
        let answered = client.post_json(url, headers, body, settings.limits).await;
        self.good(answered).await
    }

    /// Gets `url`; anything but a good answer is a refusal.
    pub async fn get(&self, url: Uri) -> Result<Response, Refused> {
        let Inner { settings, client, .. } = &*self.0;
        let answered = client.get(url, self.headers(), settings.limits).await;
        self.good(answered).await
    }

    /// The headers of a call that is made now.
    fn headers(&self) -> HeaderMap {
        let mut headers = self.0.headers.clone();
        let Some(TraceContext { parent, state }) = self.0.client.trace() else { return headers };
        let mut tell = |name, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        tell(HeaderName::from_static("traceparent"), &parent.to_string());
        if let Some(state) = state {
            tell(HeaderName::from_static("tracestate"), state.as_str());
        }
        headers
    }

    async fn good(&self, answered: Result<Response, CallError>) -> Result<Response, Refused> {
        let response = match answered {
            Ok(response) if !response.status().is_success() => response,
            Ok(response) if response.is("text/html") => {
                let error =
                    self.misunderstood("it answered with a web page; is the address right?");
                return Err(Refused {
                    error,
                    status: Some(response.status()),
                    body: Bytes::new(),
                    fault: Fault::Garbled,
                    is_json: false,
                });
            }
            Ok(response) => return Ok(response),
            Err(error) => {
                return Err(Refused {
                    fault: error.fault(),
                    error: self.failed(error),
                    status: None,
                    body: Bytes::new(),
                    is_json: false,
                });
            }
        };
        let status = response.status();
        let headers = response.headers().clone();
        let is_json = response.is("application/json");
        let body = response.excerpt().await;
        let complaint = Complaint::read(&body);
        let mut error = self.complained(&complaint, Some(status));
        if matches!(error.kind, FailureKind::RateLimit | FailureKind::Overloaded) {
            error.retry_after = retry_after(&headers, Timestamp::now());
        }
        let fault = Fault::Refused(status.as_u16());
        Err(Refused { error, status: Some(status), body, fault, is_json })
    }

    /// The service complained, with `status` or in the middle of an answer.
    pub fn complained(&self, complaint: &Complaint, status: Option<StatusCode>) -> ModelError {
        let kind = complaint.kind(status.map(|status| status.as_u16()));
        let shown = status.map(|status| status.as_u16()).or(complaint.status);
        let shown = shown.map(|status| format!(" ({status})")).unwrap_or_default();
        let said = scrub(&complaint.message(), &self.0.secrets);
        let colon = if said.is_empty() { "" } else { ": " };
        let Settings { name, api_key, .. } = &self.0.settings;
        let meaning = match kind {
            FailureKind::Auth if api_key.is_none() => "a key is needed",
            kind => meaning(kind),
        };
        let status = status.map(|status| status.as_u16());
        ModelError {
            status,
            ..ModelError::new(kind, format!("{name}: {meaning}{shown}{colon}{said}"))
        }
    }

    /// The call failed.
    pub fn failed(&self, error: CallError) -> ModelError {
        let Settings { name, base_url, .. } = &self.0.settings;
        let discreet = format!("{name}: {error}");
        let told = match &error {
            CallError::Connect(why, _) => {
                Some(format!("{name}: cannot connect to {base_url}: {why}"))
            }
            CallError::ConnectTimeout => Some(format!("{discreet} to {base_url}")),
            _ => None,
        };
        let mut failed = match told {
            Some(told) => ModelError {
                discreet: Some(discreet.into()),
                ..ModelError::new(error.kind(), told)
            },
            None => ModelError::new(error.kind(), discreet),
        };
        failed.source = error.into_source();
        failed
    }

    /// The service said something that is no answer.
    pub fn misunderstood(&self, what: &str) -> ModelError {
        ModelError::new(FailureKind::Format, format!("{}: {what}", self.0.settings.name))
    }

    /// The service stopped before it was finished.
    pub(crate) fn broke_off(&self) -> ModelError {
        let name = &self.0.settings.name;
        let message = format!("{name}: the connection broke in the middle of the answer");
        ModelError::new(FailureKind::Disconnected, message)
    }
}

const fn meaning(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Auth => "the key was refused",
        FailureKind::Billing => "the account is out of credit",
        FailureKind::RateLimit => "too many requests",
        FailureKind::Overloaded => "it cannot answer just now",
        FailureKind::Timeout => "it took too long",
        FailureKind::Unreachable => "it cannot be reached",
        FailureKind::Disconnected => "the connection broke",
        FailureKind::ContextLength => "the conversation does not fit into the model",
        FailureKind::Format => "it refused the request",
        FailureKind::UnknownModel => "there is no such model",
    }
}
