//! A chat completion in other words, for a provider that takes none.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use bytes::Bytes;
use http_kit::{
    Field::{self, Idle, Only, Read},
    compute, lost_field,
};
use ports::{
    config::Config,
    driven::{Fetch, ModelRequest},
    driving::{Meaning, Meant, Misread},
};

use super::lost;
use crate::{
    completions::{Manner, Shown, pictures, shows_thoughts},
    conversation::Conversation,
    media::Pictures,
    request::{self, Asked},
};

/// What becomes of the fields of a chat completion in another form.
const FIELDS: &[(&str, Field)] = &[
    ("model", Read),
    ("messages", Read),
    ("stream", Read),
    ("stream_options", Read),
    ("max_tokens", Read),
    ("max_completion_tokens", Read),
    ("temperature", Read),
    ("top_p", Read),
    ("frequency_penalty", Read),
    ("presence_penalty", Read),
    ("seed", Read),
    ("stop", Read),
    ("n", Read),
    ("reasoning_effort", Read),
    ("response_format", Read),
    ("tools", Read),
    ("tool_choice", Read),
    ("parallel_tool_calls", Read),
    ("functions", Read),
    ("metadata", Idle),
    ("prediction", Idle),
    ("prompt_cache_key", Idle),
    ("prompt_cache_retention", Idle),
    ("safety_identifier", Idle),
    ("service_tier", Idle),
    ("store", Idle),
    ("user", Idle),
    ("function_call", Only("\"auto\"")),
    ("logit_bias", Only("{}")),
    ("logprobs", Only("false")),
    ("modalities", Only("[\"text\"]")),
    ("top_logprobs", Only("0")),
    ("verbosity", Only("\"medium\"")),
];

/// A chat completion, and how it is answered once it has been read.
pub(crate) struct ChatMeaning {
    pub(crate) body: Bytes,
    pub(crate) config: Arc<Config>,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) manner: OnceLock<Manner>,
}

#[async_trait]
impl Meaning for ChatMeaning {
    async fn read(&self) -> Result<Meant, Misread> {
        let endpoint = &self.config.gateway.http.endpoints.chat_completions;
        let (body, pictures) = (self.body.clone(), pictures(endpoint.images.as_ref()));
        let read = move || {
            if let Some(field) = lost_field(&body, FIELDS) {
                return Err(lost(field));
            }
            let pictures = Pictures::of_conversation("image_url", pictures);
            request::read(&body, |messages| Conversation::read(messages, pictures))
        };
        let Asked { talk, stream, include_usage, sampling, thinking, tools, .. } =
            compute(self.body.len(), read).await?;
        let shown = Shown { usage: include_usage, thinking: shows_thoughts(thinking), silence: "" };
        let _ = self.manner.set(Manner { stream, shown });
        let (messages, system) = talk.gather(&*self.fetch).await?;
        let model = String::new();
        let request = ModelRequest { model, system, messages, thinking, sampling, tools };
        Ok(Meant { request, stream })
    }
}

impl fmt::Debug for ChatMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMeaning").field("body", &self.body.len()).finish_non_exhaustive()
    }
}
