use std::sync::Mutex as Lock;

use domain::wizard::{Kind, Section, id};
use ports::{
    Json,
    config::Config,
    driven::{
        ConfigEdit, ConfigSnapshot, ConfigWrite, ConfigWritten, MockConfigSource, MockConfigStore,
        MockProviderCheck, MockWizardNotes,
    },
};

use super::*;

mod unattended;

/// What is written, one change after the other.
type Written = Arc<Lock<Vec<ConfigWrite>>>;

/// A world in which the key `good` is good, and what is written in it.
fn world(exists: bool) -> (Deps, Written, Arc<Lock<Answers>>) {
    let mut config = MockConfigSource::new();
    config.expect_current().returning(|| Arc::new(Config::default()));
    config.expect_snapshot().returning(move || ConfigSnapshot {
        path: "/c".into(),
        exists,
        raw: None,
        parsed: Json::parse(r#"{"a":1}"#.into()).unwrap(),
        valid: true,
        config: Json::null(),
        hash: "before".into(),
        issues: Vec::new(),
        warnings: Vec::new(),
    });
    let mut check = MockProviderCheck::new();
    check.expect_keys().returning(Vec::new);
    check.expect_models().returning(|asked| {
        let key = asked.key.as_ref().map(|key| key.reveal().to_owned());
        match key.as_deref() {
            None | Some("good") => Ok(vec!["m".to_owned(), "n".to_owned()]),
            Some(_) => Err("the key was refused".to_owned()),
        }
    });
    let kept: Arc<Lock<Answers>> = Arc::default();
    let mut notes = MockWizardNotes::new();
    let (load, keep, forget) = (Arc::clone(&kept), Arc::clone(&kept), Arc::clone(&kept));
    notes.expect_load().returning(move || load.lock().unwrap().clone());
    notes.expect_keep().returning(move |answers| {
        assert!(answers.text(id::PROVIDER_KEY).is_none(), "no key is kept");
        *keep.lock().unwrap() = answers.clone();
        Ok(())
    });
    notes.expect_forget().returning(move || {
        *forget.lock().unwrap() = Answers::default();
        Ok(())
    });
    notes.expect_workspace().returning(|| "/proposed".to_owned());
    notes.expect_make_workspace().returning(|_| Ok(true));
    let written: Arc<Lock<Vec<ConfigWrite>>> = Arc::default();
    let mut store = MockConfigStore::new();
    let writes = Arc::clone(&written);
    store.expect_write().returning(move |write| {
        writes.lock().unwrap().push(write);
        let (changed, hash, warnings) = (Vec::new(), "after".into(), Vec::new());
        Ok(ConfigWritten { changed, hash, warnings, config: Arc::default() })
    });
    let deps = Deps {
        attic: None,
        check: Arc::new(check),
        config: Arc::new(config),
        notes: Arc::new(notes),
        store: Arc::new(store),
    };
    (deps, written, kept)
}

fn given(answers: &[(&str, &str)]) -> Answers {
    let mut given = Answers::default();
    for (id, value) in answers {
        let value = match *value {
            "yes" => Value::Flag(true),
            text => text.into(),
        };
        given.set(id, value);
    }
    given
}

/// Answers to every question a quick start asks.
const QUICK: [(&str, &str); 6] = [
    (id::RISK, "yes"),
    (id::FLOW, "quickstart"),
    (id::PROVIDER, "openai"),
    (id::PROVIDER_KEY, "good"),
    (id::MODEL, "m"),
    (id::WORKSPACE, "/w"),
];

#[tokio::test]
async fn answers_and_flags_come_to_the_same_edit() {
    let (deps, flagged, _) = world(false);
    let all = [QUICK.as_slice(), &[(id::CLOSING, "")]].concat();
    let options = Options { given: given(&all), check: true, ..Options::default() };
    let mut session = Session::new(deps, options);
    assert_eq!(session.advance().await.unwrap(), None);

    let (deps, typed, kept) = world(false);
    let mut session = Session::new(deps, Options { check: true, ..Options::default() });
    while let Some(step) = session.advance().await.unwrap() {
        let answer = all.iter().find(|(id, _)| *id == step.id).unwrap().1;
        let answer = if answer == "yes" { Value::Flag(true) } else { answer.into() };
        session.answer(answer).unwrap();
    }
    assert_eq!(*typed.lock().unwrap(), *flagged.lock().unwrap());
    assert!(kept.lock().unwrap().is_empty(), "what is through is not gone on with");

    let write = typed.lock().unwrap()[0].clone();
    let ConfigEdit::Merge(text) = write.edit else { panic!("{:?}", write.edit) };
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "gateway": { "mode": "local" },
        "agents": { "defaults": { "workspace": "/w", "model": { "primary": "openai/m" } } },
        "models": { "providers": { "openai": { "apiKey": "good", "models": [{ "id": "m" }] } } },
    });
    assert_eq!(tree["gateway"], expected["gateway"]);
    assert_eq!(tree["agents"], expected["agents"]);
    let provider = &tree["models"]["providers"]["openai"];
    assert_eq!(provider["apiKey"], "good");
    assert_eq!(provider["models"][0]["id"], "m");
}

