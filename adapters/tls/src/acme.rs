//! Certificates from an authority that is asked over the network (RFC 8555),
//! which validates domains by TLS on our own port (RFC 8737).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::tls::{Name, renewal};
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use ports::{config::AcmeConfig, driven::Clock};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::{
    certificate::{Certificate, Unusable, provider, sha256},
    files,
    handing_out::Proof,
};

const CERT: &str = "cert.pem";
const KEY: &str = "key.pem";

/// How often to look whether the certificate ends soon.
const LOOK: Duration = Duration::from_hours(1);
/// How long to wait after a failure: at first, and at most. Authorities stop
/// answering those who ask again and again.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(12);
/// How long the authority may take for all of it.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long it may take to validate, and to sign.
const POLLING: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(3));

/// An authority, and what it gave us.
#[derive(Debug)]
pub(crate) struct Acme {
    settings: AcmeConfig,
    directory: PathBuf,
    cert: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
enum AcmeError {
    #[error("the authority does not answer in time")]
    TooSlow,
    #[error("the authority does not validate by TLS-ALPN-01")]
    NoChallenge,
    #[error("the authority could not validate {0}: does port 443 of it lead here?")]
    NotValid(String),
    #[error("the authority says no")]
    Refused(#[from] instant_acme::Error),
    #[error("the certificate or the account cannot be kept")]
    Keep(#[from] std::io::Error),
    #[error("the account that was kept cannot be read")]
    Account(#[from] serde_json::Error),
    #[error("no key or request could be made")]
    Make(#[from] rcgen::Error),
    #[error("the proof cannot be shown")]
    Show(#[from] rustls::Error),
}

impl Acme {
    /// The authority of `settings`, if they want one. What it gives is kept in
    /// `directory` unless they say otherwise.
    pub(crate) fn new(settings: &AcmeConfig, directory: &Path) -> Option<Self> {
        let directory = settings.cache_dir.clone().unwrap_or_else(|| directory.join("acme"));
        let cert = directory.join(CERT);
        let settings = settings.clone();
        (!settings.domains.is_empty()).then_some(Self { settings, directory, cert })
    }

    /// The file with the certificate.
    pub(crate) fn cert(&self) -> &Path {
        &self.cert
    }

    /// The certificate, if there is one.
    pub(crate) fn load(&self) -> Result<Option<Certificate>, Unusable> {
        if !self.cert.exists() {
            return Ok(None);
        }
        Certificate::read(&self.cert, &self.directory.join(KEY), None).map(Some)
    }

    /// Asks for a certificate whenever the one we have is not good for long.
    pub(crate) async fn keep_good(&self, proof: &Proof, clock: &dyn Clock) {
        let mut pause = FIRST_PAUSE;
        loop {
            if !self.is_due(clock) {
                sleep(LOOK).await;
                continue;
            }
            let asked = timeout(PATIENCE, self.ask(proof)).await;
            proof.hide();
            match asked.unwrap_or(Err(AcmeError::TooSlow)) {
                Ok(()) => {
                    info!(target: "gateway", "gateway tls: the authority signed a certificate");
                    pause = FIRST_PAUSE;
                    // Whatever it is: nobody is asked twice in a row.
                    sleep(LOOK).await;
                }
                Err(error) => {
                    complain(&error);
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn is_due(&self, clock: &dyn Clock) -> bool {
        let names: Vec<_> = self.settings.domains.iter().cloned().map(Name::Dns).collect();
        match self.load() {
            Ok(Some(kept)) => renewal(kept.validity, &kept.lacking(&names), clock.now()).is_some(),
            Ok(None) | Err(_) => true,
        }
    }

    /// Asks for a certificate and keeps it.
    async fn ask(&self, proof: &Proof) -> Result<(), AcmeError> {
        files::make_directory(&self.directory)?;
        let account = self.account().await?;
        let domains = self.settings.domains.clone();
        let wanted: Vec<_> = domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&wanted)).await?;
        prove(&mut order, proof).await?;
        if order.poll_ready(&POLLING).await? != OrderStatus::Ready {
            return Err(AcmeError::NotValid(domains.join(", ")));
        }
        let key = KeyPair::generate()?;
        let mut request = CertificateParams::new(domains)?;
        request.distinguished_name = DistinguishedName::new();
        order.finalize_csr(request.serialize_request(&key)?.der()).await?;
        let chain = order.poll_certificate(&POLLING).await?;
        // The key first, as for our own.
        files::write(&self.directory, KEY, key.serialize_pem().as_bytes())?;
        files::write(&self.directory, CERT, chain.as_bytes())?;
        Ok(())
    }

    /// The account with the authority, made the first time. Each authority has
    /// a file of its own.
    async fn account(&self) -> Result<Account, AcmeError> {
        let AcmeConfig { directory, directory_ca_path, email, .. } = &self.settings;
        let builder = match directory_ca_path {
            Some(path) => Account::builder_with_root(path)?,
            None => Account::builder()?,
        };
        let name = format!("account-{}.json", &sha256(directory.as_bytes()).to_string()[..16]);
        match files::read(&self.directory.join(&name)) {
            Ok(kept) => {
                let kept = serde_json::from_slice(&kept)?;
                return Ok(builder.from_credentials(kept).await?);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (),
            Err(error) => return Err(error.into()),
        }
        let contact: Vec<_> = email.iter().map(|email| format!("mailto:{email}")).collect();
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let about = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.settings.agree_to_terms,
            only_return_existing: false,
        };
        let (account, kept) = builder.create(&about, directory.clone(), None).await?;
        files::write(&self.directory, &name, &serde_json::to_vec(&kept)?)?;
        Ok(account)
    }
}

fn complain(error: &AcmeError) {
    let error = error as &dyn std::error::Error;
    warn!(error, "gateway tls: no certificate from the authority");
}

/// Shows the authority that the domains of `order` are ours.
async fn prove(order: &mut Order, proof: &Proof) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Pending => (),
            AuthorizationStatus::Valid => continue,
            _ => return Err(AcmeError::NotValid(authorization.identifier().to_string())),
        }
        let mut challenge =
            authorization.challenge(ChallengeType::TlsAlpn01).ok_or(AcmeError::NoChallenge)?;
        let domain = challenge.identifier().to_string();
        let key = certificate_of_proof(&domain, challenge.key_authorization().digest().as_ref())?;
        proof.show(&domain, &Arc::new(key));
        challenge.set_ready().await?;
    }
    Ok(())
}

/// The certificate that proves that `domain` is ours (RFC 8737 3).
fn certificate_of_proof(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let key = KeyPair::generate()?;
    let mut about = CertificateParams::new(vec![domain.to_owned()])?;
    about.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = about.self_signed(&key)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not checked as others are: it holds an extension nobody else knows.
    let key = provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
