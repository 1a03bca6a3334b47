//! A question from another process, followed through the gateway to the model
//! that answers it, as a collector gets to see it. In a build with `otlp`.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span as Told,
};
use prost::Message;
use serde_json::json;
use tempfile::TempDir;

const TOKEN: &str = "a-token-that-is-long-enough-for-anybody";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What somebody asked: the head in lower case, and the body.
type Asked = (String, Vec<u8>);

/// A service that gives everybody the same answer, and what it is asked.
fn service(answer: String) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = mpsc::channel();
    // They end with the process.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (tell, answer) = (tell.clone(), answer.clone());
            thread::spawn(move || {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(request) = request(&mut stream) {
                    // Nobody may want to know.
                    let _ = tell.send(request);
                    stream.get_mut().write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (address, asked)
}

fn request(stream: &mut impl BufRead) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(mime: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {mime}\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// A gateway that runs until this is dropped.
struct Gateway {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    address: String,
    _home: TempDir,
}

impl Gateway {
    fn start(config: &serde_json::Value) -> Self {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("openclaw.json"), config.to_string()).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_openclaw"))
            .args(["gateway", "run", "--port", "0"])
            .env_clear()
            .env("HOME", home.path())
            .env("OPENCLAW_STATE_DIR", home.path())
            .env("OPENCLAW_DISABLE_BONJOUR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut gateway = Self { process, log, address: String::new(), _home: home };
        let line = gateway.line("listening on ws://");
        let (_, address) = line.split_once("ws://").unwrap();
        address.split(' ').next().unwrap().clone_into(&mut gateway.address);
        gateway
    }

    /// Waits for the next line of the log with these words in it.
    fn line(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "it never said {words:?}");
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Asks for a completion with these headers; returns the whole answer.
    fn ask(&self, headers: &str) -> String {
        let body = r#"{"model":"openclaw","messages":[{"role":"user","content":"a secret"}]}"#;
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\
             {headers}\r\n{body}",
            self.address,
            body.len(),
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

fn model() -> (String, Receiver<Asked>) {
    let chunk = |more: &str| {
        format!(
            r#"data: {{"id":"1","object":"chat.completion.chunk","choices":[{{"index":0,{more}}}]}}"#
        )
    };
    let said = chunk(r#""delta":{"content":"Good morning."}"#);
    let end = chunk(r#""delta":{},"finish_reason":"stop""#);
    service(answer("text/event-stream", &format!("{said}\n\n{end}\n\ndata: [DONE]\n\n")))
}

fn config(model: &str, otel: &serde_json::Value) -> serde_json::Value {
    json!({
        "gateway": { "auth": { "token": TOKEN } },
        "models": { "providers": { "fake": {
            "baseUrl": model, "api": "openai-completions", "models": [{ "id": "m" }],
        } } },
        "agents": { "defaults": { "model": "fake/m" } },
        "diagnostics": { "otel": otel },
    })
}

/// The head of what the model was asked, without what is asked about it.
fn asked(model: &Receiver<Asked>) -> String {
    model.iter().find(|(head, _)| head.starts_with("post ")).unwrap().0
}

fn traceparent(head: &str) -> Option<&str> {
    head.lines().find_map(|line| line.strip_prefix("traceparent: "))
}

#[test]
fn a_question_is_followed_to_the_model_that_answers_it() {
    let (model, to_model) = model();
    let (collector, to_collector) = service(answer("application/x-protobuf", ""));
    let otel = json!({ "enabled": true, "endpoint": collector, "sampleRate": 0 });
    let mut gateway = Gateway::start(&config(&model, &otel));

    let said = gateway.ask(&format!("traceparent: {CALLER}\r\ntracestate: a=1\r\n"));
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.contains("Good morning."), "{said}");
    let line = gateway.line("run ended");
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
    let head = asked(&to_model);
    let told = traceparent(&head).unwrap().to_owned();
    assert!(head.contains("tracestate: a=1\r\n"), "{head}");
    gateway.stop();

    let steps: Vec<Told> = to_collector
        .try_iter()
        .flat_map(|(_, body)| ExportTraceServiceRequest::decode(&*body).unwrap().resource_spans)
        .flat_map(|it| it.scope_spans)
        .flat_map(|it| it.spans)
        .collect();
    let step = |name| steps.iter().find(|step| step.name == name).unwrap();
    let (http, run, model) = (step("http"), step("run"), step("model"));
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps.iter().all(|step| hex(&step.trace_id) == TRACE));
    assert_eq!(hex(&http.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(run.parent_span_id, http.span_id);
    assert_eq!(model.parent_span_id, run.span_id);
    assert_eq!(told, format!("00-{TRACE}-{}-01", hex(&model.span_id)));
    assert!(!format!("{steps:?}").contains("secret"), "{steps:?}");
}

#[test]
fn a_trace_goes_on_where_nobody_records_it_and_one_that_is_none_does_no_harm() {
    let (model, to_model) = model();
    let gateway = Gateway::start(&config(&model, &json!({})));

    let good = gateway.ask(&format!("traceparent: {CALLER}\r\n"));
    assert!(good.starts_with("HTTP/1.1 200 OK"), "{good}");
    let head = asked(&to_model);
    let told = traceparent(&head).unwrap();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-01"), "{told}");
    assert_ne!(told, CALLER, "it is a step of ours that asks");

    let long = format!("01-{}-{}", &CALLER[3..], "x".repeat(4000));
    let upper = CALLER.to_uppercase();
    let twice = format!("{CALLER}\r\ntraceparent: {CALLER}");
    #[rustfmt::skip]
    let bad = [
        "",
        "what?",
        "00",
        &CALLER[..54],
        &upper,
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "\u{fc}",
        &long,
        &twice,
    ];
    for bad in bad {
        let said = gateway.ask(&format!("traceparent: {bad}\r\n"));
        assert!(said.starts_with("HTTP/1.1 200 OK"), "{bad:?}: {said}");
        assert_eq!(traceparent(&asked(&to_model)), None, "{bad:?}");
    }
    gateway.stop();
}
