//! Asking models without an agent: requests are passed on to a provider as they
//! are, for whoever holds a key of its own.
//!
//! [`Patience`] says what is done when a provider fails, [`Quota`] how much a key
//! may ask for, and [`Ledger`] what was used.

mod ledger;
mod pattern;
mod quota;
mod retry;

pub use ledger::{Day, Ledger, RowId, Spent, Tally};
pub use pattern::fits;
pub use quota::{Allowance, Exhausted, Period, Quota, Standing, Window};
pub use retry::{Fault, Next, Patience};

use crate::words::words;

words! {
    /// What form a request has that is passed on.
    pub enum Form {
        /// A conversation, as `POST /v1/chat/completions` takes it.
        Chat = "chat completions",
        /// Texts that become numbers, as `POST /v1/embeddings` takes them.
        Embeddings = "embeddings",
        /// A conversation, as `POST /v1/messages` takes it.
        Messages = "messages",
        /// A conversation, as `POST /v1/responses` takes it.
        Responses = "responses",
    }
}

/// The longest name of a key.
const LONGEST_NAME: usize = 64;

/// Whether a key can be called `name`: letters, digits, dots, dashes and
/// underscores of ASCII.
pub fn is_key_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

#[test]
fn names_of_keys_are_plain() {
    for good in ["ci", "team-a_1.x", &"a".repeat(64)] {
        assert!(is_key_name(good), "{good}");
    }
    for bad in ["", "a/b", "a b", "ü", "a\n", &"a".repeat(65)] {
        assert!(!is_key_name(bad), "{bad:?}");
    }
}
