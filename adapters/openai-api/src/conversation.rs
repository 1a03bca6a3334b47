//! A whole conversation, as a model reads it that is asked without an agent:
//! nobody else keeps anything of it, so all of it counts.

use ports::driven::{Fetch, ModelMessage, ModelPart, ModelRole, ToolCall, ToolResult};

use crate::{
    media::{Pictures, Piece},
    messages::gather,
    refusal::Refusal,
};

/// What was said so far.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    turns: Vec<Turn>,
    instructions: Vec<String>,
}

/// What one side says before the other one does.
#[derive(Debug)]
struct Turn {
    role: ModelRole,
    /// Where it stands in the request.
    place: String,
    pieces: Vec<Piece>,
}

/// All that was said. Some pieces of it may be elsewhere.
#[derive(Debug)]
pub(crate) struct Conversation {
    turns: Turns,
    pictures: Pictures,
}

impl Turns {
    /// What the model is told beside what is said.
    pub(crate) fn tell(&mut self, instructions: String) {
        if !instructions.trim().is_empty() {
            self.instructions.push(instructions);
        }
    }

    /// What a person says in one message.
    pub(crate) fn person(&mut self, place: String, pieces: Vec<Piece>) {
        if !pieces.is_empty() {
            self.turns.push(Turn { role: ModelRole::User, place, pieces });
        }
    }

    /// What the model says. What it says and asks for in a row belongs together.
    pub(crate) fn model(&mut self, place: String, text: String, calls: Vec<ToolCall>) {
        if text.is_empty() && calls.is_empty() {
            return;
        }
        let text = (!text.is_empty()).then_some(ModelPart::Text(text));
        let parts = text.into_iter().chain(calls.into_iter().map(ModelPart::Call));
        let pieces = parts.map(Piece::Ready);
        match self.turns.last_mut() {
            Some(last) if last.role == ModelRole::Assistant => last.pieces.extend(pieces),
            _ => {
                let (role, pieces) = (ModelRole::Assistant, pieces.collect());
                self.turns.push(Turn { role, place, pieces });
            }
        }
    }

    /// What came of `call`. What several tools say one after the other is one
    /// message.
    pub(crate) fn tool(&mut self, place: String, call: String, text: String) {
        let result = Piece::Ready(ModelPart::Result(ToolResult { call, text, failed: false }));
        let is_result = |piece: &Piece| matches!(piece, Piece::Ready(ModelPart::Result(_)));
        match self.turns.last_mut() {
            Some(last) if last.role == ModelRole::User && last.pieces.iter().all(is_result) => {
                last.pieces.push(result);
            }
            _ => self.person(place, vec![result]),
        }
    }

    /// The conversation, with what is left of what `pictures` it may hold, if a
    /// person or a tool has the last word; `param` is what it is called in the
    /// request.
    pub(crate) fn whole(
        self,
        param: &'static str,
        pictures: Pictures,
    ) -> Result<Conversation, Refusal> {
        match self.turns.last() {
            Some(last) if last.role == ModelRole::User => {
                Ok(Conversation { turns: self, pictures })
            }
            Some(_) => {
                let why = "the last message must be a user's or a tool's; answers cannot be begun \
                           for this model";
                Err(Refusal::invalid(param, format!("{param}: {why}")))
            }
            None => Err(Refusal::invalid(param, format!("Missing user message in `{param}`."))),
        }
    }
}

impl Conversation {
    /// All of it, with everything that had to be fetched, and the instructions.
    pub(crate) async fn gather(
        self,
        fetch: &dyn Fetch,
    ) -> Result<(Vec<ModelMessage>, Option<String>), Refusal> {
        let Self { turns: Turns { turns, instructions }, mut pictures } = self;
        let mut messages = Vec::with_capacity(turns.len());
        for Turn { role, place, pieces } in turns {
            let parts = gather(&place, pieces, &mut pictures, fetch).await?;
            messages.push(ModelMessage { role, parts });
        }
        let instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
        Ok((messages, instructions))
    }
}
