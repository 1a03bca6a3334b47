//! The client against services that behave, and services that do not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use http::HeaderMap;
use http_client::{
    CallError, HttpClient, Limits, NoConnection, Response,
    fake::{self, FakeService, Happened, Step},
};
use tokio::io::AsyncWriteExt;

async fn get(client: &HttpClient, url: &str, limits: Limits) -> Result<Response, CallError> {
    client.get(url.parse().unwrap(), HeaderMap::new(), limits).await
}

#[tokio::test]
async fn connections_are_used_again() {
    let mut service = FakeService::start(vec![fake::json("1"), fake::json("2")]).await;
    let client = HttpClient::new();
    for (turn, body) in ["1", "2"].iter().enumerate() {
        let url = service.url("/x?key=secret").parse().unwrap();
        let sent = client.post_json(url, HeaderMap::new(), "{\"a\":1}".into(), Limits::default());
        let answer = sent.await.unwrap().bytes().await.unwrap();
        assert_eq!(answer, body.as_bytes());

        let Happened::Asked { connection, head, body } = service.happened().await else { panic!() };
        assert_eq!((connection, &body["a"]), (0, &1.into()), "request {turn}");
        assert!(head.starts_with("POST /x?key=secret HTTP/1.1\r\n"), "{head}");
        for header in
            ["content-type: application/json", "accept-encoding: identity", "user-agent: "]
        {
            assert!(head.contains(header), "{head}");
        }
    }
}

/// Also where the end of the body comes after the last event.
#[tokio::test]
async fn a_finished_stream_gives_its_connection_back() {
    let mut service = FakeService::start(vec![fake::events("data: a\n\n"), fake::json("2")]).await;
    let client = HttpClient::new();
    let response = get(&client, &service.url("/"), Limits::default()).await.unwrap();
    let mut events = response.events();
    assert!(events.read().await.unwrap());
    assert_eq!(events.next_event().unwrap().unwrap().data, b"a");
    events.finish();
    service.asked().await;
    // Until the rest is read the connection is busy, and another one is opened.
    for _ in 0..100 {
        get(&client, &service.url("/"), Limits::default()).await.unwrap().bytes().await.unwrap();
        match service.happened().await {
            Happened::Asked { connection: 0, .. } => return,
            Happened::Asked { .. } => (),
            Happened::HungUp => panic!("the connection was closed"),
        }
    }
    panic!("the connection was not used again");
}

#[tokio::test]
async fn dropping_an_answer_hangs_up() {
    let mut hanging = fake::begun("data: a\n\n");
    hanging.push(Step::Hang);
    let mut service = FakeService::start(vec![hanging]).await;
    let client = HttpClient::new();
    let mut events = get(&client, &service.url("/"), Limits::default()).await.unwrap().events();
    assert!(events.read().await.unwrap());
    service.asked().await;
    drop(events);
    assert_eq!(service.happened().await, Happened::HungUp);
}

