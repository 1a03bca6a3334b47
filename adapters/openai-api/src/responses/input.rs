//! `input`: what was said, what tools said, and what is said now.

use ports::driven::{ModelMessage, ModelPart, ModelRole, ToolCall};
use serde::Deserialize;

use crate::{
    conversation::{Conversation, Turns},
    media::{MediaError, Pictures, Piece, Policy, RemoteFile, is_remote, split_data_url},
    messages::{Now, Talk, add_result},
    refusal::Refusal,
    responses::files,
    text_or::TextOr,
};

/// `input` as it is sent.
pub(crate) type Input = TextOr<Item>;

/// Something that was said or done. Which fields it has depends on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    content: Option<Content>,
    call_id: Option<String>,
    id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output: Option<Content>,
}

type Content = TextOr<Part>;

/// A part of a message: OpenAI's fields, and `source`, which is OpenResponses'.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<ImageUrl>,
    file_id: Option<String>,
    file_data: Option<String>,
    file_url: Option<String>,
    filename: Option<String>,
    source: Option<Source>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a URL or an object with one")]
enum ImageUrl {
    Plain(String),
    Wrapped { url: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    media_type: Option<String>,
    data: Option<String>,
    filename: Option<String>,
}

/// What `input` may hold.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) pictures: Policy,
    pub(crate) files: Policy,
    /// How many of its parts may be addresses.
    pub(crate) url_parts: usize,
}

/// Somebody who says something, or a tool.
enum Turn {
    Assistant(String),
    Call(ToolCall),
    Result { call: String, text: String },
    User { at: usize, content: Content },
}

impl TextOr<Item> {
    /// Makes sense of it: the newest item of a user, or the newest results of
    /// tools, are what is said now; those before are history, unless they go on
    /// after something (`continues`), whose history is known. Then everything a
    /// user says is said now.
    pub(crate) fn talk(
        self,
        instructions: Option<String>,
        continues: bool,
        allowed: Allowed,
    ) -> Result<Talk, Refusal> {
        let mut told: Vec<String> = instructions.into_iter().collect();
        let mut turns = Vec::new();
        for (at, item) in self.into_items().into_iter().enumerate() {
            item.read(at, &mut told, &mut turns)?;
        }
        let is_prompt = |turn: &Turn| matches!(turn, Turn::User { .. } | Turn::Result { .. });
        let now = turns
            .iter()
            .rposition(is_prompt)
            .ok_or_else(|| Refusal::invalid("input", "Missing user message in `input`."))?;
        turns.truncate(now + 1);
        told.retain(|text| !text.trim().is_empty());
        let instructions = (!told.is_empty()).then(|| told.join("\n\n"));
        let mut reader = Reader { allowed, urls: 0, pictures: None };
        let (history, place, pieces) =
            if continues { reader.continuation(turns)? } else { reader.conversation(turns)? };
        let pictures = reader.pictures();
        let now = Now { place, pieces, pictures };
        Ok(Talk { history, now, instructions })
    }

    /// All of it as one conversation. What could not be said again as it is, is
    /// refused.
    pub(crate) fn conversation(
        self,
        instructions: Option<String>,
        allowed: Allowed,
    ) -> Result<Conversation, Refusal> {
        let pictures = Pictures::of_conversation("input_image", allowed.pictures.clone());
        let mut reader = Reader { allowed, urls: 0, pictures: Some(pictures) };
        let mut said = Turns::default();
        if let Some(instructions) = instructions {
            said.tell(instructions);
        }
        for (at, item) in self.into_items().into_iter().enumerate() {
            item.check(at)?;
            let (mut told, mut turns) = (Vec::new(), Vec::new());
            item.read(at, &mut told, &mut turns)?;
            for told in told {
                said.tell(told);
            }
            for turn in turns {
                match turn {
                    Turn::Assistant(text) => said.model(place(at), text, Vec::new()),
                    Turn::Call(call) => said.model(place(at), String::new(), vec![call]),
                    Turn::Result { call, text } => said.tool(place(at), call, text),
                    Turn::User { at, content } => {
                        said.person(place(at), reader.pieces(at, content, true)?);
                    }
                }
            }
        }
        said.whole("input", reader.pictures())
    }

    fn into_items(self) -> Vec<Item> {
        match self {
            Self::Text(text) => vec![Item {
                role: Some("user".to_owned()),
                content: Some(Content::Text(text)),
                ..Item::default()
            }],
            Self::List(items) => items,
        }
    }
}

/// Reads parts, and counts.
struct Reader {
    allowed: Allowed,
    urls: usize,
    pictures: Option<Pictures>,
}

type Read = (Vec<ModelMessage>, String, Vec<Piece>);

impl Reader {
    fn pictures(&mut self) -> Pictures {
        let policy = &self.allowed.pictures;
        self.pictures.take().unwrap_or_else(|| Pictures::new("input_image", policy.clone()))
    }

