//! How connections end.

use std::time::{Duration, Instant};

use domain::client::ClientId;
use ports::{
    config::LimitsConfig,
    driven::{Connections, EventSink},
    event::{Body, Event},
};
use serde_json::json;

use crate::{
    tests::client::{Client, Said, frame},
    tests::gateway::Gateway,
};

#[tokio::test]
async fn a_goodbye_is_returned() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    client.frame(0x88, &[3, 232, b'b', b'y', b'e']).await;
    assert_eq!(client.said().await, Said::Close(1000, String::new()));
    assert_eq!(client.said().await, Said::End);
    let mut client = Client::operator(gateway.address).await;
    client.frame(0x88, b"").await;
    assert_eq!(client.said().await, Said::Close(1005, String::new()));
    assert_eq!(client.said().await, Said::End);
}

#[tokio::test]
async fn hostile_frames_are_answered_with_the_right_code() {
    let gateway = Gateway::start().await;
    let bomb = |piece: &[u8]| [frame(0x01, piece), frame(0x00, piece).repeat(20_000)].concat();
    #[rustfmt::skip]
    let table = [
        (vec![0x81, 2, b'{', b'}'],                   1002),
        (frame(0xc1, b"{}"),                          1002),
        (frame(0x83, b""),                            1002),
        (frame(0x8b, b""),                            1002),
        (frame(0x09, b""),                            1002),
        (frame(0x81, &[0xed, 0xa0, 0x80]),            1007),
        (frame(0x88, &[3, 0xed]),                     1002),
        (frame(0x88, &[3, 0xe8, 0xc3, 0x28]),         1007),
        (vec![0x81, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0], 1009),
        (bomb(b""),                                   1008),
        (bomb(b"a"),                                  1009),
    ];
    for (bytes, code) in table {
        let mut client = Client::operator(gateway.address).await;
        client.raw(&bytes).await;
        assert_eq!(client.closed().await.0, code, "{:x?}", &bytes[..bytes.len().min(16)]);
    }
}

#[tokio::test]
async fn pings_are_answered_and_an_endless_heap_of_them_is_not() {
    let limits = LimitsConfig { max_buffered_bytes: 64 * 1024, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut client = Client::operator(gateway.address).await;
    client.frame(0x89, b"you there?").await;
    assert_eq!(client.said().await, Said::Pong(b"you there?".to_vec()));
    let pings = frame(0x89, &[b'p'; 125]).repeat(1000);
    // Reads nothing meanwhile.
    for _ in 0..60 {
        client.raw(&pings).await;
    }
    assert_eq!(client.closed().await, (1008, "slow consumer".to_owned()));
}

#[tokio::test]
async fn half_open_connections_are_noticed() {
    let limits = LimitsConfig { pong_timeout_ms: 200, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut alive = Client::operator(gateway.address).await;
    let mut gone = Client::operator(gateway.address).await;
    let begin = Instant::now();
    let answering = async {
        loop {
            assert_eq!(alive.said().await, Said::Ping);
            alive.frame(0x8a, b"").await;
        }
    };
    let silence = async {
        assert_eq!(gone.said().await, Said::Ping);
        assert_eq!(gone.said().await, Said::End, "pinged once, then cut");
    };
    tokio::select! {
        never = answering => never,
        () = silence => (),
    }
    assert!(Duration::from_millis(200) <= begin.elapsed());
    gateway.until(|gateway| gateway.hub.clients() == 1).await;
    assert_eq!(alive.said().await, Said::Ping);
}

#[tokio::test]
async fn one_client_can_be_sent_away() {
    let gateway = Gateway::start().await;
    let mut first = Client::operator(gateway.address).await;
    let mut second = Client::operator(gateway.address).await;
    gateway.hub.close(ClientId(1), 4001, "revoked");
    assert_eq!(first.closed().await, (4001, "revoked".to_owned()));
    assert_eq!(second.call("echo", json!(1)).await["payload"], 1);
}

#[tokio::test]
async fn when_all_are_closed_they_hear_the_news_first_and_nobody_holds_it_up() {
    let gateway = Gateway::start().await;
    let mut polite = Client::operator(gateway.address).await;
    let mut stubborn = Client::operator(gateway.address).await;
    stubborn.request("blob", "blob", json!(8 * 1024 * 1024)).await;
    let calls = |gateway: &Gateway| gateway.methods.calls.load(std::sync::atomic::Ordering::SeqCst);
    gateway.until(|gateway| calls(gateway) == 1).await;
    let mut stranger = Client::open(gateway.address).await;

    let shutdown = Body::Shutdown { reason: "gateway stopping", restart_expected_ms: None };
    gateway.hub.publish(Event::new(shutdown));
    gateway.hub.close_all(1012, "service restart");
    gateway.stop.cancel();
    gateway.tasks.close();
    let begin = Instant::now();

    assert_eq!(polite.json().await["event"], "shutdown");
    assert_eq!(polite.said().await, Said::Close(1012, "service restart".to_owned()));
    assert_eq!(stranger.closed().await, (1012, "service restart".to_owned()));
    drop((polite, stranger));
    gateway.tasks.wait().await;
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(gateway.hub.clients(), 0);
    drop(stubborn);
}