#[tokio::test]
async fn a_refused_key_is_asked_for_again() {
    let (deps, ..) = world(false);
    let mut answers = given(&QUICK);
    answers.set(id::PROVIDER_KEY, "bad".into());
    let options = Options { given: answers, check: true, ..Options::default() };
    let mut session = Session::new(deps, options);
    let failed = session.advance().await.unwrap().unwrap();
    assert_eq!(failed.id, id::PROVIDER_FAILED);
    assert!(failed.message.ends_with("the key was refused"));
    session.answer("again".into()).unwrap();
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::PROVIDER_KEY);
    session.answer("good".into()).unwrap();
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::CLOSING);
}

#[tokio::test]
async fn whoever_was_interrupted_goes_on_and_types_the_key_again() {
    let (deps, ..) = world(false);
    let first = Options { given: given(&QUICK[..4]), check: true, ..Options::default() };
    let mut session = Session::new(deps.clone(), first);
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::MODEL);

    let again = Options { resume: true, check: true, ..Options::default() };
    let mut session = Session::new(deps, again);
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::RESUME);
    session.answer(Value::Flag(true)).unwrap();
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::PROVIDER_KEY);
}

#[tokio::test]
async fn beginning_anew_is_meant_for_the_file_that_was_there() {
    let (deps, written, _) = world(true);
    let answers = [(id::RISK, "yes"), (id::EXISTING, "reset"), (id::FLOW, "quickstart")];
    let more = [(id::PROVIDER, "skip"), (id::WORKSPACE, "/w")];
    let all = [answers.as_slice(), &more].concat();
    let mut session = Session::new(deps, Options { given: given(&all), ..Options::default() });
    assert_eq!(session.advance().await.unwrap().unwrap().id, id::CLOSING);
    let write = written.lock().unwrap()[0].clone();
    assert!(matches!(write.edit, ConfigEdit::Replace(_)));
    assert_eq!((write.base_hash.as_deref(), write.any_base), (Some("before"), false));
}

/// Whatever is answered, each question is asked once and the flow ends.
#[tokio::test]
async fn every_way_through_the_questions_ends() {
    let scopes = [Scope::All, Scope::Sections(vec![Section::Gateway, Section::Model])];
    let mut ways = 0;
    for scope in scopes {
        let mut open = vec![Vec::<Value>::new()];
        while let Some(way) = open.pop() {
            let (deps, ..) = world(true);
            let service = true;
            let options =
                Options { scope: scope.clone(), service, check: true, ..Options::default() };
            let mut session = Session::new(deps, options);
            let mut asked = Vec::new();
            let mut answers = way.iter();
            while let Some(step) = session.advance().await.unwrap() {
                assert!(!asked.contains(&step.id), "{} is asked twice", step.id);
                asked.push(step.id);
                if let Some(answer) = answers.next() {
                    session.answer(answer.clone()).unwrap();
                    continue;
                }
                let possible: Vec<Value> = match &step.kind {
                    Kind::Note => vec!["".into()],
                    Kind::Confirm => vec![Value::Flag(true)],
                    Kind::Select(choices) if step.id == id::PROVIDER => {
                        let some = [0, choices.len() - 2, choices.len() - 1];
                        some.map(|at| choices[at].value.as_str().into()).to_vec()
                    }
                    Kind::Select(choices) => {
                        let kept = choices.iter().filter(|choice| choice.value != "again");
                        kept.map(|choice| choice.value.as_str().into()).collect()
                    }
                    Kind::Secret { .. } => vec!["bad-and-of-many-letters-x9".into()],
                    Kind::Text => vec![match step.id {
                        id::PORT => "1".into(),
                        id::REMOTE_URL => "wss://x".into(),
                        id::PROVIDER_URL => "https://x".into(),
                        _ => "/x".into(),
                    }],
                };
                open.extend(possible.into_iter().map(|next| [way.clone(), vec![next]].concat()));
                break;
            }
            ways += usize::from(*session.outcome() != Outcome::default());
        }
    }
    assert!(100 < ways, "{ways} ways");
}
