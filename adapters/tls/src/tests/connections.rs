//! Handshakes and connections, over real sockets.

use std::{fs, future::poll_fn, io, sync::Arc, time::Duration};

use domain::{time::Timestamp, tls::names};
use http_kit::{Secured, SecuredSocket};
use ports::{config::TlsConfig, driven::Clock};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{self, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Certificates;

const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway's end of a port, and what its clients need to know.
struct Port {
    state: TempDir,
    certificates: Certificates,
    listener: TcpListener,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap())
}

impl Port {
    async fn open() -> Self {
        let state = TempDir::new().unwrap();
        let settings = TlsConfig { enabled: true, ..TlsConfig::default() };
        let names = names(Some("box"), &[], &[]);
        let certificates = Certificates::open(&settings, state.path(), names, now()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { state, certificates, listener }
    }

    /// The gateway's end of the next connection.
    async fn accept(&self) -> io::Result<Option<Secured>> {
        let (tcp, _) = self.listener.accept().await?;
        timeout(PATIENCE, self.certificates.encryption().accept(tcp)).await.unwrap()
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(self.listener.local_addr().unwrap()).await.unwrap()
    }

    /// A client that trusts our authority.
    async fn connect(
        &self,
        host: &str,
        version: &'static SupportedProtocolVersion,
        protocols: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        let pem = self.state.path().join("gateway/tls/ca-cert.pem");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(pem).unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(default_provider().into())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.dial().await).await
    }
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_spoken_under_every_name() {
    let port = Port::open().await;
    #[rustfmt::skip]
    let table: [(&str, _, &[&str], _, bool); 6] = [
        ("localhost", &TLS13, &["h2", "http/1.1"], ProtocolVersion::TLSv1_3, true),
        ("127.0.0.1", &TLS12, &["http/1.1", "h2"], ProtocolVersion::TLSv1_2, true),
        ("::1", &TLS13, &["http/1.1"], ProtocolVersion::TLSv1_3, false),
        ("box", &TLS12, &["http/1.1"], ProtocolVersion::TLSv1_2, false),
        ("box.local", &TLS13, &[], ProtocolVersion::TLSv1_3, false),
        ("localhost", &TLS12, &[], ProtocolVersion::TLSv1_2, false),
    ];
    for (host, version, protocols, expected, http2) in table {
        let (client, server) = tokio::join!(port.connect(host, version, protocols), port.accept());
        let (mut client, mut server) = (client.unwrap(), server.unwrap().unwrap());
        assert_eq!(client.get_ref().1.protocol_version(), Some(expected), "{host}");
        assert_eq!(server.speaks_http2(), http2, "{host}");

        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(&heard).await.unwrap();
        server.shutdown().await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"hello", "whole, and ended by a goodbye");
    }
}

/// What the gateway says to a client that says `bytes` and nothing more.
async fn answer_to(bytes: &[u8]) -> Vec<u8> {
    let port = Port::open().await;
    let mut client = port.dial().await;
    let client = async move {
        client.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, client.read_to_end(&mut answer)).await.unwrap().unwrap();
        answer
    };
    let (answer, refused) = tokio::join!(client, port.accept());
    assert!(refused.is_err());
    answer
}

/// A greeting as of TLS 1.1: of this version, offering one cipher of its time.
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let mut hello = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    hello.extend(body);
    hello
}

#[tokio::test]
async fn who_speaks_an_old_version_or_something_else_is_told_and_left() {
    let alert = |answer: &[u8]| match answer {
        [0x15, 3, _, 0, 2, 2, description] => Some(*description),
        _ => None,
    };
    assert_eq!(alert(&answer_to(&old_hello()).await), Some(70), "protocol_version");
    for nonsense in [&[0x16, 3, 1, 0, 4, 99, 0, 0, 0][..], &[0x80; 64], b"\x16\x03\x01\xff\xff"] {
        let answer = answer_to(nonsense).await;
        assert!(answer.is_empty() || alert(&answer).is_some(), "{nonsense:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart_and_old_connections_go_on() {
    let port = Port::open().await;
    let (old, server) = tokio::join!(port.connect("box", &TLS13, &[]), port.accept());
    let (mut old, mut server) = (old.unwrap(), server.unwrap().unwrap());
    let fingerprint = port.certificates.fingerprint();

    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(port.certificates.clone().keep_good(Arc::new(SystemClock), stop.clone()));
    let directory = port.state.path().join("gateway/tls");
    // Of no use: the old one stays.
    let good = fs::read(directory.join("gateway-cert.pem")).unwrap();
    fs::write(directory.join("gateway-cert.pem"), "nonsense").unwrap();
    assert!(port.certificates.reload(now()).is_err());
    let (client, accepted) = tokio::join!(port.connect("box", &TLS13, &[]), port.accept());
    drop((client.unwrap(), accepted.unwrap().unwrap()));
    assert_eq!(port.certificates.fingerprint(), fingerprint);

    // For one more name, by the same authority; found by looking.
    fs::write(directory.join("gateway-cert.pem"), good).unwrap();
    let settings = TlsConfig { enabled: true, ..TlsConfig::default() };
    Certificates::open(&settings, port.state.path(), names(Some("box"), &[], &["new"]), now())
        .unwrap();
    time::pause();
    time::sleep(Duration::from_secs(10)).await;
    time::resume();
    assert_ne!(port.certificates.fingerprint(), fingerprint, "the new one was found");
    let (client, accepted) = tokio::join!(port.connect("new", &TLS13, &[]), port.accept());
    drop((client.unwrap(), accepted.unwrap().unwrap()));

    old.write_all(b"still here").await.unwrap();
    let mut heard = [0; 10];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

/// Bytes that do not repeat within a record.
fn noise(length: usize) -> Vec<u8> {
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(state.to_be_bytes()[0])
    };
    std::iter::repeat_n((), length).scan(1, |state, ()| step(state)).collect()
}

/// Writes all of `bytes` as the hub does: what was not taken is offered again.
async fn write(socket: &mut dyn SecuredSocket, bytes: &[u8]) -> usize {
    let (mut sent, mut refusals) = (0, 0);
    while sent < bytes.len() {
        match socket.try_write(&bytes[sent..]) {
            Ok(written) => {
                assert!(0 < written);
                sent += written;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                refusals += 1;
                poll_fn(|cx| socket.poll_write_ready(cx)).await.unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    refusals
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte_once_and_in_order() {
    for version in [&TLS13, &TLS12] {
        let port = Port::open().await;
        let (client, server) = tokio::join!(port.connect("box", version, &[]), port.accept());
        let (mut client, server) = (client.unwrap(), server.unwrap().unwrap());
        let mut socket = server.into_socket();
        let bytes = noise(6_000_000);
        let writing = async {
            let refusals = write(&mut *socket, &bytes).await;
            poll_fn(|cx| socket.poll_shutdown(cx)).await.unwrap();
            refusals
        };
        let reading = async {
            let mut read = Vec::new();
            let mut buffer = vec![0; 3000];
            loop {
                let n = client.read(&mut buffer).await.unwrap();
                if n == 0 {
                    return read;
                }
                read.extend_from_slice(&buffer[..n]);
                tokio::task::yield_now().await;
            }
        };
        let (refusals, read) =
            timeout(PATIENCE, async { tokio::join!(writing, reading) }).await.unwrap();
        assert!(0 < refusals, "the kernel never refused: this tests nothing");
        assert!(read == bytes, "{} of {} bytes, or others", read.len(), bytes.len());
    }
}
