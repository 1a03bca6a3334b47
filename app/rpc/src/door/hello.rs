//! What a client is told when it is let in (`ws-protocol.md` 3.3). What it may
//! not see is left out (`security.md` V-35).

use domain::{
    access::{Access, Principal, Scope},
    attachment,
    client::Client,
    event::EventKind,
};
use ports::{Json, config::AuthMode};
use usecases::{
    pairing::{IssuedToken, Standing},
    presence::Detail,
};

use super::Door;
use crate::{
    methods::canvas::SurfaceUrls,
    methods::connect::{
        AttachmentPolicy, DeviceToken, Features, Granted, HelloOk, Policy, Server, SessionDefaults,
        Snapshot, Versions,
    },
    registry::all,
};

/// How much of the gateway a client may see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Everything.
    Admin,
    /// Who is here and how things are, but neither paths nor addresses.
    Reader,
    /// Nothing that is not its own.
    Outsider,
}

impl Sight {
    fn of(principal: &Principal) -> Self {
        let may = |scope| Access::Operator(scope).check(principal).is_ok();
        if may(Scope::Admin) {
            Self::Admin
        } else if may(Scope::Read) {
            Self::Reader
        } else {
            Self::Outsider
        }
    }
}

/// What is served: the same for everybody, whatever he may call of it.
pub(super) fn features() -> Features {
    let methods = all().map(|method| method.name).filter(|name| *name != "connect");
    let events = EventKind::ALL.iter().map(|kind| kind.as_str());
    Features {
        methods: methods.collect(),
        events: std::iter::once("connect.challenge").chain(events).collect(),
        capabilities: Vec::new(),
    }
}

impl Door {
    pub(super) fn hello(&self, client: &Client, standing: Option<&Standing>) -> HelloOk {
        let sight = Sight::of(&client.principal);
        let config = self.services.configuration.current();
        let limits = &config.gateway.limits;
        let facts = &self.services.facts;
        let principal = &client.principal;
        let canvas = self.canvas_of(client);
        HelloOk {
            kind: "hello-ok",
            protocol: client.protocol.number(),
            server: Server {
                version: facts.version.clone(),
                host: facts.host.clone(),
                boot_id: facts.instance.clone(),
                conn_id: client.connection.as_ref().to_owned(),
            },
            features: self.features.clone(),
            snapshot: self.snapshot(sight),
            auth: Granted {
                method: principal.proof.as_str(),
                role: principal.role.as_str(),
                scopes: principal.scopes.iter().map(Scope::as_str).collect(),
                device_token: standing.map(|it| it.token.token.clone()),
                issued_at_ms: standing.map(|it| it.token.issued_at.as_millis()),
                device_tokens: standing.map(tokens).unwrap_or_default(),
            },
            policy: Policy {
                max_payload: limits.max_payload_bytes,
                max_buffered_bytes: limits.max_buffered_bytes,
                tick_interval_ms: limits.tick_interval_ms,
                attachments: AttachmentPolicy {
                    max_bytes: attachment::MAX_BYTES,
                    max_image_bytes: attachment::MAX_BYTES,
                },
            },
            plugin_surface_urls: canvas.clone().map(SurfaceUrls::from),
            canvas_host_url: canvas,
        }
    }

    fn snapshot(&self, sight: Sight) -> Snapshot {
        let services = &self.services;
        let facts = &services.facts;
        let keys = services.configuration.keys();
        let for_admins = |path: &String| (sight == Sight::Admin).then(|| path.clone());
        // Before the lists: what happens in between is in the lists already, and
        // comes again as an event with a higher version.
        let versions = services.versions.current();
        let uptime = services.clock.now().since(facts.started_at);
        Snapshot {
            presence: match sight {
                Sight::Admin => services.presence.snapshot(Detail::Full),
                Sight::Reader => services.presence.snapshot(Detail::Plain),
                Sight::Outsider => Json::of(&[(); 0]),
            },
            health: match sight {
                Sight::Admin | Sight::Reader => services.health.snapshot(),
                Sight::Outsider => None,
            }
            .unwrap_or_else(nothing),
            state_version: Versions { presence: versions.presence, health: versions.health },
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
            config_path: for_admins(&facts.config_path),
            state_dir: for_admins(&facts.state_dir),
            session_defaults: SessionDefaults {
                default_agent_id: keys.default_agent.to_string(),
                main_session_key: keys.main().to_string(),
                main_key: keys.main_key.into(),
                scope: "per-sender",
            },
            auth_mode: match services.auth.mode() {
                AuthMode::Token => "token",
                AuthMode::Password => "password",
                AuthMode::None => "none",
                AuthMode::TrustedProxy => "trusted-proxy",
            },
        }
    }
}

/// The tokens a device got beside the one for its role.
fn tokens(standing: &Standing) -> Vec<DeviceToken> {
    let token = |token: &IssuedToken| DeviceToken {
        device_token: token.token.clone(),
        role: token.role.as_str(),
        scopes: token.scopes.iter().map(Scope::as_str).collect(),
        issued_at_ms: token.issued_at.as_millis(),
    };
    standing.others.iter().map(token).collect()
}

/// An empty object.
fn nothing() -> Json {
    #[derive(serde::Serialize)]
    struct Nothing {}

    Json::of(&Nothing {})
}
