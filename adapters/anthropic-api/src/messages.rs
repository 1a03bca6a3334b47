//! `messages` and `system`: what was said, and what is said now.

use std::{collections::HashSet, fmt};

use ports::{
    Json,
    driven::{ModelMessage, ModelPart, ModelRole, ToolCall, ToolResult},
};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::{
    object::Object,
    picture::{Pictures, Source},
    refusal::Refusal,
};

/// A message as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    role: Option<String>,
    content: Option<Content>,
}

/// Text, or blocks.
#[derive(Debug)]
pub(crate) enum Content {
    Text(String),
    Blocks(Vec<Object<Block>>),
}

/// A block of a message. Which fields it has depends on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Block {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    source: Option<Object<Source>>,
    id: Option<String>,
    name: Option<String>,
    input: Option<Json>,
    tool_use_id: Option<String>,
    content: Option<Content>,
    is_error: Option<bool>,
}

/// What `messages` and `system` say.
#[derive(Debug, PartialEq)]
pub(crate) struct Talk {
    /// What was said before; one side never speaks twice in a row.
    pub(crate) history: Vec<ModelMessage>,
    /// What is said now.
    pub(crate) message: ModelMessage,
    /// What `system` says, there or in between.
    pub(crate) instructions: Option<String>,
}

impl Talk {
    /// Makes sense of `messages`: the last one is what is said now, those before
    /// it are history.
    pub(crate) fn read(
        messages: Vec<Object<Message>>,
        system: Option<Content>,
    ) -> Result<Self, Refusal> {
        if messages.is_empty() {
            return Err(Refusal::invalid("messages: at least one message is required"));
        }
        let mut instructions = Vec::new();
        if let Some(system) = system {
            instructions.extend(text_only(system, "system")?);
        }
        let mut pictures = Pictures::default();
        let mut turns: Vec<Turn> = Vec::new();
        for (at, Object(message)) in messages.into_iter().enumerate() {
            let path = format!("messages[{at}]");
            let Some(content) = message.content else {
                return Err(Refusal::invalid(format!("{path}.content: required")));
            };
            let content_path = format!("{path}.content");
            let (role, parts) = match message.role.as_deref() {
                Some("user") => {
                    let parts = user(content, &content_path, &mut pictures)?;
                    if parts.is_empty() {
                        let message = format!("{content_path}: must not be empty");
                        return Err(Refusal::invalid(message));
                    }
                    (ModelRole::User, parts)
                }
                Some("assistant") => (ModelRole::Assistant, assistant(content, &content_path)?),
                Some("system") => {
                    instructions.extend(text_only(content, &content_path)?);
                    continue;
                }
                _ => {
                    let message = format!("{path}.role: must be user, assistant or system");
                    return Err(Refusal::invalid(message));
                }
            };
            match turns.last_mut() {
                _ if parts.is_empty() => (),
                Some(last) if last.role == role => last.parts.extend(parts),
                _ => turns.push(Turn { at, role, parts }),
            }
        }
        check_calls(&turns)?;
        let message = turns.pop().filter(|last| last.role == ModelRole::User).ok_or_else(|| {
            let message = "messages: the last message must be the user's; answers cannot be \
                           begun for the model";
            Refusal::invalid(message)
        })?;
        Ok(Self {
            history: turns.into_iter().map(Turn::into_message).collect(),
            message: message.into_message(),
            instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
        })
    }

    /// Whether a tool's result stands here without the question for it, which
    /// only a transcript can hold.
    pub(crate) fn rests_on_transcript(&self) -> bool {
        let is_result = |part: &ModelPart| matches!(part, ModelPart::Result(_));
        self.history.is_empty() && self.message.parts.iter().any(is_result)
    }
}

/// What one side said before the other one did.
struct Turn {
    /// Its first message.
    at: usize,
    role: ModelRole,
    parts: Vec<ModelPart>,
}

impl Turn {
    fn into_message(self) -> ModelMessage {
        ModelMessage { role: self.role, parts: self.parts }
    }

    fn calls(&self) -> HashSet<&str> {
        let ids = self.parts.iter().filter_map(|part| match part {
            ModelPart::Call(call) => Some(call.id.as_str()),
            _ => None,
        });
        ids.collect()
    }
}

/// Every call has one result, in the turn after it; models refuse to read on
/// otherwise. A lone turn may answer what stands in the transcript.
fn check_calls(turns: &[Turn]) -> Result<(), Refusal> {
    let mut asked: HashSet<&str> = HashSet::new();
    for (position, turn) in turns.iter().enumerate() {
        let refuse =
            |why: String| Err(Refusal::invalid(format!("messages[{}].content: {why}", turn.at)));
        let mut answered = HashSet::new();
        for part in &turn.parts {
            let ModelPart::Result(result) = part else { continue };
            let call = &*result.call;
            if !asked.contains(call) && 1 < turns.len() {
                return refuse(format!("tool_result without a tool_use before it: {call}"));
            }
            if !answered.insert(call) {
                return refuse(format!("two tool_result blocks for {call}"));
            }
        }
        if let Some(call) = asked.iter().find(|call| !answered.contains(*call)) {
            return refuse(format!("tool_use without a tool_result after it: {call}"));
        }
        asked = turn.calls();
        let is_call = |part: &&ModelPart| matches!(part, ModelPart::Call(_));
        if asked.len() < turn.parts.iter().filter(is_call).count() {
            return refuse("two tool_use blocks with the same id".to_owned());
        }
        if position + 1 == turns.len() && !asked.is_empty() {
            return refuse("tool_use without a tool_result after it".to_owned());
        }
    }
    Ok(())
}

