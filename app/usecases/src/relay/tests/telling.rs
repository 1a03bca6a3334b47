//! Providers that speak another form than the request has.

#![expect(clippy::unnecessary_wraps, reason = "tables of what comes hold what fails as well")]

use ports::{
    driven::{FinishReason, Sampling, ToolCall},
    driving::{Meaning, Meant, Misread, Outcome, Reply},
};

use super::*;

/// What a request means, or that it means nothing.
#[derive(Debug)]
struct Fixed(Result<Meant, Misread>);

#[async_trait]
impl Meaning for Fixed {
    async fn read(&self) -> Result<Meant, Misread> {
        self.0.clone()
    }
}

fn meant(stream: bool, seed: Option<i64>) -> Result<Meant, Misread> {
    let sampling = Sampling { seed, ..Sampling::default() };
    let request = ModelRequest { sampling, ..saying("hi") };
    Ok(Meant { request, stream })
}

fn request(model: &str, form: Form, meaning: Result<Meant, Misread>) -> Passed {
    Passed { meaning: Some(Arc::new(Fixed(meaning))), ..passed(model, form) }
}

fn text(text: &str) -> Result<ModelEvent, FailureKind> {
    Ok(ModelEvent::Text(text.to_owned()))
}

fn used(input: u64, output: u64) -> Result<ModelEvent, FailureKind> {
    Ok(ModelEvent::Usage(Usage { input, output, ..Usage::default() }))
}

const END: Result<ModelEvent, FailureKind> = Ok(ModelEvent::End(FinishReason::Stop));

async fn replies(relayed: Relayed) -> Vec<Reply> {
    let Ok(Passing::Told { answer, .. }) = relayed.answer else { panic!("{:?}", relayed.answer) };
    answer.collect().await
}

