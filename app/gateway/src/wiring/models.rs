//! Which models there are, and which answers when nobody chose one.
//!
//! What the configuration names counts first. Where it names nothing, keys in
//! the environment are looked for, then an Ollama on this machine; and where
//! there is nothing at all, the built-in guide says how to connect a model.

use std::{sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::{agent::ModelRef, wizard::ProviderPlan};
use http_client::HttpClient;
use ports::{
    config::{ModelChoice, ModelConfig, ProviderApi, ProviderConfig},
    driven::{ConfigSource, ModelProvider},
};
use provider_anthropic::AnthropicProvider;
use provider_builtin::BuiltinProvider;
use provider_openai::{OpenAiProvider, Settings};
use tracing::{debug, warn};

use crate::Tracing;

/// The providers, and what was found about them.
pub(crate) struct Found {
    /// Everybody who can be asked.
    pub(crate) providers: Vec<Arc<dyn ModelProvider>>,
    /// Who is asked when nobody was chosen, in order.
    pub(crate) models: Vec<ModelRef>,
    /// The model that answers, and why, for a person.
    pub(crate) choice: String,
}

/// A provider one need not describe.
struct Known {
    name: &'static str,
    base_url: &'static str,
    key: Option<&'static str>,
    api: ProviderApi,
    /// Its models, as far as they are worth naming: name and window.
    models: &'static [(&'static str, u64)],
}

