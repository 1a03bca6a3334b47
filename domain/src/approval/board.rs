//! The questions that wait for somebody's answer.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    access::{Principal, Proof},
    ids::RequestId,
    time::Timestamp,
};

use super::Decision;

/// Who asked. An answer is good for him and for nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(Box<str>);

impl Owner {
    /// Whoever `principal` is: its device, else the person, else everybody who
    /// shows the same kind of proof.
    pub fn of(principal: &Principal) -> Self {
        let shared = |proof: Proof| format!("shared:{proof}");
        Self(match (&principal.device, &principal.user) {
            (Some(device), _) => format!("device:{device}").into(),
            (None, Some(user)) => format!("user:{user}").into(),
            (None, None) => shared(principal.proof).into(),
        })
    }

    /// The owner of this name.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A question that waits, about a `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending<T> {
    /// Names it.
    pub id: RequestId,
    /// Who asked.
    pub owner: Owner,
    /// What about.
    pub about: T,
    /// When.
    pub created_at: Timestamp,
    /// When nobody has to answer any more.
    pub expires_at: Timestamp,
}

/// A question that was answered, or that nobody answered in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided<T> {
    /// The question.
    pub pending: Pending<T>,
    /// The answer. None is a no.
    pub decision: Option<Decision>,
    /// Who answered, if somebody did.
    pub by: Option<Box<str>>,
    /// When.
    pub at: Timestamp,
}

/// Why a question was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// There is one of this name.
    #[error("approval id already pending")]
    Known,
    /// Too many wait.
    #[error("too many approvals are pending")]
    Full,
}

/// No question of this name waits: there never was one, or it was answered, or
/// its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown approval id")]
pub struct UnknownApproval;

/// The questions that wait, at most so many.
///
/// The first answer counts and is final: [`decide`](Self::decide) takes the
/// question off the board, and there is no other way off but its deadline.
#[derive(Debug)]
pub struct Board<T> {
    most: usize,
    pending: BTreeMap<RequestId, Pending<T>>,
}

impl<T> Board<T> {
    /// How long a question waits when nobody says.
    pub const PATIENCE: Duration = Duration::from_mins(2);
    /// The longest a question waits.
    pub const MAX_PATIENCE: Duration = Duration::from_hours(24);

    /// An empty board for `most` questions.
    pub fn new(most: usize) -> Self {
        Self { most, pending: BTreeMap::new() }
    }

    /// Puts up a question that waits for `patience`, within bounds.
    pub fn open(
        &mut self,
        id: RequestId,
        owner: Owner,
        about: T,
        patience: Option<Duration>,
        now: Timestamp,
    ) -> Result<&Pending<T>, NotOpened> {
        if self.pending.contains_key(&id) {
            return Err(NotOpened::Known);
        }
        if self.most <= self.pending.len() {
            return Err(NotOpened::Full);
        }
        let patience = patience.unwrap_or(Self::PATIENCE).min(Self::MAX_PATIENCE);
        let expires_at = now + patience.max(Duration::from_millis(1));
        let pending = Pending { id: id.clone(), owner, about, created_at: now, expires_at };
        Ok(self.pending.entry(id).or_insert(pending))
    }

    /// Answers a question.
    pub fn decide(
        &mut self,
        id: &RequestId,
        decision: Decision,
        by: &str,
        now: Timestamp,
    ) -> Result<Decided<T>, UnknownApproval> {
        self.get(id, now).ok_or(UnknownApproval)?;
        let pending = self.pending.remove(id).ok_or(UnknownApproval)?;
        Ok(Decided { pending, decision: Some(decision), by: Some(by.into()), at: now })
    }

    /// Takes a question off whose time is over.
    pub fn expire(&mut self, id: &RequestId, now: Timestamp) -> Option<Decided<T>> {
        let over = self.pending.get(id).is_some_and(|pending| pending.expires_at <= now);
        let pending = if over { self.pending.remove(id) } else { None }?;
        Some(Decided { pending, decision: None, by: None, at: now })
    }

    /// Puts a question back whose answer could not be written down.
    pub fn restore(&mut self, pending: Pending<T>) {
        self.pending.entry(pending.id.clone()).or_insert(pending);
    }

