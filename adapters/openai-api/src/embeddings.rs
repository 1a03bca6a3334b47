//! `POST /v1/embeddings`: texts that become numbers.
//!
//! `<provider>/<model>` goes straight to that provider; `openclaw` and
//! `openclaw/<agent>` mean the model with which that agent looks things up.

use std::{fmt, time::Duration};

use domain::{
    access::{Access, Principal, Scope},
    agent::ModelRef,
    relay::Form,
};
use http::{HeaderMap, Request, Response};
use http_kit::{Body, Named, Reader, compute, is_for_agent, relays};
use hyper::body::Incoming;
use ports::{config::Config, driving::Passed};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::{Visit, not_served, refusal::Refusal, request::parse, straight, target::Wish};

/// So many texts at once, as OpenAI has it.
const MAX_TEXTS: usize = 2048;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EmbeddingsRequest {
    input: Option<Input>,
    dimensions: Option<u64>,
    encoding_format: Option<String>,
    user: Option<String>,
}

/// A text or the tokens of one, or several: how many, and whether one is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Input {
    texts: usize,
    has_empty: bool,
}

pub(crate) async fn embed(
    visit: &Visit,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let deps = &visit.deps;
    let config = deps.config.current();
    if !deps.serves(&config) && !relays(&config) {
        return Ok(not_served());
    }
    let principal = straight::asker(deps, &request, &config).await?;
    let limits = &config.gateway.limits;
    let reader = Reader {
        limit: limits.chat_completions_body_bytes,
        timeout: Duration::from_millis(limits.http_body_ms),
    };
    let (head, body) = request.into_parts();
    let body = reader.bytes(&head.headers, body).await?;
    let text = body.clone();
    let read = move || {
        let user = check(parse(&text)?)?;
        let named = Named::find(&text);
        let named = named.ok_or_else(|| Refusal::invalid("model", "model: required, a string"))?;
        Ok::<_, Refusal>((user, named))
    };
    let (user, named) = compute(body.len(), read).await?;
    let model = visit.embedder(&config, &principal, &head.headers, &named, user.as_deref())?;
    let (form, name_at, headers) = (Form::Embeddings, named.at, Vec::new());
    let request = Passed { form, model, body, name_at, headers, meaning: None };
    Ok(straight::pass(visit, &principal, request, None).await)
}

impl Visit {
    /// The model that is meant.
    fn embedder(
        &self,
        config: &Config,
        principal: &Principal,
        headers: &HeaderMap,
        named: &Named,
        user: Option<&str>,
    ) -> Result<ModelRef, Refusal> {
        let (relay, name) = (&self.deps.relay, &*named.model);
        if !is_for_agent(headers, Some(name)) {
            let model = name.parse().ok().filter(|_| relay.takes(name));
            return model.ok_or_else(|| Refusal::no_model(name));
        }
        if principal.relay_key().is_some() {
            return Err(Refusal::no_model(name));
        }
        Access::Operator(Scope::Write).check(principal)?;
        let wish =
            Wish { headers, model: Some(name), user, uuid: &self.uuid, prefix: "embeddings" };
        let agents = self.deps.conversations.agents();
        let target = wish.target(principal, &agents, &config.session.main_key)?;
        if let Some(model) = target.model {
            return Ok(model);
        }
        relay.embedder(Some(&target.agent)).ok_or_else(|| {
            let why = "model: nothing turns texts into numbers for this agent; configure \
                       agents.defaults.memorySearch.provider and \
                       agents.defaults.memorySearch.model, or name <provider>/<model>";
            Refusal::invalid("model", why)
        })
    }
}

