//! What is counted, under which names.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use domain::agent::ModelRef;
use ports::driven::{Answered, EndedRun};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

/// Seconds, from what a table answers at once to what a slow model takes.
const HTTP_BUCKETS: [f64; 10] = [0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0];
/// Seconds of a run.
const RUN_BUCKETS: [f64; 9] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0];

/// How many models are told apart.
const MODELS: usize = 64;

/// A family of histograms over some buckets.
pub(crate) type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Which gateway this is.
pub(crate) fn build_info(registry: &mut Registry, version: &str) {
    let info = Info::new([("version", version.to_owned())]);
    registry.register("openclaw_gateway_build", "The gateway that says this", info);
}

/// Answers over HTTP.
pub(crate) struct Http {
    requests: Family<HttpLabels, Counter>,
    seconds: Histograms<RouteLabel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: &'static str,
}

impl Http {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let requests = Family::default();
        registry.register("openclaw_http_requests", "Answers over HTTP", requests.clone());
        let seconds: Histograms<_> = Family::new_with_constructor(|| Histogram::new(HTTP_BUCKETS));
        registry.register_with_unit(
            "openclaw_http_request_duration",
            "Until the head of the answer",
            Unit::Seconds,
            seconds.clone(),
        );
        Self { requests, seconds }
    }

    pub(crate) fn answered(&self, answered: Answered) {
        let Answered { route, method, status, took } = answered;
        self.requests.get_or_create(&HttpLabels { method, route, status }).inc();
        self.seconds.get_or_create(&RouteLabel { route }).observe(took.as_secs_f64());
    }
}

/// Runs and what they use.
pub(crate) struct Runs {
    completed: Family<RunLabels, Counter>,
    seconds: Histograms<RunLabels>,
    tokens: Family<TokenLabels, Counter>,
    /// The models that are told apart.
    models: Mutex<HashSet<ModelRef>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    model: String,
    provider: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    model: String,
    provider: String,
    token_type: &'static str,
}

impl Runs {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let completed = Family::default();
        registry.register("openclaw_run_completed", "Runs that ended", completed.clone());
        let seconds: Histograms<_> = Family::new_with_constructor(|| Histogram::new(RUN_BUCKETS));
        registry.register_with_unit(
            "openclaw_run_duration",
            "From the beginning of a run to its end",
            Unit::Seconds,
            seconds.clone(),
        );
        let tokens = Family::default();
        registry.register("openclaw_model_tokens", "Tokens, as models count them", tokens.clone());
        Self { completed, seconds, tokens, models: Mutex::default() }
    }

    pub(crate) fn ended(&self, run: &EndedRun<'_>) {
        let (provider, model) = self.name(run.model);
        let labels = RunLabels {
            model: model.clone(),
            provider: provider.clone(),
            outcome: run.status.as_str(),
        };
        self.completed.get_or_create(&labels).inc();
        self.seconds.get_or_create(&labels).observe(run.took.as_secs_f64());
        let used = [
            ("input", run.usage.input),
            ("output", run.usage.output),
            ("cache_read", run.usage.cache_read),
            ("cache_write", run.usage.cache_write),
        ];
        for (token_type, count) in used.into_iter().filter(|(_, count)| 0 < *count) {
            let labels =
                TokenLabels { model: model.clone(), provider: provider.clone(), token_type };
            self.tokens.get_or_create(&labels).inc_by(count);
        }
    }

    /// What `model` counts as: provider and model.
    fn name(&self, model: Option<&ModelRef>) -> (String, String) {
        let Some(model) = model else { return ("none".to_owned(), "none".to_owned()) };
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if !models.contains(model) {
            if models.len() == MODELS {
                return ("other".to_owned(), "other".to_owned());
            }
            models.insert(model.clone());
        }
        (model.provider().to_owned(), model.model().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::run::{RunStatus, Usage};
    use ports::driven::Meter;

    use crate::{Kind, Metrics, Reading};

    use super::*;

    fn run(model: Option<&ModelRef>) -> EndedRun<'_> {
        EndedRun {
            model,
            status: RunStatus::Ok,
            usage: Usage { input: 7, output: 3, ..Usage::default() },
            took: Duration::from_secs(2),
        }
    }

    fn metrics() -> Metrics {
        Metrics::new("1.2.3", || {
            let kind = Kind::Gauge;
            vec![Reading { name: "openclaw_ws_clients", help: "Clients", kind, value: 4.0 }]
        })
    }

    #[test]
    fn what_happened_is_said_in_open_metrics() {
        let metrics = metrics();
        let took = Duration::from_millis(2);
        let (route, method) = ("/healthz", "GET");
        for _ in 0..3 {
            metrics.answered(Answered { route, method, status: 200, took });
        }
        metrics.run_ended(&run(Some(&"local/tiny".parse().unwrap())));
        metrics.run_ended(&run(None));
        let text = metrics.text().unwrap();
        for line in [
            r#"openclaw_gateway_build_info{version="1.2.3"} 1"#,
            r#"openclaw_http_requests_total{method="GET",route="/healthz",status="200"} 3"#,
            r#"openclaw_http_request_duration_seconds_bucket{le="0.005",route="/healthz"} 3"#,
            r#"openclaw_run_completed_total{model="tiny",provider="local",outcome="ok"} 1"#,
            r#"openclaw_run_completed_total{model="none",provider="none",outcome="ok"} 1"#,
            r#"openclaw_model_tokens_total{model="tiny",provider="local",token_type="input"} 7"#,
            r#"openclaw_model_tokens_total{model="tiny",provider="local",token_type="output"} 3"#,
            "openclaw_ws_clients 4.0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn a_thousand_names_are_sixty_four_and_the_others() {
        let metrics = metrics();
        for number in 0..1_000 {
            let model: ModelRef = format!("local/model-{number}").parse().unwrap();
            metrics.run_ended(&run(Some(&model)));
        }
        let text = metrics.text().unwrap();
        let told: Vec<_> =
            text.lines().filter(|line| line.starts_with("openclaw_run_completed_total{")).collect();
        assert_eq!(told.len(), MODELS + 1);
        let others =
            r#"openclaw_run_completed_total{model="other",provider="other",outcome="ok"} 936"#;
        assert!(told.contains(&others), "{text}");
    }
}
