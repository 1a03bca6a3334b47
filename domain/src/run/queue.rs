//! Which run goes next.
//!
//! Each conversation is a lane in which at most one run is active; the others
//! wait in order of arrival. The queue only decides. Whoever holds it starts the
//! run that [`RunQueue::submit`] or [`RunQueue::finish`] hands back.

use std::collections::{HashMap, VecDeque};

use crate::{ids::RunId, session::SessionKey};

/// Every active and waiting run, lane by lane.
#[derive(Debug)]
pub struct RunQueue {
    max_waiting: usize,
    lanes: HashMap<SessionKey, Lane>,
    // Invariant: holds exactly the runs that appear in `lanes`.
    places: HashMap<RunId, SessionKey>,
}

#[derive(Debug)]
struct Lane {
    active: RunId,
    waiting: VecDeque<RunId>,
}

/// What became of a submitted run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a run that may start has to be started by the caller"]
pub enum Submitted {
    /// The lane was idle: start the run now.
    Start,
    /// The run waits behind this many others, the active one included.
    Queued {
        /// How many runs are ahead.
        ahead: usize,
    },
    /// A run with this id is already active or waiting; nothing changed.
    Known,
}

/// Too many runs wait in this conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many messages are waiting in this session")]
pub struct QueueFull;

/// What became of a run that should stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an active run has to be stopped by the caller"]
pub enum Aborted {
    /// It is active: stop it, and call [`RunQueue::finish`] when it has ended.
    Active,
    /// It was waiting and is gone.
    Waiting,
    /// There is no such run.
    Unknown,
}

impl RunQueue {
    /// From now on so many runs may wait in each lane. Those that wait stay.
    pub fn keep_to(&mut self, max_waiting: usize) {
        self.max_waiting = max_waiting;
    }

    /// An empty queue that lets `max_waiting` runs wait in each lane.
    pub fn new(max_waiting: usize) -> Self {
        Self { max_waiting, lanes: HashMap::new(), places: HashMap::new() }
    }

    /// Adds `run` to the lane of `session`.
    pub fn submit(&mut self, session: &SessionKey, run: &RunId) -> Result<Submitted, QueueFull> {
        if self.places.contains_key(run) {
            return Ok(Submitted::Known);
        }
        let submitted = match self.lanes.get_mut(session) {
            None => {
                let lane = Lane { active: run.clone(), waiting: VecDeque::new() };
                self.lanes.insert(session.clone(), lane);
                Submitted::Start
            }
            Some(lane) if lane.waiting.len() < self.max_waiting => {
                lane.waiting.push_back(run.clone());
                Submitted::Queued { ahead: lane.waiting.len() }
            }
            Some(_) => return Err(QueueFull),
        };
        self.places.insert(run.clone(), session.clone());
        Ok(submitted)
    }

    /// Takes a run that ended, well or badly, off its lane and returns the run
    /// to start in its place, if one is waiting.
    #[must_use = "the returned run has to be started by the caller"]
    pub fn finish(&mut self, run: &RunId) -> Option<RunId> {
        let session = self.places.get(run)?;
        let lane = self.lanes.get_mut(session)?;
        if lane.active != *run {
            return None;
        }
        let next = lane.waiting.pop_front();
        match &next {
            Some(next) => lane.active = next.clone(),
            None => drop(self.lanes.remove(session)),
        }
        self.places.remove(run);
        next
    }

    /// Decides what stopping `run` means. A waiting run is taken out here.
    pub fn abort(&mut self, run: &RunId) -> Aborted {
        let Some(session) = self.places.get(run) else { return Aborted::Unknown };
        let Some(lane) = self.lanes.get_mut(session) else { return Aborted::Unknown };
        if lane.active == *run {
            return Aborted::Active;
        }
        lane.waiting.retain(|waiting| waiting != run);
        self.places.remove(run);
        Aborted::Waiting
    }

    /// The runs of a conversation: the active one, then those that wait.
    pub fn runs_of(&self, session: &SessionKey) -> Vec<RunId> {
        let Some(lane) = self.lanes.get(session) else { return Vec::new() };
        std::iter::once(&lane.active).chain(&lane.waiting).cloned().collect()
    }

    /// The conversation `run` belongs to, while it is active or waiting.
    pub fn session_of(&self, run: &RunId) -> Option<&SessionKey> {
        self.places.get(run)
    }

