//! What there is to choose from.

use super::Choice;

/// A provider of models one need not describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownProvider {
    /// Its name in names of models.
    pub id: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The name of the flag for its key, if it wants one.
    pub key_flag: Option<&'static str>,
    /// The model that is proposed, if it offers that.
    pub model: Option<&'static str>,
}

/// A provider OpenClaw knows by name, and this gateway does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignProvider {
    /// Its name in OpenClaw's choices.
    pub id: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The name of OpenClaw's flag for its key.
    pub key_flag: &'static str,
}

/// A provider that is described by where it is.
pub(super) const CUSTOM: &str = "custom";
/// No provider.
pub(super) const SKIP: &str = "skip";

/// Ways to log in with an account instead of a key.
pub(super) const LOGINS: &[&str] = &[
    "chutes",
    "claude-cli",
    "codex-cli",
    "copilot-proxy",
    "github-copilot",
    "google-antigravity",
    "google-gemini-cli",
    "oauth",
    "openai-codex",
    "qwen-portal",
    "setup-token",
    "token",
];

const fn known(
    id: &'static str,
    label: &'static str,
    key_flag: Option<&'static str>,
    model: Option<&'static str>,
) -> KnownProvider {
    KnownProvider { id, label, key_flag, model }
}

const fn foreign(id: &'static str, label: &'static str, key_flag: &'static str) -> ForeignProvider {
    ForeignProvider { id, label, key_flag }
}

/// The providers one need not describe.
#[rustfmt::skip]
pub const PROVIDERS: &[KnownProvider] = &[
    known("anthropic", "Anthropic", Some("anthropic-api-key"), Some("claude-opus-4-5")),
    known("openai", "OpenAI", Some("openai-api-key"), Some("gpt-5.2")),
    known("openrouter", "OpenRouter", Some("openrouter-api-key"), Some("openrouter/auto")),
    known("ollama", "Ollama on this machine", None, None),
    known("groq", "Groq", Some("groq-api-key"), None),
    known("mistral", "Mistral", Some("mistral-api-key"), None),
    known("xai", "xAI", Some("xai-api-key"), None),
    known("cerebras", "Cerebras", Some("cerebras-api-key"), None),
];

/// The providers of which OpenClaw's command line has flags, and this gateway
/// nothing but what it has for every other one.
pub const FOREIGN: &[ForeignProvider] = &[
    foreign("ai-gateway", "Vercel AI Gateway", "ai-gateway-api-key"),
    foreign("gemini", "Google Gemini", "gemini-api-key"),
    foreign("kimi-code", "Kimi Code", "kimi-code-api-key"),
    foreign("minimax", "MiniMax", "minimax-api-key"),
    foreign("moonshot", "Moonshot", "moonshot-api-key"),
    foreign("opencode-zen", "OpenCode Zen", "opencode-zen-api-key"),
    foreign("synthetic", "Synthetic", "synthetic-api-key"),
    foreign("venice", "Venice", "venice-api-key"),
    foreign("zai", "Z.AI", "zai-api-key"),
];

/// The provider `id`.
pub(super) fn provider(id: &str) -> Option<&'static KnownProvider> {
    PROVIDERS.iter().find(|known| known.id == id)
}

/// The providers; `current` is the model that answers now.
pub(super) fn providers(current: Option<&str>) -> Vec<Choice> {
    let known = PROVIDERS.iter().map(|known| Choice::new(known.id, known.label));
    let none = match current {
        Some(model) => Choice::new(SKIP, "As it is").hint(format!("{model} answers")),
        None => Choice::new(SKIP, "None for now").hint("the built-in guide answers"),
    };
    let custom = Choice::new(CUSTOM, "Another one").hint("anything that speaks like OpenAI");
    known.chain([custom, none]).collect()
}
