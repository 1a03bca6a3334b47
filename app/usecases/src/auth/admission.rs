//! The decision itself, in the order of `ws-protocol.md` 3.1 and 4.3.

use domain::{
    access::{Footing, Principal, Proof, Role, Scope, Scopes},
    client::Protocol,
    throttle::Place,
};
use ports::{
    config::AuthMode,
    driving::{Circumstances, Credentials, Knock},
};

use super::{
    Admitted, Auth, Field, Refused,
    device::Proven,
    identity::Person,
    place::{Facts, Turn},
};
use crate::pairing::{NotAdmitted, Redeemed, Standing};

/// The program of the dashboard.
const CONTROL_UI: &str = "openclaw-control-ui";

/// On what somebody rests who is let in.
enum Shown {
    /// The shared secret, or what stands in its place.
    Secret(Proof),
    /// Somebody vouches for it.
    Person(Person),
    /// The token of its device.
    DeviceToken,
    /// A setup code, which paired its device.
    Paired(Standing),
}

impl Auth {
    /// Lets a client of the control plane in, or says why not.
    pub async fn admit(
        &self,
        knock: &Knock,
        circumstances: &Circumstances,
    ) -> Result<Admitted, Refused> {
        let facts = self.rules().facts(circumstances)?;
        self.deserves_a_look(knock, &facts)?;
        // From here on it costs something, so it is counted.
        let turn = self.turn(&facts, Place::of(facts.peer.address))?;
        let device = self.device(knock, circumstances, &facts)?;
        let place = device.as_ref().map(|device| Place::Device(device.id.clone()));
        let of_device = match place.map(|place| self.turn(&facts, place)).transpose() {
            Ok(of_device) => of_device,
            Err(too_many) => {
                turn.give_back();
                return Err(too_many);
            }
        };
        let shown = self.show(knock, circumstances, &facts, device.as_ref()).await;
        let turns = [Some(turn), of_device].into_iter().flatten();
        match &shown {
            // Only knowing the secret makes up for wrong guesses at it: somebody
            // who may come in otherwise could guess on and on (V-25).
            Ok(Shown::Secret(_)) => turns.for_each(Turn::forgive),
            Ok(Shown::Person(_) | Shown::DeviceToken | Shown::Paired(_))
            | Err(Refused::Store(_)) => turns.for_each(Turn::give_back),
            Err(Refused::Unproven { why, .. }) if !why.was_a_try() => {
                turns.for_each(Turn::give_back);
            }
            // What was wrong stays counted.
            Err(_) => drop(turns),
        }
        self.seat(knock, &facts, device.as_ref(), shown?).await
    }

    /// Who is behind an HTTP request. Being known to the tailnet is not enough
    /// there: any page could make such a request (V-27).
    pub async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, Refused> {
        let facts = self.rules().facts(circumstances)?;
        let operator = |proof, scopes, user| Principal {
            role: Role::Operator,
            scopes,
            proof,
            local: facts.local,
            device: None,
            user,
        };
        let turn = self.turn(&facts, Place::of(facts.peer.address))?;
        // Before anything that would give more: whoever shows such a key asks for
        // no more than it is good for.
        if let Some(name) = self.relay_key(credentials) {
            turn.give_back();
            return Ok(Principal::with_relay_key(&name, facts.local));
        }
        match self.rules().vouched_by_proxy(circumstances, &facts) {
            Ok(None) => (),
            Ok(Some(Person { user, proof, most })) => {
                turn.give_back();
                return Ok(operator(proof, most, Some(user)));
            }
            Err(nobody) => return Err(nobody.into()),
        }
        if self.rules().permits_locally(&facts) {
            turn.give_back();
            return Ok(operator(Proof::Local, Scopes::all(), None));
        }
        match self.prove(credentials, Field::Any, facts.local).await {
            // An HTTP client has no way of asking for less than the secret
            // gives.
            Ok(proof) => {
                turn.forgive();
                Ok(operator(proof, Scopes::all(), None))
            }
            Err(why) => {
                if !why.was_a_try() {
                    turn.give_back();
                }
                Err(Refused::Unproven { why, has_device_token: false })
            }
        }
    }

