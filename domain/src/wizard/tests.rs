use super::*;

fn answers(given: &[(&str, &str)]) -> Answers {
    let mut answers = Answers::default();
    for (id, value) in given {
        let value = match *value {
            "yes" => Value::Flag(true),
            "no" => Value::Flag(false),
            text => text.into(),
        };
        answers.set(id, value);
    }
    answers
}

/// What comes next, in a word.
fn then(around: &Circumstances, given: &[(&str, &str)]) -> String {
    match next(around, &answers(given)) {
        Next::Ask(step) => step.id.to_owned(),
        Next::Check(provider) => format!("check {}", provider.id),
        Next::Write(_) => "write".to_owned(),
        Next::Done(_) => "done".to_owned(),
    }
}

/// The question that comes next.
fn asked(around: &Circumstances, given: &[(&str, &str)]) -> Step {
    match next(around, &answers(given)) {
        Next::Ask(step) => *step,
        other => panic!("{other:?}"),
    }
}

/// Answers that are given.
type Given = &'static [(&'static str, &'static str)];

const RISK: (&str, &str) = (id::RISK, "yes");
const QUICK: (&str, &str) = (id::FLOW, "quickstart");
const SKIP: (&str, &str) = (id::PROVIDER, "skip");

#[test]
fn one_question_after_the_other() {
    let plain = Circumstances::default;
    let configured = || Circumstances { configured: true, ..plain() };
    let stands_still = || Circumstances { resets_state: true, ..configured() };
    let given = |ids: &[&str]| {
        let given = ids.iter().map(|id| (*id).to_owned()).collect();
        Circumstances { given, ..plain() }
    };
    let service = || Circumstances { service: true, ..plain() };
    let only = |section| Circumstances { scope: Scope::Sections(vec![section]), ..plain() };
    #[rustfmt::skip]
    let table: Vec<(Circumstances, Given, &str)> = vec![
        (plain(), &[], "risk"),
        (Circumstances { interrupted: true, ..plain() }, &[], "resume"),
        (plain(), &[RISK], "flow"),
        (plain(), &[RISK, QUICK], "provider"),
        (plain(), &[RISK, (id::FLOW, "advanced")], "mode"),
        (plain(), &[RISK, QUICK, SKIP], "workspace"),
        (plain(), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w")], "write"),
        (service(), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w")], "service"),
        (configured(), &[RISK], "existing"),
        (configured(), &[RISK, (id::EXISTING, "keep")], "write"),
        (configured(), &[RISK, (id::EXISTING, "reset")], "flow"),
        (stands_still(), &[RISK, (id::EXISTING, "reset")], "existing.reset"),
        (stands_still(), &[RISK, (id::EXISTING, "modify")], "flow"),
        (given(&[id::MODE]), &[RISK], "mode"),
        (given(&[id::MODE]), &[RISK, (id::MODE, "remote")], "remote.url"),
        (given(&[id::MODE]), &[RISK, (id::MODE, "local")], "flow"),
        (plain(), &[RISK, QUICK, (id::PROVIDER, "openai")], "provider.key"),
        (plain(), &[RISK, QUICK, (id::PROVIDER, "ollama")], "model"),
        (plain(), &[RISK, QUICK, (id::PROVIDER, "custom")], "provider.url"),
        (Circumstances { keys: vec!["openai".into()], ..plain() }, &[RISK, QUICK, (id::PROVIDER, "openai")], "model"),
        (Circumstances { check: Check::Due, ..plain() }, &[RISK, QUICK, (id::PROVIDER, "ollama")], "check ollama"),
        (given(&[id::PORT]), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w")], "gateway.port"),
        (given(&[id::AUTH]), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w"), (id::AUTH, "password")], "gateway.password"),
        (given(&[id::TAILSCALE, id::BIND]), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w"), (id::BIND, "lan")], "write"),
        (given(&[id::TAILSCALE]), &[RISK, QUICK, SKIP, (id::WORKSPACE, "/w")], "gateway.tailscale"),
        (only(Section::Model), &[], "provider"),
        (only(Section::Workspace), &[], "workspace"),
        (only(Section::Gateway), &[], "gateway.port"),
        (only(Section::Daemon), &[], "write"),
    ];
    for (around, given, expected) in table {
        assert_eq!(then(&around, given), expected, "{given:?}");
    }
}

#[test]
fn what_holds_is_what_is_proposed() {
    let now = InForce {
        port: 7,
        bind: "192.0.2.9".into(),
        auth: "trusted-proxy".into(),
        tailscale: "serve".into(),
        workspace: "/mine".into(),
        model: Some("openai/gpt-5.2".into()),
        ..InForce::default()
    };
    let around = Circumstances {
        scope: Scope::Sections(vec![Section::Gateway, Section::Model, Section::Workspace]),
        now,
        ..Circumstances::default()
    };
    let mut given = Vec::new();
    let proposed = [
        (id::PROVIDER, "skip"),
        (id::WORKSPACE, "/mine"),
        (id::PORT, "7"),
        (id::BIND, "192.0.2.9"),
        (id::AUTH, "trusted-proxy"),
    ];
    for (id, value) in proposed {
        let step = asked(&around, &given);
        assert_eq!((step.id, step.initial.clone()), (id, Some(value.into())));
        assert_eq!(step.accept(value.into()), Ok(value.into()));
        given.push((id, value));
    }
    assert_eq!(then(&around, &given), "write", "a proxy's secret is not asked for");
}

#[test]
fn what_others_can_try_is_long() {
    let around = Circumstances {
        scope: Scope::Sections(vec![Section::Gateway]),
        ..Circumstances::default()
    };
    let [here, there] = ["loopback", "lan"].map(|bind| {
        let given =
            [(id::PORT, "7"), (id::BIND, bind), (id::AUTH, "token"), (id::TAILSCALE, "off")];
        asked(&around, &given)
    });
    #[rustfmt::skip]
    let table = [
        (&here, "", true), (&here, "0123456789abcde", false), (&here, "0123456789abcdef", true),
        (&there, "", true), (&there, "0123456789abcdef", false),
        (&there, "0123456789abcdef01234567", true), (&here, "OPENCLAW", false),
        (&here, "with\na line break in it", false),
    ];
    for (step, token, accepted) in table {
        assert_eq!(step.id, id::TOKEN);
        assert_eq!(step.accept(token.into()).is_ok(), accepted, "{token:?}");
    }
}

#[test]
fn what_answers_and_what_does_not() {
    let now = InForce { workspace: "/proposed".into(), ..InForce::default() };
    let around = Circumstances { now, ..Circumstances::default() };
    let risk = asked(&around, &[]);
    assert_eq!(risk.accept(Value::Flag(true)), Ok(Value::Flag(true)));
    let refused = risk.accept(Value::Flag(false)).unwrap_err();
    assert_eq!(refused.to_string(), "risk: the risk has to be accepted to go on");
    let refused = risk.accept("yes".into()).unwrap_err();
    assert_eq!(
        (refused.question(), refused.reason()),
        ("risk", "answer with true or false".into())
    );

    let flow = asked(&around, &[RISK]);
    let refused = flow.accept("slow".into()).unwrap_err();
    assert_eq!(refused.to_string(), "flow: must be one of quickstart, advanced");
    let workspace = asked(&around, &[RISK, QUICK, SKIP]);
    for (path, accepted) in [("/w", true), ("~/w", true), (" /w ", true), ("w", false), ("", false)]
    {
        assert_eq!(workspace.accept(path.into()).is_ok(), accepted, "{path:?}");
    }
}

#[test]
fn a_plan_is_what_the_answers_amount_to() {
    let around = Circumstances { resets_state: true, configured: true, ..Circumstances::default() };
    let given = answers(&[
        RISK,
        (id::EXISTING, "reset"),
        (id::RESET, "full"),
        QUICK,
        (id::PROVIDER, "openai"),
        (id::PROVIDER_KEY, "a-canary"),
        (id::MODEL, "m"),
        (id::WORKSPACE, "/w"),
    ]);
    let Next::Write(plan) = next(&around, &given) else { panic!("all is answered") };
    assert_eq!(plan.reset, Some(Reset::Full));
    assert!(plan.local && plan.model.as_deref() == Some("m"));
    let told = format!("{plan:?} {given:?}");
    assert!(!told.contains("canary"), "{told}");
    assert!(given.without_secrets().text(id::PROVIDER_KEY).is_none());
}
