//! Which question comes next.

use super::{
    Answers, Check, Circumstances, Plan, ProviderPlan, Section, Step,
    choices::{self, CUSTOM, SKIP},
    id, plan, questions,
};

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
    let closing = questions::closing(around, &plan).and_then(|step| unanswered(answers, step));
    closing.unwrap_or(Next::Done(plan))
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

fn before(around: &Circumstances, answers: &Answers) -> Option<Next> {
    if !around.scope.is_all() {
        return None;
    }
    let more = !keeps(answers);
    // Whoever says so without being asked means it, whether or not there is a
    // configuration.
    let resets = answers.resets() || around.is_given(id::RESET);
    let steps = [
        around.interrupted.then(questions::resume),
        Some(questions::risk()),
        around.configured.then(questions::existing),
        (around.resets_state && resets).then(questions::reset),
        // Whoever says where the gateway runs need not be asked how much to ask.
        (more && around.is_given(id::MODE)).then(questions::mode),
        is_local(answers).then(questions::flow),
        (more && around.asks(id::MODE, answers)).then(questions::mode),
    ];
    steps.into_iter().flatten().find_map(|step| unanswered(answers, step))
}

fn remote(_: &Circumstances, answers: &Answers) -> Option<Next> {
    if keeps(answers) || is_local(answers) {
        return None;
    }
    unanswered(answers, questions::remote_url())
        .or_else(|| unanswered(answers, questions::remote_token()))
}

fn model(around: &Circumstances, answers: &Answers) -> Option<Next> {
    if !is_local(answers) || !around.scope.includes(Section::Model) {
        return None;
    }
    let Some(chosen) = answers.text(id::PROVIDER) else {
        return Some(Next::Ask(Box::new(questions::provider(&around.now(answers)))));
    };
    if chosen == SKIP {
        return None;
    }
    if chosen == CUSTOM
        && let Some(next) = unanswered(answers, questions::provider_url())
    {
        return Some(next);
    }
    let has_key = around.keys.iter().any(|name| name == chosen);
    let keyed = choices::provider(chosen).is_none_or(|known| known.key_flag.is_some());
    if keyed
        && (!has_key || around.asks(id::PROVIDER_KEY, answers))
        && let Some(next) = unanswered(answers, questions::provider_key(chosen, has_key))
    {
        return Some(next);
    }
    match &around.check {
        Check::Due => plan::provider(answers).map(Next::Check),
        Check::Off => unanswered(answers, questions::model(chosen, &[])),
        Check::Answered(models) => unanswered(answers, questions::model(chosen, models)),
        Check::Failed(why) => match answers.text(id::PROVIDER_FAILED) {
            None => Some(Next::Ask(Box::new(questions::failed(why)))),
            Some("anyway") => unanswered(answers, questions::model(chosen, &[])),
            Some(_) => None,
        },
    }
}

fn workspace(around: &Circumstances, answers: &Answers) -> Option<Next> {
    let asked = is_local(answers) && around.scope.includes(Section::Workspace);
    asked
        .then(|| questions::workspace(&around.now(answers)))
        .and_then(|step| unanswered(answers, step))
}

fn gateway(around: &Circumstances, answers: &Answers) -> Option<Next> {
    if !is_local(answers) || !around.scope.includes(Section::Gateway) {
        return None;
    }
    let now = around.now(answers);
    let ask =
        |step: Step| around.asks(step.id, answers).then(|| unanswered(answers, step)).flatten();
    if let Some(next) = [questions::port(&now), questions::bind(&now), questions::auth(&now)]
        .into_iter()
        .find_map(ask)
    {
        return Some(next);
    }
    // What Tailscale brings comes by loopback, and a funnel wants a password.
    let served = answers.text(id::BIND).unwrap_or(&now.bind) == "loopback";
    let auth = answers.text(id::AUTH).unwrap_or(&now.auth);
    let tailscale = served.then(|| questions::tailscale(&now, auth == "password"));
    if let Some(next) = tailscale.and_then(ask) {
        return Some(next);
    }
    let brings = served && answers.text(id::TAILSCALE).unwrap_or(&now.tailscale) != "off";
    let reset = brings.then(questions::tailscale_reset);
    let login =
        answers.text(id::AUTH).and_then(|auth| questions::login(auth, &now, !served || brings));
    reset.and_then(ask).or_else(|| login.and_then(|step| unanswered(answers, step)))
}

fn service(around: &Circumstances, answers: &Answers) -> Option<Next> {
    let here = keeps(answers) || is_local(answers);
    let asked = here && around.service && around.scope.includes(Section::Daemon);
    asked.then(questions::service).and_then(|step| unanswered(answers, step))
}
