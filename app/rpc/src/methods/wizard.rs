//! `wizard.*`: setting the gateway up, question by question.

use domain::{
    access::{Access::Operator, Scope::Admin},
    wizard::{Answers, Choice, Kind, Step, Value, id},
};
use ports::driving::RpcError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::wizard::{Options, Position, Status, WizardError};

use crate::{
    method::{Context, methods},
    params::Name,
};

methods! {
    /// Starts the wizard. There is one at a time.
    ///
    /// Where an earlier one was interrupted, the first question is whether to go
    /// on from there.
    "wizard.start" [Operator(Admin), governs] start(StartParams) -> Started;

    /// Answers a question and returns the next one; without an answer, the same
    /// one again.
    ///
    /// Notes want an answer, too. An answer that does not fit ends the wizard.
    "wizard.next" [Operator(Admin)] next(NextParams) -> Where;

    /// Ends the wizard. What it has not written down by then is not written.
    "wizard.cancel" [Operator(Admin)] cancel(One) -> How;

    /// How the wizard is doing. One that has ended is forgotten.
    "wizard.status" [Operator(Admin)] status(One) -> How;
}

/// Parameters of `wizard.start`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StartParams {
    /// Where the gateway runs.
    mode: Option<Mode>,
    /// Where agents work.
    workspace: Option<String>,
}

/// Where the gateway runs.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Here.
    Local,
    /// Elsewhere.
    Remote,
}

/// Parameters of `wizard.next`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NextParams {
    /// The wizard.
    session_id: Name,
    /// The answer.
    answer: Option<Answer>,
}

/// An answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Answer {
    /// The question.
    step_id: Name,
    /// What is answered.
    value: Option<Answered>,
}

/// What is answered.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Answered {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// A text, or one of several answers.
    Text(String),
}

/// Parameters of `wizard.cancel` and `wizard.status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct One {
    /// The wizard.
    session_id: Name,
}

/// Result of `wizard.start`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Started {
    /// The wizard.
    session_id: String,
    #[serde(flatten)]
    at: Where,
}

/// Result of `wizard.next`.
#[derive(Debug, Serialize, JsonSchema)]
struct Where {
    /// Whether it has ended.
    done: bool,
    /// The question.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<StepView>,
    #[serde(flatten)]
    how: How,
}

/// Result of `wizard.cancel` and `wizard.status`.
#[derive(Debug, Serialize, JsonSchema)]
struct How {
    /// `running`, `done`, `cancelled` or `error`.
    status: &'static str,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A question.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepView {
    /// Its name.
    id: &'static str,
    /// `note`, `select`, `text` or `confirm`.
    r#type: &'static str,
    /// What it is about.
    title: &'static str,
    /// The question.
    message: String,
    /// The answers there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<OptionView>>,
    /// What is answered by saying nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_value: Option<InitialView>,
    /// What an answer looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<&'static str>,
    /// Whether the answer is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitive: Option<bool>,
}

/// What is answered by saying nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum InitialView {
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
}

/// One of several answers.
#[derive(Debug, Serialize, JsonSchema)]
struct OptionView {
    /// The answer.
    value: String,
    /// What it is called.
    label: String,
    /// What there is to say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        let Step { id, kind, title, message, initial, placeholder } = step;
        let (r#type, options, sensitive) = match kind {
            Kind::Note => ("note", None, None),
            Kind::Text => ("text", None, None),
            Kind::Secret { .. } => ("text", None, Some(true)),
            Kind::Confirm => ("confirm", None, None),
            Kind::Select(choices) => {
                let views = choices.into_iter().map(OptionView::from).collect();
                ("select", Some(views), None)
            }
        };
        let initial_value = initial.map(|value| match value {
            Value::Flag(flag) => InitialView::Flag(flag),
            Value::Text(text) => InitialView::Text(text),
        });
        Self { id, r#type, title, message, options, initial_value, placeholder, sensitive }
    }
}

impl From<Choice> for OptionView {
    fn from(Choice { value, label, hint }: Choice) -> Self {
        Self { value, label, hint }
    }
}

impl From<Status> for How {
    fn from(status: Status) -> Self {
        let (status, error) = match status {
            Status::Running => ("running", None),
            Status::Done => ("done", None),
            Status::Cancelled => ("cancelled", None),
            Status::Error(why) => ("error", Some(why)),
        };
        Self { status, error }
    }
}

impl From<Position> for Where {
    fn from(Position { step, status }: Position) -> Self {
        let done = status != Status::Running;
        Self { done, step: step.map(StepView::from), how: status.into() }
    }
}

