//! TLS, down to its records: greetings nobody should send, and what the gateway
//! says to them.

use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, DigitallySignedStruct, Error,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider,
        ring::{cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, default_provider},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::{TLS12, TLS13},
};

use super::client::{Connection, PATIENCE, Seen};

const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;

/// The greeting of a client of this version, which is all it says.
pub(super) fn hello(version: &str) -> Result<Vec<u8>, String> {
    match version {
        "1.1" => Ok(old_hello()),
        "1.3" => {
            let mut client = client(&[&TLS13], default_provider())?;
            let mut hello = Vec::new();
            client.write_tls(&mut hello).map_err(|error| error.to_string())?;
            Ok(hello)
        }
        _ => Err(format!("runner does not know TLS {version}")),
    }
}

/// A greeting as it was before TLS 1.2: a version, something random, no session,
/// one cipher of its time, no compression, nothing more.
fn old_hello() -> Vec<u8> {
    let random = [7; 32];
    let body = [&[3, 2][..], &random, &[0, 0, 2, 0xc0, 0x13, 1, 0]].concat();
    let length = u8::try_from(body.len()).expect("it is short");
    let head = [HANDSHAKE, 3, 1, 0, length + 4, 1, 0, 0, length];
    [&head[..], &body].concat()
}

/// Shakes hands as of TLS 1.2 on `connection`, greets a second time, and returns
/// the alert that comes, if one does.
pub(super) async fn renegotiate(connection: &Connection) -> Result<Option<u8>, String> {
    let words = |error: Error| format!("no handshake: {error}");
    let mut client = client(
        &[&TLS12],
        CryptoProvider {
            cipher_suites: vec![TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256],
            ..default_provider()
        },
    )?;
    let mut heard = 0;
    while client.is_handshaking() || client.wants_write() {
        let mut said = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut said).map_err(|error| error.to_string())?;
        }
        connection.send(&said).await;
        if client.is_handshaking() {
            if !connection.wait(PATIENCE, |seen| heard < seen.bytes.len()).await {
                return Err(format!("no handshake: {}", connection.seen().summary(0)));
            }
            let new = connection.seen().bytes[heard..].to_vec();
            heard += new.len();
            client.read_tls(&mut new.as_slice()).map_err(|error| error.to_string())?;
            client.process_new_packets().map_err(words)?;
        }
    }
    let secrets = client.dangerous_extract_secrets().map_err(words)?;
    let (mut ours, mut theirs) = (Direction::new(secrets.tx)?, Direction::new(secrets.rx)?);
    connection.send(&ours.seal(HANDSHAKE, &old_hello()[5..])).await;
    let whole = |seen: &Seen| record(&seen.bytes[heard..]).is_some();
    connection.wait(PATIENCE, whole).await;
    let seen = connection.seen();
    let Some((ALERT, sealed)) = record(&seen.bytes[heard..]) else { return Ok(None) };
    let opened = theirs.open(ALERT, sealed).ok_or("the alert cannot be read")?;
    Ok(opened.get(1).copied())
}

/// The first alert among these bytes, if it is not encrypted.
pub(super) fn alert(mut bytes: &[u8]) -> Option<u8> {
    while let Some((kind, content)) = record(bytes) {
        if let (ALERT, [_level, description]) = (kind, content) {
            return Some(*description);
        }
        bytes = &bytes[5 + content.len()..];
    }
    None
}

/// The number of an alert (RFC 8446 6).
pub(super) fn number(alert: &str) -> Option<u8> {
    match alert {
        "protocol_version" => Some(70),
        "no_renegotiation" => Some(100),
        _ => None,
    }
}

