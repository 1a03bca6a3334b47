//! How long a model thinks, and how it is told.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use domain::session::Thinking;
use http_client::model::Refused;
use ports::driven::{ModelInfo, ModelRequest};

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
        let can_think = model.is_some_and(|model| model.reasoning);
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