impl From<Answered> for Value {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Flag(flag) => Self::Flag(flag),
            Answered::Number(number) => Self::Text(number.to_string()),
            Answered::Text(text) => Self::Text(text),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn refused(refused: WizardError) -> RpcError {
    let text = refused.to_string();
    match refused {
        WizardError::Busy => RpcError::unavailable(text),
        WizardError::NotFound | WizardError::NotRunning | WizardError::NoPendingStep => {
            RpcError::invalid(text)
        }
    }
}

async fn start(cx: Context, params: StartParams) -> Result<Started, RpcError> {
    let mut given = Answers::default();
    let mode = params.mode.map(|mode| match mode {
        Mode::Local => "local",
        Mode::Remote => "remote",
    });
    for (id, value) in [(id::MODE, mode), (id::WORKSPACE, params.workspace.as_deref())] {
        if let Some(value) = value {
            given.set(id, value.into());
        }
    }
    let options = Options { given, resume: true, check: true, ..Options::default() };
    let (session_id, at) = cx.services.wizard.start(options).await.map_err(refused)?;
    Ok(Started { session_id, at: at.into() })
}

async fn next(cx: Context, params: NextParams) -> Result<Where, RpcError> {
    let answer = params.answer.map(|answer| {
        let value = answer.value.map_or_else(|| "".into(), Value::from);
        (answer.step_id.as_str().to_owned(), value)
    });
    let at = cx.services.wizard.next(params.session_id.as_str(), answer).await;
    at.map(Where::from).map_err(refused)
}

async fn cancel(cx: Context, params: One) -> Result<How, RpcError> {
    cx.services.wizard.cancel(params.session_id.as_str()).map(How::from).map_err(refused)
}

async fn status(cx: Context, params: One) -> Result<How, RpcError> {
    cx.services.wizard.status(params.session_id.as_str()).map(How::from).map_err(refused)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::World;

    #[tokio::test]
    async fn a_quick_start_from_the_risk_to_the_end() {
        let world = World::new();
        let mut at = world.call("wizard.start", json!({ "workspace": "/w" })).await.unwrap();
        let session = at["sessionId"].clone();
        let answers = [
            ("risk", "confirm", json!(true)),
            ("flow", "select", json!("quickstart")),
            ("provider", "select", json!("openai")),
            ("provider.key", "text", json!("sk-secret")),
            ("model", "select", json!("echo")),
            ("closing", "note", Value::Null),
        ];
        for (id, kind, value) in answers {
            assert_eq!((&at["done"], &at["status"]), (&json!(false), &json!("running")));
            assert_eq!((&at["step"]["id"], &at["step"]["type"]), (&json!(id), &json!(kind)));
            let again = world.call("wizard.next", json!({ "sessionId": session })).await.unwrap();
            assert_eq!(again["step"], at["step"], "without an answer it is asked again");
            assert!(!at.to_string().contains("sk-secret"));
            let answer = json!({ "stepId": id, "value": value });
            let params = json!({ "sessionId": session, "answer": answer });
            at = world.call("wizard.next", params).await.unwrap();
        }
        assert_eq!(at, json!({ "done": true, "status": "done" }));
        let one = json!({ "sessionId": session });
        let status = world.call("wizard.status", one.clone()).await.unwrap();
        assert_eq!(status, json!({ "status": "done" }));
        assert_eq!(world.refusal("wizard.status", one).await, "wizard not found");
    }

    #[tokio::test]
    async fn a_bad_answer_ends_it_and_others_wait_for_its_end() {
        let world = World::new();
        let started = world.call("wizard.start", json!({})).await.unwrap();
        let session = started["sessionId"].clone();
        assert_eq!(world.refusal("wizard.start", json!({})).await, "wizard already running");

        let answer = |id: &str, value: Value| json!({ "sessionId": session, "answer": { "stepId": id, "value": value } });
        let other = world.refusal("wizard.next", answer("flow", json!("quickstart"))).await;
        assert_eq!(other, "wizard: no pending step");
        let ended = world.call("wizard.next", answer("risk", json!("perhaps"))).await.unwrap();
        let error = "risk: answer with true or false";
        assert_eq!(ended, json!({ "done": true, "status": "error", "error": error }));
        let late = world.refusal("wizard.next", answer("risk", json!(true))).await;
        assert_eq!(late, "wizard not running");

        let next = world.call("wizard.start", json!({})).await.unwrap();
        let one = json!({ "sessionId": next["sessionId"] });
        let cancelled = world.call("wizard.cancel", one.clone()).await.unwrap();
        assert_eq!(cancelled, json!({ "status": "cancelled" }));
        assert_eq!(world.refusal("wizard.next", one).await, "wizard not found");
    }
}
