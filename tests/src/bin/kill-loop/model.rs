//! A model server that says what the message asks it to say.
//!
//! A message contains `say:<marker>;`, and the answer is `re:<marker>;`, in a few
//! pieces that take a few milliseconds each, so that some runs are always under
//! way when the gateway is killed.

use std::{io, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// How long one piece of an answer takes.
const PIECE: Duration = Duration::from_millis(15);

/// Serves until the future is dropped.
pub(crate) async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(answer_all(stream));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

pub(crate) async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

async fn answer_all(stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = read_request(&mut stream).await {
        if answer(&mut stream, &request).await.is_err() {
            return;
        }
    }
}

/// The JSON body of the next request on the connection, if there is one.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Value>> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn answer(stream: &mut BufReader<TcpStream>, request: &Value) -> io::Result<()> {
    let text = format!("re:{};", wanted(request).unwrap_or_else(|| "nothing".to_owned()));
    if request["stream"] != json!(true) {
        let body = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": request["model"],
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
        })
        .to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        return stream.write_all((head + &body).as_bytes()).await;
    }
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let (first, rest) = text.split_at(text.len() / 2);
    for piece in [first, rest] {
        tokio::time::sleep(PIECE).await;
        write_event(stream, &chunk(request, &json!({ "content": piece }), &Value::Null)).await?;
    }
    write_event(stream, &chunk(request, &json!({}), &json!("stop"))).await?;
    write_piece(stream, "data: [DONE]\n\n").await?;
    stream.write_all(b"0\r\n\r\n").await
}

fn chunk(request: &Value, delta: &Value, finish: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": request["model"],
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
    })
}

async fn write_event(stream: &mut BufReader<TcpStream>, event: &Value) -> io::Result<()> {
    write_piece(stream, &format!("data: {event}\n\n")).await
}

async fn write_piece(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await
}

/// What the newest user message asks for.
fn wanted(request: &Value) -> Option<String> {
    let messages = request["messages"].as_array()?;
    let newest = messages.iter().rfind(|message| message["role"] == "user")?;
    let text = newest["content"].to_string();
    let (_, after) = text.rsplit_once("say:")?;
    after.split(';').next().map(str::to_owned)
}
