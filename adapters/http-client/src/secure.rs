//! Encrypting a connection of one's own, for those who speak something else
//! than HTTP requests over it.

use std::{io, sync::Arc};

use domain::tls::Fingerprint;
use ring::digest::{SHA256, digest};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Whose certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// One that this machine trusts, for the host that was asked for.
    Platform,
    /// This one, whoever signed it and whatever it is for.
    Pinned(Fingerprint),
}

/// Why a connection is not encrypted.
#[derive(Debug, thiserror::Error)]
pub enum SecureError {
    /// The certificate is not the one that was pinned.
    #[error("gateway tls fingerprint mismatch")]
    Mismatch,
    /// The certificate is not good.
    #[error("its certificate is not trusted here; pin its fingerprint if you know it is right")]
    Untrusted(#[source] io::Error),
    /// There is no encryption to be had.
    #[error("it does not speak TLS as we do")]
    Broken(#[source] io::Error),
    /// The host has a name no certificate can be for.
    #[error("no certificate can be for a host of this name")]
    Name,
    /// It cannot be found out whom this machine trusts.
    #[error("the certificates this machine trusts cannot be loaded")]
    Setup(#[source] Error),
}

/// Encrypts `tcp`, which leads to `host`, for HTTP/1.1.
pub async fn secure(
    tcp: TcpStream,
    host: &str,
    trust: Trust,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, SecureError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| SecureError::Name)?;
    let config = tokio::task::spawn_blocking(move || config(trust)).await;
    let config = config.map_err(|error| SecureError::Broken(error.into()))?;
    let connector = TlsConnector::from(Arc::new(config.map_err(SecureError::Setup)?));
    connector.connect(name, tcp).await.map_err(explain)
}

fn config(trust: Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::Platform => builder.with_platform_verifier()?,
        Trust::Pinned(fingerprint) => {
            let pin = Arc::new(Pin { fingerprint, provider });
            builder.dangerous().with_custom_certificate_verifier(pin)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What went wrong, told apart by what one can do about it.
fn explain(error: io::Error) -> SecureError {
    match error.get_ref().and_then(|source| source.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            SecureError::Mismatch
        }
        Some(Error::InvalidCertificate(_)) => SecureError::Untrusted(error),
        _ => SecureError::Broken(error),
    }
}

/// Accepts one certificate. That the other end has its key is still proved.
#[derive(Debug)]
struct Pin {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let hash = digest(&SHA256, certificate);
        let shown = hash.as_ref().try_into().map(Fingerprint::of_digest);
        if shown.is_ok_and(|shown| shown == self.fingerprint) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
