//! The gateway's certificate, from start to stop.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::{
    time::Timestamp,
    tls::{Fingerprint, Name, Validity, renewal},
};
use http_kit::Encryption;
use ports::{BoxError, config::TlsConfig, driven::Clock};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    certificate::{self, Unusable},
    handing_out::{Current, Proof, with_clients, with_validators},
    handshake::Greeter,
    source::Source,
};

/// How often to look whether the files were replaced. They are looked at, not
/// watched: a link that leads elsewhere now, as tools that renew certificates
/// leave it, is no event in any directory one would think of.
const LOOK: Duration = Duration::from_secs(2);

/// How often to look whether a certificate of ours ends soon.
const LOOK_AHEAD: Duration = Duration::from_hours(1);

/// The gateway's certificate. Cloning gives the same one.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    source: Source,
    current: Arc<Current>,
    proof: Arc<Proof>,
    greeter: Greeter,
}

/// Why there is no encryption.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, and may not be made.
    #[error("gateway tls: cert/key missing ({})", .0.display())]
    Missing(PathBuf),
    /// A file is of no use.
    #[error("gateway tls: failed to load cert {}: {source}", path.display())]
    Load {
        /// The file with the certificate.
        path: PathBuf,
        /// What is the matter with it or its key.
        #[source]
        source: Unusable,
    },
    /// No certificate could be made.
    #[error("gateway tls: failed to make a certificate in {}", directory.display())]
    Make {
        /// Where.
        directory: PathBuf,
        /// Why not.
        #[source]
        source: BoxError,
    },
    /// An authority is to be asked without its terms being agreed to.
    #[error("gateway tls: acme.agreeToTerms has to be true for a certificate to be asked for")]
    Terms,
    /// The library does not do what it is asked for.
    #[error("gateway tls: TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

impl Certificates {
    /// The certificate `settings` ask for, of a gateway whose state is in
    /// `state_dir` and that is reached under `names`. It is read, or made.
    pub fn open(
        settings: &TlsConfig,
        state_dir: &Path,
        names: Vec<Name>,
        now: Timestamp,
    ) -> Result<Self, TlsError> {
        if !settings.acme.domains.is_empty() && !settings.acme.agree_to_terms {
            return Err(TlsError::Terms);
        }
        let source = Source::new(settings, state_dir, names);
        let certificate = source.load(now)?;
        complain(certificate.validity, now);
        let current = Arc::new(Current::new(certificate));
        let proof = Arc::new(Proof::default());
        let greeter = Greeter {
            with_clients: with_clients(Arc::clone(&current)).map_err(TlsError::Setup)?.into(),
            with_validators: with_validators(Arc::clone(&proof)).map_err(TlsError::Setup)?.into(),
        };
        Ok(Self(Arc::new(Shared { source, current, proof, greeter })))
    }

    /// The fingerprint of the certificate that is shown now.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.current.get().fingerprint
    }

    /// What encrypts connections with it.
    pub fn encryption(&self) -> Arc<dyn Encryption> {
        Arc::new(self.0.greeter.clone())
    }

    /// Reads it again, and makes a new one if ours ends soon. Connections that
    /// come from now on see it. Returns whether it is another one than before;
    /// when it is of no use, the old one stays.
    pub fn reload(&self, now: Timestamp) -> Result<bool, TlsError> {
        let new = self.0.source.load(now)?;
        let is_new = new.fingerprint != self.fingerprint();
        complain(new.validity, now);
        self.0.current.replace(new);
        Ok(is_new)
    }

    /// Keeps it good until `stop`: reads its files again when they were
    /// replaced, makes a new one before ours ends, asks the authority for one.
    pub async fn keep_good(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let authority = async {
            if let Some(acme) = &self.0.source.acme {
                acme.keep_good(&self.0.proof, &*clock).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => (),
            ((), ()) = async { tokio::join!(self.look(&*clock), authority) } => (),
        }
    }

    /// Looks at the files for ever.
    async fn look(&self, clock: &dyn Clock) {
        let (mut looks, mut aheads) = (interval(LOOK), interval(LOOK_AHEAD));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        aheads.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut loaded = self.0.source.stamps();
        let mut before = loaded.clone();
        loop {
            tokio::select! {
                _ = looks.tick() => {
                    let now = self.0.source.stamps();
                    // Two files are not replaced in one moment: wait until
                    // whoever does it is done.
                    let is_settled = now == before;
                    before = now;
                    if before == loaded || !is_settled {
                        continue;
                    }
                }
                _ = aheads.tick() => {
                    let is_good = renewal(self.0.current.get().validity, &[], clock.now()).is_none();
                    if is_good {
                        continue;
                    }
                }
            }
            match self.reload(clock.now()) {
                Ok(true) => {
                    info!(target: "gateway", "tls fingerprint sha256 {}", self.fingerprint());
                }
                Ok(false) => (),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "gateway tls: the certificate stays the old one");
                }
            }
            loaded = self.0.source.stamps();
            before.clone_from(&loaded);
        }
    }
}

/// The fingerprint of the certificate that a gateway with these settings and
/// this state shows, for a client on the same machine.
pub fn own_fingerprint(settings: &TlsConfig, state_dir: &Path) -> Option<Fingerprint> {
    let source = Source::new(settings, state_dir, Vec::new());
    let chain = certificate::chain(source.shown()).ok()?;
    Some(certificate::sha256(chain.first()?))
}

/// Says so when clients that look will not accept the certificate.
fn complain(validity: Validity, now: Timestamp) {
    if validity.is_over(now) {
        let millis = i64::try_from(validity.not_after.as_millis()).unwrap_or(i64::MAX);
        let ended = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        warn!("gateway tls: the certificate has expired, notAfter {ended}");
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("source", &self.0.source).finish_non_exhaustive()
    }
}
