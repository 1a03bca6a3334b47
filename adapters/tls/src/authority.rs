//! The gateway's own authority, and the certificates it signs.
//!
//! Whoever installs its certificate (`ca-cert.pem`) trusts every certificate it
//! will sign; whoever pins a fingerprint trusts one of them.

use std::{path::Path, time::Duration};

use domain::{
    time::Timestamp,
    tls::{LEAF_LIFE, Name},
};
use ports::BoxError;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use crate::{certificate, der, files};

/// The files in the directory.
pub(crate) const CERT: &str = "gateway-cert.pem";
pub(crate) const KEY: &str = "gateway-key.pem";
const CA_CERT: &str = "ca-cert.pem";
const CA_KEY: &str = "ca-key.pem";

/// How long the authority is good.
const AUTHORITY_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// What is made is good from a little before it was made, for clients whose
/// clock is behind.
const SLACK: Duration = Duration::from_hours(1);

/// The certificate of the authority in `directory`, if there is one.
pub(crate) fn own(directory: &Path) -> Option<CertificateDer<'static>> {
    certificate::chain(&directory.join(CA_CERT)).ok()?.into_iter().next()
}

/// Makes a certificate for `names` in `directory`, and an authority that signs
/// it if there is none that is good for as long.
pub(crate) fn make(directory: &Path, names: &[Name], now: Timestamp) -> Result<(), BoxError> {
    files::make_directory(directory)?;
    let authority = match kept(directory, now) {
        Some(key) => key,
        None => found(directory, now)?,
    };
    let issuer = Issuer::new(about_authority(&authority, now), &authority);
    let key = KeyPair::generate()?;
    let certificate = about_leaf(names, now)?.signed_by(&key, &issuer)?;
    // The key first: a new certificate without its key could not be shown, while
    // an old certificate beside a new key is made again.
    files::write(directory, KEY, key.serialize_pem().as_bytes())?;
    files::write(directory, CERT, certificate.pem().as_bytes())?;
    Ok(())
}

/// The key of the authority that is there already.
fn kept(directory: &Path, now: Timestamp) -> Option<KeyPair> {
    let validity = der::validity(&own(directory)?)?;
    if validity.not_after < now + LEAF_LIFE {
        return None;
    }
    let pem = files::read(&directory.join(CA_KEY)).ok()?;
    KeyPair::from_pem(std::str::from_utf8(&pem).ok()?).ok()
}

/// Founds an authority.
fn found(directory: &Path, now: Timestamp) -> Result<KeyPair, BoxError> {
    let key = KeyPair::generate()?;
    let certificate = about_authority(&key, now).self_signed(&key)?;
    files::write(directory, CA_KEY, key.serialize_pem().as_bytes())?;
    files::write(directory, CA_CERT, certificate.pem().as_bytes())?;
    Ok(key)
}

/// What the certificate of the authority says. Its name is made from its key,
/// so that two authorities never look the same to a client that trusts one.
fn about_authority(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut about = CertificateParams::default();
    let name = &certificate::sha256(key.public_key_raw()).to_string()[..8];
    about.distinguished_name = called(&format!("OpenClaw gateway authority {name}"));
    about.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    about.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    last(&mut about, now - SLACK, now + AUTHORITY_LIFE);
    about
}

fn about_leaf(names: &[Name], now: Timestamp) -> Result<CertificateParams, BoxError> {
    let mut about = CertificateParams::default();
    about.distinguished_name = called("openclaw-gateway");
    about.subject_alt_names = names.iter().map(alternative).collect::<Result<_, _>>()?;
    about.is_ca = IsCa::ExplicitNoCa;
    about.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    about.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    about.use_authority_key_identifier_extension = true;
    last(&mut about, now - SLACK, now - SLACK + LEAF_LIFE);
    Ok(about)
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn alternative(name: &Name) -> Result<SanType, rcgen::Error> {
    Ok(match name {
        Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
        Name::Ip(address) => SanType::IpAddress(*address),
    })
}

/// Says from when until when it is good. Certificates know seconds only.
fn last(about: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let epoch = date_time_ymd(1970, 1, 1);
    about.not_before = epoch + Duration::from_secs(from.as_millis() / 1000);
    about.not_after = epoch + Duration::from_secs(until.as_millis() / 1000);
}
