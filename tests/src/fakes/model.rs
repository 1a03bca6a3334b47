//! A model server that says what the last message tells it to say.
//!
//! It speaks OpenAI's protocol over a real socket, and Anthropic's at
//! `/v1/messages`, so everything between the gateway and the model is real. The
//! last message is a script:
//!
//! | script | answer |
//! |---|---|
//! | `say one \| two` | the pieces, each a chunk |
//! | `hang one` | the piece, and then nothing more |
//! | `drip 500` | a piece every so many milliseconds, until [`FakeModel::finish`] |
//! | `fail 429` | that status |
//! | `break one` | the piece, and then the connection breaks |
//! | `call look` | that tool is asked for, with `{"at":1}` |
//! | `recall` | how many messages the model was shown |
//! | anything else | `You said: …` |

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A model server. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    open: Arc<AtomicUsize>,
    done: CancellationToken,
    _stop: DropGuard,
}

impl FakeModel {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let open = Arc::new(AtomicUsize::new(0));
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let done = CancellationToken::new();
        let (counter, stopped, spawner) = (Arc::clone(&open), stop.clone(), tasks.clone());
        let dripped = done.clone();
        tasks.spawn(async move {
            let accepting = async {
                while let Ok((stream, _)) = listener.accept().await {
                    let (counter, dripped) = (Arc::clone(&counter), dripped.clone());
                    let service = hyper::service::service_fn(move |request| {
                        let (counter, dripped) = (Arc::clone(&counter), dripped.clone());
                        async move { Ok::<_, Infallible>(answer(request, counter, dripped).await) }
                    });
                    let stopped = stopped.clone();
                    spawner.spawn(async move {
                        let http = hyper::server::conn::http1::Builder::new();
                        let serving = http.serve_connection(TokioIo::new(stream), service);
                        stopped.run_until_cancelled(serving).await
                    });
                }
            };
            stopped.run_until_cancelled(accepting).await
        });
        Self { address, open, done, _stop: stop.drop_guard() }
    }

    /// Where it is, as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Ends what drips, and lets nothing drip from now on.
    pub fn finish(&self) {
        self.done.cancel();
    }

    /// How many answers are going on.
    pub fn answering(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

/// Counts an answer while it goes on.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(counter: Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(
    request: Request<Incoming>,
    counter: Arc<AtomicUsize>,
    done: CancellationToken,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let asked: Value = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
    let dialect = match &*path {
        "/v1/chat/completions" => Dialect::OpenAi,
        "/v1/messages" => Dialect::Anthropic,
        _ => return status(StatusCode::NOT_FOUND),
    };
    let stream_of = |pieces, end, counter| dialect.stream_of(pieces, end, counter);
    let messages = asked["messages"].as_array().cloned().unwrap_or_default();
    let last = messages.last().map(text).unwrap_or_default();
    let (verb, rest) = last.split_once(' ').unwrap_or((last.as_str(), ""));
    let spoken = messages.iter().filter(|message| message["role"] != "system").count();
    match verb {
        "say" => stream_of(rest.split(" | ").map(str::to_owned).collect(), End::Finish, counter),
        "drip" => {
            let pause = Duration::from_millis(rest.parse().unwrap_or(1_000));
            dialect.said(drops(pause, done), 0, End::Finish, counter)
        }
        "call" => stream_of(Vec::new(), End::Call(rest.to_owned()), counter),
        "hang" => stream_of(vec![rest.to_owned()], End::Never, counter),
        "break" => stream_of(vec![rest.to_owned()], End::Break, counter),
        "fail" => status(rest.parse().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)),
        "recall" => stream_of(vec![spoken.to_string()], End::Finish, counter),
        _ => stream_of(vec![format!("You said: {last}")], End::Finish, counter),
    }
}

/// The text of a message, whatever form its content has.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

#[derive(Clone)]
enum End {
    Finish,
    /// Asks for the tool of this name.
    Call(String),
    Never,
    Break,
}

/// A piece at once and one after each `pause`, until it is `done`.
fn drops(pause: Duration, done: CancellationToken) -> BoxStream<'static, String> {
    let falling = stream::unfold(done, move |done| async move {
        let fallen = done.run_until_cancelled(tokio::time::sleep(pause)).await;
        fallen.map(|()| ("drop ".to_owned(), done.clone()))
    });
    stream::iter(["drop ".to_owned()]).chain(falling).boxed()
}

/// Whose protocol is spoken.
#[derive(Clone, Copy)]
enum Dialect {
    OpenAi,
    Anthropic,
}

/// What the tool is given that is asked for.
const ARGUMENTS: &str = r#"{"at":1}"#;

