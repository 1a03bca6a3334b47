//! A response in other words, for a provider that makes none.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use bytes::Bytes;
use http_kit::compute;
use ports::{
    config::Config,
    driven::{Fetch, ModelRequest},
    driving::{Meaning, Meant, Misread},
};
use serde::{Deserialize, de::IgnoredAny};

use super::lost;
use crate::{
    completions::shows_thoughts,
    refusal::Refusal,
    request::parse,
    responses::{Allowed, Asked, Manner, Terms, read},
};

/// The only thing of those one can ask for besides that changes nothing: thoughts
/// that only who thought them can read.
const ENCRYPTED: &str = "reasoning.encrypted_content";

/// What a body may say that is understood nowhere else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Besides {
    previous_response_id: Option<String>,
    include: Option<Vec<String>>,
    top_logprobs: Option<u64>,
    context_management: Option<IgnoredAny>,
    text: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Text {
    verbosity: Option<String>,
}

/// A response, and how it is worded once it has been read.
pub(crate) struct ResponseMeaning {
    pub(crate) body: Bytes,
    pub(crate) config: Arc<Config>,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) manner: OnceLock<Manner>,
}

#[async_trait]
impl Meaning for ResponseMeaning {
    async fn read(&self) -> Result<Meant, Misread> {
        let endpoint = &self.config.gateway.http.endpoints.responses;
        let (body, allowed) = (self.body.clone(), Allowed::by(endpoint));
        let understand = move || {
            let asked = read(&body)?;
            check(parse(&body)?)?;
            let terms = Terms::of(&asked);
            let Asked { input, instructions, stream, sampling, tools, thinking, .. } = asked;
            let talk = input.conversation(instructions, allowed)?;
            Ok::<_, Refusal>((terms, talk, stream, sampling, tools, thinking))
        };
        let (terms, talk, stream, sampling, tools, thinking) =
            compute(self.body.len(), understand).await?;
        let shows_thoughts = shows_thoughts(thinking);
        let _ = self.manner.set(Manner { stream, terms, shows_thoughts });
        let (messages, system) = talk.gather(&*self.fetch).await?;
        let model = String::new();
        let request = ModelRequest { model, system, messages, thinking, sampling, tools };
        Ok(Meant { request, stream })
    }
}

fn check(besides: Besides) -> Result<(), Refusal> {
    let Besides { previous_response_id, include, top_logprobs, context_management, text } = besides;
    if previous_response_id.is_some_and(|id| !id.is_empty()) {
        let why = "previous_response_id: this provider keeps no responses, send the conversation";
        return Err(Refusal::invalid("previous_response_id", why));
    }
    let verbosity = text.and_then(|text| text.verbosity);
    let lost_one = if include.iter().flatten().any(|what| what != ENCRYPTED) {
        Some("include")
    } else if top_logprobs.is_some_and(|count| 0 < count) {
        Some("top_logprobs")
    } else if context_management.is_some() {
        Some("context_management")
    } else if verbosity.is_some_and(|verbosity| verbosity != "medium") {
        Some("text.verbosity")
    } else {
        None
    };
    lost_one.map_or(Ok(()), |field| Err(lost(field)))
}

impl fmt::Debug for ResponseMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseMeaning").field("body", &self.body.len()).finish_non_exhaustive()
    }
}
