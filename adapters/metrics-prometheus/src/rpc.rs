//! Counting calls of methods.

use std::{collections::HashMap, fmt, sync::Arc, time::Instant};

use domain::client::Client;
use ports::{
    BoxFuture,
    driving::{ErrorCode, Rpc, RpcError, RpcReply},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use serde_json::value::RawValue;

use crate::{Metrics, families::Histograms};

/// Seconds of a method.
const BUCKETS: [f64; 8] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.1, 1.0, 10.0];

/// What calls of methods nobody has are counted as.
const UNKNOWN: &str = "unknown";

/// The families of calls.
pub(crate) struct Families {
    requests: Family<MethodLabel, Counter>,
    seconds: Histograms<MethodLabel>,
    outcomes: Family<OutcomeLabel, Counter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl Families {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let requests = Family::default();
        let help = "Calls of methods over WebSocket";
        registry.register("openclaw_gateway_rpc_requests", help, requests.clone());
        let seconds: Histograms<_> = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register_with_unit(
            "openclaw_gateway_rpc_handler",
            "From a call to its first answer",
            Unit::Seconds,
            seconds.clone(),
        );
        let outcomes = Family::default();
        let help = "What became of calls of methods";
        registry.register("openclaw_gateway_rpc_outcomes", help, outcomes.clone());
        Self { requests, seconds, outcomes }
    }

    fn method(&self, method: &'static str) -> PerMethod {
        let label = MethodLabel { method };
        PerMethod {
            calls: self.requests.get_or_create_owned(&label),
            seconds: self.seconds.get_or_create_owned(&label),
        }
    }

    fn outcomes(&self) -> Outcomes {
        let outcome = |outcome| self.outcomes.get_or_create_owned(&OutcomeLabel { outcome });
        Outcomes {
            ok: outcome("ok"),
            invalid: outcome("invalid_request"),
            forbidden: outcome("forbidden"),
            not_paired: outcome("not_paired"),
            unavailable: outcome("unavailable"),
        }
    }
}

/// The counters of one method, which nobody has to look for.
#[derive(Clone, Debug)]
struct PerMethod {
    calls: Counter,
    seconds: Histogram,
}

/// What can become of a call.
#[derive(Debug)]
struct Outcomes {
    ok: Counter,
    invalid: Counter,
    forbidden: Counter,
    not_paired: Counter,
    unavailable: Counter,
}

impl Outcomes {
    fn count(&self, answer: &Result<RpcReply, RpcError>) {
        let counter = match answer {
            Ok(_) => &self.ok,
            Err(error) => match error.code {
                ErrorCode::InvalidRequest => &self.invalid,
                ErrorCode::Forbidden => &self.forbidden,
                ErrorCode::NotPaired => &self.not_paired,
                ErrorCode::Unavailable => &self.unavailable,
            },
        };
        counter.inc();
    }
}

/// Calls methods, and counts and times that.
pub struct CountedRpc {
    rpc: Arc<dyn Rpc>,
    methods: HashMap<&'static str, PerMethod>,
    unknown: PerMethod,
    outcomes: Arc<Outcomes>,
}

impl CountedRpc {
    /// Counts calls of `rpc`, whose methods are `names`, in `metrics`.
    pub fn new(
        rpc: Arc<dyn Rpc>,
        names: impl IntoIterator<Item = &'static str>,
        metrics: &Metrics,
    ) -> Self {
        let families = &metrics.0.rpc;
        Self {
            rpc,
            methods: names.into_iter().map(|name| (name, families.method(name))).collect(),
            unknown: families.method(UNKNOWN),
            outcomes: Arc::new(families.outcomes()),
        }
    }
}

impl Rpc for CountedRpc {
    fn call(
        &self,
        caller: &Arc<Client>,
        method: &str,
        params: Option<&RawValue>,
    ) -> BoxFuture<Result<RpcReply, RpcError>> {
        let at = Instant::now();
        let counted = self.methods.get(method).unwrap_or(&self.unknown);
        counted.calls.inc();
        let seconds = counted.seconds.clone();
        let outcomes = Arc::clone(&self.outcomes);
        let answer = self.rpc.call(caller, method, params);
        Box::pin(async move {
            let answer = answer.await;
            seconds.observe(at.elapsed().as_secs_f64());
            outcomes.count(&answer);
            answer
        })
    }
}

impl fmt::Debug for CountedRpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedRpc").field("methods", &self.methods.len()).finish_non_exhaustive()
    }
}
