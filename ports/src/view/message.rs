//! What was said.

use domain::{
    run::Usage,
    spending::{Cost, Money, Tokens},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message of a transcript (`ws-protocol.md` 9.3). Stored in this form and
/// handed out as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: Content,
    /// When, in milliseconds since the epoch.
    #[schemars(with = "u64")]
    pub timestamp: Timestamp,
    /// The idempotency key of the call that brought it, for messages of users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Who offers the model that said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<MessageUsage>,
    /// Why it ends here: `stop`, `length`, `aborted`, `interrupted`, `error`,
    /// `injected`, `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// What went wrong, when it ends in an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The run it belongs to, for answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The call this is the result of, for what tools say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Whether the tool failed, for what tools say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_error: Option<bool>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageRole {
    /// A person.
    User,
    /// The agent.
    Assistant,
    /// The gateway.
    System,
    /// A tool.
    ToolResult,
}

/// What was said: plain text, or parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Parts.
    Parts(Vec<MessagePart>),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MessagePart {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// The bytes in base64.
        data: String,
        /// As in `image/png`.
        mime_type: String,
    },
    /// What the model thought.
    Thinking {
        /// The text.
        thinking: String,
    },
    /// A tool the model asked for.
    ToolCall {
        /// Names the call.
        id: String,
        /// The tool.
        name: String,
        /// What it was given: an object, or the text as the model wrote it when
        /// that is no JSON.
        arguments: Value,
    },
}

/// Tokens a message used. No token is of two kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageUsage {
    /// Read anew.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from a cache.
    pub cache_read: u64,
    /// Written to a cache.
    pub cache_write: u64,
    /// Together.
    pub total_tokens: u64,
    /// What they cost by the prices of that time, where they were known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<MessageCost>,
}

/// What a message cost, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageCost {
    /// What was read anew.
    pub input: f64,
    /// What was written.
    pub output: f64,
    /// What was read from a cache.
    pub cache_read: f64,
    /// What was written to a cache.
    pub cache_write: f64,
    /// Together.
    pub total: f64,
}

impl MessageUsage {
    /// What an answer used, and what that cost.
    pub fn of(usage: Usage, cost: Option<Cost>) -> Self {
        let tokens = Tokens::from(usage);
        let Tokens { input, output, cache_read, cache_write } = tokens;
        let total_tokens = tokens.total();
        Self { input, output, cache_read, cache_write, total_tokens, cost: cost.map(Into::into) }
    }

    /// The tokens by kind. Records of before prices were known counted what was
    /// read from the cache with what was read; their total tells.
    pub fn tokens(&self) -> Tokens {
        let Self { input, output, cache_read, cache_write, total_tokens, .. } = *self;
        if total_tokens != 0 && total_tokens == input.saturating_add(output) {
            return Usage { input, output, cache_read, cache_write }.into();
        }
        Tokens { input, output, cache_read, cache_write }
    }
}

impl From<Cost> for MessageCost {
    fn from(cost: Cost) -> Self {
        Self {
            input: cost.input.dollars(),
            output: cost.output.dollars(),
            cache_read: cost.cache_read.dollars(),
            cache_write: cost.cache_write.dollars(),
            total: cost.total().dollars(),
        }
    }
}

impl MessageCost {
    /// The same, added up exactly; nothing where it is no cost. Other gateways
    /// write zeros where they know no price.
    pub fn known(&self) -> Option<Cost> {
        let cost = Cost {
            input: Money::from_dollars(self.input)?,
            output: Money::from_dollars(self.output)?,
            cache_read: Money::from_dollars(self.cache_read)?,
            cache_write: Money::from_dollars(self.cache_write)?,
        };
        (cost != Cost::default()).then_some(cost)
    }
}

impl Message {
    /// A message that is nothing but text.
    pub fn text(role: MessageRole, text: impl Into<String>, timestamp: Timestamp) -> Self {
        Self {
            role,
            content: Content::Parts(vec![MessagePart::Text { text: text.into() }]),
            timestamp,
            idempotency_key: None,
            provider: None,
            model: None,
            usage: None,
            stop_reason: None,
            error_message: None,
            run_id: None,
            tool_call_id: None,
            is_error: None,
        }
    }

    /// All text of the message, its parts separated by line breaks.
    pub fn plain_text(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => {
                let texts = parts.iter().filter_map(|part| match part {
                    MessagePart::Text { text } => Some(text.as_str()),
                    MessagePart::Image { .. }
                    | MessagePart::Thinking { .. }
                    | MessagePart::ToolCall { .. } => None,
                });
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

#[test]
fn a_call_is_read_as_it_was_written() {
    let call = |arguments: Value| Message {
        content: Content::Parts(vec![MessagePart::ToolCall {
            id: "call_1".into(),
            name: "weather".into(),
            arguments,
        }]),
        ..Message::text(MessageRole::Assistant, "", Timestamp::from_millis(1))
    };
    for arguments in [serde_json::json!({ "city": "Ghent" }), Value::from("no JSON {")] {
        let message = call(arguments);
        let written = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&written).unwrap(), message, "{written}");
    }
}
