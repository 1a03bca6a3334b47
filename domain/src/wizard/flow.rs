//! Which question comes next.

use super::{
    Answers, Choice, Kind, Plan, ProviderPlan, Step, Value,
    choices::{self, CUSTOM, SKIP},
    id, plan,
};

/// What the flow depends on besides the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Which questions are asked.
    pub scope: Scope,
    /// Whether there is a configuration with something in it.
    pub configured: bool,
    /// The port in force.
    pub port: u16,
    /// The workspace that is proposed.
    pub workspace: String,
    /// Providers whose key the environment or the configuration has.
    pub keys: Vec<String>,
    /// What the chosen provider said.
    pub check: Check,
    /// Whether the gateway can be made to start by itself from here.
    pub service: bool,
    /// Whether what was planned is written down.
    pub written: bool,
}

/// What the chosen provider said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// It is not asked.
    #[default]
    Off,
    /// It was not asked yet.
    Due,
    /// Its models.
    Answered(Vec<String>),
    /// What went wrong.
    Failed(String),
}

/// Which questions are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those of these parts.
    Sections(Vec<Section>),
}

/// A part of the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Where agents work.
    Workspace,
    /// Who answers.
    Model,
    /// How the gateway is reached.
    Gateway,
    /// Starting by itself.
    Daemon,
}

impl Scope {
    /// Whether `section` is asked about.
    pub fn includes(&self, section: Section) -> bool {
        match self {
            Self::All => true,
            Self::Sections(sections) => sections.contains(&section),
        }
    }
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// This is asked.
    Ask(Box<Step>),
    /// This provider is asked for its models.
    Check(ProviderPlan),
    /// This is written down.
    Write(Box<Plan>),
    /// Nothing.
    Done(Box<Plan>),
}

/// What comes next after `answers`.
pub fn next(around: &Circumstances, answers: &Answers) -> Next {
    let asks: [fn(&Circumstances, &Answers) -> Option<Next>; 6] =
        [before, remote, model, workspace, gateway, service];
    if let Some(next) = asks.iter().find_map(|ask| ask(around, answers)) {
        return next;
    }
    let plan = Box::new(plan::plan(&around.scope, answers));
    if !around.written {
        return Next::Write(plan);
    }
    match unanswered(answers, closing(&plan)) {
        Some(closing) => closing,
        None => Next::Done(plan),
    }
}

fn unanswered(answers: &Answers, step: Step) -> Option<Next> {
    answers.get(step.id).is_none().then(|| Next::Ask(Box::new(step)))
}

fn keeps(answers: &Answers) -> bool {
    answers.text(id::EXISTING) == Some("keep")
}

/// Whether questions about a gateway here are asked.
fn is_local(answers: &Answers) -> bool {
    !keeps(answers) && answers.text(id::MODE) != Some("remote")
}

/// Whether questions with a good answer of ours are asked too.
fn in_detail(around: &Circumstances, answers: &Answers) -> bool {
    around.scope != Scope::All || answers.text(id::FLOW) == Some("advanced")
}

fn before(around: &Circumstances, answers: &Answers) -> Option<Next> {
    if around.scope != Scope::All {
        return None;
    }
    let existing = around.configured.then(existing).and_then(|step| unanswered(answers, step));
    unanswered(answers, risk()).or(existing).or_else(|| {
        let more = !keeps(answers);
        let flow = is_local(answers).then(flow).and_then(|step| unanswered(answers, step));
        let asks_mode = more && in_detail(around, answers);
        flow.or_else(|| asks_mode.then(mode).and_then(|step| unanswered(answers, step)))
    })
}

fn remote(_: &Circumstances, answers: &Answers) -> Option<Next> {
    if keeps(answers) || is_local(answers) {
        return None;
    }
    let url = text(id::REMOTE_URL, "Gateway", "Where is the gateway?");
    let url = Step { placeholder: Some("wss://gateway.example:18789"), ..url };
    let token = secret(id::REMOTE_TOKEN, "Gateway", "Its token (empty: none)");
    let token = Step { initial: Some("".into()), ..token };
    unanswered(answers, url).or_else(|| unanswered(answers, token))
}

fn model(around: &Circumstances, answers: &Answers) -> Option<Next> {
    if !is_local(answers) || !around.scope.includes(Section::Model) {
        return None;
    }
    let Some(chosen) = answers.text(id::PROVIDER) else {
        let step = select(id::PROVIDER, "Model", "Who offers the model?", choices::providers());
        return Some(Next::Ask(Box::new(Step { initial: Some(SKIP.into()), ..step })));
    };
    if chosen == SKIP {
        return None;
    }
    let url = text(id::PROVIDER_URL, "Model", "Where is it?");
    let url = Step { placeholder: Some("https://models.example/v1"), ..url };
    if chosen == CUSTOM
        && let Some(next) = unanswered(answers, url)
    {
        return Some(next);
    }
    let keyed = choices::provider(chosen).is_none_or(|known| known.keyed);
    let has_key = around.keys.iter().any(|name| name == chosen);
    if keyed
        && !has_key
        && let Some(next) = unanswered(answers, secret(id::PROVIDER_KEY, "Model", "Its key"))
    {
        return Some(next);
    }
    match &around.check {
        Check::Due => plan::provider(answers).map(Next::Check),
        Check::Off => unanswered(answers, which_model(&[])),
        Check::Answered(models) => unanswered(answers, which_model(models)),
        Check::Failed(why) => match answers.text(id::PROVIDER_FAILED) {
            None => Some(Next::Ask(Box::new(failed(why)))),
            Some("anyway") => unanswered(answers, which_model(&[])),
            Some(_) => None,
        },
    }
}