    /// A question that waits.
    pub fn get(&self, id: &RequestId, now: Timestamp) -> Option<&Pending<T>> {
        self.pending.get(id).filter(|pending| now < pending.expires_at)
    }

    /// Every question that waits, the oldest first.
    pub fn list(&self, now: Timestamp) -> Vec<&Pending<T>> {
        let mut waiting: Vec<_> =
            self.pending.values().filter(|pending| now < pending.expires_at).collect();
        waiting.sort_by_key(|pending| pending.created_at);
        waiting
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> RequestId {
        text.parse().unwrap()
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn open(board: &mut Board<()>, name: &str, patience: u64, now: u64) -> Result<(), NotOpened> {
        let patience = Some(Duration::from_millis(patience));
        board.open(id(name), Owner::named("me"), (), patience, at(now)).map(|_| ())
    }

    #[test]
    fn the_first_answer_is_final() {
        let mut board = Board::new(8);
        open(&mut board, "a", 100, 0).unwrap();
        let decided = board.decide(&id("a"), Decision::Deny, "somebody", at(50)).unwrap();
        assert_eq!(
            (decided.decision, decided.by.as_deref()),
            (Some(Decision::Deny), Some("somebody"))
        );
        for _ in 0..2 {
            let again = board.decide(&id("a"), Decision::AllowOnce, "other", at(60));
            assert_eq!(again, Err(UnknownApproval));
        }
        assert_eq!(board.expire(&id("a"), at(1_000)), None);
    }

    #[test]
    fn nobody_answers_after_the_deadline() {
        let mut board = Board::new(8);
        open(&mut board, "a", 100, 0).unwrap();
        assert_eq!(board.expire(&id("a"), at(99)), None);
        assert_eq!(board.list(at(100)), Vec::<&Pending<()>>::new());
        let late = board.decide(&id("a"), Decision::AllowOnce, "late", at(100));
        assert_eq!(late, Err(UnknownApproval));
        let over = board.expire(&id("a"), at(100)).unwrap();
        assert_eq!((over.decision, over.by), (None, None));
    }

    #[test]
    fn names_are_taken_and_the_board_has_an_end() {
        let mut board = Board::new(2);
        open(&mut board, "a", 100, 0).unwrap();
        assert_eq!(open(&mut board, "a", 100, 1), Err(NotOpened::Known));
        open(&mut board, "b", 100, 2).unwrap();
        assert_eq!(open(&mut board, "c", 100, 3), Err(NotOpened::Full));
        assert_eq!(
            board.list(at(4)).iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
    }

    #[test]
    fn patience_has_bounds() {
        let mut board = Board::new(8);
        let mut expires = |patience: Option<u64>| {
            let name = format!("{patience:?}");
            let patience = patience.map(Duration::from_millis);
            let pending = board.open(id(&name), Owner::named("me"), (), patience, at(0));
            pending.unwrap().expires_at.as_millis()
        };
        assert_eq!(expires(None), 120_000);
        assert_eq!(expires(Some(0)), 1);
        assert_eq!(expires(Some(u64::MAX)), 24 * 60 * 60 * 1000);
    }

    proptest! {
        /// Whatever happens in whatever order, no question gets two outcomes.
        #[test]
        fn no_question_is_answered_twice(
            steps in proptest::collection::vec((0u8..3, 0u8..4, 0u64..50), 0..80),
        ) {
            let mut board = Board::new(3);
            let (mut now, mut open_since) = (0, BTreeMap::new());
            for (step, name, pause) in steps {
                now += pause;
                let name = name.to_string();
                let ended = match step {
                    0 => {
                        if open(&mut board, &name, 100, now).is_ok() {
                            prop_assert!(!open_since.contains_key(&name));
                            open_since.insert(name, now);
                        }
                        continue;
                    }
                    1 => {
                        let waits = board.get(&id(&name), at(now)).is_some();
                        let decided = board.decide(&id(&name), Decision::AllowOnce, "x", at(now));
                        prop_assert_eq!(decided.is_ok(), waits);
                        decided.is_ok()
                    }
                    _ => board.expire(&id(&name), at(now)).is_some(),
                };
                if ended {
                    prop_assert!(open_since.remove(&name).is_some());
                }
            }
        }
    }
}
