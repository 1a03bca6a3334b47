//! Where the certificate comes from.

use std::path::{Path, PathBuf};

use domain::{
    time::Timestamp,
    tls::{Name, renewal},
};
use ports::config::TlsConfig;
use tracing::{info, warn};

use crate::{
    acme::Acme,
    authority,
    certificate::{Certificate, Unusable},
    certificates::TlsError,
    files::{self, Stamp},
};

/// Where the certificate comes from.
#[derive(Debug)]
pub(crate) struct Source {
    cert: PathBuf,
    key: PathBuf,
    more: Option<PathBuf>,
    /// Where one may be made, and for which names.
    own: Option<(PathBuf, Vec<Name>)>,
    pub(crate) acme: Option<Acme>,
}

impl Source {
    /// What `settings` say, for a gateway whose state is in `state_dir` and that
    /// is called `names`.
    pub(crate) fn new(settings: &TlsConfig, state_dir: &Path, names: Vec<Name>) -> Self {
        let directory = state_dir.join("gateway").join("tls");
        let is_named = settings.cert_path.is_some() || settings.key_path.is_some();
        let default = |name: &str| directory.join(name);
        Self {
            cert: settings.cert_path.clone().unwrap_or_else(|| default(authority::CERT)),
            key: settings.key_path.clone().unwrap_or_else(|| default(authority::KEY)),
            more: settings.ca_path.clone(),
            acme: Acme::new(&settings.acme, &directory),
            own: (settings.auto_generate && !is_named).then_some((directory, names)),
        }
    }

    /// The certificate, as it is now. Makes one where there is none, or where
    /// ours is not good enough.
    pub(crate) fn load(&self, now: Timestamp) -> Result<Certificate, TlsError> {
        match self.acme.as_ref().map(Acme::load) {
            Some(Ok(Some(certificate))) => return Ok(certificate),
            Some(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                warn!(error, "gateway tls: the certificate of the authority cannot be used");
            }
            Some(Ok(None)) | None => (),
        }
        let Some((directory, names)) = &self.own else { return self.read() };
        let authority = authority::own(directory);
        let reason = match (self.is_there(), &authority) {
            ((false, false), _) => "there is none".to_owned(),
            // Somebody else's: leave it alone.
            (_, None) => return self.read(),
            ((true, true), Some(authority)) => match self.read() {
                Ok(found) if !found.is_signed_by(authority) => return Ok(found),
                Ok(found) => match renewal(found.validity, &found.lacking(names), now) {
                    Some(reason) => reason.to_string(),
                    None => return Ok(found),
                },
                Err(TlsError::Load { source: Unusable::Mismatch(_), .. }) => {
                    "its key is another one's".to_owned()
                }
                Err(error) => return Err(error),
            },
            (_, Some(_)) => "half of it is missing".to_owned(),
        };
        info!(target: "gateway", "gateway tls: making a certificate: {reason}");
        authority::make(directory, names, now)
            .map_err(|source| TlsError::Make { directory: directory.clone(), source })?;
        self.read()
    }

    /// The file clients see the first certificate of.
    pub(crate) fn shown(&self) -> &Path {
        self.acme.as_ref().map(Acme::cert).filter(|cert| cert.exists()).unwrap_or(&self.cert)
    }

    /// What the files are like now. Another value means that one was replaced.
    pub(crate) fn stamps(&self) -> Vec<Option<Stamp>> {
        let acme = self.acme.iter().map(Acme::cert);
        let files = [Some(&*self.cert), Some(&*self.key), self.more.as_deref()];
        files.into_iter().flatten().chain(acme).map(files::stamp).collect()
    }

    fn is_there(&self) -> (bool, bool) {
        (self.cert.exists(), self.key.exists())
    }

    fn read(&self) -> Result<Certificate, TlsError> {
        for path in [&self.cert, &self.key] {
            if !path.exists() {
                return Err(TlsError::Missing(path.clone()));
            }
        }
        if files::is_readable_by_others(&self.key) {
            warn!(path = %self.key.display(), "gateway tls: others can read the private key");
        }
        Certificate::read(&self.cert, &self.key, self.more.as_deref())
            .map_err(|source| TlsError::Load { path: self.cert.clone(), source })
    }
}