#[tokio::test]
async fn an_answer_outlives_the_client() {
    let service = FakeService::start(vec![fake::json("12345")]).await;
    let client = HttpClient::new();
    let response = get(&client, &service.url("/"), Limits::default()).await.unwrap();
    drop(client);
    assert_eq!(response.bytes().await.unwrap(), "12345");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let moved = fake::status(302, &[("location", "http://127.0.0.1:1/")], "");
    let service = FakeService::start(vec![moved]).await;
    let answer = get(&HttpClient::new(), &service.url("/"), Limits::default()).await.unwrap();
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn patience_ends() {
    let short = Duration::from_millis(200);
    let limits = Limits { idle: short, ..Limits::default() };
    let client = HttpClient::new();

    let mut service = FakeService::start(vec![vec![Step::Hang], fake::begun("data: a\n\n")]).await;
    let error = get(&client, &service.url("/"), limits).await.unwrap_err();
    assert!(matches!(error, CallError::Silent(after) if after == short), "{error:?}");

    service.asked().await;
    let mut events = get(&client, &service.url("/"), limits).await.unwrap().events();
    assert!(events.read().await.unwrap());
    let error = events.read().await.unwrap_err();
    assert!(matches!(error, CallError::Silent(after) if after == short), "{error:?}");
    assert_eq!(error.to_string(), "nothing was heard for 0.2 s");

    let mut endless = fake::begun("");
    endless[0] = Step::Say(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    endless.push(Step::Repeat(b"data: x\n\n".to_vec()));
    let service = FakeService::start(vec![endless.clone(), endless.clone(), endless]).await;

    let limits = Limits { total: short, bytes: usize::MAX, ..Limits::default() };
    let error = get(&client, &service.url("/"), limits).await.unwrap().bytes().await.unwrap_err();
    assert!(matches!(error, CallError::TooLong(after) if after == short), "{error:?}");

    let limits = Limits { bytes: 100_000, ..Limits::default() };
    let error = get(&client, &service.url("/"), limits).await.unwrap().bytes().await.unwrap_err();
    assert!(matches!(error, CallError::TooMuch(100_000)), "{error:?}");

    // What nobody asked for is not read to its end either.
    let excerpt = get(&client, &service.url("/"), limits).await.unwrap().excerpt().await;
    assert_eq!(excerpt.len(), 16 << 10);
}

#[tokio::test]
async fn one_event_may_not_be_endless() {
    let long = format!("data: {}", "x".repeat(5000));
    let service = FakeService::start(vec![fake::begun(&long)]).await;
    let limits = Limits { event: 1000, ..Limits::default() };
    let response = get(&HttpClient::new(), &service.url("/"), limits).await.unwrap();
    let mut events = response.events();
    assert!(events.read().await.unwrap());
    let error = events.next_event().unwrap().unwrap_err();
    assert!(matches!(error, CallError::EventTooLong(1000)), "{error:?}");
}

#[tokio::test]
async fn why_there_is_no_connection_is_told() {
    let client = HttpClient::new();
    // Speaks no TLS, and then nothing at all.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut answering = tokio::task::JoinSet::new();
    answering.spawn(async move {
        let (mut plain, _) = listener.accept().await.unwrap();
        plain.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let (rude, _) = listener.accept().await.unwrap();
        drop(rude);
        std::future::pending::<()>().await;
    });
    let endless = "x".repeat(70);
    #[rustfmt::skip]
    let table = [
        ("http://127.0.0.1:1/".to_owned(),          NoConnection::Refused,     "cannot connect: the connection was refused"),
        // No label of a name may be so long, so nobody is asked about it.
        (format!("http://{endless}.invalid/"),      NoConnection::Unresolved,  "cannot connect: its name leads nowhere"),
        (format!("https://{address}/"),             NoConnection::Insecure,    "cannot connect: no secure connection comes about"),
        (format!("https://{address}/"),             NoConnection::HungUp,      "cannot connect: it hung up at once"),
    ];
    for (url, why, message) in table {
        let error = get(&client, &url, Limits::default()).await.unwrap_err();
        assert_eq!(error.to_string(), message, "{error:?}");
        assert!(matches!(&error, CallError::Connect(found, _) if *found == why), "{error:?}");
    }
}

#[tokio::test]
async fn broken_connections_are_told_apart() {
    let client = HttpClient::new();
    let error =
        get(&client, "http://127.0.0.1:1/?key=secret", Limits::default()).await.unwrap_err();
    assert!(matches!(error, CallError::Connect(NoConnection::Refused, _)), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"));

    let mut cut = fake::begun("data: a\n\n");
    cut.push(Step::Break);
    let service = FakeService::start(vec![cut, vec![Step::Break]]).await;
    let mut events = get(&client, &service.url("/"), Limits::default()).await.unwrap().events();
    let error = loop {
        match events.read().await {
            Ok(more) => assert!(more),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CallError::Broken(_)), "{error:?}");

    let error = get(&client, &service.url("/"), Limits::default()).await.unwrap_err();
    assert!(matches!(error, CallError::Broken(_)), "{error:?}");

    let nonsense = [&b"HTTP/9 what\r\n\r\n"[..], b"\x00garbage\r\n\r\n"];
    let said = nonsense.map(|bytes| vec![Step::Say(bytes.to_vec()), Step::Hang]);
    let service = FakeService::start(said.to_vec()).await;
    for _ in nonsense {
        let error = get(&client, &service.url("/"), Limits::default()).await.unwrap_err();
        assert!(matches!(error, CallError::Nonsense(_)), "{error:?}");
    }
}
