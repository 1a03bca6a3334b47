//! The questions, as they are put.

use crate::exposure::Strength;

use super::{
    Choice, Circumstances, InForce, Kind, Plan, Reset, Section, Step, Value,
    choices::{self, CUSTOM, SKIP},
    id,
};

/// How short a token may be that only this machine can try.
const SHORTEST_HERE: usize = 16;

fn step(id: &'static str, kind: Kind, title: &'static str, message: &str) -> Step {
    Step { id, kind, title, message: message.to_owned(), initial: None, placeholder: None }
}

fn text(id: &'static str, title: &'static str, message: &str) -> Step {
    step(id, Kind::Text, title, message)
}

fn secret(id: &'static str, title: &'static str, message: &str) -> Step {
    step(id, Kind::Secret { shortest: 1 }, title, message)
}

fn confirm(id: &'static str, title: &'static str, message: &str, initial: bool) -> Step {
    let initial = Some(Value::Flag(initial));
    Step { initial, ..step(id, Kind::Confirm, title, message) }
}

/// A choice, of which the first is the initial one.
fn select(id: &'static str, title: &'static str, message: &str, choices: Vec<Choice>) -> Step {
    let initial = choices.first().map(|choice| Value::Text(choice.value.clone()));
    Step { initial, ..step(id, Kind::Select(choices), title, message) }
}

/// A choice of which `current` is the initial one, also if it is none of those
/// there are otherwise.
fn keep(current: &str, step: Step) -> Step {
    let Kind::Select(mut choices) = step.kind else { return step };
    if !choices.iter().any(|choice| choice.value == current) {
        choices.push(Choice::new(current, "As it is").hint(current));
    }
    Step { initial: Some(current.into()), kind: Kind::Select(choices), ..step }
}

impl Step {
    /// The same, answered with `text` by saying nothing.
    fn or(self, text: &str) -> Self {
        Self { initial: Some(text.into()), ..self }
    }
}

pub(super) fn resume() -> Step {
    let message = "An earlier run was interrupted. Go on where it stopped?";
    confirm(id::RESUME, "Before you begin", message, true)
}

pub(super) fn risk() -> Step {
    let message = "An agent can be talked into things by what it reads, and acts with what it was \
        given. Keep the gateway to people you trust. Go on?";
    step(id::RISK, Kind::Confirm, "Before you begin", message)
}

pub(super) fn existing() -> Step {
    let choices = vec![
        Choice::new("keep", "Keep it as it is"),
        Choice::new("modify", "Change it").hint("what is not asked about stays"),
        Choice::new("reset", "Begin anew").hint("what was there is kept beside it"),
    ];
    select(id::EXISTING, "Configuration", "There is a configuration already.", choices)
}

pub(super) fn reset() -> Step {
    let choices = Reset::ALL.map(|reset| match reset {
        Reset::Config => Choice::new(reset.word(), "The configuration"),
        Reset::Access => Choice::new(reset.word(), "That, devices, secrets and conversations"),
        Reset::Full => Choice::new(reset.word(), "Everything, with the agents' workspace"),
    });
    select(id::RESET, "Configuration", "What is begun anew?", choices.to_vec())
}

pub(super) fn flow() -> Step {
    let choices = vec![
        Choice::new("quickstart", "Quick start").hint("this machine only, with a token"),
        Choice::new("advanced", "Everything").hint("port, network, login"),
    ];
    select(id::FLOW, "Setup", "How much should be asked?", choices)
}

pub(super) fn mode() -> Step {
    let choices = vec![
        Choice::new("local", "On this machine"),
        Choice::new("remote", "Elsewhere").hint("only the address is written down"),
    ];
    select(id::MODE, "Gateway", "Where does the gateway run?", choices)
}

pub(super) fn remote_url() -> Step {
    let step = text(id::REMOTE_URL, "Gateway", "Where is the gateway?");
    Step { placeholder: Some("wss://gateway.example:18789"), ..step }
}

pub(super) fn remote_token() -> Step {
    secret(id::REMOTE_TOKEN, "Gateway", "Its token (empty: none)").or("")
}

pub(super) fn provider(now: &InForce) -> Step {
    let choices = choices::providers(now.model.as_deref());
    select(id::PROVIDER, "Model", "Who offers the model?", choices).or(SKIP)
}

pub(super) fn provider_url() -> Step {
    let step = text(id::PROVIDER_URL, "Model", "Where is it?");
    Step { placeholder: Some("https://models.example/v1"), ..step }
}

/// Asks for the key of `chosen`; `known` is whether there is one already.
pub(super) fn provider_key(chosen: &str, known: bool) -> Step {
    if known {
        return secret(id::PROVIDER_KEY, "Model", "Its key (empty: the one that is there)").or("");
    }
    match chosen {
        CUSTOM => secret(id::PROVIDER_KEY, "Model", "Its key (empty: none)").or(""),
        _ => secret(id::PROVIDER_KEY, "Model", "Its key"),
    }
}

pub(super) fn failed(why: &str) -> Step {
    let choices = vec![
        Choice::new("again", "Try again").hint("address and key are asked for"),
        Choice::new("anyway", "Go on with it anyway"),
        Choice::new(SKIP, "Go on without a model"),
    ];
    select(id::PROVIDER_FAILED, "Model", &format!("The provider does not answer: {why}"), choices)
}

