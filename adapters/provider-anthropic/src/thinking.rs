//! How long a model thinks, and how it is told.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use domain::session::Thinking;
use http_client::model::Refused;
use ports::driven::{ModelInfo, ModelPart, ModelRequest, ToolChoice};

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Not at all.
    Nothing,
    /// For at most so many tokens.
    Budget(Thinking),
    /// As it sees fit, with this much effort.
    Adaptive(Thinking),
}

impl Told {
    /// The smallest budget the protocol knows.
    pub(crate) const LEAST: u32 = 1024;

    /// For how many tokens.
    pub(crate) const fn budget(thinking: Thinking) -> u32 {
        match thinking {
            Thinking::Off => 0,
            Thinking::Minimal => Self::LEAST,
            Thinking::Low => 2048,
            Thinking::Medium => 8192,
            Thinking::High => 16_384,
            Thinking::Xhigh => 32_768,
        }
    }

    /// With how much effort.
    pub(crate) const fn effort(thinking: Thinking) -> &'static str {
        match thinking {
            Thinking::Off | Thinking::Minimal | Thinking::Low => "low",
            Thinking::Medium => "medium",
            Thinking::High => "high",
            Thinking::Xhigh => "max",
        }
    }
}

/// The models that refuse budgets.
#[derive(Debug, Default)]
pub(crate) struct Adaptive {
    // Only models from the configuration come in here.
    models: Mutex<HashSet<String>>,
}

impl Adaptive {
    /// How to tell `model` to think as `request` says.
    pub(crate) fn thinking(&self, request: &ModelRequest, model: Option<&ModelInfo>) -> Told {
        let can_think = model.is_some_and(|model| model.reasoning) && may_think(request);
        match request.thinking {
            None | Some(Thinking::Off) => Told::Nothing,
            Some(_) if !can_think => Told::Nothing,
            Some(thinking) if self.knows(&request.model) => Told::Adaptive(thinking),
            Some(thinking) => Told::Budget(thinking),
        }
    }

    /// How to tell `model` after it refused to be `told`; nothing if the refusal
    /// had another reason.
    pub(crate) fn instead_of(&self, told: Told, refused: &Refused, model: &str) -> Option<Told> {
        match told {
            Told::Budget(thinking) if refused.objects_to("adaptive") => {
                self.models().insert(model.to_owned());
                Some(Told::Adaptive(thinking))
            }
            Told::Nothing | Told::Budget(_) | Told::Adaptive(_) => None,
        }
    }

    fn knows(&self, model: &str) -> bool {
        self.models().contains(model)
    }

    fn models(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the service lets a model think about `request`. It does not where a
/// tool has to be asked for; and having asked for one, a model only goes on
/// thinking when it is shown its signed thoughts of before, which nobody keeps.
fn may_think(request: &ModelRequest) -> bool {
    let forced = matches!(request.tools.choice, ToolChoice::Required | ToolChoice::Named(_))
        && !request.tools.offered.is_empty();
    let last = request.messages.last().map_or(&[][..], |message| &message.parts);
    let going_on = last.iter().any(|part| matches!(part, ModelPart::Result(_)));
    !forced && !going_on
}

#[test]
fn nobody_thinks_between_a_tool_and_its_result() {
    use domain::session::Thinking::High;
    use ports::driven::{ModelMessage, ModelRole, Sampling, ToolResult, ToolSpec, ToolUse};

    let model = ModelInfo { reasoning: true, ..ModelInfo::default() };
    let asked = |choice, parts| ModelRequest {
        model: "m".to_owned(),
        system: None,
        messages: vec![ModelMessage { role: ModelRole::User, parts }],
        thinking: Some(High),
        sampling: Sampling::default(),
        tools: ToolUse {
            offered: vec![ToolSpec {
                name: "look".to_owned(),
                description: None,
                parameters: None,
                strict: None,
            }],
            choice,
            parallel: None,
        },
    };
    let result = ToolResult { call: "c".to_owned(), text: "x".to_owned(), failed: false };
    #[rustfmt::skip]
    let table = [
        (asked(ToolChoice::Auto, vec![]),                                  Told::Budget(High)),
        (asked(ToolChoice::Auto, vec![ModelPart::Result(result)]),         Told::Nothing),
        (asked(ToolChoice::Required, vec![]),                              Told::Nothing),
        (asked(ToolChoice::Named("look".to_owned()), vec![]),              Told::Nothing),
    ];
    for (request, told) in table {
        assert_eq!(Adaptive::default().thinking(&request, Some(&model)), told, "{request:?}");
    }
}
