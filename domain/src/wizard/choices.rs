//! What there is to choose from.

use super::Choice;

/// A provider of models one need not describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownProvider {
    /// Its name in names of models.
    pub id: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Whether it wants a key.
    pub keyed: bool,
}

/// A provider that is described by where it is.
pub(super) const CUSTOM: &str = "custom";
/// No provider.
pub(super) const SKIP: &str = "skip";

const fn known(id: &'static str, label: &'static str, keyed: bool) -> KnownProvider {
    KnownProvider { id, label, keyed }
}

/// The providers one need not describe.
pub const PROVIDERS: &[KnownProvider] = &[
    known("anthropic", "Anthropic", true),
    known("openai", "OpenAI", true),
    known("openrouter", "OpenRouter", true),
    known("ollama", "Ollama on this machine", false),
    known("groq", "Groq", true),
    known("mistral", "Mistral", true),
    known("xai", "xAI", true),
    known("cerebras", "Cerebras", true),
];

/// The provider `id`.
pub(super) fn provider(id: &str) -> Option<&'static KnownProvider> {
    PROVIDERS.iter().find(|known| known.id == id)
}

pub(super) fn providers() -> Vec<Choice> {
    let known = PROVIDERS.iter().map(|known| Choice::new(known.id, known.label));
    let others = [
        Choice::new(CUSTOM, "Another one").hint("anything that speaks like OpenAI"),
        Choice::new(SKIP, "None for now").hint("the built-in guide answers"),
    ];
    known.chain(others).collect()
}
