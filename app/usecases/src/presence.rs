//! Who is connected, kept up to date and told.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    client::{Client, Mode},
    ids::DeviceId,
    presence::{Person, PresenceBoard},
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Clock, EventSink},
    event::{Audience, Body, Event},
    view::PresenceEntry,
};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

use crate::{facts::Facts, versions::Versions};

/// Clients are told at most this often.
const TOLD_EVERY: Duration = Duration::from_millis(250);
/// A written list is handed out again for this long, unless somebody came or
/// went. The gateway's own entry is no older than this.
const FRESH: Duration = Duration::from_millis(250);
/// With more people than this, coming and going does not make a written list
/// outdated before its time: writing it for every one of a crowd that connects
/// at once would cost more than everything else about connecting.
const CROWD: usize = 32;

/// Keeps the presence list.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    me: Person,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    versions: Arc<Versions>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    board: PresenceBoard<Pinned>,
    // Written lists and when they were written. Invariant: nobody came or went
    // since then, unless it is a crowd.
    full: Option<(Timestamp, Json)>,
    plain: Option<(Timestamp, Json)>,
}

/// An entry, written once when it changes.
#[derive(Clone)]
struct Pinned {
    person: Person,
    at: Timestamp,
    full: Json,
}

/// How much of the entries somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// Neither addresses, nor what identifies a device, nor what it may do.
    Plain,
}

