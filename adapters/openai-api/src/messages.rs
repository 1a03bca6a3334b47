//! `messages`: what was said, and what is said now.

use futures_util::future::join_all;
use ports::driven::{Fetch, ModelMessage, ModelPart, ModelRole, ToolCall, ToolResult};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    conversation::{Conversation, Turns},
    media::{Got, MediaError, Pictures, Piece},
    refusal::Refusal,
    text_or::TextOr,
};

/// A message as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    #[serde(default)]
    tool_call_id: Option<String>,
    #[serde(default)]
    function_call: Option<IgnoredAny>,
}

/// A tool the assistant asked for.
#[derive(Debug, Deserialize)]
struct Call {
    id: String,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    arguments: String,
}

type Content = TextOr<Part>;

/// A part of a message. Which fields it has depends on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    input_text: Option<String>,
    image_url: Option<ImageUrl>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a URL or an object with one")]
enum ImageUrl {
    Plain(String),
    Wrapped { url: String },
}

/// What is said in a request, whatever it is called there.
#[derive(Debug)]
pub(crate) struct Talk {
    /// What was said before.
    pub(crate) history: Vec<ModelMessage>,
    /// What is said now, by a person or by tools.
    pub(crate) now: Now,
    /// What system and developer say.
    pub(crate) instructions: Option<String>,
}

/// What is said now: the pieces, where they stand in the request, and what is
/// left of what they may hold.
#[derive(Debug)]
pub(crate) struct Now {
    pub(crate) place: String,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) pictures: Pictures,
}

/// A message that says something.
struct Turn {
    at: usize,
    speaker: Speaker,
    content: Content,
    calls: Vec<ToolCall>,
    answers: Option<String>,
}

/// Whoever speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    System,
    User,
    Assistant,
    Tool,
}

impl Talk {
    /// Makes sense of `messages`: the newest one of a user or a tool is what is
    /// said now, those before it are history, and what system and developer say
    /// anywhere are instructions. Messages that say nothing do not count.
    pub(crate) fn read(messages: Vec<Message>, mut pictures: Pictures) -> Result<Self, Refusal> {
        let mut instructions = Vec::new();
        let mut said = Vec::new();
        for (at, message) in messages.into_iter().enumerate() {
            let speaker = speaker(&message.role).ok_or_else(|| {
                Refusal::invalid(format!("messages[{at}].role"), "messages: unknown role")
            })?;
            let Some(turn) = message.turn(at, speaker) else { continue };
            match speaker {
                Speaker::System => instructions.push(turn.content.into_text()),
                Speaker::User | Speaker::Assistant | Speaker::Tool => said.push(turn),
            }
        }
        let now = said
            .iter()
            .rposition(|turn| matches!(turn.speaker, Speaker::User | Speaker::Tool))
            .ok_or_else(|| Refusal::invalid("messages", "Missing user message in `messages`."))?;
        said.truncate(now + 1);
        let place = format!("messages[{}].content", said[now].at);
        let person = said.pop_if(|turn| turn.speaker == Speaker::User);
        let mut history = Vec::new();
        for turn in said {
            turn.add_to(&mut history);
        }
        let pieces = match person {
            Some(turn) => turn
                .content
                .into_pieces(&mut pictures)
                .map_err(|why| Refusal::invalid(place.clone(), why))?,
            // Tools have the last word.
            None => history
                .pop()
                .map(|message| message.parts.into_iter().map(Piece::Ready).collect())
                .unwrap_or_default(),
        };
        Ok(Self {
            history,
            now: Now { place, pieces, pictures },
            instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
        })
    }
}

impl Now {
    /// What is said, with everything that had to be fetched.
    pub(crate) async fn gather(self, fetch: &dyn Fetch) -> Result<ModelMessage, Refusal> {
        let Self { place, pieces, mut pictures } = self;
        let parts = gather(&place, pieces, &mut pictures, fetch).await?;
        Ok(ModelMessage { role: ModelRole::User, parts })
    }
}

