//! The whole gateway behind TLS, as clients see it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{client::Protocol, tls::Fingerprint};
use http::{Request, Version, header};
use http_body_util::{BodyExt, Empty};
use http_client::{Trust, secure};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use tests::{ADMIN, Client, MAIN, PATIENCE, TOKEN, TestGateway, connect_params};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;
use ws_client::{ConnectError, Credentials, Introduction, Target};

async fn start() -> (TestGateway, Fingerprint) {
    let config = json!({ "gateway": { "tls": { "enabled": true } } });
    let gateway = TestGateway::start_with(config).await;
    let fingerprint = gateway.tls_fingerprint().expect("there is a certificate");
    (gateway, fingerprint)
}

/// A client of this protocol that is logged in.
async fn connect(gateway: &TestGateway, pin: Fingerprint, protocol: Protocol) -> Client {
    let address = gateway.address();
    let tcp = TcpStream::connect(address).await.expect("the gateway listens");
    let stream = secure(tcp, "localhost", Trust::Pinned(pin)).await.expect("its certificate");
    let mut client = Client::knock_over(stream, &address.to_string(), protocol, &[]).await;
    let params = connect_params(TOKEN, protocol, ADMIN);
    client.hello = client.call("connect", params).await.expect("the client is let in");
    client
}

#[tokio::test]
async fn a_chat_turn_goes_over_wss_in_every_protocol() {
    let (gateway, pin) = start().await;
    let mut writer = connect(&gateway, pin, Protocol::V4).await;
    let mut readers = Vec::new();
    for protocol in [Protocol::V3, Protocol::V4, Protocol::Brief] {
        readers.push(connect(&gateway, pin, protocol).await);
    }
    let send =
        json!({ "sessionKey": MAIN, "idempotencyKey": "r1", "message": "say Good  | morning." });
    writer.call("chat.send", send).await.unwrap();
    for reader in &mut readers {
        let end = reader.chat("final").await;
        assert_eq!(end["message"]["content"][0]["text"], "Good morning.");
    }
    let (closed, ()) = tokio::join!(writer.closed(), gateway.shutdown());
    assert_eq!(closed.0, 1012);
}

/// What piles up while a client does not read comes whole and in order, through
/// the hub, the link and the encryption.
#[tokio::test]
async fn a_client_that_reads_late_misses_nothing() {
    let (gateway, pin) = start().await;
    let mut late = connect(&gateway, pin, Protocol::V4).await;
    let mut writer = connect(&gateway, pin, Protocol::V4).await;
    let hello = json!({ "sessionKey": MAIN, "idempotencyKey": "r0", "message": "say hello" });
    writer.call("chat.send", hello).await.unwrap();
    late.chat("final").await;
    let text = "x".repeat(100_000);
    for i in 0..30 {
        let inject = json!({ "sessionKey": MAIN, "message": format!("{i} {text}") });
        writer.call("chat.inject", inject).await.unwrap();
    }
    for i in 0..30 {
        let told = late.chat("final").await;
        let said = told["message"]["content"][0]["text"].as_str().unwrap();
        assert_eq!(said, format!("{i} {text}"), "{}", said.len());
    }
    gateway.shutdown().await;
}

/// A connection of HTTP/2 that trusts the gateway's own authority.
#[tokio::test]
async fn http2_is_answered_to_whoever_trusts_the_gateways_authority() {
    let (gateway, _) = start().await;
    let pem = gateway.state_dir().join("gateway/tls/ca-cert.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tcp = TcpStream::connect(gateway.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    TaskTracker::new().spawn(connection);

    let bearer = format!("Bearer {TOKEN}");
    for (path, status, member) in [("/healthz", 200, "ok"), ("/v1/models", 200, "data")] {
        let request = Request::get(format!("https://localhost:{}{path}", gateway.address().port()))
            .version(Version::HTTP_2)
            .header(header::AUTHORIZATION, &bearer)
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (status, Version::HTTP_2));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(!body[member].is_null(), "{path}: {body}");
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn our_client_talks_to_the_gateway_it_knows_and_to_no_other() {
    let (gateway, pin) = start().await;
    let port = gateway.address().port();
    let credentials = Credentials { token: Some(TOKEN.to_owned()), ..Credentials::default() };
    let connect = async |target: Target| {
        ws_client::Client::connect(&target, &credentials, &Introduction::CLI, PATIENCE, false).await
    };
    let there = || Target::local(port).secured(true);

    let mut client = connect(there().pinned(Some(pin))).await.unwrap();
    assert!(client.call("health", &json!({})).await.is_ok());
    client.close().await;

    let other = Fingerprint::of_digest([7; 32]);
    let refused = connect(there().pinned(Some(other))).await.unwrap_err();
    assert!(refused.to_string().ends_with("gateway tls fingerprint mismatch"), "{refused}");
    let refused = connect(there()).await.unwrap_err();
    assert!(refused.to_string().contains("not trusted here"), "{refused}");
    let refused = connect(Target::local(port)).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NotAGateway(_)), "{refused}");
    let refused = connect(Target::local(port).pinned(Some(pin))).await.unwrap_err();
    assert!(matches!(refused, ConnectError::PinnedInTheOpen(_)), "{refused}");
    gateway.shutdown().await;
}

/// A stop does not wait for those who are still greeting.
#[tokio::test]
async fn a_client_in_its_handshake_does_not_hold_up_a_stop() {
    let (gateway, _) = start().await;
    let _silent = TcpStream::connect(gateway.address()).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), gateway.shutdown()).await;
    assert!(stopped.is_ok());
}