/// Providers one need not describe (`gateway-reference.md` 8.1). The first
/// model of each answers when only its key is there; those without models are
/// only known by their address.
const KNOWN: &[Known] = &[
    Known {
        name: "openai",
        base_url: "https://api.openai.com/v1",
        key: Some("OPENAI_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[("gpt-5.2", 400_000), ("gpt-5-mini", 400_000)],
    },
    Known {
        name: "anthropic",
        base_url: "https://api.anthropic.com",
        key: Some("ANTHROPIC_API_KEY"),
        api: ProviderApi::AnthropicMessages,
        models: &[("claude-opus-4-5", 200_000), ("claude-sonnet-4-5", 200_000)],
    },
    Known {
        name: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        key: Some("OPENROUTER_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[("openrouter/auto", 128_000)],
    },
    Known {
        name: "ollama",
        base_url: "http://127.0.0.1:11434/v1",
        key: None,
        api: ProviderApi::OpenaiCompletions,
        models: &[],
    },
    Known {
        name: "groq",
        base_url: "https://api.groq.com/openai/v1",
        key: Some("GROQ_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[],
    },
    Known {
        name: "mistral",
        base_url: "https://api.mistral.ai/v1",
        key: Some("MISTRAL_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[],
    },
    Known {
        name: "xai",
        base_url: "https://api.x.ai/v1",
        key: Some("XAI_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[],
    },
    Known {
        name: "cerebras",
        base_url: "https://api.cerebras.ai/v1",
        key: Some("CEREBRAS_API_KEY"),
        api: ProviderApi::OpenaiCompletions,
        models: &[],
    },
];

/// How long an Ollama may take to say that it is there. Nobody listening is
/// found out at once; this is for one that hangs.
const OLLAMA_PATIENCE: Duration = Duration::from_millis(250);

/// How long a provider may take to say which models it offers.
const LIST_TIME: Duration = Duration::from_secs(10);

/// Known providers whose key the environment or the configuration has.
pub(super) fn keyed(config: &ConfigFile) -> Vec<String> {
    let current = config.current();
    let described = current.models.providers.iter();
    let described = described.filter(|(_, described)| described.api_key.is_some());
    let in_environment = KNOWN.iter().filter(|known| {
        known.key.is_some_and(|key| config.variable(key).is_some_and(|key| !key.is_empty()))
    });
    described
        .map(|(name, _)| name.clone())
        .chain(in_environment.map(|known| known.name.to_owned()))
        .collect()
}

/// Asks a provider that is not in use yet for its models; what went wrong is told
/// in words.
pub(super) async fn ask(
    config: &ConfigFile,
    provider: &ProviderPlan,
) -> Result<Vec<String>, String> {
    let known = KNOWN.iter().find(|known| known.name == provider.id);
    let current = config.current();
    let mut described = current.models.providers.get(&provider.id).cloned().unwrap_or_default();
    described.base_url = provider.url.clone().or(described.base_url);
    if let Some(key) = &provider.key {
        described.api_key = Some(key.reveal().to_owned());
    }
    let base_url = known.map(|known| known.base_url);
    let key = known.and_then(|known| known.key).and_then(|key| config.variable(key));
    let settings = Settings::read(&provider.id, &described, base_url, key.as_deref());
    let settings = settings.map_err(|error| error.to_string())?;
    let client = HttpClient::new();
    let listing = async {
        match described.api.or(known.map(|known| known.api)) {
            Some(ProviderApi::AnthropicMessages) => {
                AnthropicProvider::new(settings, client).list_models().await
            }
            None | Some(ProviderApi::OpenaiCompletions | ProviderApi::Unsupported) => {
                OpenAiProvider::new(settings, client).list_models().await
            }
        }
    };
    match tokio::time::timeout(LIST_TIME, listing).await {
        Ok(Ok(models)) => Ok(models.into_iter().map(|model| model.id).collect()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer within ten seconds".to_owned()),
    }
}

/// Looks for models.
pub(crate) async fn find(config: &ConfigFile, tracing: &Tracing) -> Found {
    let client = HttpClient::new().telling(Arc::new(tracing.clone()));
    let current = config.current();
    let mut found = Found { providers: Vec::new(), models: Vec::new(), choice: String::new() };
    let mut reasons: Vec<String> = Vec::new();

    for (name, described) in &current.models.providers {
        found.add(name, described, config, &client, "it is in the configuration", &mut reasons);
    }
    for known in KNOWN.iter().filter(|known| !known.models.is_empty()) {
        let described = current.models.providers.contains_key(known.name);
        let key = known.key.filter(|key| config.variable(key).is_some());
        if let Some(key) = key.filter(|_| !described) {
            let models = known.models.iter().map(|(id, window)| ModelConfig {
                id: (*id).to_owned(),
                context_window: Some(*window),
                ..ModelConfig::default()
            });
            let described = ProviderConfig { models: models.collect(), ..Default::default() };
            let because = format!("{key} is set");
            found.add(known.name, &described, config, &client, &because, &mut reasons);
        }
    }
    if found.models.is_empty() {
        found.add_ollama(config, &client, &mut reasons).await;
    }

    let chosen = current.agents.defaults.model.as_ref().map(ModelChoice::candidates);
    let chosen = chosen.and_then(|chosen| chosen.into_iter().next());
    let guide: Arc<dyn ModelProvider> = Arc::new(BuiltinProvider::new());
    let first = guide.known_models().into_iter().next();
    let guided = first.and_then(|model| ModelRef::new(guide.name(), &model.id).ok());
    if let Some(model) = guided.filter(|_| found.models.is_empty()) {
        found.models.push(model);
        reasons.push("no model is connected; send it a message to learn how".to_owned());
    }
    found.providers.push(guide);
    found.choice = match (chosen, found.models.first(), reasons.first()) {
        (Some(model), _, _) => format!("{model} (it is in the configuration)"),
        (None, Some(model), Some(because)) => format!("{model} ({because})"),
        _ => "none".to_owned(),
    };
    found
}

impl Found {
    fn add(
        &mut self,
        name: &str,
        described: &ProviderConfig,
        config: &ConfigFile,
        client: &HttpClient,
        because: &str,
        reasons: &mut Vec<String>,
    ) {
        let known = KNOWN.iter().find(|known| known.name == name);
        let base_url = known.map(|known| known.base_url);
        let key = known.and_then(|known| known.key).and_then(|key| config.variable(key));
        let settings = match Settings::read(name, described, base_url, key.as_deref()) {
            Ok(settings) => settings,
            Err(error) => {
                warn!(provider = name, %error, "a model provider is left out");
                return;
            }
        };
        let api = described.api.or(known.map(|known| known.api));
        let client = client.clone();
        let provider: Arc<dyn ModelProvider> = match api {
            None | Some(ProviderApi::OpenaiCompletions) => {
                Arc::new(OpenAiProvider::new(settings, client))
            }
            Some(ProviderApi::AnthropicMessages) => {
                Arc::new(AnthropicProvider::new(settings, client))
            }
            Some(ProviderApi::Unsupported) => {
                warn!(provider = name, "a model provider is left out: its api is not known here");
                return;
            }
        };
        let models = provider.known_models();
        let named = models.iter().filter_map(|model| ModelRef::new(name, &model.id).ok());
        for model in named {
            self.models.push(model);
            reasons.push(because.to_owned());
        }
        self.providers.push(provider);
    }

    async fn add_ollama(
        &mut self,
        config: &ConfigFile,
        client: &HttpClient,
        reasons: &mut Vec<String>,
    ) {
        let settings = KNOWN.iter().find(|known| known.name == "ollama").map(|known| {
            Settings::read(known.name, &ProviderConfig::default(), Some(known.base_url), None)
        });
        let Some(Ok(settings)) = settings else { return };
        let asked = OpenAiProvider::new(settings, client.clone());
        let listed = tokio::time::timeout(OLLAMA_PATIENCE, asked.list_models()).await;
        let models = match listed {
            Ok(Ok(models)) if !models.is_empty() => models,
            Ok(Ok(_)) => return debug!("an Ollama is there, without models"),
            Ok(Err(_)) | Err(_) => return debug!("no Ollama on this machine"),
        };
        let models = models.into_iter().map(|model| ModelConfig {
            id: model.id,
            context_window: model.context_window,
            ..ModelConfig::default()
        });
        let described = ProviderConfig { models: models.collect(), ..Default::default() };
        let because = "an Ollama answers on 127.0.0.1:11434";
        self.add("ollama", &described, config, client, because, reasons);
    }
}
