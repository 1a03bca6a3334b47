//! Where the certificate comes from, and when another takes its place.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use domain::{
    time::Timestamp,
    tls::{Fingerprint, Name, names},
};
use ports::config::TlsConfig;
use tempfile::TempDir;

use crate::{Certificates, TlsError, Unusable, own_fingerprint};

const DAY: Duration = Duration::from_hours(24);

fn today() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn called(host: &str) -> Vec<Name> {
    names(Some(host), &["192.168.1.7".parse().unwrap()], &[])
}

fn open(state: &Path, host: &str, now: Timestamp) -> Result<Fingerprint, TlsError> {
    let settings = TlsConfig { enabled: true, ..TlsConfig::default() };
    let opened = Certificates::open(&settings, state, called(host), now)?;
    let fingerprint = opened.fingerprint();
    assert_eq!(
        own_fingerprint(&settings, state),
        Some(fingerprint),
        "as the command line reads it"
    );
    Ok(fingerprint)
}

fn file(state: &TempDir, name: &str) -> std::path::PathBuf {
    state.path().join("gateway/tls").join(name)
}

#[test]
fn what_is_made_is_the_owners_alone_and_is_kept() {
    let state = TempDir::new().unwrap();
    let first = open(state.path(), "box", today()).unwrap();
    for name in ["ca-cert.pem", "ca-key.pem", "gateway-cert.pem", "gateway-key.pem"] {
        let mode = fs::metadata(file(&state, name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    for directory in ["gateway", "gateway/tls"] {
        let mode = fs::metadata(state.path().join(directory)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{directory}");
    }
    assert_eq!(open(state.path(), "box", today() + DAY * 300).unwrap(), first);
}

#[test]
fn ours_is_made_again_when_it_has_to_be_by_the_same_authority() {
    let state = TempDir::new().unwrap();
    let authority = || fs::read(file(&state, "ca-cert.pem")).unwrap();
    let first = open(state.path(), "box", today()).unwrap();
    let founded = authority();

    let renamed = open(state.path(), "other", today()).unwrap();
    assert_ne!(renamed, first, "it was not for the new name");
    let renewed = open(state.path(), "other", today() + DAY * 366).unwrap();
    assert_ne!(renewed, renamed, "it ended soon");
    let late = open(state.path(), "other", today() + DAY * 2000).unwrap();
    assert_ne!(late, renewed, "it had ended");
    assert_eq!(authority(), founded);

    open(state.path(), "other", today() + DAY * 3600).unwrap();
    assert_ne!(authority(), founded, "the authority would have ended before what it signs");
}

#[test]
fn a_half_written_pair_of_ours_is_made_again() {
    let state = TempDir::new().unwrap();
    let first = open(state.path(), "box", today()).unwrap();
    fs::copy(file(&state, "ca-key.pem"), file(&state, "gateway-key.pem")).unwrap();
    let second = open(state.path(), "box", today()).unwrap();
    assert_ne!(second, first, "after a crash between the key and the certificate");
    fs::remove_file(file(&state, "gateway-cert.pem")).unwrap();
    assert_ne!(open(state.path(), "box", today()).unwrap(), second);
}

/// A certificate and its key, as somebody else makes them.
fn foreign(directory: &Path) -> (Vec<u8>, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let about = rcgen::CertificateParams::new(vec!["gateway.example".to_owned()]).unwrap();
    let certificate = about.self_signed(&key).unwrap();
    fs::create_dir_all(directory).unwrap();
    let pair = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
    fs::write(directory.join("gateway-cert.pem"), &pair.0).unwrap();
    fs::write(directory.join("gateway-key.pem"), &pair.1).unwrap();
    pair
}

#[test]
fn what_somebody_else_made_is_left_alone() {
    let state = TempDir::new().unwrap();
    let (cert, key) = foreign(&state.path().join("gateway/tls"));
    // For another name, and not good any more.
    open(state.path(), "box", today() + DAY * 1_000_000).unwrap();
    assert_eq!(fs::read(file(&state, "gateway-cert.pem")).unwrap(), cert);
    assert_eq!(fs::read(file(&state, "gateway-key.pem")).unwrap(), key);
    assert!(!file(&state, "ca-key.pem").exists());
}

#[test]
fn what_cannot_be_used_stops_the_start() {
    let state = TempDir::new().unwrap();
    let named = state.path().join("named");
    foreign(&named);
    fs::write(named.join("other-key.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem())
        .unwrap();
    fs::write(named.join("empty.pem"), "").unwrap();
    fs::write(
        named.join("odd.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();

    let open = |cert: &str, key: &str| {
        let settings = TlsConfig {
            enabled: true,
            cert_path: Some(named.join(cert)),
            key_path: Some(named.join(key)),
            ..TlsConfig::default()
        };
        Certificates::open(&settings, state.path(), Vec::new(), today()).map(drop)
    };
    assert!(open("gateway-cert.pem", "gateway-key.pem").is_ok());
    #[rustfmt::skip]
    let table = [
        ("no.pem", "gateway-key.pem", "gateway tls: cert/key missing"),
        ("gateway-cert.pem", "no.pem", "gateway tls: cert/key missing"),
        ("empty.pem", "gateway-key.pem", "gateway tls: failed to load cert"),
        ("odd.pem", "gateway-key.pem", "gateway tls: failed to load cert"),
        ("gateway-cert.pem", "empty.pem", "gateway tls: failed to load cert"),
        ("gateway-cert.pem", "other-key.pem", "gateway tls: failed to load cert"),
        (".", "gateway-key.pem", "gateway tls: failed to load cert"),
    ];
    for (cert, key, expected) in table {
        let error = open(cert, key).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{cert} {key}: {error}");
    }
    let mismatch = open("gateway-cert.pem", "other-key.pem").unwrap_err();
    assert!(matches!(mismatch, TlsError::Load { source: Unusable::Mismatch(_), .. }));
}

#[test]
fn nothing_is_made_where_that_is_not_wanted() {
    let state = TempDir::new().unwrap();
    let settings = TlsConfig { enabled: true, auto_generate: false, ..TlsConfig::default() };
    let refused = Certificates::open(&settings, state.path(), Vec::new(), today()).unwrap_err();
    assert!(refused.to_string().starts_with("gateway tls: cert/key missing"), "{refused}");
    assert!(!state.path().join("gateway").exists());

    let mut settings = TlsConfig { enabled: true, ..TlsConfig::default() };
    settings.acme.domains = vec!["gateway.example".to_owned()];
    let refused = Certificates::open(&settings, state.path(), Vec::new(), today()).unwrap_err();
    assert!(matches!(refused, TlsError::Terms), "nobody agreed to the terms");
}

#[test]
fn a_lone_key_is_not_overwritten() {
    let state = TempDir::new().unwrap();
    let (_, key) = foreign(&state.path().join("gateway/tls"));
    fs::remove_file(file(&state, "gateway-cert.pem")).unwrap();
    assert!(matches!(open(state.path(), "box", today()), Err(TlsError::Missing(_))));
    assert_eq!(fs::read(file(&state, "gateway-key.pem")).unwrap(), key);
}
