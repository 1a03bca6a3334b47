//! `web_fetch`: a page of the open internet, as text.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    remembered::{MemoryLimits, Remembered},
    time::Timestamp,
    tools::{Form, Page, read_page},
};
use ports::{
    config::tools::WebFetchConfig,
    driven::{FetchError, FetchTerms, Fetched},
    driving::ToolRefusal,
};
use serde::Serialize;

use super::{Call, Outcome, Tools, at_fault, found};
use crate::calendar;

/// What the tool is called.
pub(super) const NAME: &str = "web_fetch";

/// Letters of a page that are used when nobody says.
const MAX_CHARS: u64 = 50_000;
/// The longest title that is shown, in letters.
const MAX_TITLE: usize = 256;
/// How many pages are remembered at most. How long is the configuration's say.
const LIMITS: MemoryLimits =
    MemoryLimits { count: 64, bytes: 4 << 20, age: Duration::from_hours(24) };

/// Pages that were read a while ago.
pub(super) struct Pages(Mutex<Remembered<Arc<Read>>>);

/// A page that was read.
struct Read {
    at: Timestamp,
    took: Duration,
    mime: Option<String>,
    extractor: &'static str,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    url: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    extract_mode: &'static str,
    extractor: &'static str,
    external_content: External,
    truncated: bool,
    length: usize,
    raw_length: usize,
    fetched_at: String,
    took_ms: u128,
    text: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
}

/// Says to whoever shows it to a model that strangers wrote it.
#[derive(Serialize)]
struct External {
    untrusted: bool,
    source: &'static str,
    wrapped: bool,
}

/// Gets a page and shows as much of it as is wanted.
pub(super) async fn fetch(tools: Tools, call: Call) -> Outcome {
    let config = tools.0.deps.configuration.current();
    let settings = &config.tools.web.fetch;
    let url = call.arguments.text("url").unwrap_or_default().trim();
    let form = match call.arguments.text("extractMode") {
        Some("text") => Form::Text,
        _ => Form::Markdown,
    };
    let most = max_chars(settings, call.arguments.count("maxChars"));
    let name = format!("{} {url}", mode(form));
    let (now, age) = (tools.0.deps.clock.now(), cache_age(settings));
    if let Some(read) = tools.0.pages.find(&name, now, age) {
        return Ok(shown(url, form, most, &read, true));
    }
    let fetched = tools.0.deps.fetch.fetch(url, &terms(settings)).await;
    let fetched = fetched.map_err(|error| refusal(&error))?;
    // Reading a large page takes longer than others should wait.
    let read = tokio::task::spawn_blocking(move || read(fetched, form)).await;
    let (mime, extractor, page) = read.map_err(|error| at_fault(&error))??;
    let at = tools.0.deps.clock.now();
    let read = Arc::new(Read { at, took: at.since(now), mime, extractor, page });
    if !age.is_zero() {
        tools.0.pages.keep(&name, &read);
    }
    Ok(shown(url, form, most, &read, false))
}

fn shown(url: &str, form: Form, most: usize, read: &Read, cached: bool) -> ports::Json {
    let all = read.page.text.as_str();
    let text = beginning(all, most);
    let title = read.page.title.as_deref().map(|title| beginning(title, MAX_TITLE));
    found(&Shown {
        url,
        status: 200,
        content_type: read.mime.as_deref(),
        title,
        extract_mode: mode(form),
        extractor: read.extractor,
        external_content: External { untrusted: true, source: NAME, wrapped: false },
        truncated: text.len() < all.len(),
        length: text.chars().count(),
        raw_length: all.chars().count(),
        fetched_at: calendar::iso(read.at),
        took_ms: read.took.as_millis(),
        text,
        cached,
    })
}

/// What was fetched, as text.
fn read(fetched: Fetched, form: Form) -> Result<(Option<String>, &'static str, Page), ToolRefusal> {
    let Fetched { mime, bytes, .. } = fetched;
    let kind = mime.as_deref().unwrap_or_default();
    let is_page = matches!(kind, "text/html" | "application/xhtml+xml");
    let is_text = kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(kind, "" | "application/json" | "application/xml");
    if !is_page && !is_text || bytes.contains(&0) {
        let what = if kind.is_empty() { "of no known kind" } else { kind };
        return Err(ToolRefusal::Tool(format!("what is there is no text ({what})")));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(if is_page {
        (mime, "readable", read_page(&text, form))
    } else {
        (mime, "raw", Page { title: None, text: text.into_owned() })
    })
}

const fn mode(form: Form) -> &'static str {
    match form {
        Form::Markdown => "markdown",
        Form::Text => "text",
    }
}

/// The first `most` letters of `text`.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// How many letters are shown: what was asked for, within what is configured.
fn max_chars(settings: &WebFetchConfig, asked: Option<u64>) -> usize {
    let usual = settings.max_chars.unwrap_or(MAX_CHARS);
    let cap = settings.max_chars_cap.unwrap_or(usual);
    usize::try_from(asked.unwrap_or(usual).min(cap)).unwrap_or(usize::MAX)
}

fn cache_age(settings: &WebFetchConfig) -> Duration {
    let minutes = settings.cache_ttl_minutes.unwrap_or(15.0).clamp(0.0, 24.0 * 60.0);
    Duration::from_secs_f64(minutes * 60.0)
}

fn terms(settings: &WebFetchConfig) -> FetchTerms {
    let size = settings.max_response_bytes.unwrap_or(750_000).clamp(32_000, 10_000_000);
    let redirects = settings.max_redirects.unwrap_or(3).min(10);
    FetchTerms {
        hosts: Vec::new(),
        max_bytes: usize::try_from(size).unwrap_or(usize::MAX),
        max_redirects: usize::try_from(redirects).unwrap_or_default(),
        timeout: Duration::from_secs(settings.timeout_seconds.unwrap_or(30).clamp(1, 120)),
    }
}

/// All of it is for whoever sent the address: it says nothing about the network
/// of this machine.
fn refusal(error: &FetchError) -> ToolRefusal {
    ToolRefusal::Tool(error.to_string())
}

impl Default for Pages {
    fn default() -> Self {
        Self(Mutex::new(Remembered::new(LIMITS)))
    }
}

impl Pages {
    /// The page `name`, unless it was read longer than `age` ago.
    fn find(&self, name: &str, now: Timestamp, age: Duration) -> Option<Arc<Read>> {
        let pages = self.pages();
        pages.get(name, now).filter(|read| now.since(read.at) < age).cloned()
    }

    fn keep(&self, name: &str, read: &Arc<Read>) {
        let size = name.len() + read.page.text.len();
        drop(self.pages().put(name, read.at, size, Arc::clone(read), read.at));
    }

    fn pages(&self) -> MutexGuard<'_, Remembered<Arc<Read>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
