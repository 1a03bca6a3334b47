//! What the configuration and the environment say about traces.

use std::{collections::HashMap, time::Duration};

use http_client::{BaseUrl, ParseBaseUrlError};
use ports::config::diagnostics::{DiagnosticsConfig, OtelConfig, OtelProtocol};

/// Where a collector is when nobody says so.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4318";
/// What is added to the address of a collector.
const PATH: &str = "/v1/traces";
/// What the gateway calls itself when nobody says so.
const DEFAULT_NAME: &str = "openclaw";
/// How often steps are sent when nobody says so.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// How often they are sent at most.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Where traces go, and which.
#[derive(Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) endpoint: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) service_name: String,
    pub(crate) sample_rate: f64,
    pub(crate) interval: Duration,
}

/// Why no traces are sent although somebody wants them.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The protocol is not spoken.
    #[error(
        "diagnostics.otel.protocol: grpc is not spoken here; use http/protobuf, whose usual port is 4318"
    )]
    Grpc,
    /// The address is none.
    #[error("diagnostics.otel.{key}: {problem}")]
    Endpoint {
        /// Who says so.
        key: &'static str,
        /// What is the matter with it.
        problem: ParseBaseUrlError,
    },
    /// It is no share.
    #[error("diagnostics.otel.sampleRate: must be from 0 to 1")]
    SampleRate,
    /// The library does not take it, or a thread cannot be had.
    #[error("traces cannot be sent")]
    Unavailable(#[source] ports::BoxError),
}

impl Settings {
    /// What `config` says, and where it says nothing the `variable`s every program
    /// with OpenTelemetry follows. Nothing if no traces are wanted.
    pub(crate) fn read(
        config: &DiagnosticsConfig,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ExportError> {
        let otel = &config.otel;
        let off = [config.enabled, otel.traces].contains(&Some(false));
        if otel.enabled != Some(true) || off {
            return Ok(None);
        }
        if otel.protocol == Some(OtelProtocol::Grpc) {
            return Err(ExportError::Grpc);
        }
        let sample_rate = otel.sample_rate.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&sample_rate) {
            return Err(ExportError::SampleRate);
        }
        let name = otel.service_name.clone().or_else(|| variable("OTEL_SERVICE_NAME"));
        let interval = otel.flush_interval_ms.map_or(DEFAULT_INTERVAL, Duration::from_millis);
        let headers = otel.headers.iter();
        Ok(Some(Self {
            endpoint: endpoint(otel, variable)?,
            headers: headers.map(|(name, value)| (name.clone(), value.to_string())).collect(),
            service_name: name.unwrap_or_else(|| DEFAULT_NAME.to_owned()),
            sample_rate,
            interval: interval.max(SHORTEST_INTERVAL),
        }))
    }
}

/// Where traces go: a collector of traces is meant as it is written, one of
/// everything is asked below a path of theirs.
fn endpoint(
    otel: &OtelConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, ExportError> {
    let (key, text) = match (&otel.traces_endpoint, &otel.endpoint) {
        (Some(text), _) => ("tracesEndpoint", text.clone()),
        (None, Some(text)) => ("endpoint", text.clone()),
        (None, None) => match variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            Some(text) => ("tracesEndpoint", text),
            None => {
                let text = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
                ("endpoint", text.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()))
            }
        },
    };
    let url = text.parse::<BaseUrl>();
    let url = url.map_err(|problem| ExportError::Endpoint { key, problem })?;
    Ok(match key {
        "tracesEndpoint" => text.trim().to_owned(),
        _ => url.without_ending(PATH).join(PATH).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(otel: OtelConfig, variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let config = DiagnosticsConfig { otel, ..DiagnosticsConfig::default() };
        let variable = |name: &str| {
            let set = variables.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        Settings::read(&config, variable).map_err(|error| error.to_string())
    }

    fn on() -> OtelConfig {
        OtelConfig { enabled: Some(true), ..OtelConfig::default() }
    }

    #[test]
    fn where_traces_go() {
        const ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        type Case = (
            Option<&'static str>,
            Option<&'static str>,
            &'static [(&'static str, &'static str)],
            &'static str,
        );
        #[rustfmt::skip]
        let table: [Case; 9] = [
            // endpoint                    tracesEndpoint      variables                  where
            (None,                         None,               &[],                       "http://127.0.0.1:4318/v1/traces"),
            (Some("http://a:4318"),        None,               &[(ALL, "http://b")],      "http://a:4318/v1/traces"),
            (Some("http://a:4318/"),       None,               &[],                       "http://a:4318/v1/traces"),
            (Some("https://a/otlp?k=1"),   None,               &[],                       "https://a/otlp/v1/traces?k=1"),
            (Some("http://a/v1/traces"),   None,               &[],                       "http://a/v1/traces"),
            (Some("http://a"),             Some("http://t/x"), &[],                       "http://t/x"),
            (None,                         None,               &[(ALL, "http://b")],      "http://b/v1/traces"),
            (None,                         None,               &[(TRACES, "http://c/x"), (ALL, "http://b")], "http://c/x"),
            (Some("http://a"),             None,               &[(TRACES, "http://c/x")], "http://a/v1/traces"),
        ];
        for (endpoint, traces, variables, expected) in table {
            let otel = OtelConfig {
                endpoint: endpoint.map(str::to_owned),
                traces_endpoint: traces.map(str::to_owned),
                ..on()
            };
            assert_eq!(read(otel, variables).unwrap().unwrap().endpoint, expected);
        }
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let usual = read(on(), &[]).unwrap().unwrap();
        assert_eq!((&*usual.service_name, usual.sample_rate), ("openclaw", 1.0));
        assert_eq!(usual.interval, DEFAULT_INTERVAL);
        let named = read(on(), &[("OTEL_SERVICE_NAME", "mine")]).unwrap().unwrap();
        assert_eq!(named.service_name, "mine");
        let hasty = OtelConfig { flush_interval_ms: Some(0), ..on() };
        assert_eq!(read(hasty, &[]).unwrap().unwrap().interval, SHORTEST_INTERVAL);
    }

    #[test]
    fn nothing_is_sent_unless_it_is_wanted() {
        assert!(read(OtelConfig::default(), &[]).unwrap().is_none());
        assert!(read(OtelConfig { traces: Some(false), ..on() }, &[]).unwrap().is_none());
        let config =
            DiagnosticsConfig { enabled: Some(false), otel: on(), ..DiagnosticsConfig::default() };
        assert!(Settings::read(&config, |_| None).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let grpc = OtelConfig { protocol: Some(OtelProtocol::Grpc), ..on() };
        assert!(read(grpc, &[]).err().unwrap().contains("use http/protobuf"));
        for rate in [-0.1, 1.1, f64::NAN] {
            let error = read(OtelConfig { sample_rate: Some(rate), ..on() }, &[]).err();
            assert_eq!(error.unwrap(), "diagnostics.otel.sampleRate: must be from 0 to 1");
        }
        let odd = OtelConfig { endpoint: Some("http://me:secret@a".to_owned()), ..on() };
        let error = read(odd, &[]).err().unwrap();
        assert!(error.starts_with("diagnostics.otel.endpoint: ") && !error.contains("secret"));
    }
}