impl Dialect {
    fn stream_of(self, pieces: Vec<String>, end: End, counter: Arc<AtomicUsize>) -> Response<Body> {
        let words = pieces.len();
        self.said(stream::iter(pieces).boxed(), words, end, counter)
    }

    fn said(
        self,
        pieces: BoxStream<'static, String>,
        words: usize,
        end: End,
        counter: Arc<AtomicUsize>,
    ) -> Response<Body> {
        let open = Open::new(counter);
        let said = pieces.map(move |piece| Ok(self.piece(&piece)));
        let rest = match end {
            End::Finish | End::Call(_) => {
                let tool = if let End::Call(tool) = end { Some(tool) } else { None };
                stream::iter([Ok(self.rest(tool.as_deref(), words))]).boxed()
            }
            End::Never => stream::pending().boxed(),
            End::Break => stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())]).boxed(),
        };
        let begun = stream::iter(self.beginning().map(Ok));
        let frames = begun.chain(said).chain(rest).map(move |bytes| {
            let _alive = &open;
            bytes.map(Frame::data)
        });
        let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
        let event_stream = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(http::header::CONTENT_TYPE, event_stream);
        response
    }

    /// What comes before the first piece.
    fn beginning(self) -> Option<Bytes> {
        match self {
            Self::OpenAi => None,
            Self::Anthropic => Some(events(&[
                json!({ "type": "message_start", "message": {
                    "id": "msg_fake", "type": "message", "role": "assistant", "model": "fake",
                    "content": [], "usage": { "input_tokens": 7, "output_tokens": 0 } } }),
                json!({ "type": "content_block_start", "index": 0,
                    "content_block": { "type": "text", "text": "" } }),
            ])),
        }
    }

    fn piece(self, piece: &str) -> Bytes {
        match self {
            Self::OpenAi => chunk(&json!({ "content": piece }), None),
            Self::Anthropic => events(&[json!({ "type": "content_block_delta", "index": 0,
                "delta": { "type": "text_delta", "text": piece } })]),
        }
    }

    /// What follows the last piece: the `tool` that is asked for, and the end.
    fn rest(self, tool: Option<&str>, words: usize) -> Bytes {
        match self {
            Self::OpenAi => {
                let function = |name| json!({ "name": name, "arguments": ARGUMENTS });
                let call = tool.map(|name| {
                    let call = json!({ "index": 0, "id": "call_fake", "type": "function",
                        "function": function(name) });
                    chunk(&json!({ "tool_calls": [call] }), None)
                });
                let finish = if tool.is_some() { "tool_calls" } else { "stop" };
                let usage = json!({ "id": "fake", "choices": [], "usage": {
                    "prompt_tokens": 7, "completion_tokens": words, "total_tokens": 7 + words } });
                let usage = Bytes::from(format!("data: {usage}\n\ndata: [DONE]\n\n"));
                let last = chunk(&json!({}), Some(finish));
                [call.unwrap_or_default(), last, usage].concat().into()
            }
            Self::Anthropic => {
                let reason = if tool.is_some() { "tool_use" } else { "end_turn" };
                let mut said = vec![json!({ "type": "content_block_stop", "index": 0 })];
                if let Some(name) = tool {
                    let block = json!({ "type": "tool_use", "id": "toolu_fake", "name": name, "input": {} });
                    let delta = json!({ "type": "input_json_delta", "partial_json": ARGUMENTS });
                    said.extend([
                        json!({ "type": "content_block_start", "index": 1, "content_block": block }),
                        json!({ "type": "content_block_delta", "index": 1, "delta": delta }),
                        json!({ "type": "content_block_stop", "index": 1 }),
                    ]);
                }
                let delta = json!({ "stop_reason": reason, "stop_sequence": null });
                let usage = json!({ "output_tokens": words });
                said.push(json!({ "type": "message_delta", "delta": delta, "usage": usage }));
                said.push(json!({ "type": "message_stop" }));
                events(&said)
            }
        }
    }
}

fn chunk(delta: &Value, finish: Option<&str>) -> Bytes {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    let chunk = json!({ "id": "fake", "object": "chat.completion.chunk", "created": 1,
        "model": "fake", "choices": [choice] });
    format!("data: {chunk}\n\n").into()
}

fn events(said: &[Value]) -> Bytes {
    let events = said.iter().map(|event| {
        let kind = event["type"].as_str().unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n")
    });
    events.collect::<String>().into()
}

fn status(status: StatusCode) -> Response<Body> {
    let error = json!({ "error": { "message": "told to fail", "type": "fake_error" } });
    let body = Full::new(Bytes::from(error.to_string())).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