    /// Whether somebody shows anything at all that could let him in. A node is
    /// always a device (V-04); so is the dashboard, wherever a browser lets it
    /// be one.
    fn deserves_a_look(&self, knock: &Knock, facts: &Facts) -> Result<(), Refused> {
        let Credentials { token, password, setup_token, .. } = &knock.credentials;
        let shows_something =
            [token, password].into_iter().flatten().any(|shown| !shown.is_empty());
        if knock.device.is_some() {
            return Ok(());
        }
        let mode = self.rules().mode();
        let needs_nothing = matches!(mode, AuthMode::None | AuthMode::TrustedProxy)
            || self.rules().permits_locally(facts);
        let excused = self.rules().excuses_dashboard() && shows_something;
        if knock.role == Role::Node || (setup_token.is_some() && !shows_something) {
            return Err(Refused::NoDevice);
        }
        if is_dashboard(knock) && !needs_nothing && !excused {
            return Err(Refused::NotSecure);
        }
        if shows_something || needs_nothing || self.rules().may_be_vouched_for(facts) {
            return Ok(());
        }
        Err(Refused::NoDevice)
    }

    /// What somebody shows, if it is good.
    async fn show(
        &self,
        knock: &Knock,
        circumstances: &Circumstances,
        facts: &Facts,
        device: Option<&Proven>,
    ) -> Result<Shown, Refused> {
        if let Some(person) = self.vouched_by_tailnet(circumstances, facts).await {
            return Ok(Shown::Person(person));
        }
        if let Some(person) = self.rules().vouched_by_proxy(circumstances, facts)? {
            return Ok(Shown::Person(person));
        }
        if device.is_some_and(|device| self.shows_nothing_but_its_token(knock, device)) {
            return Ok(Shown::DeviceToken);
        }
        // January's gateway looked at one field only, later ones at both.
        let field = match knock.protocol {
            Protocol::V3 => Field::Own,
            Protocol::V4 | Protocol::Brief => Field::Any,
        };
        let why = match self.prove(&knock.credentials, field, facts.local).await {
            Ok(proof) => return Ok(Shown::Secret(proof)),
            Err(why) => why,
        };
        if let Some(device) = device
            && let Some(shown) = self.show_of_device(knock, device, facts).await?
        {
            return Ok(shown);
        }
        if self.rules().permits_locally(facts) && !why.was_a_try() {
            return Ok(Shown::Secret(Proof::Local));
        }
        let has_device_token =
            device.is_some_and(|device| self.0.deps.pairing.has_token(&device.id, knock.role));
        Err(Refused::Unproven { why, has_device_token })
    }

    /// Whether a device comes back with its token in the place where the
    /// password could stand as well. Comparing it with that may take a while by
    /// design, and could not succeed.
    fn shows_nothing_but_its_token(&self, knock: &Knock, device: &Proven) -> bool {
        let Credentials { token, password, .. } = &knock.credentials;
        let is_its_token =
            |token: &str| self.0.deps.pairing.is_token(&device.id, knock.role, token).is_ok();
        self.mode() == AuthMode::Password
            && password.as_deref().is_none_or(str::is_empty)
            && token.as_deref().is_some_and(is_its_token)
    }

    /// What a device shows that only devices can, if it shows anything of that
    /// kind.
    async fn show_of_device(
        &self,
        knock: &Knock,
        device: &Proven,
        facts: &Facts,
    ) -> Result<Option<Shown>, Refused> {
        let pairing = &self.0.deps.pairing;
        let Credentials { token, device_token, setup_token, .. } = &knock.credentials;
        let filled = |text: &Option<Box<str>>| text.clone().filter(|text| !text.trim().is_empty());
        let (device_token, setup_token) = (filled(device_token), filled(setup_token));
        // Clients of January show the token of their device in the place of the
        // gateway's.
        for presented in device_token.iter().chain(&filled(token)) {
            if pairing.is_token(&device.id, knock.role, presented).is_ok() {
                return Ok(Some(Shown::DeviceToken));
            }
        }
        if let Some(presented) = setup_token {
            let ask = device.ask(knock, asked(knock), facts);
            return match pairing.redeem(&presented, &ask).await {
                Ok(standing) => Ok(Some(Shown::Paired(standing))),
                Err(Redeemed::Unknown) => Err(Refused::SetupCode(None)),
                Err(Redeemed::Refused(refused)) => Err(Refused::SetupCode(Some(refused))),
                Err(Redeemed::Store(error)) => Err(error.into()),
            };
        }
        // Whoever means the token of his device is told of that one, so that he
        // forgets it: OpenClaw's clients show it as the gateway's token as well.
        match device_token {
            Some(_) => Err(Refused::DeviceToken),
            None => Ok(None),
        }
    }