/// What the `pieces` of one message hold that stands at `place`. What has to be
/// fetched is fetched all at once.
pub(crate) async fn gather(
    place: &str,
    pieces: Vec<Piece>,
    pictures: &mut Pictures,
    fetch: &dyn Fetch,
) -> Result<Vec<ModelPart>, Refusal> {
    let terms = pictures.terms().clone();
    let got = join_all(pieces.into_iter().map(|piece| piece.get(fetch, &terms))).await;
    let mut parts = Vec::with_capacity(got.len());
    for got in got {
        let (what, part) = match got {
            Got::Ready(part) => (pictures.what(), Ok(part)),
            Got::Picture(Ok(fetched)) => (pictures.what(), pictures.fetched(fetched).await),
            Got::Picture(Err(why)) => (pictures.what(), Err(why.into())),
            Got::File(file, Ok(fetched)) => ("input_file", file.read(&fetched)),
            Got::File(_, Err(why)) => ("input_file", Err(why.into())),
        };
        let refused = |why| Refusal::invalid(place.to_owned(), format!("{what}: {why}"));
        parts.push(part.map_err(refused)?);
    }
    Ok(parts)
}

impl Conversation {
    /// All of `messages`, which may hold `pictures`. What could not be said again
    /// as it is, is refused.
    pub(crate) fn read(messages: Vec<Message>, mut pictures: Pictures) -> Result<Self, Refusal> {
        let mut turns = Turns::default();
        for (at, message) in messages.into_iter().enumerate() {
            let refuse = |field: &str, why: &str| {
                let param = format!("messages[{at}].{field}");
                Refusal::invalid(param.clone(), format!("{param}: {why}"))
            };
            let speaker =
                speaker(&message.role).ok_or_else(|| refuse("role", "messages: unknown role"))?;
            if message.function_call.is_some() {
                return Err(refuse("function_call", "say it as tool_calls"));
            }
            let Some(turn) = message.turn(at, speaker) else { continue };
            let Turn { content, calls, answers, .. } = turn;
            let place = format!("messages[{at}].content");
            if speaker != Speaker::User && content.is_more_than_text() {
                return Err(refuse("content", "only text is supported here"));
            }
            match (speaker, answers) {
                (Speaker::System, _) => turns.tell(content.into_text()),
                (Speaker::User, _) => {
                    let pieces = content.into_pieces_in_order(&mut pictures);
                    turns.person(place, pieces.map_err(|why| refuse("content", &why))?);
                }
                (Speaker::Assistant, _) => turns.model(place, content.into_text(), calls),
                (Speaker::Tool, Some(call)) => turns.tool(place, call, content.into_text()),
                // Models know two speakers.
                (Speaker::Tool, None) => {
                    let text = ModelPart::Text(format!("Tool: {}", content.into_text()));
                    turns.person(place, vec![Piece::Ready(text)]);
                }
            }
        }
        turns.whole("messages", pictures)
    }
}

impl Message {
    /// What it says, if anything.
    fn turn(self, at: usize, speaker: Speaker) -> Option<Turn> {
        let calls: Vec<_> = match speaker {
            Speaker::Assistant => {
                self.tool_calls.into_iter().flatten().map(ToolCall::from).collect()
            }
            Speaker::System | Speaker::User | Speaker::Tool => Vec::new(),
        };
        let answers = self.tool_call_id.filter(|_| speaker == Speaker::Tool);
        let content = self.content.filter(|content| !content.is_empty());
        if content.is_none() && calls.is_empty() && answers.is_none() {
            return None;
        }
        let content = content.unwrap_or_else(|| Content::Text(String::new()));
        Some(Turn { at, speaker, content, calls, answers })
    }
}

impl Turn {
    /// Puts it at the end of `history`, as text: pictures are looked at once.
    /// What several tools say one after the other is one message.
    fn add_to(self, history: &mut Vec<ModelMessage>) {
        let text = self.content.into_text();
        match (self.speaker, self.answers) {
            (Speaker::Assistant, _) => {
                let text = (!text.is_empty()).then_some(ModelPart::Text(text));
                let calls = self.calls.into_iter().map(ModelPart::Call);
                let parts = text.into_iter().chain(calls).collect();
                history.push(ModelMessage { role: ModelRole::Assistant, parts });
            }
            (Speaker::Tool, Some(call)) => add_result(history, call, text),
            // Models know two speakers.
            (Speaker::Tool, None) => {
                history.push(ModelMessage::text(ModelRole::User, format!("Tool: {text}")));
            }
            (Speaker::User | Speaker::System, _) => {
                history.push(ModelMessage::text(ModelRole::User, text));
            }
        }
    }
}

