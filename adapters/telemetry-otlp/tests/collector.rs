//! What a collector gets to know.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span as Told, span::SpanKind},
};
use ports::{
    config::diagnostics::{DiagnosticsConfig, OtelConfig},
    driven::Traces,
};
use prost::Message;
use telemetry_otlp::Exporter;
use tracing::{debug_span, field::Empty, info, info_span};
use tracing_subscriber::{layer::SubscriberExt, registry};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What somebody posted: the head and the body.
type Posted = (String, ExportTraceServiceRequest);

/// Until it is dropped, this test is the only one that listens. Which spans are made
/// is remembered once for the whole process, and a process has one listener: where
/// two ask at the same time, what the slower one remembers may be out of date.
fn alone() -> MutexGuard<'static, ()> {
    static LISTENING: Mutex<()> = Mutex::new(());
    LISTENING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A collector that answers with `status`, and what it is told.
fn collector(status: &'static str) -> (String, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            while let Some((head, body)) = request(&mut stream) {
                let body = ExportTraceServiceRequest::decode(&*body).unwrap();
                // Nobody may want to know.
                let _ = tell.send((head, body));
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (address, told)
}

fn request(stream: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length?.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn sending(endpoint: &str, sample_rate: f64) -> DiagnosticsConfig {
    let otel = OtelConfig {
        enabled: Some(true),
        endpoint: Some(endpoint.to_owned()),
        sample_rate: Some(sample_rate),
        // Nothing is sent before the end, or before somebody asks.
        flush_interval_ms: Some(3_600_000),
        ..OtelConfig::default()
    };
    DiagnosticsConfig { otel, ..DiagnosticsConfig::default() }
}

fn steps(posted: &Receiver<Posted>) -> Vec<Told> {
    let resources = posted.try_iter().flat_map(|(_, request)| request.resource_spans);
    resources.flat_map(|it| it.scope_spans).flat_map(|it| it.spans).collect()
}

fn attributes(told: &Told) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let known = told.attributes.iter();
    known
        .map(|it| (it.key.clone(), text(it.value.as_ref().unwrap().value.as_ref().unwrap())))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

/// A question from another process, as the gateway tells it apart. Returns what
/// the model is told.
fn question(exporter: &Exporter, traceparent: Option<&str>) -> Option<String> {
    let http = info_span!(
        target: "http_server::connection", "http",
        method = "POST", route = "/v1/x", status = Empty, traceparent, tracestate = Some("a=1"),
    );
    let run = http.in_scope(|| {
        let rpc = debug_span!(target: "rpc::methods", "rpc", method = "chat.send");
        rpc.in_scope(|| {
            let session = "agent:main:+49123";
            info_span!(target: "usecases::chat", "run", run = %"r1", session, outcome = Empty)
        })
    });
    http.record("status", 200_u16);
    drop(http);
    run.in_scope(|| {
        info!("what people said");
        let model =
            debug_span!(target: "usecases::agents", "model", model = "a/b", failure = Empty);
        model.record("failure", "timeout");
        run.record("outcome", "error");
        model.in_scope(|| exporter.outgoing()).map(|it| it.parent.to_string())
    })
}

#[test]
fn a_collector_gets_to_know_the_steps_and_nothing_else() {
    let _alone = alone();
    let exporter = Exporter::default();
    let (address, posted) = collector("200 OK");
    let quiet = tracing::subscriber::set_default(registry().with(exporter.listener()));
    let debug_step = || debug_span!(target: "rpc", "rpc", method = "health");
    assert!(debug_step().is_disabled(), "nobody wants it yet");
    assert_eq!(question(&exporter, Some(CALLER)), None);

    exporter.apply(&sending(&address, 0.0), |_| None).unwrap();
    assert!(!debug_step().is_disabled());
    assert!(debug_span!(target: "h2::client", "http").is_disabled(), "not a step of ours");
    let told = question(&exporter, Some(CALLER)).unwrap();
    // A trace that begins here is not recorded at this rate, and says so.
    let begun_here = question(&exporter, None).unwrap();
    assert!(!begun_here.contains(TRACE) && begun_here.ends_with("-00"), "{begun_here}");
    exporter.stop();
    assert!(debug_step().is_disabled(), "nobody wants it any more");
    assert_eq!(question(&exporter, Some(CALLER)), None);
    drop(quiet);

    let (head, request) = posted.recv().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    let [resource] = &*request.resource_spans else { panic!("{request:?}") };
    let named = &resource.resource.as_ref().unwrap().attributes;
    assert!(named.iter().any(|it| it.key == "service.name"), "{named:?}");
    let steps: Vec<_> = resource.scope_spans.iter().flat_map(|it| &it.spans).collect();
    let step = |name| *steps.iter().find(|step| step.name == name).unwrap();
    assert_eq!(steps.len(), 4, "{steps:?}");
    assert!(steps.iter().all(|step| hex(&step.trace_id) == TRACE && step.events.is_empty()));

    let (http, rpc, run, model) = (step("http"), step("rpc"), step("run"), step("model"));
    let parents = [http, rpc, run, model].map(|step| hex(&step.parent_span_id));
    let above = [&http.span_id, &rpc.span_id, &run.span_id].map(|id| hex(id));
    assert_eq!(parents[0], "00f067aa0ba902b7");
    assert_eq!(parents[1..], above);
    assert_eq!(told, format!("00-{TRACE}-{}-01", hex(&model.span_id)));
    assert_eq!((http.kind(), model.kind()), (SpanKind::Server, SpanKind::Client));
    assert_eq!(http.trace_state, "a=1");

    let known = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    let of_http = [
        ("http.request.method", "POST"),
        ("http.route", "/v1/x"),
        ("http.response.status_code", "200"),
    ];
    assert_eq!(attributes(http), known(&of_http));
    assert_eq!(attributes(rpc), known(&[("rpc.method", "chat.send")]));
    let of_run = [("openclaw.run", "r1"), ("openclaw.outcome", "error")];
    assert_eq!(attributes(run), known(&of_run));
    let of_model = [("gen_ai.request.model", "a/b"), ("error.type", "timeout")];
    assert_eq!(attributes(model), known(&of_model));
    let failed = |step: &Told| step.status.as_ref().is_some_and(|status| status.code == 2);
    assert_eq!([http, rpc, run, model].map(failed), [false, false, true, true]);
}

#[test]
fn another_configuration_goes_into_force_and_the_same_changes_nothing() {
    let _alone = alone();
    let exporter = Exporter::default();
    let ((first, to_first), (second, to_second)) = (collector("200 OK"), collector("200 OK"));
    let _quiet = tracing::subscriber::set_default(registry().with(exporter.listener()));
    for _ in 0..2 {
        exporter.apply(&sending(&first, 1.0), |_| None).unwrap();
        question(&exporter, None).unwrap();
    }
    exporter.apply(&sending(&second, 1.0), |_| None).unwrap();
    // What is left for the first is sent in a thread of its own.
    let (_, request) = to_first.recv().unwrap();
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 8);
    question(&exporter, None).unwrap();
    exporter.stop();
    assert_eq!(steps(&to_second).len(), 4);
}

#[test]
fn a_collector_that_refuses_or_is_away_stops_nothing() {
    let _alone = alone();
    let exporter = Exporter::default();
    let _quiet = tracing::subscriber::set_default(registry().with(exporter.listener()));
    let (refusing, _told) = collector("400 Bad Request");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for endpoint in [refusing, format!("http://{free}")] {
        exporter.apply(&sending(&endpoint, 1.0), |_| None).unwrap();
        // More than may wait.
        for _ in 0..1000 {
            question(&exporter, None).unwrap();
        }
        exporter.stop();
    }
    let grpc = r#"{"otel":{"enabled":true,"protocol":"grpc"}}"#;
    let error = exporter.apply(&serde_json::from_str(grpc).unwrap(), |_| None).unwrap_err();
    assert!(error.to_string().starts_with("diagnostics.otel.protocol: grpc"), "{error}");
}
