//! The outcome as a change of the configuration.

use domain::wizard::{Plan, Secret};
use ports::{
    config::{Config, ModelConfig},
    driven::ConfigEdit,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The change `plan` means. One change, so that it is there as a whole or not at
/// all.
pub(super) fn edit(plan: &Plan, config: &Config) -> Option<ConfigEdit> {
    let tree = tree(plan, config);
    let empty = tree.as_object().is_none_or(Map::is_empty);
    let text = format!("{tree:#}\n");
    if plan.reset.is_some() {
        return Some(ConfigEdit::Replace(text));
    }
    (!empty).then_some(ConfigEdit::Merge(text))
}

fn tree(plan: &Plan, config: &Config) -> Value {
    let mut tree = json!({});
    let secret = |secret: &Option<Secret>| secret.as_ref().map(|it| it.reveal().to_owned());
    if plan.local {
        tree["gateway"]["mode"] = "local".into();
    }
    if let Some(remote) = &plan.remote {
        tree["gateway"]["mode"] = "remote".into();
        tree["gateway"]["remote"]["url"] = remote.url.as_str().into();
        if let Some(token) = &remote.token {
            tree["gateway"]["remote"]["token"] = token.reveal().into();
        }
    }
    if let Some(port) = plan.port {
        tree["gateway"]["port"] = port.into();
    }
    // What is answered with what holds is not said again: the file may have other
    // words for it, and other means of protection.
    let (bind, auth) = (word(&config.gateway.bind), word(&config.gateway.auth.mode));
    let other =
        |answer: &str, now: &Option<String>| plan.reset.is_some() || now.as_deref() != Some(answer);
    if let Some(bind) = plan.bind.as_ref().filter(|answer| other(answer, &bind)) {
        tree["gateway"]["bind"] = bind.as_str().into();
        if bind == "lan" {
            tree["gateway"]["tls"]["enabled"] = true.into();
        }
    }
    if let Some(auth) = plan.auth.as_ref().filter(|answer| other(answer, &auth)) {
        tree["gateway"]["auth"]["mode"] = auth.as_str().into();
    }
    for (name, value) in [("token", &plan.token), ("password", &plan.password)] {
        if let Some(value) = secret(value) {
            tree["gateway"]["auth"][name] = value.into();
        }
    }
    if let Some(mode) = &plan.tailscale {
        tree["gateway"]["tailscale"]["mode"] = mode.as_str().into();
    }
    if let Some(reset) = plan.tailscale_reset {
        tree["gateway"]["tailscale"]["resetOnExit"] = reset.into();
    }
    let at_work = &config.agents.defaults.workspace;
    if let Some(workspace) = plan.workspace.as_ref().filter(|answer| other(answer, at_work)) {
        tree["agents"]["defaults"]["workspace"] = workspace.as_str().into();
    }
    if plan.provider.is_some() {
        add_provider(&mut tree, plan, config);
    }
    tree
}

/// The word the file has for `value`.
pub(super) fn word(value: &impl Serialize) -> Option<String> {
    json!(value).as_str().map(str::to_owned)
}

/// The provider, its key and the model. The key is written into the file, which
/// only its owner can read; one that is in the environment is left there.
fn add_provider(tree: &mut Value, plan: &Plan, config: &Config) {
    let Some(provider) = &plan.provider else { return };
    let mut described = json!({});
    if let Some(url) = &provider.url {
        described["baseUrl"] = url.as_str().into();
    }
    if let Some(key) = &provider.key {
        described["apiKey"] = key.reveal().into();
    }
    if let Some(model) = &plan.model {
        // Lists are replaced as a whole, so what is there is said again.
        let known = config.models.providers.get(&provider.id).filter(|_| plan.reset.is_none());
        let mut models = known.map(|known| known.models.clone()).unwrap_or_default();
        if !models.iter().any(|known| known.id == *model) {
            models.push(ModelConfig { id: model.clone(), ..ModelConfig::default() });
            let brief = models.iter().map(brief).collect::<Vec<_>>();
            described["models"] = brief.into();
        }
        let named = format!("{}/{model}", provider.id);
        tree["agents"]["defaults"]["model"]["primary"] = named.into();
    }
    tree["models"]["providers"][&provider.id] = described;
}

/// A model as one would write it: without what is said by saying nothing.
fn brief(model: &ModelConfig) -> Value {
    let mut value = json!(model);
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| *field != json!(false) && *field != json!([]));
    }
    value
}
