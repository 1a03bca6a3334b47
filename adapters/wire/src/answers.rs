//! The escaped text of answers that are still growing.

use std::collections::HashMap;

use domain::{ids::RunId, run::Delta};
use ports::event::{AgentStep, Body, ChatState, Event};

use crate::json::push_escaped;

/// How many answers are remembered. One that is forgotten is escaped anew.
const MAX_ANSWERS: usize = 256;

/// Remembers how the text of each growing answer is escaped.
///
/// Every delta carries the whole text so far. Escaping it each time would cost
/// the square of its length; here each character is escaped when it comes, and
/// copied from then on.
#[derive(Debug, Default)]
pub struct Answers {
    texts: HashMap<RunId, Escaped>,
}

#[derive(Debug, Default)]
struct Escaped {
    json: Vec<u8>,
    // Invariant: `json` is the first `covers` bytes of the answer, escaped.
    covers: usize,
}

impl Answers {
    /// Adds the whole text of `delta`, escaped, to `out`.
    pub(crate) fn push_text(&mut self, out: &mut Vec<u8>, run: &RunId, delta: &Delta) {
        if !self.texts.contains_key(run) {
            if self.texts.len() == MAX_ANSWERS {
                self.texts.clear();
            }
            self.texts.insert(run.clone(), Escaped::default());
        }
        let Some(known) = self.texts.get_mut(run) else { return };
        // An answer that begins anew is not a continuation of what is known.
        if delta.from == 0 {
            known.json.clear();
            known.covers = 0;
        }
        match delta.text.get(known.covers..) {
            Some(rest) => {
                push_escaped(&mut known.json, rest);
                known.covers = delta.text.len();
                out.extend_from_slice(&known.json);
            }
            // An older delta than the newest one. Happens for slow clients only.
            None => push_escaped(out, &delta.text),
        }
    }

    /// Forgets the answer that `event` ends, if it ends one.
    pub fn forget_ended(&mut self, event: &Event) {
        let run = match &event.body {
            Body::Chat(chat) => match &chat.state {
                ChatState::Final { .. } | ChatState::Aborted { .. } | ChatState::Error { .. } => {
                    &chat.run
                }
                ChatState::Status(_) | ChatState::Delta(_) => return,
            },
            Body::Agent(agent) => match &agent.step {
                AgentStep::Ended { .. } | AgentStep::Failed { .. } => &agent.run,
                _ => return,
            },
            _ => return,
        };
        self.texts.remove(run);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// In whatever order deltas of several runs are written, repeated and
        /// begun anew, the text is that of the delta.
        #[test]
        fn the_text_is_always_that_of_the_delta(
            steps in prop::collection::vec((0u8..3, "[a\"\\\\é\n]{1,5}", any::<bool>(), 0u8..10), 0..80),
        ) {
            let mut answers = Answers::default();
            let mut said: HashMap<RunId, (String, Option<Delta>)> = HashMap::new();
            for (run, piece, repeat, anew) in steps {
                let run: RunId = run.to_string().parse().unwrap();
                let (text, last) = said.entry(run.clone()).or_default();
                if anew == 0 {
                    text.clear();
                }
                let from = text.len();
                text.push_str(&piece);
                let delta = Delta { text: text.as_str().into(), from };
                let older = last.replace(delta.clone()).filter(|_| repeat && from != 0);
                for delta in [Some(delta), older].into_iter().flatten().filter(|it| it.from != 0 || it.text.len() == text.len()) {
                    let mut out = vec![b'"'];
                    answers.push_text(&mut out, &run, &delta);
                    out.push(b'"');
                    prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), &*delta.text);
                }
            }
        }
    }
}