    /// History, and what is said now.
    fn conversation(&mut self, mut turns: Vec<Turn>) -> Result<Read, Refusal> {
        let person = turns.pop_if(|turn| matches!(turn, Turn::User { .. }));
        let mut history: Vec<ModelMessage> = Vec::new();
        for turn in turns {
            match turn {
                Turn::Assistant(text) => {
                    history.push(ModelMessage::text(ModelRole::Assistant, text));
                }
                Turn::Call(call) => match history.last_mut() {
                    Some(last) if last.role == ModelRole::Assistant => {
                        last.parts.push(ModelPart::Call(call));
                    }
                    _ => history.push(ModelMessage {
                        role: ModelRole::Assistant,
                        parts: vec![ModelPart::Call(call)],
                    }),
                },
                Turn::Result { call, text } => add_result(&mut history, call, text),
                // Pictures are looked at once.
                Turn::User { at, content } => {
                    let mut parts = Vec::new();
                    for piece in self.pieces(at, content, false)? {
                        if let Piece::Ready(part @ ModelPart::Text(_)) = piece {
                            parts.push(part);
                        }
                    }
                    if !parts.is_empty() {
                        history.push(ModelMessage { role: ModelRole::User, parts });
                    }
                }
            }
        }
        match person {
            Some(Turn::User { at, content }) => {
                Ok((history, place(at), self.pieces(at, content, true)?))
            }
            _ => {
                let results = history.pop().map(|message| message.parts).unwrap_or_default();
                let results = results.into_iter().map(Piece::Ready).collect();
                Ok((history, "input".to_owned(), results))
            }
        }
    }

    /// Everything said since what it goes on after.
    fn continuation(&mut self, turns: Vec<Turn>) -> Result<Read, Refusal> {
        let mut pieces = Vec::new();
        let mut last = "input".to_owned();
        for turn in turns {
            match turn {
                // The gateway knows what it said itself.
                Turn::Assistant(_) | Turn::Call(_) => (),
                Turn::Result { call, text } => {
                    let mut message = Vec::new();
                    add_result(&mut message, call, text);
                    let parts = message.into_iter().flat_map(|message| message.parts);
                    pieces.extend(parts.map(Piece::Ready));
                }
                Turn::User { at, content } => {
                    pieces.extend(self.pieces(at, content, true)?);
                    last = place(at);
                }
            }
        }
        Ok((Vec::new(), last, pieces))
    }

    /// The parts of one message. What is elsewhere counts only if it is said
    /// `now`.
    fn pieces(&mut self, at: usize, content: Content, now: bool) -> Result<Vec<Piece>, Refusal> {
        let parts = match content {
            Content::Text(text) => return Ok(vec![Piece::Ready(ModelPart::Text(text))]),
            Content::List(parts) => parts,
        };
        let mut pieces = Vec::new();
        let mut pictures = self.pictures();
        for (number, part) in parts.into_iter().enumerate() {
            let param = format!("input[{at}].content[{number}]");
            let kind = part.kind.clone().unwrap_or_default();
            let piece = match (kind.as_str(), part.is_empty_text()) {
                (_, true) => continue,
                ("input_image", _) if !now => continue,
                ("input_image", _) => part.picture(&mut pictures),
                ("input_file", _) => part.file(&self.allowed.files),
                ("" | "input_text" | "output_text" | "text" | "refusal" | "summary_text", _) => {
                    Ok(Piece::Ready(ModelPart::Text(part.into_text())))
                }
                _ => {
                    let why = format!("{param}.type: `{kind}` is not supported");
                    return Err(Refusal::invalid(format!("{param}.type"), why));
                }
            };
            let piece = piece.map_err(|why| {
                Refusal::invalid(param.clone(), format!("{param}: {kind}: {why}"))
            })?;
            if piece.is_elsewhere() {
                if !now {
                    continue;
                }
                self.urls += 1;
                if self.allowed.url_parts < self.urls {
                    let why = format!("input: at most {} addresses", self.allowed.url_parts);
                    return Err(Refusal::invalid(param, why));
                }
            }
            pieces.push(piece);
        }
        self.pictures = Some(pictures);
        Ok(pieces)
    }
}

fn place(at: usize) -> String {
    format!("input[{at}].content")
}

impl Item {
    /// Refuses what cannot be said again in other words: what is only mentioned, and
    /// pictures where only people show some.
    fn check(&self, at: usize) -> Result<(), Refusal> {
        let refuse = |field: &str, why: &str| {
            let param = format!("input[{at}].{field}");
            Err(Refusal::invalid(param.clone(), format!("{param}: {why}")))
        };
        if self.kind.as_deref() == Some("item_reference") {
            return refuse("type", "this provider keeps nothing, send the item itself");
        }
        let is_persons = self.role.as_deref() == Some("user");
        let holds_more =
            |content: &Option<Content>| content.as_ref().is_some_and(Content::is_more_than_text);
        if !is_persons && holds_more(&self.content) {
            return refuse("content", "only text is supported here");
        }
        if holds_more(&self.output) {
            return refuse("output", "only text is supported here");
        }
        Ok(())
    }