/// Asks for one of `models`, or for any if nobody knows them.
pub(super) fn model(chosen: &str, models: &[String]) -> Step {
    let proposed = choices::provider(chosen).and_then(|known| known.model);
    if models.is_empty() {
        let step = text(id::MODEL, "Model", "Which model, as its provider calls it?");
        let initial = proposed.map(Value::from);
        return Step { placeholder: Some("gpt-5.2"), initial, ..step };
    }
    let choices = models.iter().map(|model| Choice::new(model, model)).collect();
    let step = select(id::MODEL, "Model", &format!("{} models. Which one?", models.len()), choices);
    match proposed.filter(|proposed| models.iter().any(|model| model == proposed)) {
        Some(proposed) => step.or(proposed),
        None => step,
    }
}

pub(super) fn workspace(now: &InForce) -> Step {
    text(id::WORKSPACE, "Workspace", "Where do agents work?").or(&now.workspace)
}

pub(super) fn port(now: &InForce) -> Step {
    text(id::PORT, "Gateway", "On which port does it listen?").or(&now.port.to_string())
}

pub(super) fn bind(now: &InForce) -> Step {
    let choices = vec![
        Choice::new("loopback", "Only this machine"),
        Choice::new("tailnet", "The tailnet"),
        Choice::new("auto", "The tailnet if there is one"),
        Choice::new("lan", "The local network").hint("encryption is switched on"),
    ];
    keep(&now.bind, select(id::BIND, "Gateway", "Who can reach it?", choices))
}

pub(super) fn auth(now: &InForce) -> Step {
    let choices = vec![Choice::new("token", "A token"), Choice::new("password", "A password")];
    keep(&now.auth, select(id::AUTH, "Gateway", "What do clients have to show?", choices))
}

/// Asks for the secret that clients show, who `others` than this machine may try.
pub(super) fn login(auth: &str, now: &InForce, others: bool) -> Option<Step> {
    let (step, shortest) = match (auth, now.token, now.password) {
        ("token", true, _) => {
            (secret(id::TOKEN, "Gateway", "The token (empty: it stays)").or(""), SHORTEST_HERE)
        }
        ("token", false, _) => {
            let message = "The token (empty: one is made up)";
            (secret(id::TOKEN, "Gateway", message).or(""), SHORTEST_HERE)
        }
        ("password", _, true) => {
            (secret(id::PASSWORD, "Gateway", "The password (empty: it stays)").or(""), 1)
        }
        ("password", _, false) => (secret(id::PASSWORD, "Gateway", "The password"), 1),
        _ => return None,
    };
    let shortest = if others { Strength::SHORTEST } else { shortest };
    Some(Step { kind: Kind::Secret { shortest }, ..step })
}

pub(super) fn tailscale(now: &InForce, funnel: bool) -> Step {
    let mut choices =
        vec![Choice::new("off", "Not at all"), Choice::new("serve", "The members of the tailnet")];
    if funnel {
        choices.push(Choice::new("funnel", "Everybody").hint("the internet"));
    }
    let step = select(id::TAILSCALE, "Gateway", "Whom does Tailscale bring?", choices);
    match now.tailscale.as_str() {
        // It would be refused at the start.
        "funnel" if !funnel => step,
        current => keep(current, step),
    }
}

pub(super) fn tailscale_reset() -> Step {
    let message = "Does that end when the gateway does?";
    confirm(id::TAILSCALE_RESET, "Gateway", message, false)
}

pub(super) fn service() -> Step {
    confirm(id::SERVICE, "Service", "Should the gateway start by itself?", false)
}

pub(super) fn closing(around: &Circumstances, plan: &Plan) -> Option<Step> {
    let message = match (around.scope.is_all(), &plan.remote) {
        (false, _) => return None,
        (true, Some(_)) => "Talk with an agent there: `openclaw chat`",
        (true, None) if plan.service == Some(true) => "Talk with an agent: `openclaw chat`",
        (true, None) => {
            "Start the gateway: `openclaw gateway run`. Talk with an agent: `openclaw chat`"
        }
    };
    Some(step(id::CLOSING, Kind::Note, "Done", message))
}

/// What one can be asked about, or shown, alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// These questions.
    Questions(Section),
    /// How the gateway is.
    Health,
    /// Something this gateway does not have.
    Missing(&'static str),
}

impl Part {
    /// What OpenClaw calls by that word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "workspace" => Self::Questions(Section::Workspace),
            "model" => Self::Questions(Section::Model),
            "gateway" => Self::Questions(Section::Gateway),
            "daemon" => Self::Questions(Section::Daemon),
            "health" => Self::Health,
            "web" => Self::Missing("search of the web"),
            "channels" => Self::Missing("channels"),
            "skills" => Self::Missing("skills"),
            _ => return None,
        })
    }

    /// What this gateway does not have, if it is that.
    pub fn missing(&self) -> Option<&'static str> {
        match self {
            Self::Missing(what) => Some(what),
            Self::Questions(_) | Self::Health => None,
        }
    }
}

/// Asks for a [`Part`], by its word; the empty one is the end.
pub fn menu() -> Step {
    let choices = vec![
        Choice::new("model", "Model").hint("who answers"),
        Choice::new("workspace", "Workspace").hint("where agents work"),
        Choice::new("gateway", "Gateway").hint("port, network, login"),
        Choice::new("daemon", "Service").hint("starting by itself"),
        Choice::new("health", "Health").hint("how the gateway is"),
        Choice::new("", "Nothing more"),
    ];
    select("section", "Configuration", "What do you want to change?", choices)
}

#[test]
fn the_menu_offers_what_there_is() {
    let Kind::Select(choices) = menu().kind else { panic!("a choice") };
    for choice in choices.iter().filter(|choice| !choice.value.is_empty()) {
        assert!(!matches!(Part::of(&choice.value), None | Some(Part::Missing(_))));
    }
}
