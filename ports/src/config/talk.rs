//! Section `talk`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    open::{Secret, is_default},
    tts::TtsProviderConfig,
};

/// Conversations by voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TalkConfig {
    /// The agent that talks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Who speaks, by its name in `providers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Who can speak, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, TtsProviderConfig>,
    /// The voice, as older versions have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice_id: Option<String>,
    /// Names for voices, as older versions have them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub voice_aliases: BTreeMap<String, String>,
    /// The model of the voice, as older versions have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// The format of the sound, as older versions have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
    /// The key, as older versions have it. Default: the variable
    /// `ELEVENLABS_API_KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Models that hear and speak by themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub realtime: RealtimeConfig,
    /// How long the agent thinks when such a model asks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consult_thinking_level: Option<String>,
    /// Whether it hurries then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consult_fast_mode: Option<bool>,
    /// The language that is spoken, as in `en-GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speech_locale: Option<String>,
    /// Whether it falls silent when somebody speaks. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupt_on_speech: Option<bool>,
    /// After how long a silence somebody is done, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_timeout_ms: Option<u64>,
}

/// Models that hear and speak by themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RealtimeConfig {
    /// Who has them, by its name in `providers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Who has them, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, TtsProviderConfig>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker_voice: Option<String>,
    /// The voice, by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker_voice_id: Option<String>,
    /// What it is told about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// What is left to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<RealtimeMode>,
    /// How sound travels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<RealtimeTransport>,
    /// How loud something is to count as speech, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vad_threshold: Option<f64>,
    /// After how long a silence somebody is done, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_duration_ms: Option<u64>,
    /// How much sound from before counts, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_padding_ms: Option<u64>,
    /// How long it thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Who decides what is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brain: Option<RealtimeBrain>,
    /// When the agent is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consult_routing: Option<ConsultRouting>,
}

/// What is left to such a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RealtimeMode {
    /// Everything.
    Realtime,
    /// Hearing and speaking.
    SttTts,
    /// Hearing.
    Transcription,
}

/// How sound travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RealtimeTransport {
    /// By WebRTC.
    Webrtc,
    /// By a WebSocket to the provider.
    ProviderWebsocket,
    /// Through the gateway.
    GatewayRelay,
    /// In a room of the provider.
    ManagedRoom,
}

/// Who decides what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RealtimeBrain {
    /// The agent, when it is asked.
    AgentConsult,
    /// The model.
    DirectTools,
    /// Nobody.
    None,
}

/// When the agent is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsultRouting {
    /// When the model wants to.
    ProviderDirect,
    /// Always.
    ForceAgentConsult,
}
