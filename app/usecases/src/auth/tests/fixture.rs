//! A gateway, and somebody who wants in.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use domain::{
    access::{Principal, Proof, Role, Scope, Scopes},
    client::{ClientInfo, Mode, NodeOffer, Protocol},
    device::{
        DeviceClaim,
        payload::{self, SignedFields},
    },
    exposure::Exposure,
    ids::DeviceId,
    pairing::{Ask, Portrait},
};
use ports::{
    config::{AuthMode, Config, Live},
    driven::{
        BadSignature, Clock, Committed, MockArchive, MockConnections, MockEntropy, MockJournal,
        MockMacs, MockRevocations, MockSecrets, MockSignatures, MockTailnet, MockTokenMint,
        PublicKey, Tailnet,
    },
    driving::{Circumstances, Credentials, Knock},
};
use tokio_util::task::TaskTracker;

use crate::{
    auth::{self, Admitted, Auth, Refused},
    pairing::{self, Pairing},
    testing::{Told, clock, config, program},
};

pub(super) struct Gateway {
    auth: Auth,
    pairing: Pairing,
    clock: Arc<dyn Clock>,
    compared: Arc<AtomicUsize>,
}

impl Gateway {
    pub(super) fn new(config: Config) -> Self {
        Self::behind(config, None, None)
    }

    /// The gateway where Tailscale brings others to it.
    pub(super) fn in_tailnet(config: Config, how: Exposure, tailnet: MockTailnet) -> Self {
        Self::behind(config, Some(how), Some(Arc::new(tailnet)))
    }

    fn behind(
        settings: Config,
        tailscale: Option<Exposure>,
        tailnet: Option<Arc<dyn Tailnet>>,
    ) -> Self {
        let (clock, compared) = (clock(), Arc::new(AtomicUsize::new(0)));
        let secrets = secrets(settings.gateway.auth.mode, Arc::clone(&compared));
        let pairing = Pairing::empty(pairing::Deps {
            archive: Arc::new(MockArchive::new()),
            clock: Arc::clone(&clock),
            connections: Arc::new(MockConnections::new()),
            entropy: Arc::new(entropy()),
            events: Arc::new(Told::default()),
            journal: Arc::new(journal()),
            mint: Arc::new(mint()),
            revocations: Arc::new(MockRevocations::new()),
            tasks: TaskTracker::new(),
        });
        let deps = auth::Deps {
            clock: Arc::clone(&clock),
            config: config(settings),
            macs: Arc::new(macs()),
            pairing: pairing.clone(),
            secrets: Arc::new(secrets),
            signatures: Arc::new(signatures()),
            tailscale: Live::new(tailscale),
            tailnet,
        };
        Self { auth: Auth::new(deps, None), pairing, clock, compared }
    }

    /// What becomes of `visit`: how it was proved and what was granted, or the
    /// code of the refusal.
    pub(super) async fn verdict(&self, visit: &Visit) -> Result<(Proof, Scopes), &'static str> {
        let admitted = self.admit(visit).await;
        match admitted {
            Ok(Admitted { principal, .. }) => {
                assert_eq!(principal.role, visit.role);
                Ok((principal.proof, principal.scopes))
            }
            Err(refused) => Err(refused.telling(&program("test", Mode::Ui).info).code),
        }
    }

    pub(super) async fn admit(&self, visit: &Visit) -> Result<Admitted, Refused> {
        if visit.device == Device::Paired {
            self.pairing.admit(paired(), true).await.unwrap();
        }
        let circumstances = visit.from.circumstances();
        self.auth.admit(&visit.knock(&*self.clock), &circumstances).await
    }

    pub(super) async fn identify(&self, from: &From, shows: Shows) -> Result<Principal, Refused> {
        self.auth.identify(&shows.credentials(), &from.circumstances()).await
    }

    /// How often something was compared with the password.
    pub(super) fn compared(&self) -> usize {
        self.compared.load(Relaxed)
    }
}

/// Somebody who wants in.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) from: From,
    pub(super) shows: Shows,
    pub(super) device: Device,
    pub(super) role: Role,
    pub(super) protocol: Protocol,
    pub(super) asked: &'static [Scope],
    pub(super) program: &'static str,
    pub(super) nonce: Option<&'static str>,
}

impl Default for Visit {
    fn default() -> Self {
        Self {
            from: here(),
            shows: Shows::default(),
            device: Device::No,
            role: Role::Operator,
            protocol: Protocol::V4,
            asked: &[Scope::Read],
            program: "test",
            nonce: Some("n"),
        }
    }
}

/// Whether it is a device: one nobody knows, or one that may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    No,
    New,
    Paired,
}

/// Where somebody comes from.
#[derive(Clone, Debug)]
pub(super) struct From {
    peer: &'static str,
    origin: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
}

/// A program on this machine.
pub(super) fn here() -> From {
    From { peer: "127.0.0.1", origin: None, headers: Vec::new() }
}

/// The gateway's own page in a browser on this machine.
pub(super) fn page() -> From {
    here().origin("http://localhost:18789")
}

/// A program elsewhere.
pub(super) fn there() -> From {
    From { peer: "192.0.2.7", ..here() }
}

impl From {
    pub(super) fn at(self, peer: &'static str) -> Self {
        Self { peer, ..self }
    }

    pub(super) fn origin(self, origin: &'static str) -> Self {
        Self { origin: Some(origin), ..self }
    }

    pub(super) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    fn circumstances(&self) -> Circumstances {
        let header =
            |(name, value): &(&'static str, &'static str)| ((*name).into(), (*value).into());
        Circumstances {
            connection: "c1".into(),
            peer: self.peer.parse().unwrap(),
            host: Some("localhost:18789".into()),
            origin: self.origin.map(Into::into),
            headers: self.headers.iter().map(header).collect(),
            secure: false,
            nonce: "n".into(),
            challenged_at: domain::time::Timestamp::default(),
        }
    }
}