    /// Takes what it says into `told`, which is for the agent only, or `turns`.
    fn read(self, at: usize, told: &mut Vec<String>, turns: &mut Vec<Turn>) -> Result<(), Refusal> {
        let missing = |field: &str| {
            let param = format!("input[{at}].{field}");
            Refusal::invalid(param.clone(), format!("{param}: required"))
        };
        let kind = match (self.kind.as_deref(), &self.role) {
            (None, Some(_)) => "message",
            (kind, _) => kind.unwrap_or_default(),
        };
        match kind {
            "message" => {
                let role = self.role.ok_or_else(|| missing("role"))?;
                let content = self.content.ok_or_else(|| missing("content"))?;
                match role.as_str() {
                    "system" | "developer" => told.push(content.into_text()),
                    "user" if content.is_empty() => (),
                    "user" => turns.push(Turn::User { at, content }),
                    "assistant" => turns.push(Turn::Assistant(content.into_text())),
                    _ => {
                        let param = format!("input[{at}].role");
                        return Err(Refusal::invalid(
                            param.clone(),
                            format!("{param}: unknown role"),
                        ));
                    }
                }
            }
            "function_call" => turns.push(Turn::Call(ToolCall {
                id: self.call_id.or(self.id).ok_or_else(|| missing("call_id"))?,
                name: self.name.ok_or_else(|| missing("name"))?,
                arguments: self.arguments.unwrap_or_default(),
            })),
            "function_call_output" => turns.push(Turn::Result {
                call: self.call_id.ok_or_else(|| missing("call_id"))?,
                text: self.output.ok_or_else(|| missing("output"))?.into_text(),
            }),
            // What the model thought is the model's; what is only mentioned is
            // in the session.
            "reasoning" | "item_reference" => (),
            _ => {
                let param = format!("input[{at}].type");
                let why = format!("{param}: `{kind}` is not supported");
                return Err(Refusal::invalid(param, why));
            }
        }
        Ok(())
    }
}

impl TextOr<Part> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::List(parts) => parts.iter().all(Part::is_empty_text),
        }
    }

    /// Whether there is something in it that is no text.
    fn is_more_than_text(&self) -> bool {
        let is_text = |part: &Part| {
            let kind = part.kind.as_deref().unwrap_or_default();
            kind.is_empty() || kind.contains("text") || kind == "refusal"
        };
        matches!(self, Self::List(parts) if !parts.iter().all(is_text))
    }

    /// The texts in it, separated by line breaks.
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(parts) => {
                let texts = parts.into_iter().map(Part::into_text);
                texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl Part {
    fn is_empty_text(&self) -> bool {
        let holds = matches!(self.kind.as_deref(), Some("input_image" | "input_file"));
        let foreign = self.kind.as_deref().is_some_and(|kind| !kind.contains("text"));
        let text = self.text.as_deref().or(self.refusal.as_deref()).unwrap_or_default();
        !holds && text.trim().is_empty() && (!foreign || self.refusal.is_some())
    }

    fn into_text(self) -> String {
        self.text.or(self.refusal).unwrap_or_default()
    }

    fn picture(self, pictures: &mut Pictures) -> Result<Piece, MediaError> {
        if self.file_id.is_some() && self.image_url.is_none() {
            return Err(MediaError::NoFiles);
        }
        if let Some(Source { kind, url, media_type, data, .. }) = self.source {
            return match (kind.as_deref(), url, data) {
                (Some("url"), Some(url), _) => pictures.take(url),
                (Some("base64"), _, Some(data)) => {
                    pictures.given(&media_type.unwrap_or_default(), data).map(Piece::Ready)
                }
                _ => Err(MediaError::NoSource),
            };
        }
        match self.image_url {
            Some(ImageUrl::Plain(url) | ImageUrl::Wrapped { url }) => pictures.take(url),
            None => Err(MediaError::NoSource),
        }
    }

    fn file(self, policy: &Policy) -> Result<Piece, MediaError> {
        let (mut name, mut url, mut mime, mut data) =
            (self.filename, self.file_url, None, self.file_data);
        if let Some(source) = self.source {
            mime = source.media_type;
            name = name.or(source.filename);
            match source.kind.as_deref() {
                Some("url") => url = source.url,
                Some("base64") => data = source.data,
                _ => return Err(MediaError::NoSource),
            }
        }
        let (mime, data) = match (url, data) {
            (Some(url), _) if is_remote(&url) => {
                if !policy.allow_url {
                    return Err(MediaError::NotFetched);
                }
                return Ok(Piece::File(RemoteFile { url, name, policy: policy.clone() }));
            }
            (Some(inside), _) => split_data_url(inside).map(|(mime, data)| (Some(mime), data))?,
            (None, Some(data)) if data.starts_with("data:") => {
                split_data_url(data).map(|(mime, data)| (Some(mime), data))?
            }
            (None, Some(data)) => (mime, data),
            (None, None) if self.file_id.is_some() => return Err(MediaError::NoFiles),
            (None, None) => return Err(MediaError::NoSource),
        };
        files::given(policy, mime.as_deref(), name.as_deref(), &data).map(Piece::Ready)
    }
}
