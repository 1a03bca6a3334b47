//! What a server does not want to be asked.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use domain::session::Thinking;
use http_client::model::Refused;
use ports::driven::ModelRequest;

/// What can be left out of a request when the server objects to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Whether to ask for the usage.
    pub(crate) usage: bool,
    /// How long to think.
    pub(crate) effort: Option<&'static str>,
}

/// What a server objected to so far.
#[derive(Debug, Default)]
pub(crate) struct Objections {
    usage: AtomicBool,
    // By model. Only models from the configuration come in here, six words each.
    efforts: Mutex<HashSet<(String, &'static str)>>,
}

impl Objections {
    /// What can be asked along with `request`.
    pub(crate) fn extras(&self, request: &ModelRequest, can_think: bool) -> Extras {
        let effort = request.thinking.filter(|_| can_think).map(effort);
        let accepted = |effort: &&'static str| {
            let efforts = self.efforts.lock().unwrap_or_else(PoisonError::into_inner);
            !efforts.contains(&(request.model.clone(), *effort))
        };
        Extras { usage: !self.usage.load(Relaxed), effort: effort.filter(accepted) }
    }

    /// What to ask instead of `extras` after the server refused them; nothing if
    /// the refusal had another reason.
    pub(crate) fn without(&self, refused: &Refused, model: &str, extras: Extras) -> Option<Extras> {
        if extras.usage && refused.objects_to("stream_options") {
            self.usage.store(true, Relaxed);
            return Some(Extras { usage: false, ..extras });
        }
        let effort = extras.effort.filter(|_| refused.objects_to("reasoning_effort"))?;
        let mut efforts = self.efforts.lock().unwrap_or_else(PoisonError::into_inner);
        efforts.insert((model.to_owned(), effort));
        Some(Extras { effort: None, ..extras })
    }
}

const fn effort(thinking: Thinking) -> &'static str {
    match thinking {
        Thinking::Off => "none",
        Thinking::Minimal => "minimal",
        Thinking::Low => "low",
        Thinking::Medium => "medium",
        Thinking::High => "high",
        Thinking::Xhigh => "xhigh",
    }
}
