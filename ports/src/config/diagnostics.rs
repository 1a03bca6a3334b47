//! Section `diagnostics`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Secret, is_default};

/// What is measured and recorded for whoever looks for a fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DiagnosticsConfig {
    /// Whether anything is. Default: yes; `false` takes `/metrics` away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Parts that log more, as in `telegram.http`; `*` is all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Telemetry by OpenTelemetry.
    #[serde(skip_serializing_if = "is_default")]
    pub otel: OtelConfig,
    /// A record of what models were sent, for questions about their caches.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_trace: CacheTraceConfig,
}

/// Telemetry by OpenTelemetry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct OtelConfig {
    /// Whether it is sent. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The collector, as in `http://127.0.0.1:4318`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The collector of traces, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces_endpoint: Option<String>,
    /// The collector of metrics, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_endpoint: Option<String>,
    /// The collector of logs, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_endpoint: Option<String>,
    /// How the collector is spoken to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<OtelProtocol>,
    /// Headers sent with every export.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// What the gateway calls itself there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// What the names of metrics begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name_prefix: Option<String>,
    /// Whether traces are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<bool>,
    /// Whether metrics are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<bool>,
    /// Whether logs are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<bool>,
    /// Where logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_exporter: Option<LogsExporter>,
    /// How many of the traces are sent, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<f64>,
    /// How often it is sent, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flush_interval_ms: Option<u64>,
    /// Whether what people and models said is part of it. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_content: Option<bool>,
}

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OtelProtocol {
    /// Over HTTP.
    #[serde(rename = "http/protobuf")]
    HttpProtobuf,
    /// By gRPC.
    #[serde(rename = "grpc")]
    Grpc,
}

/// Where logs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogsExporter {
    /// To the collector.
    Otlp,
    /// To the standard output.
    Stdout,
    /// To both.
    Both,
}

/// A record of what models were sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CacheTraceConfig {
    /// Whether it is kept. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The file. Default: `logs/cache-trace.jsonl` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_path: Option<String>,
    /// Whether messages are in it. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_messages: Option<bool>,
    /// Whether the prompt is in it. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_prompt: Option<bool>,
    /// Whether what agents are told about themselves is in it. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_system: Option<bool>,
}