    /// How many runs are active.
    pub fn active(&self) -> usize {
        self.lanes.len()
    }

    /// How many runs wait.
    pub fn waiting(&self) -> usize {
        self.places.len() - self.lanes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(place: &str) -> SessionKey {
        format!("agent:main:{place}").parse().unwrap()
    }

    fn run(id: &str) -> RunId {
        id.parse().unwrap()
    }

    #[test]
    fn one_active_run_per_session_in_order_of_arrival() {
        let mut queue = RunQueue::new(8);
        assert_eq!(queue.submit(&key("a"), &run("1")), Ok(Submitted::Start));
        assert_eq!(queue.submit(&key("a"), &run("2")), Ok(Submitted::Queued { ahead: 1 }));
        assert_eq!(queue.submit(&key("a"), &run("3")), Ok(Submitted::Queued { ahead: 2 }));
        assert_eq!(queue.submit(&key("a"), &run("3")), Ok(Submitted::Known));
        assert_eq!(queue.submit(&key("b"), &run("4")), Ok(Submitted::Start));
        assert_eq!((queue.active(), queue.waiting()), (2, 2));

        assert_eq!(queue.finish(&run("1")), Some(run("2")));
        assert_eq!(queue.finish(&run("2")), Some(run("3")));
        assert_eq!(queue.finish(&run("3")), None);
        assert_eq!(queue.submit(&key("a"), &run("5")), Ok(Submitted::Start));
    }

    #[test]
    fn a_full_lane_refuses_and_a_waiting_run_can_be_withdrawn() {
        let mut queue = RunQueue::new(1);
        assert_eq!(queue.submit(&key("a"), &run("1")), Ok(Submitted::Start));
        assert_eq!(queue.submit(&key("a"), &run("2")), Ok(Submitted::Queued { ahead: 1 }));
        assert_eq!(queue.submit(&key("a"), &run("3")), Err(QueueFull));
        assert_eq!(queue.abort(&run("2")), Aborted::Waiting);
        assert_eq!(queue.abort(&run("2")), Aborted::Unknown);
        assert_eq!(queue.abort(&run("1")), Aborted::Active);
        assert_eq!(queue.runs_of(&key("a")), [run("1")]);
        assert_eq!(queue.finish(&run("1")), None);
        assert_eq!((queue.active(), queue.waiting()), (0, 0));
    }

    proptest! {
        /// Whatever is submitted, aborted and finished in whatever order, a
        /// lane starts each accepted run at most once, never two at a time, in
        /// the order of arrival, and nothing is left behind.
        #[test]
        fn lanes_never_overlap_and_never_leak(steps in prop::collection::vec((0u8..4, 0u8..3, 0u8..12), 0..200)) {
            let mut queue = RunQueue::new(4);
            let mut arrived: HashMap<SessionKey, Vec<RunId>> = HashMap::new();
            let mut active: HashMap<SessionKey, RunId> = HashMap::new();

            for (step, lane, id) in steps {
                let session = key(&lane.to_string());
                let id = run(&format!("{lane}-{id}"));
                match step {
                    0 | 1 => match queue.submit(&session, &id) {
                        Ok(Submitted::Start) => {
                            prop_assert!(active.insert(session, id).is_none());
                        }
                        Ok(Submitted::Queued { ahead }) => {
                            let waiting = arrived.entry(session).or_default();
                            waiting.push(id);
                            prop_assert_eq!(ahead, waiting.len());
                        }
                        Ok(Submitted::Known) => (),
                        Err(QueueFull) => prop_assert_eq!(arrived[&session].len(), 4),
                    },
                    2 => match queue.abort(&id) {
                        Aborted::Active => prop_assert_eq!(active.get(&session), Some(&id)),
                        Aborted::Waiting => {
                            arrived.get_mut(&session).unwrap().retain(|waiting| *waiting != id);
                        }
                        Aborted::Unknown => (),
                    },
                    _ => if let Some(ended) = active.remove(&session) {
                        let next = queue.finish(&ended);
                        let waiting = arrived.entry(session.clone()).or_default();
                        let expected = (!waiting.is_empty()).then(|| waiting.remove(0));
                        prop_assert_eq!(&next, &expected);
                        active.extend(next.map(|next| (session, next)));
                    },
                }
                prop_assert_eq!(queue.active(), active.len());
                prop_assert_eq!(queue.waiting(), arrived.values().map(Vec::len).sum::<usize>());
            }
        }
    }
}