/// What somebody shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shows {
    pub(super) token: Option<&'static str>,
    pub(super) password: Option<&'static str>,
    pub(super) device_token: Option<&'static str>,
    pub(super) setup: Option<&'static str>,
}

impl Shows {
    pub(super) fn token(token: &'static str) -> Self {
        Self { token: Some(token), ..Self::default() }
    }

    pub(super) fn password(password: &'static str) -> Self {
        Self { password: Some(password), ..Self::default() }
    }

    pub(super) fn device_token(token: &'static str) -> Self {
        Self { device_token: Some(token), ..Self::default() }
    }

    pub(super) fn setup(token: &'static str) -> Self {
        Self { setup: Some(token), ..Self::default() }
    }

    fn credentials(self) -> Credentials {
        Credentials {
            token: self.token.map(Into::into),
            password: self.password.map(Into::into),
            device_token: self.device_token.map(Into::into),
            setup_token: self.setup.map(Into::into),
        }
    }
}

impl Visit {
    fn knock(&self, clock: &dyn Clock) -> Knock {
        let info = ClientInfo { id: self.program.into(), ..program("test", Mode::Ui).info };
        let scopes = (!self.asked.is_empty())
            .then(|| self.asked.iter().map(|scope| scope.as_str().into()).collect());
        let knock = Knock {
            protocol: self.protocol,
            role: self.role,
            scopes,
            client_id: self.program.into(),
            credentials: self.shows.credentials(),
            info,
            capabilities: Vec::new(),
            device: None,
            offer: NodeOffer::default(),
        };
        let device = (self.device != Device::No).then(|| self.claim(&knock, clock));
        Knock { device, ..knock }
    }

    fn claim(&self, knock: &Knock, clock: &dyn Clock) -> DeviceClaim {
        let id = device_id(1);
        let scopes: Vec<&str> = knock.scopes.iter().flatten().map(AsRef::as_ref).collect();
        let fields = SignedFields {
            device: id.as_str(),
            client_id: &knock.client_id,
            client_mode: knock.info.mode.as_str(),
            role: knock.role.as_str(),
            scopes: &scopes,
            signed_at: clock.now(),
            token: knock.credentials.signed_token(),
            nonce: self.nonce.unwrap_or_default(),
            platform: &knock.info.platform,
            device_family: "",
        };
        let line = if self.nonce.is_some() { payload::v3(&fields) } else { payload::v1(&fields) };
        DeviceClaim {
            id: id.as_str().into(),
            public_key: "key-1".into(),
            signature: line.unwrap().into(),
            signed_at: fields.signed_at,
            nonce: self.nonce.map(Into::into),
        }
    }
}

/// What device 1 is approved for.
fn paired() -> Ask {
    Ask {
        device: device_id(1),
        key: "key-1".into(),
        role: Role::Operator,
        scopes: Scopes::NONE.with(Scope::Read),
        portrait: Portrait::default(),
        remote_address: None,
        commands: Vec::new(),
        caps: Vec::new(),
    }
}

fn device_id(number: u8) -> DeviceId {
    format!("{number:064x}").parse().unwrap()
}

fn secrets(mode: Option<AuthMode>, compared: Arc<AtomicUsize>) -> MockSecrets {
    let mut secrets = MockSecrets::new();
    secrets.expect_has_token().return_const(true);
    secrets.expect_has_password().return_const(mode == Some(AuthMode::Password));
    secrets.expect_is_token().returning(|shown| ["good", "good-for-everything"].contains(&shown));
    secrets.expect_is_password().returning(move |shown| {
        compared.fetch_add(1, Relaxed);
        shown == "secret"
    });
    secrets
}

/// Signatures are good that repeat what is signed.
fn signatures() -> MockSignatures {
    let mut signatures = MockSignatures::new();
    signatures.expect_key().returning(|text| {
        let byte = text.strip_prefix("key-")?.parse().ok()?;
        Some(PublicKey([byte; 32]))
    });
    signatures.expect_spell().returning(|key| format!("key-{}", key.0[0]));
    signatures.expect_device().returning(|key| device_id(key.0[0]));
    signatures.expect_verify().returning(|_, message, signature| {
        if message == signature { Ok(()) } else { Err(BadSignature) }
    });
    signatures
}

/// The token of a device is named after it.
fn mint() -> MockTokenMint {
    fn token(purpose: &str) -> String {
        match purpose.split('/').collect::<Vec<_>>().as_slice() {
            ["device", id, ..] => {
                let number = u8::from_str_radix(id.trim_start_matches('0'), 16).unwrap();
                format!("token of device {number}")
            }
            _ => format!("token for {purpose}"),
        }
    }

    let mut mint = MockTokenMint::new();
    mint.expect_token().returning(token);
    mint.expect_is_token().returning(|purpose, presented| presented == token(purpose));
    mint
}

fn journal() -> MockJournal {
    let mut journal = MockJournal::new();
    journal.expect_submit().returning(|_, _| Box::pin(async { Ok(Committed::default()) }));
    journal
}

fn entropy() -> MockEntropy {
    let mut entropy = MockEntropy::new();
    let made = AtomicUsize::new(0);
    entropy.expect_uuid().returning(move || format!("uuid-{}", made.fetch_add(1, Relaxed)));
    entropy
}

fn macs() -> MockMacs {
    let mut macs = MockMacs::new();
    macs.expect_is_same().returning(|own, presented| own == presented);
    macs
}
