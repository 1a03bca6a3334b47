//! The tools a server asks for, put together from pieces.

use std::hash::{BuildHasher, RandomState};

use http_client::model::{Pieces, Service};
use ports::driven::ModelError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chunk::Text;

/// How many calls one answer may make.
const MAX_CALLS: usize = 128;

/// A piece of a call. Which of the first two a server sends, and whether with
/// every piece, is up to the server.
#[derive(Deserialize)]
pub(crate) struct Piece<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    // A text that holds JSON; with some servers the JSON itself.
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The calls of an answer so far.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Begun>);

#[derive(Debug)]
struct Begun {
    index: Option<u64>,
    id: Option<Box<str>>,
}

impl Calls {
    /// Takes the meaning of `piece` into `pieces`.
    pub(crate) fn take(
        &mut self,
        piece: &Piece<'_>,
        service: &Service,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError> {
        let said = |text: &Text<'_>| (!text.0.is_empty()).then(|| Box::<str>::from(&*text.0));
        let id = piece.id.as_ref().and_then(said);
        let function = piece.function.as_ref();
        let name = function.and_then(|function| function.name.as_ref()).and_then(said);
        let at = match (self.find(piece.index, id.as_deref(), name.is_some()), name) {
            (Some(at), _) => at,
            (None, None) => return Err(service.misunderstood("it asks for a tool without a name")),
            (None, Some(_)) if MAX_CALLS <= self.0.len() => {
                return Err(service.misunderstood("it asks for too many tools"));
            }
            (None, Some(name)) => {
                let at = self.0.len();
                match &id {
                    Some(id) => pieces.call(at, id, &name),
                    None => pieces.call(at, &made_up(at), &name),
                }
                self.0.push(Begun { index: piece.index, id });
                at
            }
        };
        if let Some(arguments) = function.and_then(|function| function.arguments) {
            match serde_json::from_str::<Option<Text<'_>>>(arguments.get()) {
                Ok(text) => pieces.arguments(at, text.as_ref().map_or("", |text| &text.0)),
                Err(_) => pieces.arguments(at, arguments.get()),
            }
        }
        Ok(())
    }

    /// The call a piece belongs to, unless it begins one.
    fn find(&self, index: Option<u64>, id: Option<&str>, has_name: bool) -> Option<usize> {
        let same_id = |call: &Begun| id.is_some() && call.id.as_deref() == id;
        if let Some(at) = self.0.iter().rposition(same_id) {
            return Some(at);
        }
        match (index, has_name) {
            // Some servers count every call as the first.
            (Some(_), true) if id.is_some() => None,
            (Some(index), _) => self.0.iter().rposition(|call| call.index == Some(index)),
            (None, true) => None,
            (None, false) => self.0.len().checked_sub(1),
        }
    }
}

/// A name for a call whose server gave it none. It is new in every conversation.
fn made_up(at: usize) -> String {
    format!("call_{:016x}", RandomState::new().hash_one(at))
}
