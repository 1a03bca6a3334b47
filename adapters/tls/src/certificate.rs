//! A certificate with its key, ready to be shown.

use std::{path::Path, sync::Arc};

use domain::tls::{Fingerprint, Name, Validity};
use ring::digest::{SHA256, digest};
use rustls::{
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
    server::ParsedCertificate,
    sign::CertifiedKey,
};

use crate::{der, files};

/// A certificate with its key.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) validity: Validity,
}

/// Why a certificate and its key are of no use.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("it cannot be read")]
    Read(#[source] std::io::Error),
    /// A file holds something else.
    #[error("it is not PEM")]
    NotPem(#[source] pem::Error),
    /// A file holds no certificate.
    #[error("there is no certificate in it")]
    Empty,
    /// The other file holds no key.
    #[error("there is no private key in {0}")]
    NoKey(String),
    /// The certificate is damaged.
    #[error("what is in it is no certificate")]
    NotACertificate,
    /// The two do not fit together.
    #[error("the key does not belong to it, or is of a kind we do not know")]
    Mismatch(#[source] rustls::Error),
}

impl Certificate {
    /// The one in the file `cert`, with the key in the file `key`. Behind it
    /// clients are sent what else is in its file and in the file `more`.
    pub(crate) fn read(cert: &Path, key: &Path, more: Option<&Path>) -> Result<Self, Unusable> {
        let mut chain = chain(cert)?;
        for authority in more.map(self::chain).transpose()?.unwrap_or_default() {
            if !chain.contains(&authority) {
                chain.push(authority);
            }
        }
        let pem = files::read(key).map_err(Unusable::Read)?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| Unusable::NoKey(key.display().to_string()))?;
        Self::new(chain, key)
    }

    /// The first of `chain`.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Unusable> {
        let leaf = chain.first().ok_or(Unusable::Empty)?;
        let validity = der::validity(leaf).ok_or(Unusable::NotACertificate)?;
        let fingerprint = sha256(leaf);
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(Unusable::Mismatch)?;
        Ok(Self { key: Arc::new(key), fingerprint, validity })
    }

    /// The names among `names` that it is not for.
    pub(crate) fn lacking(&self, names: &[Name]) -> Vec<String> {
        let leaf = self.key.cert.first();
        let parsed = leaf.and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
        let is_for = |name: &Name| {
            let name = match name {
                Name::Dns(name) => ServerName::try_from(name.as_str()).ok(),
                Name::Ip(address) => Some(ServerName::from(*address)),
            };
            let (Some(parsed), Some(name)) = (&parsed, name) else { return false };
            verify_server_name(parsed, &name).is_ok()
        };
        names.iter().filter(|name| !is_for(name)).map(Name::to_string).collect()
    }

    /// Whether it was signed by the authority `ca`, when it was good.
    pub(crate) fn is_signed_by(&self, ca: &CertificateDer<'_>) -> bool {
        let mut roots = rustls::RootCertStore::empty();
        let Some(leaf) = self.key.cert.first() else { return false };
        let (Ok(parsed), Ok(())) = (ParsedCertificate::try_from(leaf), roots.add(ca.to_owned()))
        else {
            return false;
        };
        let then = std::time::Duration::from_millis(self.validity.not_after.as_millis());
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &roots,
            &[],
            UnixTime::since_unix_epoch(then),
            provider().signature_verification_algorithms.all,
        )
        .is_ok()
    }
}

/// The certificates in the file at `path`.
pub(crate) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let pem = files::read(path).map_err(Unusable::Read)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(Unusable::NotPem)?;
    if chain.is_empty() { Err(Unusable::Empty) } else { Ok(chain) }
}

/// How one recognises these bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Fingerprint {
    let hash = digest(&SHA256, bytes);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.as_ref());
    Fingerprint::of_digest(bytes)
}

/// The one library that computes.
pub(crate) fn provider() -> CryptoProvider {
    default_provider()
}
