//! A model server that never comes to an end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time,
};

/// Speaks the OpenAI dialect and says a word every few milliseconds, for as long
/// as somebody listens.
#[derive(Debug)]
pub(super) struct EndlessModel {
    port: u16,
    answers: watch::Receiver<Answers>,
    _server: JoinSet<()>,
}

/// How many answers were begun and given up.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    begun: usize,
    given_up: usize,
}

impl EndlessModel {
    /// Starts one on a port of its own.
    pub(super) async fn start() -> Result<Self, String> {
        let words = |error| format!("cannot listen: {error}");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(words)?;
        let port = listener.local_addr().map_err(words)?.port();
        let (sender, answers) = watch::channel(Answers::default());
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut callers = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                callers.spawn(answer(stream, sender.clone()));
            }
        });
        Ok(Self { port, answers, _server: server })
    }

    /// The configuration of a gateway that uses it.
    pub(super) fn config(&self) -> Value {
        json!({
            "models": { "providers": { "endless": {
                "baseUrl": format!("http://127.0.0.1:{}/v1", self.port),
                "apiKey": "unused",
                "api": "openai-completions",
                "models": [{ "id": "endless", "name": "Endless" }],
            } } },
            "agents": { "defaults": { "model": { "primary": "endless/endless" } } },
        })
    }

    /// Waits until somebody was answered and nobody is any more.
    pub(super) async fn is_left_alone(&self, within: Duration) -> Result<(), String> {
        let mut answers = self.answers.clone();
        let done =
            answers.wait_for(|answers| 0 < answers.begun && answers.begun == answers.given_up);
        match time::timeout(within, done).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(format!("within {within:?}: {:?}", *self.answers.borrow())),
        }
    }
}

async fn answer(mut stream: TcpStream, answers: watch::Sender<Answers>) {
    const BETWEEN_WORDS: Duration = Duration::from_millis(5);
    let mut request = vec![0; 64 << 10];
    let Ok(n) = stream.read(&mut request).await else { return };
    if !request[..n].starts_with(b"POST ") {
        let none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _gone = stream.write_all(none).await;
        return;
    }
    answers.send_modify(|answers| answers.begun += 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let mut gone = stream.write_all(head).await.is_err();
    let word = json!({
        "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "endless",
        "choices": [{ "index": 0, "delta": { "content": "word " }, "finish_reason": null }],
    });
    let word = format!("data: {word}\n\n");
    while !gone {
        let mut rest = [0; 1024];
        gone = tokio::select! {
            () = time::sleep(BETWEEN_WORDS) => stream.write_all(word.as_bytes()).await.is_err(),
            // Anything that comes belongs to the request; its end is the end.
            read = stream.read(&mut rest) => matches!(read, Ok(0) | Err(_)),
        };
    }
    answers.send_modify(|answers| answers.given_up += 1);
}
