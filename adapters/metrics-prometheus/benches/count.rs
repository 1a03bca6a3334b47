//! What counting costs.

use std::{sync::Arc, time::Duration};

use divan::{Bencher, black_box};
use domain::run::{RunStatus, Usage};
use metrics_prometheus::Metrics;
use ports::driven::{Answered, EndedRun, Meter};

fn main() {
    divan::main();
}

/// A clone of an `Arc` and a comparison: what any decoration costs at least.
#[divan::bench]
fn baseline(bencher: Bencher<'_, '_>) {
    let shared = Arc::new(200_u16);
    bencher.bench(|| *black_box(Arc::clone(&shared)) == black_box(200));
}

#[divan::bench]
fn an_answer_over_http(bencher: Bencher<'_, '_>) {
    let metrics = Metrics::new("bench", Vec::new);
    let took = Duration::from_micros(80);
    bencher.bench(|| {
        metrics.answered(Answered {
            route: black_box("/v1/models"),
            method: "GET",
            status: 200,
            took,
        });
    });
}

#[divan::bench]
fn a_run(bencher: Bencher<'_, '_>) {
    let metrics = Metrics::new("bench", Vec::new);
    let model = "openai/gpt-5".parse().ok();
    let usage = Usage { input: 1, output: 1, ..Usage::default() };
    bencher.bench(|| {
        metrics.run_ended(&EndedRun {
            model: black_box(model.as_ref()),
            status: RunStatus::Ok,
            usage,
            took: Duration::from_secs(1),
        });
    });
}
