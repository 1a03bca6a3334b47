//! What a message says about what it used.

use domain::{
    agent::ModelRef,
    ids::{AgentId, SessionId},
    session::SessionKey,
    spending::Spending,
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::Value;

use super::{MessageCost, MessageUsage};
use crate::Json;

/// A message as far as it says what it used. Read from messages of other gateways
/// as well, whatever else is in them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Billed {
    role: String,
    content: Value,
    tool_name: Option<String>,
    timestamp: Value,
    provider: Option<String>,
    model: Option<String>,
    usage: Option<MessageUsage>,
    stop_reason: Option<String>,
}

impl Billed {
    /// Reads `message`. What is no message used nothing.
    pub fn read(message: &Json) -> Self {
        serde_json::from_str(message.as_str()).unwrap_or_default()
    }

    /// Who says it.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// When it was said, if it says so.
    pub fn at(&self) -> Option<Timestamp> {
        self.timestamp.as_u64().map(Timestamp::from_millis)
    }

    /// All that is said in it, in a line for each part. Tools are named; what is
    /// no text is left out.
    pub fn lines(&self) -> String {
        let mut lines = Vec::new();
        if self.role == "toolResult" {
            let tool = self.tool_name.as_deref().unwrap_or("tool");
            lines.push(format!("[Tool: {tool}]\n[Tool Result]"));
        }
        match &self.content {
            Value::String(text) => lines.push(text.clone()),
            Value::Array(parts) => lines.extend(parts.iter().filter_map(line)),
            _ => (),
        }
        lines.join("\n")
    }

    /// Whether somebody says it, and neither an agent nor a tool.
    pub fn is_question(&self) -> bool {
        self.role == "user"
    }

    /// What it used, where it says so: an answer in the transcript `transcript` of
    /// `session`, right after a question or not.
    pub fn spending(
        &self,
        session: &SessionKey,
        transcript: &SessionId,
        asked: bool,
    ) -> Option<Spending> {
        let usage = self.usage.filter(|usage| 0 < usage.tokens().total())?;
        if self.role != "assistant" {
            return None;
        }
        let named = self.provider.as_deref().zip(self.model.as_deref());
        let model = named.and_then(|(provider, model)| ModelRef::new(provider, model).ok());
        let failed = matches!(self.stop_reason.as_deref(), Some("error" | "aborted" | "timeout"));
        Some(Spending {
            at: self.at()?,
            session: session.clone(),
            transcript: transcript.clone(),
            agent: session.agent().unwrap_or_else(AgentId::main),
            model,
            tokens: usage.tokens(),
            cost: usage.cost.as_ref().and_then(MessageCost::known),
            asked,
            tools: self.tools(),
            failed,
        })
    }

    fn tools(&self) -> Vec<Box<str>> {
        let parts = self.content.as_array().map_or(&[][..], Vec::as_slice);
        let calls = parts.iter().filter(|part| part["type"] == "toolCall");
        calls.filter_map(|call| call["name"].as_str()).map(Into::into).collect()
    }
}

fn line(part: &Value) -> Option<String> {
    let text = |name: &str| part[name].as_str().filter(|text| !text.is_empty());
    match part["type"].as_str()? {
        "text" => text("text").map(str::to_owned),
        "toolCall" => Some(format!("[Tool: {}]", text("name").unwrap_or("unknown"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        run::Usage,
        spending::{Cost, Money, Tokens},
    };
    use serde_json::json;

    use super::*;

    fn spending(message: &Value) -> Option<Spending> {
        let (key, id) = ("agent:a:main".parse().unwrap(), "t".parse().unwrap());
        Billed::read(&Json::of(message)).spending(&key, &id, true)
    }

    fn answer(usage: &Value) -> Value {
        json!({ "role": "assistant", "timestamp": 7, "provider": "p", "model": "m", "usage": usage,
            "content": [{ "type": "toolCall", "id": "1", "name": "look", "arguments": {} }] })
    }

    #[test]
    fn an_answer_says_what_it_used() {
        let cost = json!({ "input": 0.25, "output": 0.5, "total": 0.75 });
        let usage =
            json!({ "input": 1, "output": 2, "cacheRead": 3, "totalTokens": 6, "cost": cost });
        let found = spending(&answer(&usage)).unwrap();
        assert_eq!(found.at, Timestamp::from_millis(7));
        assert_eq!((found.agent.as_str(), found.transcript.as_str()), ("a", "t"));
        assert_eq!(found.model, Some("p/m".parse().unwrap()));
        assert_eq!(found.tokens, Tokens { input: 1, output: 2, cache_read: 3, cache_write: 0 });
        let dollars = |dollars| Money::from_dollars(dollars).unwrap();
        let cost = Cost { input: dollars(0.25), output: dollars(0.5), ..Cost::default() };
        assert_eq!(found.cost, Some(cost));
        assert_eq!((found.tools, found.asked, found.failed), (vec!["look".into()], true, false));
    }

    #[test]
    fn what_does_not_say_it_used_nothing() {
        let free = json!({ "input": 0, "output": 0, "totalTokens": 0 });
        let said = json!({ "role": "user", "content": "x", "timestamp": 1 });
        for message in
            [json!(null), json!([1]), json!("x"), said, answer(&free), answer(&json!(null))]
        {
            assert_eq!(spending(&message), None, "{message}");
        }
    }

    #[test]
    fn zeros_and_nonsense_are_no_cost() {
        for cost in [json!({}), json!({ "input": 0, "total": 0 }), json!({ "input": -1.0 })] {
            let usage = json!({ "input": 1, "totalTokens": 1, "cost": cost });
            assert_eq!(spending(&answer(&usage)).unwrap().cost, None, "{cost}");
        }
    }

    #[test]
    fn what_is_said_is_told_in_lines() {
        let lines = |message: Value| Billed::read(&Json::of(&message)).lines();
        let parts = json!([
            { "type": "text", "text": "one" }, { "type": "image", "data": "" }, 7,
            { "type": "toolCall", "name": "look" }, { "type": "text", "text": "two" },
        ]);
        let told = json!({ "role": "toolResult", "toolName": "look", "content": "found" });
        assert_eq!(
            lines(json!({ "role": "assistant", "content": parts })),
            "one\n[Tool: look]\ntwo"
        );
        assert_eq!(lines(json!({ "role": "user", "content": "hello" })), "hello");
        assert_eq!(lines(told), "[Tool: look]\n[Tool Result]\nfound");
        assert_eq!(lines(json!({ "role": "user", "content": 7 })), "");
    }

    /// As records were written before, with the cache in what was read.
    #[test]
    fn what_was_read_from_the_cache_is_counted_once() {
        let old =
            json!({ "input": 10, "output": 1, "cacheRead": 4, "cacheWrite": 2, "totalTokens": 11 });
        let usage = Usage { input: 10, output: 1, cache_read: 4, cache_write: 2 };
        let new = serde_json::to_value(MessageUsage::of(usage, None)).unwrap();
        let expected = Tokens { input: 4, output: 1, cache_read: 4, cache_write: 2 };
        for usage in [old, new] {
            assert_eq!(spending(&answer(&usage)).unwrap().tokens, expected, "{usage}");
        }
    }
}
