//! Who was behind an address a moment ago.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ports::driven::{TailnetError, TailnetUser};
use tokio::{sync::Semaphore, time::Instant};

use crate::in_time;

/// How long an answer counts.
const ANSWER: Duration = Duration::from_mins(1);
/// How long an error counts.
const ERROR: Duration = Duration::from_secs(5);
/// How long a question may take, waiting for its turn included.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many answers are remembered at most.
const MOST: usize = 1024;
/// How many questions are asked at a time.
const AT_A_TIME: usize = 4;

type Answer = Result<Option<TailnetUser>, TailnetError>;

/// Answers, each until its time is over.
pub(crate) struct Users {
    // Invariant: at most `MOST`.
    known: Mutex<HashMap<IpAddr, (Instant, Answer)>>,
    turns: Semaphore,
}

impl Default for Users {
    fn default() -> Self {
        Self { known: Mutex::default(), turns: Semaphore::new(AT_A_TIME) }
    }
}

impl Users {
    /// What is known about `address`, or the answer to `question`.
    pub(crate) async fn get(
        &self,
        address: IpAddr,
        question: impl Future<Output = Answer>,
    ) -> Answer {
        if let Some(answer) = self.recall(address) {
            return answer;
        }
        let asking = async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await.ok();
            // Whoever was before us may have asked the same.
            match self.recall(address) {
                Some(answer) => answer,
                None => {
                    let answer = question.await;
                    self.remember(address, answer.clone());
                    answer
                }
            }
        };
        let answer = in_time(PATIENCE, asking).await;
        if matches!(answer, Err(TailnetError::Silent(_))) {
            self.remember(address, answer.clone());
        }
        answer
    }

    fn recall(&self, address: IpAddr) -> Option<Answer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = known.get(&address)?;
        (Instant::now() < *until).then(|| answer.clone())
    }

    fn remember(&self, address: IpAddr, answer: Answer) {
        let now = Instant::now();
        let until = now + if answer.is_ok() { ANSWER } else { ERROR };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == MOST && !known.contains_key(&address) {
            known.retain(|_, (until, _)| now < *until);
            let oldest = known.iter().min_by_key(|(_, (until, _))| *until).map(|(ip, _)| *ip);
            if let Some(oldest) = oldest.filter(|_| known.len() == MOST) {
                known.remove(&oldest);
            }
        }
        known.insert(address, (until, answer));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::time::advance;

    use super::*;

    fn address(last: u16) -> IpAddr {
        let [high, low] = last.to_be_bytes();
        [100, 64, high, low].into()
    }

    /// Asks, and counts how often it came to a question.
    async fn ask(users: &Users, asked: &AtomicUsize, last: u16, answer: Answer) -> Answer {
        let question = async {
            asked.fetch_add(1, SeqCst);
            answer
        };
        users.get(address(last), question).await
    }

    #[tokio::test(start_paused = true)]
    async fn answers_count_for_a_minute_and_errors_for_five_seconds() {
        let (users, asked) = (Users::default(), AtomicUsize::new(0));
        let error = || Err(TailnetError::Absent);
        assert_eq!(ask(&users, &asked, 1, Ok(None)).await, Ok(None));
        assert_eq!(ask(&users, &asked, 2, error()).await, error());
        advance(Duration::from_millis(4_999)).await;
        assert_eq!(ask(&users, &asked, 2, Ok(None)).await, error(), "still the error");
        advance(Duration::from_millis(1)).await;
        assert_eq!(ask(&users, &asked, 2, Ok(None)).await, Ok(None));
        advance(Duration::from_millis(54_999)).await;
        assert_eq!(ask(&users, &asked, 1, error()).await, Ok(None), "still the answer");
        assert_eq!(asked.load(SeqCst), 3);
        advance(Duration::from_millis(1)).await;
        assert_eq!(ask(&users, &asked, 1, error()).await, error());
        assert_eq!(asked.load(SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded_and_forgets_the_oldest() {
        let (users, asked) = (Users::default(), AtomicUsize::new(0));
        for last in 0..=1024 {
            advance(Duration::from_millis(1)).await;
            ask(&users, &asked, last, Ok(None)).await.unwrap();
        }
        assert_eq!(users.known.lock().unwrap().len(), MOST);
        assert!(users.recall(address(0)).is_none());
        assert!(users.recall(address(1)).is_some() && users.recall(address(1024)).is_some());
    }

    /// Somebody who asks; leaves when dropped.
    struct Asking<'a>(&'a AtomicUsize);

    impl Drop for Asking<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_asks_four_at_a_time_and_waits_five_seconds_at_most() {
        let (users, now, most) = (Users::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let one = |last| {
            let (now, most) = (&now, &most);
            let question = async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                let _asking = Asking(now);
                std::future::pending::<Answer>().await
            };
            users.get(address(last), question)
        };
        let begin = Instant::now();
        let answers = tokio::join!(one(1), one(2), one(3), one(4), one(5));
        for answer in <[_; 5]>::from(answers) {
            assert_eq!(answer, Err(TailnetError::Silent(5)));
        }
        assert_eq!(most.load(SeqCst), 4);
        assert_eq!(begin.elapsed(), PATIENCE);
    }
}
