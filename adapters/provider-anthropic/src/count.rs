//! How many tokens a request has.

use serde::Deserialize;

#[derive(Deserialize)]
struct Count {
    input_tokens: u64,
}

/// The number in `body`, the answer to `POST /v1/messages/count_tokens`.
pub(crate) fn read(body: &[u8]) -> serde_json::Result<u64> {
    let count: Count = serde_json::from_slice(body)?;
    Ok(count.input_tokens)
}