fn workspace(around: &Circumstances, answers: &Answers) -> Option<Next> {
    let asked = is_local(answers) && around.scope.includes(Section::Workspace);
    if !asked {
        return None;
    }
    let step = text(id::WORKSPACE, "Workspace", "Where do agents work?");
    unanswered(answers, Step { initial: Some(Value::Text(around.workspace.clone())), ..step })
}

fn gateway(around: &Circumstances, answers: &Answers) -> Option<Next> {
    let asked =
        is_local(answers) && around.scope.includes(Section::Gateway) && in_detail(around, answers);
    if !asked {
        return None;
    }
    let port = text(id::PORT, "Gateway", "On which port does it listen?");
    let port = Step { initial: Some(Value::Text(around.port.to_string())), ..port };
    let auth = match answers.text(id::AUTH) {
        Some("password") => secret(id::PASSWORD, "Gateway", "The password"),
        _ => Step {
            initial: Some("".into()),
            ..secret(id::TOKEN, "Gateway", "The token (empty: one is made up)")
        },
    };
    // What Tailscale brings comes by loopback, and a funnel wants a password.
    let served = answers.text(id::BIND) == Some("loopback");
    let funnel = answers.text(id::AUTH) == Some("password");
    unanswered(answers, port)
        .or_else(|| unanswered(answers, bind()))
        .or_else(|| unanswered(answers, who()))
        .or_else(|| unanswered(answers, auth))
        .or_else(|| served.then(|| tailscale(funnel)).and_then(|step| unanswered(answers, step)))
}

fn service(around: &Circumstances, answers: &Answers) -> Option<Next> {
    let here = keeps(answers) || is_local(answers);
    let asked = here && around.service && around.scope.includes(Section::Daemon);
    let message = "Should the gateway start by itself?";
    let step = step(id::SERVICE, Kind::Confirm, "Service", message);
    asked
        .then_some(Step { initial: Some(Value::Flag(false)), ..step })
        .and_then(|step| unanswered(answers, step))
}

fn step(id: &'static str, kind: Kind, title: &'static str, message: &str) -> Step {
    Step { id, kind, title, message: message.to_owned(), initial: None, placeholder: None }
}

fn text(id: &'static str, title: &'static str, message: &str) -> Step {
    step(id, Kind::Text, title, message)
}

fn secret(id: &'static str, title: &'static str, message: &str) -> Step {
    step(id, Kind::Secret, title, message)
}

/// A choice, of which the first is the initial one.
fn select(id: &'static str, title: &'static str, message: &str, choices: Vec<Choice>) -> Step {
    let initial = choices.first().map(|choice| Value::Text(choice.value.clone()));
    Step { initial, ..step(id, Kind::Select(choices), title, message) }
}

fn risk() -> Step {
    let message = "An agent can be talked into things by what it reads, and acts with what it was \
        given. Keep the gateway to people you trust. Go on?";
    step(id::RISK, Kind::Confirm, "Before you begin", message)
}

fn existing() -> Step {
    let choices = vec![
        Choice::new("keep", "Keep it as it is"),
        Choice::new("modify", "Change it").hint("what is not asked about stays"),
        Choice::new("reset", "Begin anew").hint("the old file is kept as a backup"),
    ];
    select(id::EXISTING, "Configuration", "There is a configuration already.", choices)
}

fn flow() -> Step {
    let choices = vec![
        Choice::new("quickstart", "Quick start").hint("this machine only, with a token"),
        Choice::new("advanced", "Everything").hint("port, network, login"),
    ];
    select(id::FLOW, "Setup", "How much should be asked?", choices)
}

fn mode() -> Step {
    let choices = vec![
        Choice::new("local", "On this machine"),
        Choice::new("remote", "Elsewhere").hint("only the address is written down"),
    ];
    select(id::MODE, "Gateway", "Where does the gateway run?", choices)
}

fn failed(why: &str) -> Step {
    let choices = vec![
        Choice::new("again", "Type the key again"),
        Choice::new("anyway", "Go on with it anyway"),
        Choice::new(SKIP, "Go on without a model"),
    ];
    select(id::PROVIDER_FAILED, "Model", &format!("The provider does not answer: {why}"), choices)
}

fn which_model(models: &[String]) -> Step {
    if models.is_empty() {
        let step = text(id::MODEL, "Model", "Which model, as its provider calls it?");
        return Step { placeholder: Some("gpt-5.2"), ..step };
    }
    let choices = models.iter().map(|model| Choice::new(model, model)).collect();
    select(id::MODEL, "Model", &format!("{} models. Which one?", models.len()), choices)
}

fn bind() -> Step {
    let choices = vec![
        Choice::new("loopback", "Only this machine"),
        Choice::new("tailnet", "The tailnet"),
        Choice::new("auto", "The tailnet if there is one"),
        Choice::new("lan", "The local network").hint("encryption is switched on"),
    ];
    select(id::BIND, "Gateway", "Who can reach it?", choices)
}

fn who() -> Step {
    let choices = vec![Choice::new("token", "A token"), Choice::new("password", "A password")];
    select(id::AUTH, "Gateway", "What do clients have to show?", choices)
}

fn tailscale(funnel: bool) -> Step {
    let mut choices =
        vec![Choice::new("off", "Not at all"), Choice::new("serve", "The members of the tailnet")];
    if funnel {
        choices.push(Choice::new("funnel", "Everybody").hint("the internet"));
    }
    select(id::TAILSCALE, "Gateway", "Whom does Tailscale bring?", choices)
}

fn closing(plan: &Plan) -> Step {
    let message = match plan.remote {
        Some(_) => "Talk with an agent there: `openclaw chat`",
        None => "Start the gateway: `openclaw gateway run`. Talk with an agent: `openclaw chat`",
    };
    step(id::CLOSING, Kind::Note, "Done", message)
}