/// Puts what came of `call` at the end of `history`, together with what came of
/// others right before.
pub(crate) fn add_result(history: &mut Vec<ModelMessage>, call: String, text: String) {
    let result = ModelPart::Result(ToolResult { call, text, failed: false });
    let is_result = |part: &ModelPart| matches!(part, ModelPart::Result(_));
    match history.last_mut() {
        Some(last) if last.parts.iter().all(is_result) => last.parts.push(result),
        _ => history.push(ModelMessage { role: ModelRole::User, parts: vec![result] }),
    }
}

fn speaker(role: &str) -> Option<Speaker> {
    match role {
        "system" | "developer" => Some(Speaker::System),
        "user" => Some(Speaker::User),
        "assistant" => Some(Speaker::Assistant),
        "tool" | "function" => Some(Speaker::Tool),
        _ => None,
    }
}

impl From<Call> for ToolCall {
    fn from(call: Call) -> Self {
        Self { id: call.id, name: call.function.name, arguments: call.function.arguments }
    }
}

impl TextOr<Part> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::List(parts) => parts.iter().all(|part| match part.text() {
                Some(text) => text.trim().is_empty(),
                None => part.image_url.is_none() && !part.is_foreign(),
            }),
        }
    }

    /// The text, its parts separated by line breaks.
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(parts) => {
                let texts: Vec<_> = parts.iter().filter_map(Part::text).collect();
                texts.join("\n")
            }
        }
    }

    /// Whether there is something in it that is no text.
    fn is_more_than_text(&self) -> bool {
        let is_more = |part: &Part| part.image_url.is_some() || part.is_foreign();
        matches!(self, Self::List(parts) if parts.iter().any(is_more))
    }

    /// Texts and pictures, in the order in which they stand there; or what is wrong.
    fn into_pieces_in_order(self, pictures: &mut Pictures) -> Result<Vec<Piece>, String> {
        let parts = match self {
            Self::Text(text) => return Ok(vec![Piece::Ready(ModelPart::Text(text))]),
            Self::List(parts) => parts,
        };
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            // One by one, so that only texts become texts.
            pieces.extend(Self::List(vec![part]).into_pieces(pictures)?);
        }
        Ok(pieces)
    }

    /// The text as one piece, then the pictures; or what is wrong.
    fn into_pieces(self, pictures: &mut Pictures) -> Result<Vec<Piece>, String> {
        let Self::List(parts) = self else {
            return Ok(vec![Piece::Ready(ModelPart::Text(self.into_text()))]);
        };
        if parts.iter().any(Part::is_foreign) {
            return Err("only text and image_url parts are supported".to_owned());
        }
        let mut seen = Vec::new();
        let mut texts = Vec::new();
        for part in parts {
            match (part.text().is_some(), part.image_url) {
                (true, _) => texts.extend(part.text.or(part.input_text)),
                (false, Some(ImageUrl::Plain(url) | ImageUrl::Wrapped { url })) => {
                    let named = |why: MediaError| format!("image_url: {why}");
                    seen.push(pictures.take(url).map_err(named)?);
                }
                (false, None) => (),
            }
        }
        let text = texts.join("\n");
        let text = (!text.is_empty()).then_some(Piece::Ready(ModelPart::Text(text)));
        Ok(text.into_iter().chain(seen).collect())
    }
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self.kind.as_deref() {
            Some("text" | "input_text") => self.text.as_deref().or(self.input_text.as_deref()),
            _ => self.input_text.as_deref(),
        }
    }

    /// Whether it is something nobody here can read, such as sound.
    fn is_foreign(&self) -> bool {
        let known = matches!(
            self.kind.as_deref(),
            None | Some("text" | "input_text" | "image_url" | "refusal")
        );
        !known && self.input_text.is_none()
    }
}
