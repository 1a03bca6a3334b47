//! `sessions.preview`: how conversations went lately.

use domain::session::SessionKey;
use ports::{
    driven::{HistoryQuery, StoreError, StoredRecord},
    view::{Message, MessageRole},
};
use tracing::warn;

use super::Sessions;

/// The most that is read of one session.
const MAX_BYTES: usize = 1 << 20;

/// How one conversation went lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Whether there is something to show.
    pub status: PreviewStatus,
    /// What was said, the oldest first.
    pub items: Vec<PreviewItem>,
}

/// Whether there is something to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewStatus {
    /// There is.
    Ok,
    /// Nothing was said yet.
    Empty,
    /// There is no such session.
    Missing,
    /// It cannot be read.
    Error,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewItem {
    /// Who said it; `None` when that cannot be told.
    pub role: Option<MessageRole>,
    /// How it begins.
    pub text: String,
}

impl Sessions {
    /// The last `limit` messages of `key`, each cut to `max_chars`.
    pub async fn preview(&self, key: &SessionKey, limit: usize, max_chars: usize) -> Preview {
        match self.last_said(key, limit).await {
            Ok(None) => Preview { status: PreviewStatus::Missing, items: Vec::new() },
            Ok(Some(records)) => {
                let items: Vec<_> =
                    records.iter().filter_map(|stored| item(stored, max_chars)).collect();
                let status =
                    if items.is_empty() { PreviewStatus::Empty } else { PreviewStatus::Ok };
                Preview { status, items }
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, %key, "no preview");
                Preview { status: PreviewStatus::Error, items: Vec::new() }
            }
        }
    }

    async fn last_said(
        &self,
        key: &SessionKey,
        limit: usize,
    ) -> Result<Option<Vec<StoredRecord>>, StoreError> {
        let Some(session) = self.get(key).await? else { return Ok(None) };
        let (from, max_bytes) = (session.history_from, MAX_BYTES);
        let query = HistoryQuery { before: None, from, limit, max_bytes };
        Ok(Some(self.0.archive.history(&session.id, query).await?.records))
    }
}

/// `None` for a message without text, such as a picture.
fn item(stored: &StoredRecord, max_chars: usize) -> Option<PreviewItem> {
    let (role, text) = match serde_json::from_str::<Message>(stored.record.message.as_str()) {
        Ok(message) => (Some(message.role), message.plain_text()),
        // Written by a later version; that it is there is all that can be said.
        Err(_) => (None, "…".to_owned()),
    };
    let text = text.trim();
    (!text.is_empty()).then(|| PreviewItem { role, text: cut(text, max_chars) })
}

fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(max_chars.saturating_sub(3)).collect();
    format!("{}...", head.trim_end())
}

#[test]
fn long_texts_are_cut_and_short_ones_are_not() {
    assert_eq!(cut("short", 20), "short");
    assert_eq!(cut(&"é".repeat(20), 20), "é".repeat(20));
    assert_eq!(cut(&"é".repeat(21), 20), "é".repeat(17) + "...");
}