fn unfit(path: &str, at: usize, kind: Option<&str>) -> Refusal {
    let why = match kind {
        Some("document") => "documents are not supported",
        Some(_) => "not supported here",
        None => "required",
    };
    Refusal::invalid(format!("{path}[{at}].type: {why}"))
}

/// `text`, unless there is nothing to see in it.
fn spoken(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn text_of(text: Option<String>, path: &str, at: usize) -> Result<String, Refusal> {
    text.ok_or_else(|| Refusal::invalid(format!("{path}[{at}].text: required")))
}

/// What a person says, and what tools said.
fn user(content: Content, path: &str, pictures: &mut Pictures) -> Result<Vec<ModelPart>, Refusal> {
    let blocks = match content {
        Content::Text(text) => return Ok(spoken(text).map(ModelPart::Text).into_iter().collect()),
        Content::Blocks(blocks) => blocks,
    };
    let mut parts = Vec::with_capacity(blocks.len());
    for (at, Object(block)) in blocks.into_iter().enumerate() {
        match block.kind.as_deref() {
            Some("text") => {
                parts.extend(spoken(text_of(block.text, path, at)?).map(ModelPart::Text));
            }
            Some("image") => parts.push(picture(block.source, path, at, pictures)?),
            Some("tool_result") => result(block, path, at, pictures, &mut parts)?,
            kind => return Err(unfit(path, at, kind)),
        }
    }
    Ok(parts)
}

fn picture(
    source: Option<Object<Source>>,
    path: &str,
    at: usize,
    pictures: &mut Pictures,
) -> Result<ModelPart, Refusal> {
    let Object(source) = source.unwrap_or_default();
    pictures.take(source).map_err(|error| Refusal::invalid(format!("{path}[{at}].{error}")))
}

/// What a tool said. Pictures it made are shown beside it.
fn result(
    block: Block,
    path: &str,
    at: usize,
    pictures: &mut Pictures,
    parts: &mut Vec<ModelPart>,
) -> Result<(), Refusal> {
    let Some(call) = block.tool_use_id.filter(|id| !id.is_empty()) else {
        return Err(Refusal::invalid(format!("{path}[{at}].tool_use_id: required")));
    };
    let inner = format!("{path}[{at}].content");
    let mut texts = Vec::new();
    let mut shown = Vec::new();
    match block.content {
        None => (),
        Some(Content::Text(text)) => texts.push(text),
        Some(Content::Blocks(blocks)) => {
            for (at, Object(block)) in blocks.into_iter().enumerate() {
                match block.kind.as_deref() {
                    Some("text") => texts.push(text_of(block.text, &inner, at)?),
                    Some("image") => shown.push(picture(block.source, &inner, at, pictures)?),
                    kind => return Err(unfit(&inner, at, kind)),
                }
            }
        }
    }
    if texts.is_empty() && !shown.is_empty() {
        texts.push("(See the picture.)".to_owned());
    }
    let failed = block.is_error.unwrap_or_default();
    parts.push(ModelPart::Result(ToolResult { call, text: texts.join("\n"), failed }));
    parts.append(&mut shown);
    Ok(())
}

/// What the model said, without its thoughts.
fn assistant(content: Content, path: &str) -> Result<Vec<ModelPart>, Refusal> {
    let blocks = match content {
        Content::Text(text) => return Ok(spoken(text).map(ModelPart::Text).into_iter().collect()),
        Content::Blocks(blocks) => blocks,
    };
    let mut parts = Vec::with_capacity(blocks.len());
    for (at, Object(block)) in blocks.into_iter().enumerate() {
        match block.kind.as_deref() {
            Some("text") => {
                parts.extend(spoken(text_of(block.text, path, at)?).map(ModelPart::Text));
            }
            Some("tool_use") => parts.push(ModelPart::Call(call(block, path, at)?)),
            Some("thinking" | "redacted_thinking") => (),
            kind => return Err(unfit(path, at, kind)),
        }
    }
    Ok(parts)
}

fn call(block: Block, path: &str, at: usize) -> Result<ToolCall, Refusal> {
    let refuse = |field: &str, why: &str| Refusal::invalid(format!("{path}[{at}].{field}: {why}"));
    let id = block.id.filter(|id| !id.is_empty()).ok_or_else(|| refuse("id", "required"))?;
    let name =
        block.name.filter(|name| !name.is_empty()).ok_or_else(|| refuse("name", "required"))?;
    let input = block.input.filter(|input| input.as_str().starts_with('{'));
    let input = input.ok_or_else(|| refuse("input", "must be an object"))?;
    Ok(ToolCall { id, name, arguments: input.as_str().to_owned() })
}

fn text_only(content: Content, path: &str) -> Result<Option<String>, Refusal> {
    let blocks = match content {
        Content::Text(text) => return Ok(spoken(text)),
        Content::Blocks(blocks) => blocks,
    };
    let mut texts = Vec::with_capacity(blocks.len());
    for (at, Object(block)) in blocks.into_iter().enumerate() {
        match block.kind.as_deref() {
            Some("text") => texts.extend(spoken(text_of(block.text, path, at)?)),
            kind => return Err(unfit(path, at, kind)),
        }
    }
    Ok((!texts.is_empty()).then(|| texts.join("\n\n")))
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrBlocks;

        impl<'de> Visitor<'de> for TextOrBlocks {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of blocks")
            }

            fn visit_str<E>(self, text: &str) -> Result<Content, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Content, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<Content, A::Error> {
                let mut all = Vec::new();
                while let Some(block) = blocks.next_element()? {
                    all.push(block);
                }
                Ok(Content::Blocks(all))
            }
        }

        deserializer.deserialize_any(TextOrBlocks)
    }
}
