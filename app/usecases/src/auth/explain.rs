//! Saying how a connection would be decided about, without there being one.

use domain::{
    access::{Footing, Role, Scope, Scopes},
    client::{ClientInfo, Mode},
    origin::{self, House, OriginRefused},
    pairing::Reason,
    peer::Via,
};
use ports::{config::AuthMode, driving::Circumstances};

use super::{Auth, Refused, Rules, Telling, Unproven, place::Facts};

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
    /// Whether the tailnet would know it.
    pub in_tailnet: bool,
    /// Whether it would be a device, and whether that is paired. One that is
    /// shows its token if it does not know the secret.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// The steps, up to the one that decides.
    pub steps: Vec<Step>,
    /// What it would be allowed, if it is let in.
    pub granted: Vec<&'static str>,
    /// What it would be told, if it is not.
    pub refusal: Option<Telling>,
}

/// The step that decides against somebody.
struct Stopped(&'static str, Telling);

impl Auth {
    /// Says how `scene` would be decided about.
    pub fn explain(&self, scene: &Scene<'_>) -> Explained {
        self.rules().explain(scene)
    }
}

impl Rules {
    /// Says how `scene` would be decided about: the steps of a connection, in
    /// their order.
    pub fn explain(&self, scene: &Scene<'_>) -> Explained {
        let mut told = Explained::default();
        if let Err(Stopped(about, telling)) = self.tell(scene, &mut told) {
            told.steps.push(Step { about, finding: telling.message.clone(), ok: false });
            told.refusal = Some(telling);
        }
        told
    }

    fn tell(&self, scene: &Scene<'_>, told: &mut Explained) -> Result<(), Stopped> {
        told.pass("host and origin", let_knock(scene)?);
        let facts = self.facts(&scene.circumstances);
        let facts = facts.map_err(|unknown| stop("connection", &Refused::Proxy(unknown)))?;
        told.pass("connection", place(&facts));
        let (credential, footing) = self.show(scene, &facts)?;
        let mode = mode_word(self.mode());
        told.pass("credentials", format!("mode {mode}: {credential} is enough"));
        let (pairing, footing) = pair(scene, &facts, footing)?;
        told.pass("pairing", pairing.to_owned());
        let granted = footing.grants(scene.role, scene.scopes);
        told.granted = granted.iter().map(Scope::as_str).collect();
        told.pass("scopes", scopes(scene, &told.granted));
        Ok(())
    }

    /// What somebody shows that is enough, and what he then rests on.
    fn show(&self, scene: &Scene<'_>, facts: &Facts) -> Result<(&'static str, Footing), Stopped> {
        let mode = self.mode();
        let needs_nothing = matches!(mode, AuthMode::None | AuthMode::TrustedProxy)
            || self.permits_locally(facts)
            || self.may_be_vouched_for(facts);
        let no_device = || stop("device", &Refused::NoDevice);
        match (scene.role, scene.device) {
            (Role::Node, None) => return Err(no_device()),
            (Role::Operator, None) if !scene.knows_secret && !needs_nothing => {
                return Err(no_device());
            }
            (Role::Node | Role::Operator, _) => (),
        }
        if scene.in_tailnet && self.may_be_vouched_for(facts) {
            // A scene has no name; where scopes go by name, that is nobody's.
            return Ok(("being known to the tailnet", Footing::Person(self.most(""))));
        }
        if let Some(person) = self
            .vouched_by_proxy(&scene.circumstances, facts)
            .map_err(|nobody| stop("credentials", &nobody.into()))?
        {
            return Ok(("the name the proxy gives", Footing::Person(person.most)));
        }
        let secret = self.footing(facts, false);
        let why = match mode {
            AuthMode::None if facts.local => return Ok(("being on this machine", secret)),
            AuthMode::None | AuthMode::TrustedProxy => Unproven::NotLocal,
            AuthMode::Password if !self.has_password => Unproven::PasswordNotConfigured,
            AuthMode::Token | AuthMode::Password if scene.knows_secret => {
                return Ok(("the shared secret", secret));
            }
            AuthMode::Token => Unproven::TokenMissing,
            AuthMode::Password => Unproven::PasswordMissing,
        };
        if scene.device == Some(true) {
            return Ok(("the token of its device", Footing::Device(Scopes::all())));
        }
        if self.permits_locally(facts) {
            return Ok(("being on this machine", secret));
        }
        Err(stop("credentials", &Refused::Unproven { why, has_device_token: false }))
    }
}

/// Whether somebody comes as far as to the door at all.
fn let_knock(scene: &Scene<'_>) -> Result<String, Stopped> {
    let Circumstances { origin, host, .. } = &scene.circumstances;
    let (origin, host) = (origin.as_deref(), host.as_deref());
    let house = House { local: scene.circumstances.is_local(), ..scene.house };
    let refused = match origin::check(origin, host, &house) {
        Ok(()) => {
            return Ok(match origin {
                None => "not a page in a browser".to_owned(),
                Some(page) => format!("the page {page} may talk to the gateway"),
            });
        }
        Err(refused) => refused,
    };
    let (code, reason, next) = match refused {
        OriginRefused::Host => (
            "HOST_NOT_ALLOWED",
            "host-not-allowed",
            "use an address the gateway listens on, or add the name to gateway.allowedHosts in \
             openclaw.json",
        ),
        OriginRefused::Origin => (
            "CONTROL_UI_ORIGIN_NOT_ALLOWED",
            "origin-not-allowed",
            "add the page to gateway.controlUi.allowedOrigins in openclaw.json",
        ),
    };
    let step = "review_auth_configuration";
    let telling = Telling { message: refused.to_string(), code, reason, step, next: next.into() };
    Err(Stopped("host and origin", telling))
}

/// Where somebody is, in words.
fn place(facts: &Facts) -> String {
    let via = match facts.peer.via {
        Via::Direct => "directly".to_owned(),
        Via::Proxy => format!("through the proxy {}", facts.peer.socket),
        Via::Tailnet => "through Tailscale on this machine".to_owned(),
    };
    let from = facts.peer.address.map_or("an unknown address".to_owned(), |it| it.to_string());
    let near = if facts.local { "on this machine" } else { "from elsewhere" };
    format!("from {from}, {via}: counts as {near}")
}

/// Whether the device may come, if there is one, and what it then rests on.
fn pair(
    scene: &Scene<'_>,
    facts: &Facts,
    footing: Footing,
) -> Result<(&'static str, Footing), Stopped> {
    // What a person may do limits what his device may.
    let device = match footing {
        Footing::Person(most) => Footing::Device(most),
        Footing::Device(_) | Footing::Secret | Footing::SecretFromElsewhere => {
            Footing::Device(Scopes::all())
        }
    };
    match scene.device {
        None => Ok(("not a device, so there is nothing to pair", footing)),
        Some(true) => Ok(("the device is paired", device)),
        // A page in a browser is never paired without asking (V-05).
        Some(false) if facts.local && !facts.page => {
            Ok(("a program on this machine is paired at once", device))
        }
        Some(false) => {
            let (reason, approved) = (Reason::NotPaired, Scopes::NONE);
            let refused = Refused::NotPaired { reason, request: None, approved };
            Err(stop("pairing", &refused))
        }
    }
}

/// What is granted, and why it may be nothing.
fn scopes(scene: &Scene<'_>, granted: &[&'static str]) -> String {
    match granted {
        [] if scene.role == Role::Node => {
            "none: nodes are not granted scopes, their commands are approved".to_owned()
        }
        [] if scene.device.is_none() => "none: from elsewhere only devices are granted scopes, \
            unless gateway.auth.devicelessScopes says otherwise"
            .to_owned(),
        [] => "none".to_owned(),
        some => some.join(", "),
    }
}

fn mode_word(mode: AuthMode) -> &'static str {
    match mode {
        AuthMode::Token => "token",
        AuthMode::Password => "password",
        AuthMode::None => "none",
        AuthMode::TrustedProxy => "trusted-proxy",
    }
}

/// That is as far as somebody comes.
fn stop(about: &'static str, refused: &Refused) -> Stopped {
    let program = ClientInfo {
        id: "cli".into(),
        version: "0".into(),
        platform: "unknown".into(),
        mode: Mode::Backend,
        display_name: None,
        device_family: None,
        model_identifier: None,
        instance_id: None,
    };
    Stopped(about, refused.telling(&program))
}

impl Explained {
    fn pass(&mut self, about: &'static str, finding: String) {
        self.steps.push(Step { about, finding, ok: true });
    }
}

#[cfg(test)]
mod tests;
