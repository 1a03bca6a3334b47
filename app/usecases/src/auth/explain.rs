//! Saying how a connection would be decided about, without there being one.

use domain::{
    access::{Footing, Role, Scopes},
    client::{ClientInfo, Mode},
    origin::{self, House},
    pairing::Reason,
    peer::Via,
};
use ports::{config::AuthMode, driving::Circumstances};

use super::{Auth, Refused, Unproven};

/// A connection nobody has made.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The facts it would have.
    pub circumstances: Circumstances,
    /// Under which addresses and names the gateway would be reached.
    pub house: House<'a>,
    /// What the client would want to be.
    pub role: Role,
    /// What it would want to be allowed.
    pub scopes: Scopes,
    /// Whether it would show the right secret; none at all otherwise.
    pub knows_secret: bool,
    /// Whether it would be a device, and whether that is paired.
    pub device: Option<bool>,
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is looked at.
    pub about: &'static str,
    /// What comes of it.
    pub finding: String,
    /// Whether the decision goes on.
    pub ok: bool,
}

/// How a connection would be decided about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The steps, up to the one that decides.
    pub steps: Vec<Step>,
    /// The code of the refusal, if it is one, and what to do about it.
    pub refusal: Option<(&'static str, String)>,
}

impl Auth {
    /// Says how `scene` would be decided about.
    pub fn explain(&self, scene: &Scene<'_>) -> Explained {
        let mut told = Explained { steps: Vec::new(), refusal: None };
        if let Err(refusal) = self.tell(scene, &mut told) {
            told.refusal = Some(refusal);
        }
        told
    }

    fn tell(&self, scene: &Scene<'_>, told: &mut Explained) -> Result<(), (&'static str, String)> {
        let Scene { circumstances, house, role, scopes, .. } = scene;
        let facts = match self.facts(circumstances) {
            Ok(facts) => facts,
            Err(unknown) => return Err(told.refuse("connection", &Refused::Proxy(unknown))),
        };
        let via = match facts.peer.via {
            Via::Direct => "directly".to_owned(),
            Via::Proxy => format!("through the proxy {}", facts.peer.socket),
            Via::Tailnet => "through Tailscale on this machine".to_owned(),
        };
        let from = facts.peer.address.map_or("an unknown address".to_owned(), |it| it.to_string());
        let near = if facts.local { "local" } else { "not local" };
        told.pass("connection", format!("from {from}, {via}: {near}"));

        let house = House { local: facts.local, ..*house };
        let (page, host) = (circumstances.origin.as_deref(), circumstances.host.as_deref());
        if let Err(refused) = origin::check(page, host, &house) {
            told.stop("host and origin", refused.to_string());
            let next = "add the page to gateway.controlUi.allowedOrigins, or the name to \
                        gateway.allowedHosts";
            return Err(("CONTROL_UI_ORIGIN_NOT_ALLOWED", next.to_owned()));
        }
        let seen = match page {
            None => "no page is behind it".to_owned(),
            Some(page) => format!("the page {page} may talk to the gateway"),
        };
        told.pass("host and origin", seen);

        let mode = self.mode();
        let permitted = self.permits_locally(&facts);
        let needs_nothing = mode == AuthMode::None && facts.local || permitted;
        if *role == Role::Node && scene.device.is_none() {
            return Err(told.refuse("device", &Refused::NoDevice));
        }
        let credential = match (scene.knows_secret, needs_nothing, scene.device) {
            (true, ..) if mode != AuthMode::TrustedProxy => "the shared secret",
            (_, true, _) => "being on this machine",
            (false, false, Some(true)) => "the token of its device",
            (false, false, _) if mode == AuthMode::TrustedProxy => {
                match self.vouched_by_proxy(circumstances, &facts) {
                    Ok(_) => "the name the proxy gives",
                    Err(nobody) => return Err(told.refuse("credentials", &nobody.into())),
                }
            }
            _ => {
                let why = match mode {
                    AuthMode::Password => Unproven::PasswordMissing,
                    AuthMode::Token => Unproven::TokenMissing,
                    AuthMode::None | AuthMode::TrustedProxy => Unproven::NotLocal,
                };
                let refused = Refused::Unproven { why, has_device_token: false };
                return Err(told.refuse("credentials", &refused));
            }
        };
        let mode = serde_json::to_string(&mode).unwrap_or_default();
        told.pass("credentials", format!("mode {mode}: {credential} is enough"));

        let footing = match scene.device {
            Some(true) => {
                told.pass("pairing", "the device is paired".to_owned());
                Footing::Device(Scopes::all())
            }
            Some(false) if facts.local && !facts.page => {
                told.pass("pairing", "a device on this machine is paired at once".to_owned());
                Footing::Secret
            }
            Some(false) => {
                let refused = Refused::NotPaired { reason: Reason::NotPaired, request: None };
                return Err(told.refuse("pairing", &refused));
            }
            None => {
                told.pass("pairing", "not a device, so nothing to pair".to_owned());
                self.footing(&facts, false)
            }
        };
        let granted: Vec<_> =
            footing.grants(*role, *scopes).iter().map(domain::access::Scope::as_str).collect();
        let granted = if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") };
        told.pass("scopes", format!("granted: {granted}"));
        Ok(())
    }
}

impl Explained {
    fn pass(&mut self, about: &'static str, finding: String) {
        self.steps.push(Step { about, finding, ok: true });
    }

    fn stop(&mut self, about: &'static str, finding: String) {
        self.steps.push(Step { about, finding, ok: false });
    }

    fn refuse(&mut self, about: &'static str, refused: &Refused) -> (&'static str, String) {
        let nobody = ClientInfo {
            id: "cli".into(),
            version: "0".into(),
            platform: "unknown".into(),
            mode: Mode::Backend,
            display_name: None,
            device_family: None,
            model_identifier: None,
            instance_id: None,
        };
        let telling = refused.telling(&nobody);
        self.stop(about, telling.message);
        (telling.code, telling.next)
    }
}