    /// Gives somebody whose credentials are good his place: paired, if it is a
    /// device, and with no more than it rests on.
    async fn seat(
        &self,
        knock: &Knock,
        facts: &Facts,
        device: Option<&Proven>,
        shown: Shown,
    ) -> Result<Admitted, Refused> {
        let asked = asked(knock);
        let config = self.0.deps.config.current();
        let disabled = config.gateway.control_ui.dangerously_disable_device_auth;
        let excused = matches!(shown, Shown::Secret(_))
            && is_dashboard(knock)
            && self.rules().excuses_dashboard();
        let device = device.filter(|_| !(disabled && is_dashboard(knock)));
        let (proof, user, mut footing) = match &shown {
            Shown::Secret(proof) => (*proof, None, self.rules().footing(facts, excused)),
            Shown::Person(person) => {
                (person.proof, Some(person.user.clone()), Footing::Person(person.most))
            }
            Shown::DeviceToken => (Proof::DeviceToken, None, Footing::Device(Scopes::NONE)),
            Shown::Paired(standing) => (Proof::SetupCode, None, Footing::Device(standing.approved)),
        };
        let standing = match (shown, device) {
            (Shown::Paired(standing), _) => Some(standing),
            (_, Some(device)) if !excused => {
                // A page in a browser is never paired without asking (V-05).
                let silently = facts.local && !facts.page && !matches!(proof, Proof::DeviceToken);
                let ask = device.ask(knock, asked, facts);
                let standing = self.0.deps.pairing.admit(ask, silently).await?;
                let most = match footing {
                    Footing::Person(most) => {
                        let of = standing.approved.iter().filter(|scope| most.grants(*scope));
                        of.collect()
                    }
                    _ => standing.approved,
                };
                footing = Footing::Device(most);
                Some(standing)
            }
            (_, Some(_) | None) => None,
        };
        let principal = Principal {
            role: knock.role,
            scopes: footing.grants(knock.role, asked),
            proof,
            local: facts.local,
            device: device.map(|device| device.id.clone()),
            user,
        };
        let remote = facts.peer.address.filter(|address| !facts.local && !address.is_loopback());
        Ok(Admitted { principal, remote, standing })
    }
}

/// The scopes somebody asks for. Clients before protocol 4 that ask for nothing
/// mean everything.
fn asked(knock: &Knock) -> Scopes {
    let says_nothing = knock.scopes.as_ref().is_none_or(Vec::is_empty);
    match (knock.role, knock.protocol) {
        (Role::Node, _) => Scopes::NONE,
        (Role::Operator, Protocol::V3 | Protocol::Brief) if says_nothing => {
            Scopes::NONE.with(Scope::Admin)
        }
        (Role::Operator, _) => knock.asked(),
    }
}

/// Whether it says that it is the dashboard. That is an operator: what the
/// dashboard is excused from, nodes are not (V-04).
fn is_dashboard(knock: &Knock) -> bool {
    knock.role == Role::Operator && &*knock.info.id == CONTROL_UI
}

impl From<NotAdmitted> for Refused {
    fn from(not: NotAdmitted) -> Self {
        match not {
            NotAdmitted::HasToAsk { reason, request, approved } => {
                Self::NotPaired { reason, request, approved }
            }
            NotAdmitted::Store(error) => Self::Store(error),
        }
    }
}
