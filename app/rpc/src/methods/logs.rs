//! `logs.tail`: reading the log back.

use domain::access::{Access::Operator, Scope::Read};
use ports::{
    driven::{LogPage, LogQuery},
    driving::RpcError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    method::{Context, methods},
    params::{Count, Int},
};

methods! {
    /// The newest lines of the log, or those since the last call.
    ///
    /// To follow it, send the `cursor` of each answer with the next call.
    "logs.tail" [Operator(Read)] tail(TailParams) -> TailResult;
}

/// Lines when nobody says how many.
const DEFAULT_LINES: usize = 500;
/// Bytes when nobody says how many.
const DEFAULT_BYTES: u64 = 250_000;

/// Parameters of `logs.tail`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TailParams {
    /// Where the last answer ended.
    cursor: Option<Count<0>>,
    /// At most so many lines. Default: 500.
    limit: Option<Int<1, 5000>>,
    /// At most so many bytes. Default: 250,000.
    max_bytes: Option<Int<1, 1_000_000>>,
}

/// Result of `logs.tail`.
#[derive(Debug, Serialize, JsonSchema)]
struct TailResult {
    /// The file.
    file: String,
    /// Where the next answer begins.
    cursor: u64,
    /// How long the file is.
    size: u64,
    /// The lines.
    lines: Vec<String>,
    /// Whether something before them was left out.
    truncated: bool,
    /// Whether the file is another one than the cursor was made for.
    reset: bool,
}

async fn tail(cx: Context, params: TailParams) -> Result<TailResult, RpcError> {
    let query = LogQuery {
        cursor: params.cursor.map(Count::get),
        limit: params.limit.map_or(DEFAULT_LINES, Int::size),
        max_bytes: params.max_bytes.map_or(DEFAULT_BYTES, Int::get),
    };
    let page = cx.services.logs.tail(query).await;
    let LogPage { file, cursor, size, lines, truncated, reset } =
        page.map_err(|failed| RpcError::unavailable(failed.to_string()))?;
    Ok(TailResult { file, cursor, size, lines, truncated, reset })
}