impl Presence {
    /// A list with nobody on it but the gateway itself.
    pub fn new(
        facts: &Facts,
        clock: Arc<dyn Clock>,
        events: Arc<dyn EventSink>,
        versions: Arc<Versions>,
    ) -> Self {
        Self(Arc::new(Inner {
            me: gateway(facts),
            clock,
            events,
            versions,
            state: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// `client` connected. Others hear of it with the next change.
    pub fn arrived(&self, client: &Client) {
        if !is_shown(client) {
            return;
        }
        let now = self.0.clock.now();
        self.state()
            .change()
            .arrive(&key_of(client), now, |before| Pinned::new(before, connected(client), now));
        self.0.versions.presence_changed();
    }

    /// `client` left.
    pub fn left(&self, client: &Client) {
        if !is_shown(client) {
            return;
        }
        let now = self.0.clock.now();
        let gone = Person { reason: Some("disconnect".into()), ..Person::default() };
        self.state()
            .change()
            .leave(&key_of(client), now, |before| Pinned::new(Some(before), gone, now));
        self.tell();
    }

    /// Somebody announced himself. Returns what an agent should hear of it:
    /// what changed about a machine, if that matters.
    pub fn announced(&self, person: Person) -> Option<String> {
        let now = self.0.clock.now();
        let named = person.device_id.as_deref().or(person.instance_id.as_deref());
        let named = named.or(person.host.as_deref()).or(person.text.as_deref());
        let key = named.unwrap_or("unknown").to_lowercase();

        let mut state = self.state();
        let before = state.board.get(&key).map(|pinned| pinned.person.clone());
        let news = person.news_since(before.as_ref());
        state.change().touch(&key, now, |before| Pinned::new(before, person, now));
        drop(state);
        self.tell();
        news
    }

    /// The list, written.
    pub fn snapshot(&self, detail: Detail) -> Json {
        let now = self.0.clock.now();
        let mut state = self.state();
        let written = match detail {
            Detail::Full => &state.full,
            Detail::Plain => &state.plain,
        };
        if let Some((_, list)) = written.as_ref().filter(|(at, _)| now.since(*at) < FRESH) {
            return list.clone();
        }
        state.board.sweep(now);
        let me = Pinned::new(None, self.0.me.clone(), now);
        let everybody = std::iter::once(&me).chain(state.board.iter());
        let list = match detail {
            Detail::Full => Json::of(&everybody.map(|pinned| &pinned.full).collect::<Vec<_>>()),
            Detail::Plain => Json::of(&everybody.map(Pinned::plain).collect::<Vec<_>>()),
        };
        let written = match detail {
            Detail::Full => &mut state.full,
            Detail::Plain => &mut state.plain,
        };
        *written = Some((now, list.clone()));
        list
    }

    /// Tells clients about changes until `stop`, together what happened
    /// together.
    pub async fn run(self, stop: CancellationToken) {
        let tell = async {
            loop {
                self.0.changed.notified().await;
                self.publish();
                time::sleep(TOLD_EVERY).await;
            }
        };
        stop.run_until_cancelled(tell).await;
    }

    fn tell(&self) {
        self.0.versions.presence_changed();
        self.0.changed.notify_one();
    }

    fn publish(&self) {
        let now = self.0.clock.now();
        let (full, plain): (Vec<_>, Vec<_>) = {
            let mut state = self.state();
            state.board.sweep(now);
            let me = Pinned::new(None, self.0.me.clone(), now);
            let everybody = std::iter::once(&me).chain(state.board.iter());
            everybody.map(|it| (entry(&it.person, it.at), it.plain())).unzip()
        };
        let state = Some(self.0.versions.current());
        // Addresses and devices are shown to administrators only (V-35).
        let told = [(full, Audience::Administrators), (plain, Audience::Others)];
        for (entries, audience) in told {
            let event = Event::new(Body::Presence(entries.into())).meant_for(audience);
            self.0.events.publish(Event { state, ..event });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The board, to be changed: what was written is outdated.
    fn change(&mut self) -> &mut PresenceBoard<Pinned> {
        if self.board.iter().count() <= CROWD {
            self.full = None;
            self.plain = None;
        }
        &mut self.board
    }
}

impl Pinned {
    fn new(before: Option<&Self>, newer: Person, at: Timestamp) -> Self {
        let person = match before {
            Some(before) => before.person.updated(newer),
            None => newer,
        };
        Self { full: Json::of(&entry(&person, at)), person, at }
    }

    /// The entry without addresses, what identifies a device and what it may do.
    fn plain(&self) -> PresenceEntry {
        PresenceEntry {
            ip: None,
            text: None,
            device_id: None,
            instance_id: None,
            roles: None,
            scopes: None,
            ..entry(&self.person, self.at)
        }
    }
}

/// Command lines come and go too quickly to be worth showing.
fn is_shown(client: &Client) -> bool {
    client.info.mode != Mode::Cli
}

/// What makes two connections one entry: the device, where one proved to be
/// one, before what a program says about itself.
fn key_of(client: &Client) -> String {
    let device = client.principal.device.as_ref().map(DeviceId::as_str);
    let instance = client.info.instance_id.as_deref();
    device.or(instance).unwrap_or(&client.connection).to_lowercase()
}

fn connected(client: &Client) -> Person {
    let info = &client.info;
    let host = info.display_name.clone().unwrap_or_else(|| info.id.clone());
    Person {
        text: Some(format!("Node: {host} · mode {}", info.mode).into()),
        host: Some(host),
        ip: client.remote_address.clone(),
        version: Some(info.version.clone()),
        platform: Some(info.platform.clone()),
        device_family: info.device_family.clone(),
        model_identifier: info.model_identifier.clone(),
        mode: Some(info.mode.as_str().into()),
        reason: Some("connect".into()),
        device_id: client.principal.device.as_ref().map(|device| device.as_str().into()),
        roles: vec![client.principal.role.as_str().into()],
        scopes: client.principal.scopes.iter().map(|scope| scope.as_str().into()).collect(),
        instance_id: info.instance_id.clone(),
        ..Person::default()
    }
}

fn gateway(facts: &Facts) -> Person {
    let Facts { version, host, ip, platform, release, arch, instance, .. } = facts;
    let at = ip.as_ref().map(|ip| format!(" ({ip})")).unwrap_or_default();
    let text = format!("Gateway: {host}{at} · app {version} · mode gateway · reason self");
    Person {
        host: Some(host.as_str().into()),
        ip: ip.as_deref().map(Into::into),
        version: Some(version.as_str().into()),
        platform: Some(format!("{platform} {release}").trim().into()),
        model_identifier: Some(arch.as_str().into()),
        mode: Some("gateway".into()),
        reason: Some("self".into()),
        text: Some(text.into()),
        instance_id: Some(instance.as_str().into()),
        ..Person::default()
    }
}

fn entry(person: &Person, ts: Timestamp) -> PresenceEntry {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let list = |words: &[Box<str>]| {
        (!words.is_empty()).then(|| words.iter().map(ToString::to_string).collect())
    };
    PresenceEntry {
        host: text(&person.host),
        ip: text(&person.ip),
        version: text(&person.version),
        platform: text(&person.platform),
        device_family: text(&person.device_family),
        model_identifier: text(&person.model_identifier),
        mode: text(&person.mode),
        last_input_seconds: person.last_input_seconds,
        reason: text(&person.reason),
        tags: list(&person.tags),
        text: text(&person.text),
        ts,
        device_id: text(&person.device_id),
        roles: list(&person.roles),
        scopes: list(&person.scopes),
        instance_id: text(&person.instance_id),
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence")
            .field("entries", &self.state().board.iter().count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::{Told, clock, facts, program};

    fn presence() -> (Presence, Arc<Told>, Arc<Versions>) {
        let (told, versions) = (Arc::new(Told::default()), Arc::new(Versions::default()));
        let presence = Presence::new(&facts(), clock(), told.clone(), Arc::clone(&versions));
        (presence, told, versions)
    }

    fn hosts(list: &Json) -> Vec<String> {
        let list: Vec<Value> = serde_json::from_str(list.as_str()).unwrap();
        list.iter().map(|entry| entry["host"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn coming_is_silent_and_leaving_is_told() {
        let (presence, told, versions) = presence();
        let stop = CancellationToken::new();
        let run = tokio::task::LocalSet::new();
        run.spawn_local(presence.clone().run(stop.clone()));
        run.run_until(async {
            let phone = program("phone", Mode::Ui);
            presence.arrived(&phone);
            time::sleep(TOLD_EVERY * 2).await;
            assert_eq!(told.count(), 0);
            assert_eq!(versions.current().presence, 2);
            assert_eq!(hosts(&presence.snapshot(Detail::Full)), ["here", "phone"]);

            presence.left(&phone);
            time::sleep(TOLD_EVERY).await;
            let audiences: Vec<_> = told.all().into_iter().map(|event| event.audience).collect();
            assert_eq!(audiences, [Audience::Administrators, Audience::Others]);
            let entries = told.last_presence();
            assert_eq!(entries[1].reason.as_deref(), Some("disconnect"));
            assert_eq!(entries[0].ip, None, "V-35: addresses are for administrators");
            assert_eq!(told.last_state().unwrap().presence, 3);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_leaves_is_told_of_in_a_few_events() {
        let (presence, told, versions) = presence();
        let run = tokio::task::LocalSet::new();
        run.spawn_local(presence.clone().run(CancellationToken::new()));
        run.run_until(async {
            for n in 0..100 {
                let client = program(&format!("c{n}"), Mode::Ui);
                presence.arrived(&client);
                presence.left(&client);
                time::sleep(Duration::from_millis(10)).await;
            }
            time::sleep(TOLD_EVERY).await;
            let twice = told.count();
            assert!((8..=12).contains(&twice), "{twice} events for a second");
            assert_eq!(told.last_state().unwrap(), versions.current(), "the last is the newest");
        })
        .await;
    }

    /// The list of a few is always the newest; that of a crowd soon enough.
    #[tokio::test(start_paused = true)]
    async fn the_list_of_a_crowd_is_not_written_for_everyone_who_comes() {
        let (presence, _, _) = presence();
        for n in 0..CROWD {
            presence.arrived(&program(&format!("c{n}"), Mode::Ui));
            assert_eq!(hosts(&presence.snapshot(Detail::Full)).len(), n + 2);
        }
        presence.arrived(&program("one more", Mode::Ui));
        let crowd = presence.snapshot(Detail::Full);
        presence.arrived(&program("the next", Mode::Ui));
        assert_eq!(presence.snapshot(Detail::Full), crowd);
        time::sleep(FRESH).await;
        assert_eq!(hosts(&presence.snapshot(Detail::Full)).len(), CROWD + 3);
    }

    #[test]
    fn command_lines_are_not_shown() {
        let (presence, _, versions) = presence();
        presence.arrived(&program("shell", Mode::Cli));
        assert_eq!(hosts(&presence.snapshot(Detail::Full)), ["here"]);
        assert_eq!(versions.current().presence, 1);
    }

    #[test]
    fn addresses_and_devices_are_for_those_who_may_see_them() {
        let (presence, _, _) = presence();
        presence.announced(Person {
            host: Some("desk".into()),
            ip: Some("192.0.2.9".into()),
            device_id: Some("device-1".into()),
            text: Some("Node: desk (192.0.2.9)".into()),
            ..Person::default()
        });
        let full = presence.snapshot(Detail::Full);
        let plain = presence.snapshot(Detail::Plain);
        for secret in ["192.0.2.9", "192.0.2.1", "device-1"] {
            assert!(full.as_str().contains(secret), "{secret} in {full:?}");
            assert!(!plain.as_str().contains(secret), "{secret} in {plain:?}");
        }
        assert_eq!(hosts(&plain), ["here", "desk"]);
    }

    /// `ws-protocol.md` 10.4, V-35: a device is one entry however often and under
    /// whatever name it connects; who it is and what it may do is for
    /// administrators.
    #[test]
    fn a_device_is_one_entry_with_what_it_may_do() {
        use domain::access::{Role, Scope, Scopes};

        let (presence, _, _) = presence();
        let device = "d".repeat(64);
        let connection = |name: &str, role, scopes: &[Scope]| {
            let mut client = program(name, Mode::Ui);
            client.info.instance_id = Some(name.into());
            client.principal.device = Some(device.parse().unwrap());
            client.principal.role = role;
            client.principal.scopes = scopes.iter().copied().collect::<Scopes>();
            client
        };
        let phone = connection("phone", Role::Operator, &[Scope::Read]);
        presence.arrived(&phone);
        presence.arrived(&connection("phone node", Role::Node, &[]));
        let full: Vec<Value> =
            serde_json::from_str(presence.snapshot(Detail::Full).as_str()).unwrap();
        assert_eq!(full.len(), 2, "the gateway and the device");
        assert_eq!(full[1]["deviceId"], device);
        assert_eq!(full[1]["roles"], serde_json::json!(["operator", "node"]));
        assert_eq!(full[1]["scopes"], serde_json::json!(["operator.read"]));

        let plain: Vec<Value> =
            serde_json::from_str(presence.snapshot(Detail::Plain).as_str()).unwrap();
        let shown: Vec<_> = plain[1].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(shown, ["host", "mode", "platform", "reason", "ts", "version"]);

        presence.left(&phone);
        let full = presence.snapshot(Detail::Full);
        assert!(full.as_str().contains("disconnect"), "the same entry: {full:?}");
        assert_eq!(hosts(&full).len(), 2);
    }

    #[test]
    fn a_machine_that_changed_is_news_and_routine_is_not() {
        let (presence, _, _) = presence();
        let desk = |version: &str| Person {
            host: Some("desk".into()),
            version: Some(version.into()),
            reason: Some("periodic".into()),
            ..Person::default()
        };
        assert_eq!(presence.announced(desk("1")).as_deref(), Some("Node: desk · app 1"));
        assert_eq!(presence.announced(desk("1")), None);
        assert_eq!(presence.announced(desk("2")).as_deref(), Some("Node: desk · app 2"));
    }
}
