//! What the configuration says about webhooks, in the words of the rules.

use std::time::Duration;

use domain::{
    hooks::{Draft, HookBase, HookRules, KeyOrigin, Mapping, Scheme},
    ids::AgentId,
};
use ports::{
    config::{
        Config,
        hooks::{HookHmacConfig, HookMappingConfig, HookTransformConfig, HooksConfig},
        open::{Command, Secret},
    },
    driven::Transform,
};

use crate::config::keys;

/// The longest body, unless something else is configured.
const BODY: u64 = 256 * 1024;
/// How many runs calls may have at once, unless something else is configured.
const RUNS: u64 = 256;
/// How long a transform may take, unless something else is configured.
const TRANSFORM: u64 = 5_000;
/// The longest a transform may take.
const MOST_TRANSFORM: u64 = 30_000;

/// What is configured.
pub(super) struct Settings {
    pub(super) base: HookBase,
    pub(super) token: Secret,
    pub(super) body_limit: usize,
    pub(super) max_runs: usize,
    pub(super) rules: HookRules,
    pub(super) mappings: Vec<Configured>,
}

/// A mapping and what goes with it.
pub(super) struct Configured {
    pub(super) mapping: Mapping,
    pub(super) signer: Option<Signer>,
    pub(super) step: Step,
}

/// Somebody who signs what it sends.
pub(super) struct Signer {
    pub(super) scheme: Scheme,
    pub(super) secret: Option<Secret>,
    pub(super) header: String,
    pub(super) delivery_header: Option<String>,
    pub(super) tolerance: Duration,
}

/// What happens between the template and the decision.
pub(super) enum Step {
    /// Nothing.
    None,
    /// A program is asked.
    Program(Transform),
    /// A module of OpenClaw would be asked, which is not run here.
    Module(String),
}

/// Where webhooks begin, if they are served.
pub(super) fn base(config: &Config) -> Option<HookBase> {
    let hooks = &config.hooks;
    let has_token = hooks.token.as_deref().is_some_and(|token| !token.trim().is_empty());
    if hooks.enabled != Some(true) || !has_token {
        return None;
    }
    match &hooks.path {
        None => Some(HookBase::default()),
        Some(path) => path.parse().ok(),
    }
}

impl Settings {
    /// What `config` says, if webhooks are served.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let base = base(config)?;
        let hooks = &config.hooks;
        let agents = &hooks.allowed_agent_ids;
        let all = agents.iter().any(|agent| agent.trim() == "*");
        let agents = agents.iter().filter(|_| !all).map(|agent| AgentId::normalize(agent));
        let own = hooks.mappings.iter().map(|it| Configured::of(it, hooks));
        let presets = hooks.presets.iter().filter(|name| name.trim() == "gmail");
        let mappings = own.chain(presets.map(|_| Configured::gmail(hooks))).collect();
        let size = |number: Option<u64>, usual| {
            usize::try_from(number.unwrap_or(usual)).unwrap_or(usize::MAX)
        };
        Some(Self {
            base,
            token: hooks.token.clone()?,
            body_limit: size(hooks.max_body_bytes, BODY),
            max_runs: size(hooks.max_runs, RUNS),
            rules: HookRules {
                keys: keys(config),
                takes_session_keys: hooks.allow_request_session_key == Some(true),
                prefixes: hooks.allowed_session_key_prefixes.clone(),
                default_key: hooks.default_session_key.clone(),
                agents: agents.collect(),
            },
            mappings,
        })
    }

    /// Whether callers of `path` may sign what they send, instead of showing the
    /// token.
    pub(super) fn has_signers(&self, path: &str) -> bool {
        !is_own(path) && self.signers(path).next().is_some()
    }

    /// The mappings for `path` whose callers sign.
    pub(super) fn signers(&self, path: &str) -> impl Iterator<Item = (usize, &Signer)> {
        self.mappings.iter().enumerate().filter_map(move |(index, configured)| {
            let signer = configured.signer.as_ref()?;
            configured.mapping.is_for_path(path).then_some((index, signer))
        })
    }
}

/// Whether `path` means the same in every gateway.
pub(super) fn is_own(path: &str) -> bool {
    matches!(path, "wake" | "agent")
}

impl Configured {
    fn of(config: &HookMappingConfig, hooks: &HooksConfig) -> Self {
        let session_key = config.session_key.clone();
        let template = Draft {
            verb: config.action.map(Into::into).unwrap_or_default(),
            text: config.text_template.clone(),
            wake: config.wake_mode.map(Into::into),
            message: config.message_template.clone(),
            name: config.name.clone(),
            agent: config.agent_id.clone(),
            session_key: session_key.map(|key| (key, KeyOrigin::Configured)),
            session_mode: config.session_mode.map(Into::into),
            deliver: config.deliver,
            channel: config.channel.clone(),
            to: config.to.clone(),
            model: config.model.clone(),
            thinking: config.thinking.clone(),
            timeout_seconds: config.timeout_seconds,
            waits: false,
            is_trusted: config.allow_unsafe_external_content == Some(true),
            is_of_mapping: true,
        };
        let text = |text: &Option<String>| text.as_deref().map(Into::into);
        Self {
            mapping: Mapping {
                path: text(&config.r#match.path),
                source: text(&config.r#match.source),
                template,
                for_each: text(&config.for_each),
            },
            signer: config.hmac.as_ref().map(Signer::of),
            step: Step::of(&config.transform, hooks),
        }
    }

    fn gmail(hooks: &HooksConfig) -> Self {
        let mut mapping = Mapping::gmail();
        mapping.template.model.clone_from(&hooks.gmail.model);
        mapping.template.thinking.clone_from(&hooks.gmail.thinking);
        mapping.template.is_trusted = hooks.gmail.allow_unsafe_external_content == Some(true);
        Self { mapping, signer: None, step: Step::None }
    }
}

impl Signer {
    fn of(config: &HookHmacConfig) -> Self {
        let scheme = Scheme::from(config.scheme);
        let named = |name: &Option<String>| name.as_deref().map(|it| it.trim().to_lowercase());
        let tolerance = config.tolerance_seconds.map(Duration::from_secs);
        Self {
            scheme,
            secret: config.secret.clone().filter(|secret| !secret.trim().is_empty()),
            header: named(&config.header).unwrap_or_else(|| scheme.header().to_owned()),
            delivery_header: named(&config.delivery_header)
                .or_else(|| scheme.delivery_header().map(str::to_owned)),
            tolerance: tolerance.unwrap_or(Scheme::TOLERANCE),
        }
    }
}

impl Step {
    fn of(config: &HookTransformConfig, hooks: &HooksConfig) -> Self {
        let (program, arguments) = match (&config.command, &config.module) {
            (Some(Command::Program(program)), _) => (program.clone(), Vec::new()),
            (Some(Command::WithArguments(words)), _) => match words.split_first() {
                Some((program, arguments)) => (program.clone(), arguments.to_vec()),
                None => (String::new(), Vec::new()),
            },
            (None, Some(module)) => return Self::Module(module.clone()),
            (None, None) => return Self::None,
        };
        let timeout = config.timeout_ms.unwrap_or(TRANSFORM).clamp(1, MOST_TRANSFORM);
        Self::Program(Transform {
            directory: hooks.transforms_dir.clone(),
            program,
            arguments,
            timeout: Duration::from_millis(timeout),
        })
    }
}
