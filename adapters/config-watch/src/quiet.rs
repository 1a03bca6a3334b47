//! Waiting until whoever changes the file is done.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::reload::DEBOUNCE;
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// How long somebody who writes without a pause is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a file has to be quiet before it counts as changed
/// (`gateway.reload.debounceMs`). Cloning gives the same one.
#[derive(Clone, Debug)]
pub struct Debounce(Arc<AtomicU64>);

impl Debounce {
    /// This long, until somebody says otherwise.
    pub fn new(time: Duration) -> Self {
        let debounce = Self(Arc::default());
        debounce.set(time);
        debounce
    }

    /// This long from now on.
    pub fn set(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Default for Debounce {
    fn default() -> Self {
        Self::new(DEBOUNCE)
    }
}

/// News, told when there are no more of them.
#[derive(Debug)]
pub(crate) struct Quiet {
    news: watch::Receiver<()>,
    debounce: Debounce,
    /// Whether something happened that was not told yet.
    is_due: bool,
}

impl Quiet {
    pub(crate) fn new(news: watch::Receiver<()>, debounce: Debounce) -> Self {
        Self { news, debounce, is_due: false }
    }

    /// Returns when something happened and nothing has since for the debounce
    /// time, or for as long as one waits for that. When it is dropped before, the
    /// next one tells it.
    pub(crate) async fn changed(&mut self) {
        if !self.is_due {
            self.next().await;
            self.is_due = true;
        }
        let begin = Instant::now();
        loop {
            let debounce = self.debounce.get();
            let (now, latest) = (Instant::now(), begin.checked_add(PATIENCE.max(debounce)));
            let quiet = now.checked_add(debounce).unwrap_or(now);
            let until = latest.map_or(quiet, |latest| latest.min(quiet));
            if timeout_at(until, self.next()).await.is_err() {
                break;
            }
        }
        self.is_due = false;
    }

    /// The same news once more.
    #[cfg(test)]
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.clone()
    }

    async fn next(&mut self) {
        if self.news.changed().await.is_err() {
            // Nobody is left who could tell anything.
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Desk {
        news: watch::Sender<()>,
        quiet: Quiet,
        debounce: Debounce,
    }

    impl Desk {
        fn new(millis: u64) -> Self {
            let (news, told) = watch::channel(());
            let debounce = Debounce::new(Duration::from_millis(millis));
            Self { news, quiet: Quiet::new(told, debounce.clone()), debounce }
        }

        /// Writes every `pause` milliseconds, `times` times, and returns how
        /// long it took from the first time on until that was told.
        async fn told_after(&mut self, times: u32, pause: u64) -> Duration {
            let news = self.news.clone();
            let begin = Instant::now();
            let writing = async {
                for _ in 0..times {
                    news.send_replace(());
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                pending::<()>().await;
            };
            tokio::select! {
                () = writing => unreachable!("it is never done"),
                () = self.quiet.changed() => begin.elapsed(),
            }
        }
    }

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_begins_the_wait_anew() {
        #[rustfmt::skip]
        let table = [
            // debounce  writes  pause   told after
            (300,        1,      0,      300),
            (300,        3,      100,    500),
            (300,        3,      400,    300),
            (300,        1_000,  100,    5_000),
            (0,          1,      0,      0),
            (9_000,      1,      0,      9_000),
            (9_000,      100,    100,    9_000),
        ];
        for (debounce, writes, pause, expected) in table {
            let told = Desk::new(debounce).told_after(writes, pause).await;
            assert_eq!(told, millis(expected), "{writes} writes, {pause} ms between them");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_may_change_at_any_time() {
        let mut desk = Desk::new(300);
        desk.debounce.set(millis(50));
        assert_eq!(desk.told_after(1, 0).await, millis(50));
        desk.debounce.set(Duration::MAX);
        desk.debounce.set(millis(70));
        assert_eq!(desk.told_after(1, 0).await, millis(70));
        assert_eq!(Debounce::default().get(), millis(300));
    }

    #[tokio::test(start_paused = true)]
    async fn what_happened_while_nobody_listened_is_told_once() {
        let mut desk = Desk::new(300);
        desk.news.send_replace(());
        desk.news.send_replace(());
        assert!(timeout_at(Instant::now() + millis(100), desk.quiet.changed()).await.is_err());
        desk.quiet.changed().await;
        let silence = timeout_at(Instant::now() + Duration::from_hours(1), desk.quiet.changed());
        assert!(silence.await.is_err(), "it was told already");
    }

    #[tokio::test(start_paused = true)]
    async fn when_nobody_is_left_nothing_happens_any_more() {
        let Desk { news, mut quiet, .. } = Desk::new(300);
        drop(news);
        assert!(timeout_at(Instant::now() + millis(9_000), quiet.changed()).await.is_err());
    }
}