/// What kind of record `bytes` begin with, and what is in it.
fn record(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [kind, _, _, high, low, rest @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    Some((*kind, rest.get(..length)?))
}

/// One direction of a connection of TLS 1.2 (RFC 7905).
struct Direction {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Direction {
    fn new((sequence, secrets): (u64, ConnectionTrafficSecrets)) -> Result<Self, String> {
        let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else {
            return Err("runner does not know this cipher".to_owned());
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_ref());
        let key = LessSafeKey::new(key.map_err(|error| error.to_string())?);
        let iv = iv.as_ref().try_into().map_err(|_| "runner does not know this cipher")?;
        Ok(Self { key, iv, sequence })
    }

    fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let (nonce, about) = self.next(kind, content.len());
        let mut sealed = content.to_vec();
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(about), &mut sealed)
            .expect("it is short");
        let length = u16::try_from(sealed.len()).expect("it is short").to_be_bytes();
        [&[kind, 3, 3], &length[..], &sealed].concat()
    }

    fn open(&mut self, kind: u8, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, about) =
            self.next(kind, sealed.len().checked_sub(CHACHA20_POLY1305.tag_len())?);
        let mut opened = sealed.to_vec();
        let length = self.key.open_in_place(nonce, Aad::from(about), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    /// What makes this record different from all others, and what is said about
    /// it in the open.
    fn next(&mut self, kind: u8, length: usize) -> (Nonce, [u8; 13]) {
        let sequence = self.sequence.to_be_bytes();
        self.sequence += 1;
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(sequence).for_each(|(byte, number)| *byte ^= number);
        let length = u16::try_from(length).expect("it is short").to_be_bytes();
        let mut about = [0; 13];
        about[..8].copy_from_slice(&sequence);
        about[8..].copy_from_slice(&[kind, 3, 3, length[0], length[1]]);
        (Nonce::assume_unique_for_key(nonce), about)
    }
}

fn client(
    versions: &[&'static rustls::SupportedProtocolVersion],
    provider: CryptoProvider,
) -> Result<ClientConnection, String> {
    let provider = Arc::new(provider);
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?;
    let verifier = Arc::new(Anybody(provider));
    let config = config.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = config.with_no_client_auth();
    config.enable_secret_extraction = true;
    let name = ServerName::try_from("localhost").expect("it is a name");
    ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())
}

/// Accepts every certificate: whose it is is not what these cases are about.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate that ended long ago, and its key, in PEM.
pub(super) fn expired() -> Result<(String, String), String> {
    let words = |error: rcgen::Error| error.to_string();
    let key = rcgen::KeyPair::generate().map_err(words)?;
    let mut about = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).map_err(words)?;
    about.not_before = rcgen::date_time_ymd(2019, 1, 1);
    about.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = about.self_signed(&key).map_err(words)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

#[test]
fn alerts_are_found_among_records() {
    let table: &[(&[u8], Option<u8>)] = &[
        (&[21, 3, 1, 0, 2, 2, 70], Some(70)),
        (&[22, 3, 3, 0, 1, 0, 21, 3, 3, 0, 2, 1, 100], Some(100)),
        (&[22, 3, 3, 0, 1, 0, 21, 3, 3, 0, 2, 1], None),
        (&[21, 3, 3, 0, 3, 2, 70, 9], None),
        (&[], None),
    ];
    for (bytes, expected) in table {
        assert_eq!(alert(bytes), *expected, "{bytes:?}");
    }
}

#[test]
fn what_is_sealed_is_opened() {
    let secrets = || ConnectionTrafficSecrets::Chacha20Poly1305 {
        key: [7; 32].into(),
        iv: rustls::crypto::cipher::Iv::new([9; 12]),
    };
    let mut ours = Direction::new((5, secrets())).unwrap();
    let mut theirs = Direction::new((5, secrets())).unwrap();
    for content in [&b"one"[..], b"two"] {
        let sealed = ours.seal(ALERT, content);
        let (kind, sealed) = record(&sealed).unwrap();
        assert_eq!(theirs.open(kind, sealed).as_deref(), Some(content));
    }
    assert_eq!(theirs.open(ALERT, b"short"), None);
}
