//! What happened that the agent should know when it is next asked, and the
//! switch of the heartbeats (`ws-protocol.md` 5.1, 11.2).

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use domain::{presence::Person, session::SessionKey};
use ports::{Json, driven::ConfigSource};

use crate::{config::keys, presence::Presence};

/// How many events wait for one session; the oldest make room.
const MAX_WAITING: usize = 20;
/// Lines that begin so announce a machine.
const MACHINE: &str = "Node:";

/// What happened that the agents should know, by session, until somebody is
/// asked there. Kept in memory only.
#[derive(Clone, Debug, Default)]
pub struct SystemEvents(Arc<Mutex<HashMap<SessionKey, VecDeque<String>>>>);

impl SystemEvents {
    /// Keeps `text` for the agent of `session`, unless it is what was said last.
    pub fn push(&self, session: &SessionKey, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        let waiting = waiting.entry(session.clone()).or_default();
        if waiting.back().is_some_and(|last| last == text) {
            return;
        }
        if waiting.len() == MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(text.to_owned());
    }

    /// Takes everything that waits for `session`, the oldest first.
    pub fn drain(&self, session: &SessionKey) -> Vec<String> {
        self.lock().remove(session).map(Vec::from).unwrap_or_default()
    }

    /// What waits for `session`.
    pub fn waiting(&self, session: &SessionKey) -> Vec<String> {
        self.lock()
            .get(session)
            .map(|waiting| waiting.iter().cloned().collect())
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionKey, VecDeque<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Machines announcing themselves, wake-up calls, and the heartbeat switch.
#[derive(Clone)]
pub struct System(Arc<Inner>);

struct Inner {
    config: Arc<dyn ConfigSource>,
    presence: Presence,
    events: SystemEvents,
    heartbeats: AtomicBool,
    last_heartbeat: Mutex<Option<Json>>,
}

impl System {
    /// Heartbeats are on and none was sent yet.
    pub fn new(config: Arc<dyn ConfigSource>, presence: Presence, events: SystemEvents) -> Self {
        Self(Arc::new(Inner {
            config,
            presence,
            events,
            heartbeats: AtomicBool::new(true),
            last_heartbeat: Mutex::default(),
        }))
    }

    /// Somebody announced himself, or wants the main session to know something.
    /// A machine is only worth mentioning when it changed.
    pub fn announce(&self, person: Person) {
        let text = person.text.clone().unwrap_or_default();
        let news = self.0.presence.announced(person);
        if text.trim_start().starts_with(MACHINE) {
            if let Some(news) = news {
                self.0.events.push(&self.main(), &news);
            }
        } else {
            self.0.events.push(&self.main(), &text);
        }
    }

    /// Keeps `text` for the main session. Says whether there was any. Nothing
    /// runs by itself yet, so the agent hears of it when it is next asked.
    pub fn wake(&self, text: &str) -> bool {
        self.0.events.push(&self.main(), text);
        !text.trim().is_empty()
    }

    /// Keeps `text` for `session`, or for the main one.
    pub fn remind(&self, session: Option<&SessionKey>, text: &str) {
        match session {
            Some(session) => self.0.events.push(session, text),
            None => self.0.events.push(&self.main(), text),
        }
    }

    /// Keeps `text` for the session `name` names, or for the main one.
    pub fn remind_named(&self, name: Option<&str>, text: &str) {
        let keys = keys(&self.0.config.current());
        let session = name.and_then(|name| keys.resolve(name).ok());
        self.remind(session.as_ref(), text);
    }

    /// What waits for the main session.
    pub fn waiting(&self) -> Vec<String> {
        self.0.events.waiting(&self.main())
    }

    /// Switches heartbeats on or off, for as long as the process lives.
    pub fn set_heartbeats(&self, enabled: bool) {
        self.0.heartbeats.store(enabled, Relaxed);
    }

    /// Whether heartbeats are switched on.
    pub fn heartbeats(&self) -> bool {
        self.0.heartbeats.load(Relaxed)
    }

    /// The last heartbeat that was sent or skipped.
    pub fn last_heartbeat(&self) -> Option<Json> {
        self.0.last_heartbeat.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn main(&self) -> SessionKey {
        keys(&self.0.config.current()).main()
    }
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").field("events", &self.0.events).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::config::Config;

    use super::*;
    use crate::{
        testing::{Told, clock, config, facts},
        versions::Versions,
    };

    #[test]
    fn events_wait_in_order_without_repetition_and_not_too_many() {
        let events = SystemEvents::default();
        let [main, other] = ["agent:main:main", "agent:main:x"].map(|key| key.parse().unwrap());
        for text in ["one", "one", " two ", "one", "  "] {
            events.push(&main, text);
        }
        assert_eq!(events.waiting(&main), ["one", "two", "one"]);
        assert_eq!(events.drain(&other), Vec::<String>::new());
        assert_eq!(events.drain(&main), ["one", "two", "one"]);
        assert_eq!(events.drain(&main), Vec::<String>::new());

        for n in 0..30 {
            events.push(&main, &n.to_string());
        }
        let waiting = events.drain(&main);
        assert_eq!((waiting.len(), waiting[0].as_str()), (MAX_WAITING, "10"));
    }

    #[test]
    fn what_is_said_is_kept_and_machines_only_when_they_change() {
        let told = Arc::new(Told::default());
        let presence = Presence::new(&facts(), clock(), told, Arc::new(Versions::default()));
        let system = System::new(config(Config::default()), presence, SystemEvents::default());
        let line = |text: &str, host: Option<&str>| Person {
            text: Some(text.into()),
            host: host.map(Into::into),
            ..Person::default()
        };
        system.announce(line("the door bell rang", None));
        system.announce(line("Node: desk · last input 3s ago", Some("desk")));
        system.announce(line("Node: desk · last input 4s ago", Some("desk")));
        assert!(system.wake("wake up"));
        assert!(!system.wake("  "));
        assert_eq!(system.waiting(), ["the door bell rang", "Node: desk", "wake up"]);
    }
}
