//! Reading the log back (`ws-protocol.md` 11.5).

use std::sync::Arc;

use ports::driven::{LogPage, LogQuery, LogSource};
use tracing::warn;

/// Reads the log back.
#[derive(Clone)]
pub struct Logs(Arc<dyn LogSource>);

/// The log cannot be read just now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("log read failed: {0}")]
pub struct LogReadFailed(String);

impl Logs {
    /// What `source` kept.
    pub fn new(source: Arc<dyn LogSource>) -> Self {
        Self(source)
    }

    /// A page. Up to a megabyte is read, so it happens beside the clients.
    pub async fn tail(&self, query: LogQuery) -> Result<LogPage, LogReadFailed> {
        let source = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || source.tail(query)).await;
        match read {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) => {
                warn!(error = &*error as &dyn std::error::Error, "the log cannot be read");
                Err(LogReadFailed(error.to_string()))
            }
            Err(_) => Err(LogReadFailed("the reader crashed".to_owned())),
        }
    }
}

impl std::fmt::Debug for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs").finish_non_exhaustive()
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_a_failure_in_words() {
    let mut source = ports::driven::MockLogSource::new();
    source.expect_tail().returning(|_| Err("permission denied".into()));
    let logs = Logs::new(Arc::new(source));
    let query = LogQuery { cursor: None, limit: 1, max_bytes: 1 };
    let error = logs.tail(query).await.unwrap_err();
    assert_eq!(error.to_string(), "log read failed: permission denied");
}