#[tokio::test]
async fn what_a_model_says_is_told_and_counts_like_any_other() {
    let call = |at: usize| {
        [
            Ok(ModelEvent::CallBegun { at, id: format!("c{at}"), name: "look".to_owned() }),
            Ok(ModelEvent::CallArguments { at, piece: "{}".to_owned() }),
        ]
    };
    let mut events = vec![used(5, 1), text("Good"), text(" morning")];
    events.extend(call(0));
    events.extend(call(1));
    events.extend([used(5, 9), END]);
    let keys = json!({ "keys": { "ci": { "tokensPerMinute": 1000, "models": ["lab/*"] } } });
    let house = House::new(&keys, vec![Tells(events)], Vec::new());
    let request = request(MODEL, Form::Messages, meant(true, None));
    let relayed = house.relay.relay(&key("ci"), request).await;
    assert_eq!(relayed.standing.tokens.unwrap().limit, 1000);
    let replies = replies(relayed).await;
    assert_eq!(replies.len(), 7);
    let call = |at: usize| ToolCall {
        id: format!("c{at}"),
        name: "look".to_owned(),
        arguments: "{}".to_owned(),
    };
    let end = Reply::End(Outcome::Done {
        text: "Good morning".to_owned(),
        calls: vec![call(0), call(1)],
        finish: FinishReason::Stop,
        usage: Usage { input: 5, output: 9, ..Usage::default() },
    });
    assert_eq!(replies.last(), Some(&end));
    assert_eq!(house.asked(), ["lab/one told"]);
    let used = ("ci".to_owned(), MODEL.to_owned(), [1, 0, 5, 9]);
    assert_eq!(house.used().await, [used]);
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_in_which_way() {
    let spare = json!({ "fallbacks": { "lab/one": ["spare/two"] } });
    let tells = || Tells(vec![text("a"), END]);
    let fails = |kind| Tells(vec![Err(kind)]);
    let misread = Err(Misread { param: Some("x".to_owned()), message: "x: odd".to_owned() });
    #[rustfmt::skip]
    let table = [
        // the lab                                       the spare one     settings       form             meaning             answer             asked
        (vec![tells()],                                  vec![],           json!({}),     Form::Messages,  meant(true, None),  "lab/one told",    vec!["lab/one told"]),
        (vec![tells()],                                  vec![],           json!({}),     Form::Messages,  meant(false, None), "lab/one told",    vec!["lab/one told"]),
        (vec![Says(1, 1)],                               vec![],           json!({}),     Form::Chat,      meant(true, None),  "lab/one",         vec!["lab/one"]),
        (vec![fails(FailureKind::Disconnected), tells()], vec![],          json!({}),     Form::Messages,  meant(true, None),  "lab/one told",    vec!["lab/one told"; 2]),
        (vec![fails(FailureKind::Timeout)],              vec![tells()],    spare.clone(), Form::Responses, meant(true, None),  "spare/two told",  vec!["lab/one told", "spare/two told"]),
        (vec![fails(FailureKind::Format)],               vec![],           json!({}),     Form::Messages,  meant(true, None),  "Garbled",         vec!["lab/one told"]),
        (vec![fails(FailureKind::ContextLength)],        vec![],           spare.clone(), Form::Messages,  meant(true, None),  "Refused(400)",    vec!["lab/one told"]),
        (vec![Tells(vec![])],                            vec![],           json!({}),     Form::Messages,  meant(true, None),  "Garbled",         vec!["lab/one told"]),
        // An answer that is wanted as a whole is asked for again until it is whole.
        (vec![Tells(vec![text("a"), Err(FailureKind::Disconnected)]), tells()], vec![], json!({}), Form::Messages, meant(false, None), "lab/one told", vec!["lab/one told"; 2]),
        (vec![Tells(vec![text("a"), Err(FailureKind::Disconnected)])], vec![], json!({}), Form::Messages, meant(true, None), "lab/one told", vec!["lab/one told"]),
        // What would be lost is refused before anybody hears of it.
        (vec![],                                         vec![],           spare.clone(), Form::Messages,  meant(true, Some(1)), "seed: unheard of for lab/one", vec![]),
        (vec![],                                         vec![],           spare.clone(), Form::Messages,  misread.clone(),    "x: odd",          vec![]),
    ];
    for (lab, spare, settings, form, meaning, answer, asked) in table {
        let house = House::new(&settings, lab, spare);
        let found = house.relay.relay(&owner(), request(MODEL, form, meaning)).await;
        assert_eq!(verdict(found), answer);
        assert_eq!(house.asked(), asked, "{answer}");
    }
    // Numbers are nothing one can tell.
    let house = House::new(&json!({}), Vec::new(), Vec::new());
    let asking = request("spare/one", Form::Embeddings, meant(false, None));
    let found = house.relay.relay(&owner(), asking).await;
    let why = "the provider of spare/one takes no embeddings, only chat completions";
    assert_eq!(verdict(found), why);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_stands_in_is_left_out_if_it_would_not_understand() {
    let settings = json!({ "fallbacks": { "lab/one": ["talk/two", "spare/two"] } });
    let lab = vec![Fails(Fault::Silent, None)];
    let providers: Vec<Provider> = vec![
        ("lab", lab, &[Form::Chat]),
        ("talk", Vec::new(), &[Form::Messages]),
        ("spare", vec![Fails(Fault::Silent, None)], &[Form::Chat]),
    ];
    let house = House::of(&settings, providers, Vec::new());
    let asking = request(MODEL, Form::Chat, meant(true, Some(1)));
    let found = house.relay.relay(&owner(), asking).await;
    assert_eq!(verdict(found), "Silent");
    assert_eq!(house.asked(), ["lab/one", "spare/two"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_responses_is_asked_for_a_chat() {
    let tells = || Tells(vec![text("a"), END]);
    let gone = |status| Fails(Fault::Refused(status), None);
    #[rustfmt::skip]
    let table = [
        // what it does                                           the request  meaning               answer
        (vec![gone(404), tells()],                                Form::Responses, meant(true, None),    "answering/one told"),
        (vec![gone(405), tells()],                                Form::Responses, meant(true, None),    "answering/one told"),
        (vec![gone(404), Tells(vec![Err(FailureKind::UnknownModel)])], Form::Responses, meant(true, None), "Refused(404)"),
        // What cannot be told is what the server said in the first place.
        (vec![gone(404)],                                         Form::Responses, meant(true, Some(1)), "Refused(404)"),
        (vec![gone(404)],                                         Form::Chat,      meant(true, None),    "Refused(404)"),
        (vec![gone(400)],                                         Form::Responses, meant(true, None),    "Refused(400)"),
        (vec![Says(1, 1)],                                        Form::Responses, meant(true, None),    "answering/one"),
    ];
    for (turns, form, meaning, answer) in table {
        let provider: Provider =
            ("answering", turns, &[Form::Chat, Form::Embeddings, Form::Responses]);
        let house = House::of(&json!({}), vec![provider], Vec::new());
        let found = house.relay.relay(&owner(), request("answering/one", form, meaning)).await;
        assert_eq!(verdict(found), answer);
    }
}

#[tokio::test]
async fn however_an_answer_ends_it_counts_once_and_tells_no_address() {
    let breaks = vec![text("a"), text("b"), Err(FailureKind::Overloaded)];
    let size = (passed(MODEL, Form::Messages).body.len() as u64).div_ceil(4);
    #[rustfmt::skip]
    let table = [
        // what it tells                            replies heard  counts
        (vec![text("a"), text("b"), END],           9,             [1, 0, size, 2]),
        (vec![text("a"), text("b"), text("c")],     2,             [1, 0, size, 2]),
        (vec![used(7, 0), text("a"), text("b")],    1,             [1, 0, 7, 0]),
        (breaks,                                    9,             [1, 1, size, 2]),
        (vec![text("a")],                           9,             [1, 1, size, 1]),
    ];
    for (events, heard, counts) in table {
        let house = House::new(&json!({}), vec![Tells(events)], Vec::new());
        let asking = request(MODEL, Form::Messages, meant(true, None));
        let answer = house.relay.relay(&owner(), asking).await.answer;
        let Ok(Passing::Told { answer, .. }) = answer else { panic!("{answer:?}") };
        let replies: Vec<Reply> = answer.take(heard).collect().await;
        assert_eq!(house.used().await[0].2, counts, "{replies:?}");
        if let Some(Reply::End(Outcome::Failed { message, kind })) = replies.last() {
            assert!(!message.contains("secret"), "{message}");
            assert!(kind.is_some());
        }
    }
}

fn verdict(relayed: Relayed) -> String {
    match relayed.answer {
        Ok(Passing::Copied(copied)) => copied.model.to_string(),
        Ok(Passing::Told { model, .. }) => format!("{model} told"),
        Err(RelayRefusal::Provider(error)) => format!("{:?}", error.fault),
        Err(other) => other.to_string(),
    }
}
