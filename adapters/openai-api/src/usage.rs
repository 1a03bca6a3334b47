//! `GET /v1/usage`: what models asked without an agent used, by day, key and
//! model. OpenAI has nothing of the kind under this path.

use domain::access::Scope;
use http::{Request, Response, StatusCode};
use http_kit::{Body, json, relays};
use ports::driving::UsageRow;
use serde::Serialize;

use crate::{Visit, caller::caller, not_served, refusal::Refusal};

/// How many days are shown unless somebody asks for more or fewer.
const DAYS: u32 = 31;

/// How many days are shown at most: so many are kept.
const MOST_DAYS: u32 = 400;

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    object: &'static str,
    date: String,
    key: Option<Box<str>>,
    model: Box<str>,
    requests: u64,
    failures: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// What was used in the last `days`, as the request says.
pub(crate) async fn list<B>(
    visit: &Visit,
    request: &Request<B>,
) -> Result<Response<Body>, Refusal> {
    if !relays(&visit.deps.config.current()) {
        return Ok(not_served());
    }
    caller(&visit.deps, request, Scope::Read).await?;
    let days = days(request.uri().query().unwrap_or_default())?;
    let rows = visit.deps.relay.usage(days).await?;
    let list = List { object: "list", data: rows.into_iter().map(Row::from).collect() };
    Ok(json(StatusCode::OK, &list))
}

fn days(query: &str) -> Result<u32, Refusal> {
    let given = query.split('&').find_map(|pair| pair.strip_prefix("days="));
    let days = given.map_or(Ok(DAYS), str::parse).ok();
    days.filter(|days| (1..=MOST_DAYS).contains(days)).ok_or_else(|| {
        Refusal::invalid("days", format!("days must be a number from 1 to {MOST_DAYS}"))
    })
}

impl From<UsageRow> for Row {
    fn from(row: UsageRow) -> Self {
        let UsageRow { date, key, model, used } = row;
        Self {
            object: "usage",
            date,
            key,
            model,
            requests: used.requests,
            failures: used.failures,
            input_tokens: used.input,
            output_tokens: used.output,
        }
    }
}

#[test]
fn days_are_a_number() {
    #[rustfmt::skip]
    let table = [
        ("",              Some(31)),
        ("days=1",        Some(1)),
        ("x=1&days=400",  Some(400)),
        ("days=",         None),
        ("days=0",        None),
        ("days=401",      None),
        ("days=-1",       None),
        ("days=many",     None),
    ];
    for (query, expected) in table {
        assert_eq!(days(query).ok(), expected, "{query}");
    }
}
