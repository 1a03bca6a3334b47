//! What a provider of models has to be told.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use ports::{
    config::{ModelConfig, ProviderConfig},
    driven::ModelInfo,
};

use crate::{ApiKey, BaseUrl, Limits, ParseBaseUrlError, ParseKeyError};

/// What a provider of models has to be told.
#[derive(Clone)]
pub struct Settings {
    /// What it is called in model names and in messages.
    pub name: String,
    /// Where it is.
    pub base_url: BaseUrl,
    /// The key, if it wants one.
    pub api_key: Option<ApiKey>,
    /// Headers sent with every request; they win over the provider's own.
    pub headers: HeaderMap,
    /// The models it is known to offer.
    pub models: Vec<ModelInfo>,
    /// How much of its time and words is enough.
    pub limits: Limits,
}

/// What is wrong with the settings of a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is not known where the provider is.
    #[error("{0} needs a baseUrl")]
    NoBaseUrl(String),
    /// The address cannot be used.
    #[error("baseUrl of {0}: {1}")]
    BaseUrl(String, ParseBaseUrlError),
    /// The key cannot be used.
    #[error("apiKey of {0}: {1}")]
    Key(String, ParseKeyError),
    /// A header cannot be sent.
    #[error("headers of {0}: {1} cannot be sent")]
    Header(String, String),
}

impl Settings {
    /// A provider at `base_url`, without a key and with the default limits.
    pub fn new(name: &str, base_url: BaseUrl) -> Self {
        Self {
            name: name.to_owned(),
            base_url,
            api_key: None,
            headers: HeaderMap::new(),
            models: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The provider `name` as the configuration has it. What the configuration
    /// leaves out is `default_base_url` and `default_key`. A key that is empty
    /// is none.
    pub fn read(
        name: &str,
        config: &ProviderConfig,
        default_base_url: Option<&str>,
        default_key: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let base_url = config.base_url.as_deref().or(default_base_url);
        let base_url = base_url.ok_or_else(|| SettingsError::NoBaseUrl(name.to_owned()))?;
        let base_url =
            base_url.parse().map_err(|error| SettingsError::BaseUrl(name.to_owned(), error))?;
        let mut settings = Self::new(name, base_url);

        let key = config.api_key.as_deref().or(default_key).filter(|key| !key.trim().is_empty());
        let key = key.map(str::parse).transpose();
        settings.api_key = key.map_err(|error| SettingsError::Key(name.to_owned(), error))?;

        for (header, value) in &config.headers {
            let unfit = || SettingsError::Header(name.to_owned(), header.clone());
            let mut value = HeaderValue::try_from(value).map_err(|_| unfit())?;
            value.set_sensitive(true);
            settings.headers.insert(HeaderName::try_from(header).map_err(|_| unfit())?, value);
        }
        settings.models = config.models.iter().map(model).collect();
        if let Some(seconds) = config.idle_timeout_seconds {
            settings.limits.idle = Duration::from_secs(seconds.max(1));
        }
        Ok(settings)
    }

    /// What must not be shown.
    pub(crate) fn secrets(&self) -> Vec<Box<str>> {
        let key = self.api_key.as_ref().map(ApiKey::reveal);
        let headers = self.headers.values().filter_map(|value| value.to_str().ok());
        // The key in `Bearer key` is also a secret without the `Bearer`.
        let words = headers.flat_map(|value| value.split_whitespace().chain([value]));
        key.into_iter().chain(words).map(Box::from).collect()
    }
}

fn model(config: &ModelConfig) -> ModelInfo {
    let input =
        if config.input.is_empty() { vec!["text".to_owned()] } else { config.input.clone() };
    ModelInfo {
        id: config.id.clone(),
        name: config.name.clone().unwrap_or_else(|| config.id.clone()),
        context_window: config.context_window,
        max_tokens: config.max_tokens,
        reasoning: config.reasoning,
        input,
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("base_url", &self.base_url.to_string())
            .field("api_key", &self.api_key)
            .field("models", &self.models.len())
            .finish_non_exhaustive()
    }
}

#[test]
fn the_configuration_wins_over_the_defaults() {
    let config: ProviderConfig = serde_json::from_str(
        r#"{"baseUrl":"http://127.0.0.1:1/v1","headers":{"x-team":"Bearer token-of-team"},
            "models":[{"id":"m","reasoning":true}],"idleTimeoutSeconds":0}"#,
    )
    .unwrap();
    let settings =
        Settings::read("a", &config, Some("https://x.example"), Some("key-of-env")).unwrap();

    assert_eq!(settings.base_url.to_string(), "http://127.0.0.1:1/v1");
    assert_eq!(settings.api_key, Some("key-of-env".parse().unwrap()));
    assert_eq!((&*settings.models[0].name, &*settings.models[0].input[0]), ("m", "text"));
    assert_eq!(settings.limits.idle, Duration::from_secs(1));
    assert!(settings.secrets().contains(&"token-of-team".into()));
    let shown = format!("{settings:?} {:?}", settings.headers);
    assert!(!shown.contains("key-of-env") && !shown.contains("token-of-team"), "{shown}");
}

#[test]
fn what_cannot_work_is_said_by_name() {
    let error = |json: &str| {
        let config: ProviderConfig = serde_json::from_str(json).unwrap();
        Settings::read("lab", &config, None, None).unwrap_err().to_string()
    };
    assert_eq!(error("{}"), "lab needs a baseUrl");
    assert!(error(r#"{"baseUrl":"lab"}"#).starts_with("baseUrl of lab: a base URL is"));
    let error = error(r#"{"baseUrl":"http://a","headers":{"x-a":"a\nb"}}"#);
    assert_eq!(error, "headers of lab: x-a cannot be sent");
}