/// Whether it can be asked for; answers who asks.
fn check(request: EmbeddingsRequest) -> Result<Option<String>, Refusal> {
    let EmbeddingsRequest { input, dimensions, encoding_format, user } = request;
    let input = input.unwrap_or_default();
    if input.texts == 0 || input.has_empty {
        return Err(Refusal::invalid("input", "input: must not be empty"));
    }
    if MAX_TEXTS < input.texts {
        let why = format!("input: at most {MAX_TEXTS} texts at once");
        return Err(Refusal::invalid("input", why));
    }
    if dimensions == Some(0) {
        return Err(Refusal::invalid("dimensions", "dimensions must be at least 1"));
    }
    if encoding_format.is_some_and(|format| !matches!(&*format, "float" | "base64")) {
        let why = "encoding_format must be float or base64";
        return Err(Refusal::invalid("encoding_format", why));
    }
    Ok(user)
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

/// Counts texts without keeping them.
struct InputVisitor;

/// What a list of texts or tokens holds.
enum Item {
    Token,
    Text { is_empty: bool },
}

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an array of strings, or arrays of tokens")
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input { texts: 1, has_empty: text.is_empty() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Input, A::Error> {
        let (mut input, mut tokens) = (Input::default(), 0_usize);
        while let Some(item) = items.next_element::<Item>()? {
            match item {
                Item::Token => tokens += 1,
                Item::Text { is_empty } => {
                    input.texts += 1;
                    input.has_empty |= is_empty;
                }
            }
        }
        if 0 < tokens && 0 < input.texts {
            return Err(serde::de::Error::custom("texts and tokens cannot be mixed"));
        }
        // Tokens of one text.
        input.texts += usize::from(0 < tokens);
        Ok(input)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a token, or an array of tokens")
    }

    fn visit_u64<E>(self, _: u64) -> Result<Item, E> {
        Ok(Item::Token)
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Text { is_empty: text.is_empty() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut tokens: A) -> Result<Item, A::Error> {
        let mut is_empty = true;
        while tokens.next_element::<u64>()?.is_some() {
            is_empty = false;
        }
        Ok(Item::Text { is_empty })
    }
}

#[test]
fn what_can_be_turned_into_numbers() {
    #[rustfmt::skip]
    let table = [
        (r#"{"input":"a"}"#,                                      Ok(())),
        (r#"{"input":["a","b"],"dimensions":3}"#,                 Ok(())),
        (r#"{"input":[1,2,3],"encoding_format":"base64"}"#,       Ok(())),
        (r#"{"input":[[1,2],[3]],"encoding_format":"float"}"#,    Ok(())),
        ("{}",                                                    Err("input: must not be empty")),
        (r#"{"input":""}"#,                                       Err("input: must not be empty")),
        (r#"{"input":[]}"#,                                       Err("input: must not be empty")),
        (r#"{"input":["a",""]}"#,                                 Err("input: must not be empty")),
        (r#"{"input":[[1],[]]}"#,                                 Err("input: must not be empty")),
        (r#"{"input":["a",1]}"#,                                  Err("input: texts and tokens cannot be mixed")),
        (r#"{"input":{"a":1}}"#,                                  Err("input: invalid type: map")),
        (r#"{"input":[-1]}"#,                                     Err("input[0]: invalid type: integer `-1`")),
        (r#"{"input":"a","dimensions":0}"#,                       Err("dimensions must be at least 1")),
        (r#"{"input":"a","dimensions":"x"}"#,                     Err("dimensions: invalid type")),
        (r#"{"input":"a","encoding_format":"int8"}"#,             Err("encoding_format must be float or base64")),
    ];
    for (body, expected) in table {
        let found = parse(body.as_bytes()).and_then(check).map(drop);
        match expected {
            Ok(()) => assert!(found.is_ok(), "{body}"),
            Err(why) => {
                let refusal = found.unwrap_err();
                assert!(refusal.message().starts_with(why), "{body}: {}", refusal.message());
            }
        }
    }
    let many = format!(r#"{{"input":[{}"a"]}}"#, r#""a","#.repeat(MAX_TEXTS));
    assert!(parse(many.as_bytes()).and_then(check).is_err());
}
