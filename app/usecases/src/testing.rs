//! What the tests of this room share: a clock, a listener, a client.

use std::sync::{Arc, Mutex};

use domain::{
    access::{Principal, Proof, Role, Scopes},
    client::{Client, ClientId, ClientInfo, Mode, Protocol},
    time::Timestamp,
};
use ports::{
    config::{Config, Live},
    driven::{Clock, ConfigSource, EventSink, MockConfigSource},
    event::{Body, Event, StateVersion, Topic},
    view::PresenceEntry,
};

use crate::facts::Facts;

/// A clock that follows tokio's, so that paused time works.
pub(crate) fn clock() -> Arc<dyn Clock> {
    struct Tokio(Option<tokio::time::Instant>);
    impl Clock for Tokio {
        fn now(&self) -> Timestamp {
            let since = self.0.map(|start| start.elapsed()).unwrap_or_default();
            Timestamp::from_millis(1_000_000) + since
        }
    }
    let inside = tokio::runtime::Handle::try_current().is_ok();
    Arc::new(Tokio(inside.then(tokio::time::Instant::now)))
}

/// A configuration source that says `config`.
pub(crate) fn config(config: Config) -> Arc<dyn ConfigSource> {
    let config = Arc::new(config);
    let mut source = MockConfigSource::new();
    source.expect_current().returning(move || Arc::clone(&config));
    Arc::new(source)
}

pub(crate) fn facts() -> Facts {
    Facts {
        version: "1.2.3".into(),
        host: "here".into(),
        ip: Some("192.0.2.1".into()),
        platform: "linux".into(),
        release: "6.8".into(),
        arch: "x86_64".into(),
        cpus: 2,
        memory: crate::facts::Memory::default,
        pid: 7,
        port: Live::new(18789),
        instance: "instance".into(),
        device_id: "gateway-device".into(),
        public_key: "key".into(),
        config_path: "/home/a/openclaw.json".into(),
        state_dir: "/home/a".into(),
        store: "memory".into(),
        started_at: Timestamp::from_millis(0),
    }
}

/// A client that knows the token and may do everything.
pub(crate) fn program(name: &str, mode: Mode) -> Client {
    Client {
        id: ClientId(1),
        connection: name.into(),
        principal: Principal {
            role: Role::Operator,
            scopes: Scopes::all(),
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        },
        protocol: Protocol::V4,
        info: ClientInfo {
            id: "test".into(),
            version: "1".into(),
            platform: "linux".into(),
            mode,
            display_name: Some(name.into()),
            device_family: None,
            model_identifier: None,
            instance_id: None,
        },
        remote_address: None,
        session_scoped_events: false,
        offer: None,
    }
}

/// Remembers what clients were told.
#[derive(Default)]
pub(crate) struct Told {
    events: Mutex<Vec<Event>>,
    /// Who subscribed (or, with `false`, took it back) to what.
    subscriptions: Mutex<Vec<(ClientId, Topic, bool)>>,
}

impl Told {
    pub(crate) fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.events.lock().unwrap().len()
    }

    /// Waits until so many events were told.
    pub(crate) async fn until(&self, count: usize) {
        while self.count() < count {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn subscriptions(&self) -> Vec<(ClientId, Topic, bool)> {
        self.subscriptions.lock().unwrap().clone()
    }

    pub(crate) fn last_state(&self) -> Option<StateVersion> {
        self.all().last().and_then(|event| event.state)
    }

    pub(crate) fn last_presence(&self) -> Arc<[PresenceEntry]> {
        match self.all().last().map(|event| event.body.clone()) {
            Some(Body::Presence(entries)) => entries,
            other => panic!("expected presence, got {other:?}"),
        }
    }
}

impl EventSink for Told {
    fn publish(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn subscribe(&self, client: ClientId, topic: Topic) {
        self.subscriptions.lock().unwrap().push((client, topic, true));
    }

    fn unsubscribe(&self, client: ClientId, topic: &Topic) {
        self.subscriptions.lock().unwrap().push((client, topic.clone(), false));
    }

    fn clients(&self) -> usize {
        0
    }
}
